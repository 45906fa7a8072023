// mpmc_queue.h
// ------------
// MpmcQueue: a bounded queue, first in, first out, of any number of producers and consumers.
//
//   MpmcQueue<Request> queue(1024);
//   if (!queue.TryPush(std::move(request))) Refuse(std::move(request));  // full: still there
//   while (std::optional<Request> next = queue.TryPop()) Serve(*next);
//   queue.Close();                                                       // no more of them
//
// When to use: work between threads where a bound is wanted and memory is allocated once. When
// not: one producer and one consumer (spsc_queue.h costs a fifth); no bound is known; threads
// that wait for room or an item (blocking_mpmc_queue.h).
//
// Guarantees. The queue is linearizable: each call takes effect at one moment between its begin
// and its end, and then
//   * items come out in the order in which they went in, whoever pushes and pops, each once;
//   * a push fails only if the queue is closed, or holds Capacity() items, at that moment, and a
//     pop only if it holds none. Neither fails because another thread is in the way.
// A batch takes effect at one moment as well, so its items are neighbours: as many as fit or are
// there, but perhaps fewer while other threads are at work; none only as above. What precedes a
// push happens before what follows the pop of its item, and what precedes a pop before what
// follows the push that needed its room.
// Pushes and Close are decided in one word: a push that is not refused comes before the Close, and
// its item is found by pops that come after, which wait for it if it is still being pushed. What
// precedes a Close happens before what follows a push that it refused.
//
// Parameters: T can be moved and destroyed, the latter without throwing. The capacity is in
// items.
// Thread safety: any member from any thread, but for the destructor.
// Progress: a call claims its slots by a compare-exchange that fails only because another one
// succeeded, then fills or empties them. A thread that is stopped in between holds up whoever
// comes to its slots (not who is refused, or comes to others), who spins, then yields. So:
// lock-free but for that; never from signal handlers.
// Memory: an array of a slot for each item, 8 bytes more than it; nothing after that.
// Errors: the constructor throws std::bad_alloc, also for a capacity that no memory could hold.
// What T's constructors throw passes through. If it was thrown by a push, nothing was pushed; if
// T's move can throw, a slot is then out of use until a pop has passed over it, and counts as an
// item. If it was thrown by a pop, the item is destroyed.
// Cost: push and pop each one compare-exchange and one store; x86 has no other locked
// instruction or fence in them. Two misses each where threads change: the index and the slot.
// 32 items in a batch share the compare-exchange. Figures are in README.md.
//
// Source: D. Vyukov, "Bounded MPMC queue", 1024cores.net, 2010: a ring whose slots are numbered.
// Changes: numbers tell a free slot of the next lap from a full one also if there is one slot;
// a slot that is not ready is no answer, only the two indices are; batches.
#ifndef ASHLAR_CONCURRENCY_MPMC_QUEUE_H_
#define ASHLAR_CONCURRENCY_MPMC_QUEUE_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"

namespace ashlar {

template <class T, class Platform = StdPlatform>
class MpmcQueue {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "a pop moves the item out of the queue");
  static_assert(std::is_nothrow_destructible_v<T>);

 public:
  // Indices count for ever and are taken modulo the capacity. They wrap at 2^63.
  using Index = std::uint64_t;

  // `capacity` is rounded up to a power of two, and to at least 1. `first_index` is for tests of
  // the wrap-around.
  explicit MpmcQueue(std::size_t capacity, Index first_index = 0)
      : slots_(RoundUp(capacity)),
        ring_{slots_.begin(), slots_.size() - 1},
        tail_(kStep * first_index),
        head_(kStep * first_index) {
    Ticket ticket = kStep * first_index;
    for (std::size_t i = 0; i < Capacity(); ++i, ticket += kStep) {
      ring_[ticket].number.store(ticket, std::memory_order_relaxed);
    }
  }

  // No other thread may use the queue any more. Destroys the items that are still in it.
  ~MpmcQueue() {
    const Ticket tail = Open(tail_.load(std::memory_order_relaxed));
    for (Ticket i = head_.load(std::memory_order_relaxed); i != tail; i += kStep) {
      Item& item = ring_[i].item.Write();
      if (item.has_value()) item.reset();
    }
  }

