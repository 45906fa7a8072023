// lock_free_queue.h
// -----------------
// LockFreeQueue: an unbounded queue, first in, first out, of any number of producers and consumers.
//
//   LockFreeQueue<Request> queue;
//   queue.Push(std::move(request));
//   while (std::optional<Request> next = queue.TryPop()) Serve(*next);
//
//   EpochReclamation::Participant self(epochs);  // or in epochs of your own, in each thread:
//   queue.Push(self, std::move(request));
//
// When to use: work between threads where no bound is known, and producers must never be refused.
// When not: a bound is wanted (mpmc_queue.h: no epochs, and no memory after the first); one
// producer and one consumer (spsc_queue.h); consumers that cannot keep up, for then it grows
// until memory is used up.
//
// Guarantees. The queue is linearizable: each call takes effect at one moment between its begin
// and its end, and then items come out in the order in which they went in, whoever pushes and
// pops, each once; a pop answers "empty" only if the queue holds nothing at that moment, never
// because another thread is in the way. What precedes a push happens before what follows the pop
// of its item.
//
// Parameters: T can be moved and destroyed, the latter without throwing. If its move can throw,
// each item is allocated by itself. FencePolicy is that of the epochs, and pays for a store-load
// order in Push as well: by default nothing there, and a membarrier(2) in the pop that gives a
// slot up (below). LockFreeQueueOptions: slots in a segment, and so on.
// Thread safety: any member from any thread, but for the destructor. Those without a Participant
// use the thread's in DefaultEpochs() (thread_epochs.h). All participants of a queue are of one
// domain, which may end before or after it.
// Progress: a call takes a slot by a fetch-and-add and is then alone with one thread of the other
// side. A pop that finds its slot not filled does not wait for a producer that may be stopped: it
// looks for about a microsecond, gives the slot up, and takes the next; the producer then pushes
// its item again. Lock-free, but that one producer and one consumer could go on missing each other
// in step. Never from signal handlers.
// Memory: segments of slots, each of sizeof(T) and a word. Emptied ones are retired through the
// epochs, and used again, up to a few, or freed: after a burst there remain about 3 *
// `collect_every` for each consumer, while no pin lasts long. What is freed is the allocator's;
// glibc gives it to the system on malloc_trim().
// Errors: Push throws std::bad_alloc if there is no memory for a segment, and TryPop if there is
// none to retire one; nothing is pushed or popped then, and `item` is as it was, unless its move
// can throw. What T's constructors throw passes through: from a push, nothing was pushed; from a
// pop, the item is destroyed.
// Cost: each call one fetch-and-add and one pin; x86 has no other locked instruction or fence in
// them, with the asymmetric policy. Where threads change, two misses each: the index and the slot.
// Figures are in README.md.
//
// Source: the segments and their end are those of FAAArrayQueue (P. Ramalhete and A. Correia,
// 2016). There a compare-exchange of the producer and an exchange of the consumer decide who was
// first at a slot. Here each stores, then looks at what the other one stores, as in Dekker's
// algorithm, and only if they meet a compare-exchange decides.
#ifndef ASHLAR_CONCURRENCY_LOCK_FREE_QUEUE_H_
#define ASHLAR_CONCURRENCY_LOCK_FREE_QUEUE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/thread_epochs.h"

namespace ashlar {

struct LockFreeQueueOptions {
  // Slots in a segment; at least 1.
  std::size_t segment = 512;
  // Segments that are kept to be used again.
  std::size_t spares = 4;
  // Each so many segments, the participant that retires one collects.
  std::size_t collect_every = 16;
  // How often a pop looks at its slot until it gives it up.
  unsigned patience = 64;
};

template <class T, class Platform = StdPlatform, class FencePolicy = AsymmetricFencePolicy,
          LockFreeQueueOptions kOptions = LockFreeQueueOptions{}>
class LockFreeQueue {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "a pop moves the item out of the queue");
  static_assert(std::is_nothrow_destructible_v<T>);
  static_assert(kOptions.segment > 0 && kOptions.collect_every > 0);