  MpmcQueue(const MpmcQueue&) = delete;
  MpmcQueue& operator=(const MpmcQueue&) = delete;

  // False if the queue is full or closed; then `item` is as it was.
  bool TryPush(T&& item) { return TryEmplace(std::move(item)); }
  bool TryPush(const T& item) { return TryEmplace(item); }

  // Makes the item in the queue. If it is refused, `arguments` are as they were, unless what T is
  // made of them by can throw and its move cannot: then T is made first.
  template <class... Arguments>
  bool TryEmplace(Arguments&&... arguments) {
    if constexpr (!kMoveThrows && !std::is_nothrow_constructible_v<T, Arguments...>) {
      return TryEmplace(T(std::forward<Arguments>(arguments)...));
    } else {
      const Claim claim = ClaimOne<Pusher>();
      if (claim.slot == nullptr) return false;
      const HandOver full(claim.slot->number, Full(claim.ticket));  // even if nothing could be made
      claim.slot->item.Write().emplace(std::forward<Arguments>(arguments)...);
      return true;
    }
  }

  // Nothing if the queue is empty.
  std::optional<T> TryPop() {
    for (;;) {
      const Claim claim = ClaimOne<Popper>();
      if (claim.slot == nullptr) return std::nullopt;
      const HandOver free(claim.slot->number, ring_.NextFree(claim.ticket));
      Item& item = claim.slot->item.Write();
      if (!item.has_value()) continue;  // a push threw
      const Reset reset(item);
      return std::optional<T>(std::move(*item));
    }
  }

  // Push the `count` items from `first` on, an iterator; to move them, wrap it in a
  // std::move_iterator. Returns how many of them were pushed, from the first on. Where making an
  // item of *first can throw, they are pushed one by one, and others may come in between; the
  // iterator itself must not throw.
  template <class Iterator>
  std::size_t TryPushBatch(Iterator first, std::size_t count) {
    std::size_t pushed = 0;
    if constexpr (kMoveThrows || !std::is_nothrow_constructible_v<T, decltype(*first)>) {
      for (; pushed < count && TryEmplace(*first); ++pushed) ++first;
    } else if (count > 0) {
      const Ring ring = ring_;
      const Claims claims = ClaimMany<Pusher>(count);
      pushed = ring.Walk(claims.first, claims.count, [&](Slot& slot, Ticket ticket) {
        const HandOver full(slot.number, Full(ticket));
        slot.item.Write().emplace(*first);
        ++first;
        return true;
      });
    }
    return pushed;
  }

  // Pops at most `most` items into `*to++`. Returns how many. Where that or T's move can throw,
  // as with std::back_inserter, they are popped one by one.
  template <class Output>
  std::size_t TryPopBatch(Output to, std::size_t most) {
    std::size_t popped = 0;
    if constexpr (kMoveThrows || !std::is_nothrow_assignable_v<decltype(*to), T>) {
      while (popped < most) {
        std::optional<T> item = TryPop();
        if (!item) break;
        *to++ = std::move(*item);
        ++popped;
      }
    } else if (most > 0) {
      const Ring ring = ring_;
      const Claims claims = ClaimMany<Popper>(most);
      popped = ring.Walk(claims.first, claims.count, [&](Slot& slot, Ticket ticket) {
        const HandOver free(slot.number, ring.NextFree(ticket));
        Item& item = slot.item.Write();
        const Reset reset(item);
        *to = std::move(*item);
        ++to;
        return true;
      });
    }
    return popped;
  }

  // From now on every push is refused; what is inside can still be popped. False if the queue was
  // closed already.
  bool Close() noexcept {
    // (8) seq_cst: release, so that who is refused sees what led to it, pairs with (6) and (9).
    // And sleepers: see Ask.
    return !IsClosed(tail_.fetch_or(kClosed, std::memory_order_seq_cst));
  }

  // Once it is true, a pop that fails means that nothing will come any more.
  bool IsClosed() const noexcept {
    // (9) acquire: pairs with (8).
    return IsClosed(tail_.load(std::memory_order_acquire));
  }

  // How many items there were a moment ago, with those that are just being pushed.
  std::size_t SizeApprox() const noexcept {
    const Ticket head = head_.load(std::memory_order_relaxed);
    const Index size = (tail_.load(std::memory_order_relaxed) - head) / kStep;
    return static_cast<std::size_t>(size > Capacity() ? Capacity() : size);
  }

  std::size_t Capacity() const noexcept { return slots_.size(); }

 private:
  // An index as the words have it: twice that, and in the tail's one more once the queue is
  // closed.
  using Ticket = Index;
  using Counter = typename Platform::template Atomic<Ticket>;

  static constexpr Ticket kStep = 2;
  static constexpr Ticket kClosed = 1;
  static Ticket Open(Ticket ticket) noexcept { return ticket & ~kClosed; }
  static bool IsClosed(Ticket ticket) noexcept { return (ticket & kClosed) != 0; }

  static constexpr bool kMoveThrows = !std::is_nothrow_move_constructible_v<T>;

  // Room for a T, with the names of std::optional's members.
  class Room {
   public:
    Room() noexcept {}
    ~Room() {}
    template <class... Arguments>
    void emplace(Arguments&&... arguments) noexcept {
      std::construct_at(std::addressof(item_), std::forward<Arguments>(arguments)...);
    }
    static constexpr bool has_value() noexcept { return true; }
    T& operator*() noexcept { return item_; }
    void reset() noexcept { std::destroy_at(std::addressof(item_)); }

   private:
    union {
      T item_;
    };
  };

  // One that may have stayed empty where it was claimed.
  using Item = std::conditional_t<kMoveThrows, std::optional<T>, Room>;

  struct Slot {
    Counter number;  // a ticket t while it is free for that, Full(t) after that
    typename Platform::template Var<Item> item;
  };

  // The slots, by ticket. Loops copy it, so that no store of theirs could change it.
  struct Ring {
    Slot* slots;
    Index mask;
    Slot& operator[](Ticket ticket) const noexcept { return slots[ticket / kStep & mask]; }
    Ticket NextFree(Ticket ticket) const noexcept { return ticket + kStep * (mask + 1); }

    // Calls visit(slot, ticket) for that of `first` and the next, `most` of them, as long as it
    // returns true; how often it did. The inner loop walks through memory as it lies.
    template <class Visit>
    [[gnu::always_inline]] std::size_t Walk(Ticket first, std::size_t most, Visit visit) const {
      std::size_t done = 0;
      while (done < most) {
        const Index offset = (first / kStep + done) & mask;
        Slot* slot = slots + offset;
        const auto to_end = static_cast<std::size_t>(mask + 1 - offset);
        const std::size_t stop = most - done < to_end ? most : done + to_end;
        for (; done < stop; ++done, ++slot) {
          if (!visit(*slot, first + kStep * done)) return done;
        }
      }
      return done;
    }
  };

  // A slot's numbers in the course of time: t, Full(t), NextFree(t), ... No slot ever has the
  // number of a closed tail: it would be that of an item which nobody may push.
  static Ticket Full(Ticket ticket) noexcept { return ticket + 1; }

  // Gives a claimed slot to the next one in turn, at the end of the scope.
  class HandOver {
   public:
    HandOver(Counter& number, Ticket value) noexcept : number_(number), value_(value) {}
    // (1) release: the item was written, or taken. Pairs with (2).
    ~HandOver() { number_.store(value_, std::memory_order_release); }
    HandOver(const HandOver&) = delete;

   private:
    Counter& number_;
    const Ticket value_;
  };

  class Reset {
   public:
    explicit Reset(Item& item) noexcept : item_(item) {}
    ~Reset() { item_.reset(); }
    Reset(const Reset&) = delete;

   private:
    Item& item_;
  };

  // A slot that the caller has for itself. Null: the call is refused.
  struct Claim {
    Slot* slot;
    Ticket ticket;
  };
  // That many of them, from `first` on.
  struct Claims {
    Ticket first;
    std::size_t count;
  };

  // Pushers have `tail_` for their own, claim free slots, and are refused if it is a capacity
  // ahead of `head_`. Poppers have `head_`, claim full slots, and are refused if it is level with
  // `tail_`.
  struct Pusher {
    static Counter& Own(MpmcQueue& queue) { return queue.tail_; }
    static const Counter& Other(const MpmcQueue& queue) { return queue.head_; }
    static Ticket Ready(Ticket ticket) { return ticket; }
    static Ticket Lead(const MpmcQueue& queue) { return kStep * queue.Capacity(); }
  };
  struct Popper {
    static Counter& Own(MpmcQueue& queue) { return queue.head_; }
    static const Counter& Other(const MpmcQueue& queue) { return queue.tail_; }
    static Ticket Ready(Ticket ticket) { return Full(ticket); }
    static Ticket Lead(const MpmcQueue&) { return 0; }
  };