 public:
  using Epochs = BasicEpochReclamation<Platform, FencePolicy>;
  using Participant = typename Epochs::Participant;

  LockFreeQueue() : head_(store_->Get()), tail_(head_.load(std::memory_order_relaxed)) {}

  // No other thread may use the queue any more. Destroys the items that are still in it.
  ~LockFreeQueue() {
    Segment* segment = head_.load(std::memory_order_relaxed);
    while (segment != nullptr) {
      Segment* const next = segment->next.load(std::memory_order_relaxed);
      segment->DestroyItems();
      store_->Put(segment);
      segment = next;
    }
  }

  LockFreeQueue(const LockFreeQueue&) = delete;
  LockFreeQueue& operator=(const LockFreeQueue&) = delete;

  // Inlined, as TryPop: what a call usually does is short, the rest is elsewhere.
  [[gnu::always_inline]] void Push(Participant& self, T&& item) {
    if constexpr (kMoveThrows) {
      Item boxed(std::move(item));
      Insert(self, boxed);
    } else {
      Insert(self, item);
    }
  }
  [[gnu::always_inline]] void Push(Participant& self, const T& item) {
    Item copy(item);
    Insert(self, copy);
  }

  // Nothing if the queue is empty.
  [[gnu::always_inline]] std::optional<T> TryPop(Participant& self) {
    const auto pin = self.Pin();
    const Ticket ticket = TakeTicket();
    if (ticket.look == Look::kItem) [[likely]]
      return Take(ticket.segment->slots[ticket.index]);
    if (ticket.look == Look::kEmpty) return std::nullopt;
    Slot* const slot = Search(self, ticket);
    if (slot == nullptr) return std::nullopt;
    return Take(*slot);
  }

  // How many items there were a moment ago, with those that are just being pushed.
  std::size_t SizeApprox(Participant& self) const {
    const auto pin = self.Pin();
    // (5) acquire: the segments. Pairs with (2) and (11).
    const Segment* const head = head_.load(std::memory_order_acquire);
    const std::size_t popped = head->Position(head->popped.load(std::memory_order_relaxed));
    const Segment* const tail = tail_.load(std::memory_order_acquire);
    const std::size_t pushed = tail->Position(tail->pushed.load(std::memory_order_relaxed));
    return pushed > popped ? pushed - popped : 0;
  }

  // The same with the calling thread's participant.
  [[gnu::always_inline]] void Push(T&& item) requires HasThreadParticipant<Epochs> {
    Push(ThreadParticipant(), std::move(item));
  }
  [[gnu::always_inline]] void Push(const T& item) requires HasThreadParticipant<Epochs> {
    Push(ThreadParticipant(), item);
  }
  [[gnu::always_inline]] std::optional<T> TryPop() requires HasThreadParticipant<Epochs> {
    return TryPop(ThreadParticipant());
  }
  std::size_t SizeApprox() const requires HasThreadParticipant<Epochs> {
    return SizeApprox(ThreadParticipant());
  }

 private:
  static constexpr std::size_t kSlots = kOptions.segment;
  static constexpr bool kMoveThrows = !std::is_nothrow_move_constructible_v<T>;

  template <class Value>
  using Atomic = typename Platform::template Atomic<Value>;

  // A T of which only the address moves.
  class Boxed {
   public:
    template <class Argument>
    explicit Boxed(Argument&& argument)
        : item_(Platform::template Create<T>(std::forward<Argument>(argument))) {}
    Boxed(Boxed&& other) noexcept : item_(std::exchange(other.item_, nullptr)) {}
    Boxed& operator=(Boxed&& other) noexcept {
      std::swap(item_, other.item_);
      return *this;
    }
    ~Boxed() {
      if (item_ != nullptr) Platform::Destroy(item_);
    }
    T& operator*() noexcept { return *item_; }

   private:
    T* item_;
  };
  using Item = std::conditional_t<kMoveThrows, Boxed, T>;

  // Room for an item.
  struct Room {
    Room() noexcept {}
    ~Room() {}
    void Make(Item&& from) noexcept { std::construct_at(std::addressof(item), std::move(from)); }
    void Destroy() noexcept { std::destroy_at(std::addressof(item)); }