  template <class Side>
  [[gnu::always_inline]] Claim ClaimOne() {
    // relaxed: a guess, until the exchange.
    Ticket ticket = Side::Own(*this).load(std::memory_order_relaxed);
    for (unsigned attempt = 1;; ++attempt) {
      Slot& slot = ring_[ticket];
      // (2) acquire: what was in the slot before is over, or the item is there. Pairs with (1).
      if (slot.number.load(std::memory_order_acquire) == Side::Ready(ticket)) [[likely]] {
        // (3) seq_cst: see Ask. Pairs with (7). On failure, `ticket` is a guess again.
        if (Side::Own(*this).compare_exchange_strong(
                ticket, ticket + kStep, std::memory_order_seq_cst, std::memory_order_relaxed))
            [[likely]]
          return {&slot, ticket};
      } else {
        const Answer answer = Ask<Side>(ticket, attempt);
        if (answer.refused) return {nullptr, ticket};
        ticket = answer.guess;
      }
    }
  }

  // As many as are ready, but not more than `most`, which is not 0.
  template <class Side>
  Claims ClaimMany(std::size_t most) {
    const Ring ring = ring_;
    Ticket first = Side::Own(*this).load(std::memory_order_relaxed);  // as above
    for (unsigned attempt = 1;; ++attempt) {
      const std::size_t count = ring.Walk(first, most, [](const Slot& slot, Ticket ticket) {
        // (4) acquire: as (2).
        return slot.number.load(std::memory_order_acquire) == Side::Ready(ticket);
      });
      if (count > 0) {
        // (5) seq_cst: as (3).
        if (Side::Own(*this).compare_exchange_strong(first, first + kStep * count,
                                                     std::memory_order_seq_cst,
                                                     std::memory_order_relaxed)) {
          return {first, count};
        }
      } else {
        const Answer answer = Ask<Side>(first, attempt);
        if (answer.refused) return {first, 0};
        first = answer.guess;
      }
    }
  }

  struct Answer {
    bool refused;  // the queue is full or closed, or it is empty
    Ticket guess;
  };

  // What to do if the slot at `guess` is not ready. There may be a better guess; or the slot is in
  // another thread's hands, then it comes after a moment.
  //
  // A refusal must speak of one moment. `own` is read first, so both indices had the values that
  // are compared while it was still so. And all of (3) and (5) to (8) are seq_cst, so that one
  // thread cannot be told that the queue is full, and another that it is empty, where neither has
  // seen what the other one did; and who announces his sleep by a seq_cst access and is refused
  // then will be seen by those who look for sleepers by one, after what makes that untrue.
  template <class Side>
  [[gnu::noinline]] Answer Ask(Ticket guess, unsigned attempt) {
    // (6)
    const Ticket own = Side::Own(*this).load(std::memory_order_seq_cst);
    if (IsClosed(own)) return {true, own};
    if (own == guess) {
      // (7)
      const Ticket other = Open(Side::Other(*this).load(std::memory_order_seq_cst));
      if (own - other == Side::Lead(*this)) return {true, own};
      WaitForOther(attempt);
    }
    return {false, own};
  }

  // Another thread is between its claim and its hand-over, for some nanoseconds; or stopped.
  static void WaitForOther(unsigned attempt) {
    if (attempt % 64 == 0) {
      Platform::Yield();
    } else {
      Platform::SpinWait();
    }
  }

  static std::size_t RoundUp(std::size_t capacity) {
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 2 / sizeof(Slot);
    if (capacity > kMost) throw std::bad_alloc();
    return std::bit_ceil(capacity);
  }

  // Everybody reads these.
  alignas(Platform::kCacheLine) const PlatformArray<Slot, Platform> slots_;
  const Ring ring_;

  // Tickets of the next item to push, and to pop.
  alignas(Platform::kCacheLine) Counter tail_;
  alignas(Platform::kCacheLine) Counter head_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_MPMC_QUEUE_H_