    union {
      Item item;
    };
  };

  // Of a slot. It has one producer and one consumer:
  //
  //   kEmpty --producer--> kFilled --the consumer has left: the producer--> kWithdrawn
  //                             \---the consumer has left: the consumer---> kTaken
  //
  // A consumer that has not left takes the item without a trace. One that leaves an empty slot
  // leaves it for good.
  enum class State : std::uint8_t { kEmpty, kFilled, kWithdrawn, kTaken };

  struct Slot {
    Atomic<State> state{State::kEmpty};
    Atomic<bool> left{false};  // by its consumer
    typename Platform::template Var<Room> room;
  };

  class Store;

  struct Segment {
    explicit Segment(Store& of) : store(of) {}

    void Renew() noexcept {
      pushed.store(0, std::memory_order_relaxed);
      popped.store(0, std::memory_order_relaxed);
      next.store(nullptr, std::memory_order_relaxed);
      for (Slot& slot : slots) {
        slot.state.store(State::kEmpty, std::memory_order_relaxed);
        slot.left.store(false, std::memory_order_relaxed);
      }
    }
    // At the end of the queue: all calls have ended.
    void DestroyItems() noexcept {
      for (std::size_t i = popped.load(std::memory_order_relaxed); i < kSlots; ++i) {
        if (slots[i].state.load(std::memory_order_relaxed) != State::kFilled) break;
        slots[i].room.Write().Destroy();
      }
    }
    // In the queue, of one of its slots.
    std::size_t Position(std::size_t index) const noexcept {
      return number.Read() * kSlots + (index < kSlots ? index : kSlots);
    }

    // The next slots to fill and to empty; beyond the last one, how many have come in vain.
    alignas(Platform::kCacheLine) Atomic<std::size_t> pushed{0};
    alignas(Platform::kCacheLine) Atomic<std::size_t> popped{0};
    alignas(Platform::kCacheLine) Atomic<Segment*> next{nullptr};
    typename Platform::template Var<std::size_t> number;  // 0, 1, 2, ...
    Store& store;
    alignas(Platform::kCacheLine) alignas(Slot) Slot slots[kSlots];
  };

  // Where segments come from and where they go to. It ends with the last user: the queue, or a
  // segment that a participant frees after the queue's end.
  class Store {
   public:
    ~Store() {
      for (Atomic<Segment*>& spare : spares_) {
        Segment* const segment = spare.load(std::memory_order_relaxed);
        if (segment != nullptr) Platform::Destroy(segment);
      }
    }

    Segment* Get() {
      for (Atomic<Segment*>& spare : spares_) {
        if (spare.load(std::memory_order_relaxed) == nullptr) continue;
        // (6) acquire: it was emptied. Pairs with (7).
        if (Segment* const segment = spare.exchange(nullptr, std::memory_order_acquire)) {
          segment->Renew();
          users_.fetch_add(1, std::memory_order_relaxed);
          return segment;
        }
      }
      Segment* const segment = Platform::template Create<Segment>(*this);
      users_.fetch_add(1, std::memory_order_relaxed);
      return segment;
    }
    void Put(Segment* segment) noexcept {
      if (!Keep(segment)) Platform::Destroy(segment);
      Leave();
    }
    void Leave() noexcept {
      // (8) release: what this user has put there; acquire: what the others have. With itself.
      if (users_.fetch_sub(1, std::memory_order_acq_rel) == 1) Platform::Destroy(this);
    }

   private:
    bool Keep(Segment* segment) noexcept {
      for (Atomic<Segment*>& spare : spares_) {
        Segment* none = spare.load(std::memory_order_relaxed);
        if (none != nullptr) continue;
        // (7) release: pairs with (6).
        if (spare.compare_exchange_strong(none, segment, std::memory_order_release,
                                          std::memory_order_relaxed)) {
          return true;
        }
      }
      return false;
    }

    Atomic<std::size_t> users_{1};  // the queue, and segments that are not here
    std::array<Atomic<Segment*>, kOptions.spares> spares_{};
  };

  struct BackToStore {
    void operator()(Segment* segment) const noexcept { segment->store.Put(segment); }
  };

  // The queue, as a user of its store.
  class OwnStore {
   public:
    OwnStore() = default;
    ~OwnStore() { store_->Leave(); }
    OwnStore(const OwnStore&) = delete;
    Store* operator->() const noexcept { return store_; }

   private:
    Store* const store_ = Platform::template Create<Store>();
  };

  [[gnu::always_inline]] void Insert(Participant& self, Item& item) {
    const auto pin = self.Pin();
    if (!TryInsert(item)) [[unlikely]]
      InsertElsewhere(item);
  }

  // False if that slot was not to be; then `item` is as it was.
  [[gnu::always_inline]] bool TryInsert(Item& item) {
    // (9) acquire: the segment. Pairs with (11).
    Segment* const segment = tail_.load(std::memory_order_acquire);
    const std::size_t index = segment->pushed.fetch_add(1, std::memory_order_relaxed);
    if (index >= kSlots) [[unlikely]] {
      PassTail(segment);
      return false;
    }
    Slot& slot = segment->slots[index];
    slot.room.Write().Make(std::move(item));
    // (12) release: the item. Pairs with (13) and (15).
    slot.state.store(State::kFilled, std::memory_order_release);
    // Between the item and the look at who left: pairs with that in Await.
    FencePolicy::template Hot<Platform>();
    return !slot.left.load(std::memory_order_relaxed) || !Withdraw(slot, item);
  }

  [[gnu::noinline]] void InsertElsewhere(Item& item) {
    while (!TryInsert(item)) {
    }
  }

  // False if the consumer has the item, in the end.
  [[gnu::noinline]] static bool Withdraw(Slot& slot, Item& item) noexcept {
    // relaxed: the item is this thread's before and after, or not any more.
    State state = State::kFilled;
    if (!slot.state.compare_exchange_strong(state, State::kWithdrawn, std::memory_order_relaxed,
                                            std::memory_order_relaxed)) {
      return false;
    }
    MoveBack(slot.room.Write(), item);
    return true;
  }

  static void MoveBack(Room& room, Item& to) noexcept {
    if constexpr (std::is_nothrow_move_assignable_v<Item>) {
      to = std::move(room.item);
    } else {
      std::destroy_at(std::addressof(to));
      std::construct_at(std::addressof(to), std::move(room.item));
    }
    room.Destroy();
  }

  // What a pop has found, and the slot that it has taken for it.
  enum class Look {
    kItem,   // in that slot
    kSlot,   // which may be filled
    kEmpty,  // nor is there a slot that nobody has taken
    kEnd,    // the segment has none left
    kLate    // the same, as others were faster
  };
  struct Ticket {
    Look look;
    Segment* segment;
    std::size_t index;
  };

  [[gnu::always_inline]] Ticket TakeTicket() noexcept {
    // (1) acquire: the segment, and that all that was in those before it has been claimed.
    // Pairs with (2).
    Segment* const segment = head_.load(std::memory_order_acquire);
    // (3) acquire: those who popped from it knew of pushes; who looks for more must know of
    // them too, or could say "empty" of what never was. Pairs with (4).
    const std::size_t next = segment->popped.load(std::memory_order_acquire);
    if (next >= kSlots) [[unlikely]]
      return {Look::kEnd, segment, next};
    // A slot that is not filled is no answer, only the two indices are. They are read in this
    // order, so at the moment of the second there was nothing that nobody had claimed.
    const bool filled = IsFilled(segment->slots[next]);
    if (!filled && segment->pushed.load(std::memory_order_relaxed) <= next) {
      return {Look::kEmpty, segment, next};
    }
    // (4) release: pairs with (3).
    const std::size_t index = segment->popped.fetch_add(1, std::memory_order_release);
    if (filled && index == next) [[likely]]
      return {Look::kItem, segment, index};
    return {index < kSlots ? Look::kSlot : Look::kLate, segment, index};
  }

  // A slot with an item for the caller, after a first try. Null if the queue is empty.
  [[gnu::noinline]] Slot* Search(Participant& self, Ticket ticket) {
    for (;; ticket = TakeTicket()) {
      if (ticket.look == Look::kEmpty) return nullptr;
      if (ticket.look == Look::kEnd && !PassHead(self, ticket.segment)) return nullptr;
      if (ticket.look == Look::kItem || ticket.look == Look::kSlot) {
        Slot& slot = ticket.segment->slots[ticket.index];
        if (IsFilled(slot) || Await(slot)) return &slot;
      }
    }
  }

  static bool IsFilled(const Slot& slot) noexcept {
    // (13) acquire: the item. Pairs with (12).
    return slot.state.load(std::memory_order_acquire) == State::kFilled;
  }

  // Whether the item came. If not, the slot is given up.
  static bool Await(Slot& slot) noexcept {
    for (unsigned i = 0; i < kOptions.patience; ++i) {
      Platform::SpinWait();
      if (IsFilled(slot)) return true;
    }
    // relaxed: what the producer does then needs nothing of this thread.
    slot.left.store(true, std::memory_order_relaxed);
    // One of the two sees the other: pairs with that in Insert.
    FencePolicy::template Cold<Platform>();
    State state = State::kFilled;
    // (15) acquire: the item. Pairs with (12).
    return slot.state.compare_exchange_strong(state, State::kTaken, std::memory_order_acquire,
                                              std::memory_order_relaxed);
  }

  [[gnu::always_inline]] static std::optional<T> Take(Slot& slot) {
    Room& room = slot.room.Write();
    const Destroyed destroyed(room);
    if constexpr (kMoveThrows) {
      return std::optional<T>(std::move(*room.item));
    } else {
      return std::optional<T>(std::move(room.item));
    }
  }

  class Destroyed {
   public:
    explicit Destroyed(Room& room) noexcept : room_(room) {}
    ~Destroyed() { room_.Destroy(); }
    Destroyed(const Destroyed&) = delete;

   private:
    Room& room_;
  };

  // ---- From segment to segment.

  // Another one follows `full` then, and `tail_` has left it.
  [[gnu::noinline]] void PassTail(Segment* full) {
    // (10) acquire: the segment, to be passed on by (11). Pairs with (14).
    Segment* next = full->next.load(std::memory_order_acquire);
    if (next == nullptr) {
      Segment* const fresh = store_->Get();
      fresh->number.Write() = full->number.Read() + 1;
      // (14) release: the segment. Pairs with (10) and (16). On failure as (10).
      if (full->next.compare_exchange_strong(next, fresh, std::memory_order_release,
                                             std::memory_order_acquire)) {
        next = fresh;
      } else {
        store_->Put(fresh);
      }
    }
    MoveTail(full, next);
  }

  void MoveTail(Segment* from, Segment* to) noexcept {
    // (11) release: the segment. Pairs with (9). If it fails, another thread has done it.
    tail_.compare_exchange_strong(from, to, std::memory_order_release, std::memory_order_relaxed);
  }

  // `head_` has left `emptied` then. False if there is no segment behind it.
  [[gnu::noinline]] bool PassHead(Participant& self, Segment* emptied) {
    // (16) acquire: the segment, to be passed on by (2). Pairs with (14).
    Segment* const next = emptied->next.load(std::memory_order_acquire);
    if (next == nullptr) return false;
    // Who comes after the retirement finds it at neither end.
    MoveTail(emptied, next);
    self.Reserve();
    Segment* expected = emptied;
    // (2) release: pairs with (1).
    if (head_.compare_exchange_strong(expected, next, std::memory_order_release,
                                      std::memory_order_relaxed)) {
      const bool collect = emptied->number.Read() % kOptions.collect_every == 0;
      self.Retire(emptied, BackToStore());
      if (collect) self.Collect();
    }
    return true;
  }

  const OwnStore store_;
  alignas(Platform::kCacheLine) Atomic<Segment*> head_;  // where items are popped
  alignas(Platform::kCacheLine) Atomic<Segment*> tail_;  // where they are pushed
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_LOCK_FREE_QUEUE_H_
