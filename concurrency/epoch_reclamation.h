// epoch_reclamation.h
// -------------------
// EpochReclamation: when to free what lock-free readers may still be looking at.
//
//   EpochReclamation epochs;                        // one for the structure, or for several
//
//   EpochReclamation::Participant self(epochs);     // in each thread
//   {
//     auto pin = self.Pin();                        // reader: as long as it follows pointers
//     Use(*head.load(std::memory_order_acquire));
//   }
//   Node* old = head.exchange(fresh);               // writer: nobody can find it any more
//   self.Retire(old);                               // deleted when nobody can have it
//
// When to use: many short looks at linked structures, few removals. When not: readers that
// stay for long or sleep while pinned (hazard pointers hold back single objects only); a
// structure under a lock.
//
// Contract. What is retired is freed once, by a participant of the domain or by the domain's
// destructor, and not before every Pin has ended that was there when Retire was called. What
// the reader did before its pin's end happens before the deleter. Retire only what no new
// reader can find. Pins nest; only the outermost counts. Domains know nothing of each other.
//
// Parameters: FencePolicy (fence_policy.h) says who pays for a pin's store-load order. By
// default the pin is free and each batch of retired objects costs a membarrier(2) that
// interrupts the process's running cores; with FullFencePolicy each pin is a full fence.
// EpochOptions: objects in a batch, and who is told of a pin that holds everything up.
// Thread safety: the domain is anybody's; a Participant and its pins are one thread's at a
// time. Threads come and go: a participant's record is used again, and what it had not yet
// freed others free, in their next Retire or Collect.
// Progress: Pin and its end are wait-free. Retire is, but for allocation, deleters and the
// look at each participant, once a batch. Nothing waits for a reader.
// Memory: while no pin lasts long, a participant holds at most 4 batches. Behind a pin that
// does not end garbage grows: that is in the nature of epochs. TryReserve bounds it, by refusing.
// Garbage() counts it, Laggard() names the pin, EpochOptions::on_stall is told.
// Errors: Retire throws std::bad_alloc when it cannot begin a batch; the object is still the
// caller's then, who may retire it later. Reserve, before the object is
// taken out, makes the next Retire sure not to throw. The constructor of a Participant
// throws it too. Deleters that may throw do not compile. Checked in every build: a pin that
// outlives its participant, and a participant that outlives its domain.
// Cost: on x86 Pin and its end are 13 instructions, four of them stores; none is locked with the
// asymmetric policy. Retire is five stores and one deleter. A batch costs a locked add, a
// compare-exchange, a heavy fence, and a load for each participant that there ever was at a
// time. The epoch's line is missed once an advance.
//
// Source: K. Fraser, "Practical lock-freedom", 2004. As in crossbeam the pin does not look
// again at the epoch, which may have moved on; a batch is stamped with the global epoch at its
// end. The stamp is a read-modify-write: who advances from it has seen all that precedes it,
// and so no fence is needed where objects are taken out.
#ifndef ASHLAR_CONCURRENCY_EPOCH_RECLAMATION_H_
#define ASHLAR_CONCURRENCY_EPOCH_RECLAMATION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"

namespace ashlar {

// A pin that keeps the epoch from advancing.
struct EpochStall {
  const char* name;             // of the participant
  std::uint64_t pinned_in;      // its epoch
  std::uint64_t epoch;          // the current one
  std::size_t garbage_batches;  // held by who reports; 0 from Laggard()
};

struct EpochOptions {
  // Objects that are stamped, and later freed, together; at least 1.
  std::size_t batch = 128;
  // A participant that holds so many batches, and finds a pin in the way, tells on_stall; again
  // each time that they have doubled. It is called in Retire, and must not throw.
  std::size_t stall_batches = 16;
  void (*on_stall)(void* context, const EpochStall&) noexcept = nullptr;
  void* context = nullptr;
};

template <class Platform = StdPlatform, class FencePolicy = AsymmetricFencePolicy>
class BasicEpochReclamation {
 public:
  class Participant;

  // A reader's. Ends in the thread, and in the reverse sequence, in which it began.
  class [[nodiscard]] PinGuard {
   public:
    [[gnu::always_inline]] ~PinGuard() {
      if (outermost_) [[likely]] {
        participant_.Unpin();
      } else {
        ASHLAR_CHECK(participant_.IsPinned(), "an inner pin outlives an outer one");
      }
    }
    PinGuard(const PinGuard&) = delete;
    PinGuard& operator=(const PinGuard&) = delete;

   private:
    friend Participant;
    PinGuard(Participant& participant, bool outermost) noexcept
        : participant_(participant), outermost_(outermost) {}
    Participant& participant_;
    const bool outermost_;
  };

  // Deletes by the platform. A deleter is called with the pointer, or with the pointer and
  // the Participant that frees: through it, it may retire more.
  struct Delete {
    template <class T>
    void operator()(T* object) const noexcept(std::is_nothrow_destructible_v<T>) {
      Platform::Destroy(object);
    }
  };

  explicit BasicEpochReclamation(EpochOptions options = {}) : options_(options) {
    ASHLAR_CHECK(options.batch > 0 && options.stall_batches > 0);
  }

  // No participant may be left. Frees what is.
  ~BasicEpochReclamation() {
    for (Record* record = FirstRecord(); record != nullptr; record = record->next.Read()) {
      ASHLAR_CHECK(!record->in_use.load(std::memory_order_relaxed),
                   "a Participant outlives its EpochReclamation");
    }
    if (orphans_.load(std::memory_order_relaxed) != nullptr) {
      Participant(*this, "~EpochReclamation").FreeEverything();
    }
    Record* record = FirstRecord();
    while (record != nullptr) {
      Record* const next = record->next.Read();
      Platform::Destroy(record);
      record = next;
    }
  }

  BasicEpochReclamation(const BasicEpochReclamation&) = delete;
  BasicEpochReclamation& operator=(const BasicEpochReclamation&) = delete;

  // Objects retired and not yet freed, a moment ago.
  std::size_t Garbage() const noexcept {
    std::size_t sum = orphaned_.load(std::memory_order_relaxed);
    for (Record* record = FirstRecord(); record != nullptr; record = record->next.Read()) {
      sum += record->garbage.load(std::memory_order_relaxed);
    }
    return sum;
  }

  // The oldest pin that keeps the epoch from advancing. One that is still there with the same
  // `pinned_in` when one looks again, later, is stalled, or in the middle of something long.
  std::optional<EpochStall> Laggard() const noexcept {
    const Epoch epoch = epoch_.load(std::memory_order_relaxed);
    std::optional<EpochStall> oldest;
    for (Record* record = FirstRecord(); record != nullptr; record = record->next.Read()) {
      const Epoch pinned = record->pinned.load(std::memory_order_relaxed);
      if (pinned == kNotPinned || pinned >= epoch) continue;
      if (oldest && oldest->pinned_in <= pinned) continue;
      oldest = EpochStall{record->name.load(std::memory_order_relaxed), pinned, epoch, 0};
    }
    return oldest;
  }

  // The most participants that there have been at a time.
  std::size_t MostParticipants() const noexcept {
    std::size_t count = 0;
    for (Record* record = FirstRecord(); record != nullptr; record = record->next.Read()) ++count;
    return count;
  }

 private:
  using Epoch = std::uint64_t;  // never wraps
  static constexpr Epoch kNotPinned = 0;
  static constexpr Epoch kGracePeriod = 2;

  using Reclaim = void (*)(void* object, Participant& by) noexcept;
  struct Entry {
    void* object;
    Reclaim reclaim;
  };

  struct Batch {
    struct Label {
      Batch* next = nullptr;
      Epoch stamp = 0;
      std::size_t count = 0;
    };
    explicit Batch(std::size_t size)
        : entries(Platform::template CreateArray<Entry>(size)), capacity(size) {}
    ~Batch() { Platform::DestroyArray(entries, capacity); }

    typename Platform::template Var<Label> label;
    Entry* const entries;
    const std::size_t capacity;
  };

  // What others see of a participant. It lives as long as the domain.
  struct alignas(Platform::kCacheLine) Record {
    template <class T>
    using Atomic = typename Platform::template Atomic<T>;

    explicit Record(const char* owner) : name(owner) {}

    Atomic<Epoch> pinned{kNotPinned};
    Atomic<std::size_t> garbage{0};
    Atomic<const char*> name;
    Atomic<bool> in_use{true};
    typename Platform::template Var<Record*> next;
  };

  Record* FirstRecord() const noexcept {
    // (1) acquire: the records. Pairs with (2).
    return records_.load(std::memory_order_acquire);
  }

  Record* Join(const char* name) {
    for (Record* record = FirstRecord(); record != nullptr; record = record->next.Read()) {
      // (3) acquire: the owner before has unpinned it. Pairs with (4).
      if (!record->in_use.load(std::memory_order_relaxed) &&
          !record->in_use.exchange(true, std::memory_order_acquire)) {
        record->name.store(name, std::memory_order_relaxed);
        return record;
      }
    }
    Record* const record = Platform::template Create<Record>(name);
    Record* first = records_.load(std::memory_order_relaxed);
    do {
      record->next.Write() = first;
      // (2) release: publishes the record. Pairs with (1).
    } while (!records_.compare_exchange_weak(first, record, std::memory_order_release,
                                             std::memory_order_relaxed));
    return record;
  }

  static bool Lags(Epoch pinned, Epoch epoch) noexcept {
    return pinned != kNotPinned && pinned != epoch;
  }

  // Nobody's but a few cold readers' until a batch is full.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<Epoch> epoch_{1};
  const EpochOptions options_;

  alignas(Platform::kCacheLine) typename Platform::template Atomic<Record*> records_{nullptr};
  typename Platform::template Atomic<Batch*> orphans_{nullptr};  // of participants that left
  typename Platform::template Atomic<std::size_t> orphaned_{0};  // objects in them
};

// A thread's part in a domain.
template <class Platform, class FencePolicy>
class BasicEpochReclamation<Platform, FencePolicy>::Participant {
 public:
  // Whether Deleter frees a T: an empty type, and one that does not throw.
  template <class Deleter, class T>
  static constexpr bool kIsDeleter =
      std::is_empty_v<Deleter>&& std::is_default_constructible_v<Deleter> &&
      (std::is_nothrow_invocable_v<Deleter, T*> ||
       std::is_nothrow_invocable_v<Deleter, T*, Participant&>);

  // `name`: for reports; it must live as long as the domain.
  explicit Participant(BasicEpochReclamation& domain, const char* name = "")
      : domain_(domain), record_(domain.Join(name)), report_at_(domain.options_.stall_batches) {}

  // No pin may be left. What is not yet freed goes to the others.
  ~Participant() {
    ASHLAR_CHECK(!IsPinned(), "a pin outlives its Participant");
    ASHLAR_CHECK(!freeing_, "a deleter destroys the Participant that it is called by");
    if (garbage_ > 0) Collect();
    if (garbage_ > 0) Abandon();
    if (open_ != nullptr) Platform::Destroy(open_);
    if (spare_ != nullptr) Platform::Destroy(spare_);
    // (4) release: pairs with (3).
    record_->in_use.store(false, std::memory_order_release);
  }

  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  // What can be found while the guard lives is not freed while it lives.
  PinGuard Pin() noexcept {
    const bool outermost = !IsPinned();
    if (outermost) [[likely]] {
      pinned_ = true;
      // An old epoch does no harm, it only holds up the next advance: an advance from this or a
      // later one either sees the pin, or is seen by what is read after it.
      // (14) acquire: what was taken out before a stamp of an earlier epoch is not found. The
      // full fence would do, the light one does not. Pairs with (8).
      const Epoch epoch = domain_.epoch_.load(std::memory_order_acquire);
      // (5) release: who sees it has seen the pin before end. Pairs with (6).
      record_->pinned.store(epoch, std::memory_order_release);
      // Between the pin and the reader's first look: pairs with the fence in Advance.
      FencePolicy::template Hot<Platform>();
    }
    return PinGuard(*this, outermost);
  }

  bool IsPinned() const noexcept { return pinned_; }

  // Whose pins protect what: for structures that are handed a participant.
  bool IsOf(const BasicEpochReclamation& domain) const noexcept { return &domain_ == &domain; }

  // Frees `object` when nobody can have it; null is nothing. In a pin or outside.
  template <class T, class Deleter = Delete>
  requires kIsDeleter<Deleter, T>
  void Retire(T* object, Deleter = {}) {
    if (object == nullptr) return;
    Reserve();
    *next_++ = {const_cast<std::remove_cv_t<T>*>(object), &ReclaimBy<T, Deleter>};
    CountGarbage(garbage_ + 1);
    // One in, one out: an allocator's cache serves that best.
    if (ripe_next_ != ripe_end_ && !freeing_) FreeNext();
  }

  // The next Retire does not throw, unless a Collect comes between.
  void Reserve() {
    if (next_ == end_) [[unlikely]]
      MakeRoom();
  }

  // For who wants a bound on garbage, whoever stays pinned: false if this participant holds
  // `most` objects or more, and cannot free any now; then take nothing out. Else a Reserve. `most`
  // of less than 4 batches is false now and then with nobody in the way.
  [[nodiscard]] bool TryReserve(std::size_t most) {
    if (garbage_ >= most && Collect() >= most) return false;
    Reserve();
    return true;
  }

  // Frees what can be freed, and helps the epoch on by one. What is retired, and pinned by
  // nobody, is freed by the second call, or the third if others are at work. Returns how many
  // of its objects this participant still holds. In a deleter it does nothing else.
  std::size_t Collect() noexcept {
    if (!freeing_) {
      Seal();
      Adopt();
      Advance();
      while (TakeRipe()) {
      }
    }
    return garbage_;
  }

 private:
  friend BasicEpochReclamation;
  friend PinGuard;

  // If more batches wait, two are freed while one is filled: what piled up behind a pin is
  // worked off in small parts.
  static constexpr std::size_t kUsualBatches = 2;

  void Unpin() noexcept {
    pinned_ = false;
    // (7) release: what the reader did is done. Pairs with (6).
    record_->pinned.store(kNotPinned, std::memory_order_release);
  }

  template <class T, class Deleter>
  static void ReclaimBy(void* object, [[maybe_unused]] Participant& by) noexcept {
    if constexpr (std::is_nothrow_invocable_v<Deleter, T*, Participant&>) {
      Deleter()(static_cast<T*>(object), by);
    } else {
      Deleter()(static_cast<T*>(object));
    }
  }

  void CountGarbage(std::size_t garbage) noexcept {
    garbage_ = garbage;
    record_->garbage.store(garbage, std::memory_order_relaxed);
  }

  // A batch to fill. If there is no memory, all else is done and nothing is lost.
  [[gnu::noinline]] void MakeRoom() {
    Seal();
    if (!freeing_ && head_ != nullptr) {
      Adopt();
      const std::optional<EpochStall> stall = Advance();
      if (TakeRipe() && batches_ > kUsualBatches) TakeRipe();
      ReportIfLong(stall);
    }
    // A deleter may have begun one, or filled it.
    if (next_ != end_) return;
    Seal();
    if (spare_ == nullptr) spare_ = Platform::template Create<Batch>(domain_.options_.batch);
    open_ = std::exchange(spare_, nullptr);
    next_ = open_->entries;
    end_ = next_ + open_->capacity;
  }

  // The open batch, if there is something in it, awaits its time.
  void Seal() noexcept {
    if (open_ == nullptr || next_ == open_->entries) return;
    // (8) release: the objects were taken out; who sees a later epoch, or advances from this one,
    // knows. Pairs with (9) and (14).
    const Epoch stamp = domain_.epoch_.fetch_add(0, std::memory_order_release);
    open_->label.Write() = {nullptr, stamp, static_cast<std::size_t>(next_ - open_->entries)};
    Append(std::exchange(open_, nullptr));
    next_ = end_ = nullptr;
  }

  void Append(Batch* batch) noexcept {
    if (head_ == nullptr) {
      head_ = batch;
    } else {
      tail_->label.Write().next = batch;
    }
    tail_ = batch;
    ++batches_;
  }

  // Takes over what others left when they went.
  void Adopt() noexcept {
    if (domain_.orphans_.load(std::memory_order_relaxed) == nullptr) return;
    // (10) acquire: the batches. Pairs with (11).
    Batch* batch = domain_.orphans_.exchange(nullptr, std::memory_order_acquire);
    std::size_t count = 0;
    while (batch != nullptr) {
      auto& label = batch->label.Write();
      Batch* const next = std::exchange(label.next, nullptr);
      count += label.count;
      // A batch with a later stamp may stand before it, and only makes it wait.
      Append(batch);
      batch = next;
    }
    CountGarbage(garbage_ + count);
    domain_.orphaned_.fetch_sub(count, std::memory_order_relaxed);
  }

  void Abandon() noexcept {
    Seal();
    domain_.orphaned_.fetch_add(garbage_, std::memory_order_relaxed);
    CountGarbage(0);
    Batch* first = domain_.orphans_.load(std::memory_order_relaxed);
    do {
      tail_->label.Write().next = first;
      // (11) release: pairs with (10).
    } while (!domain_.orphans_.compare_exchange_weak(first, head_, std::memory_order_release,
                                                     std::memory_order_relaxed));
    head_ = tail_ = nullptr;
  }

  // Moves the epoch on, unless a pin of an earlier one is in the way: then that.
  std::optional<EpochStall> Advance() noexcept {
    // (9) relaxed: the fence makes an acquire of it. Pairs with (8).
    Epoch epoch = domain_.epoch_.load(std::memory_order_relaxed);
    // Before the fence: who was in the way the last time may still be.
    if (laggard_ != nullptr) {
      const Epoch pinned = laggard_->pinned.load(std::memory_order_relaxed);
      if (Lags(pinned, epoch)) return Stall(pinned, epoch);
      laggard_ = nullptr;
    }
    // Between what was taken out up to this epoch and the look at the pins: pairs with Pin's.
    FencePolicy::template Cold<Platform>();
    for (Record* record = domain_.FirstRecord(); record != nullptr; record = record->next.Read()) {
      // (6) acquire: readers are done, and so is all that they did. Pairs with (5) and (7).
      const Epoch pinned = record->pinned.load(std::memory_order_acquire);
      if (Lags(pinned, epoch)) {
        laggard_ = record;
        return Stall(pinned, epoch);
      }
    }
    // (12) release: the same for whoever frees. Pairs with (13).
    domain_.epoch_.compare_exchange_strong(epoch, epoch + 1, std::memory_order_release,
                                           std::memory_order_relaxed);
    return std::nullopt;
  }

  EpochStall Stall(Epoch pinned, Epoch epoch) const noexcept {
    return {laggard_->name.load(std::memory_order_relaxed), pinned, epoch, batches_};
  }

  void ReportIfLong(const std::optional<EpochStall>& stall) noexcept {
    if (!stall) {
      report_at_ = domain_.options_.stall_batches;
    } else if (batches_ >= report_at_) {
      report_at_ = 2 * batches_;
      if (domain_.options_.on_stall != nullptr) {
        domain_.options_.on_stall(domain_.options_.context, *stall);
      }
    }
  }

  // Frees what is left of the ripe batch. The next is the oldest, if its time has come.
  bool TakeRipe() noexcept {
    FreeRest();
    if (head_ == nullptr) return false;
    // (13) acquire: pairs with (12).
    const Epoch epoch = domain_.epoch_.load(std::memory_order_acquire);
    if (head_->label.Read().stamp + kGracePeriod > epoch) return false;
    TakeFirst();
    return true;
  }

  void TakeFirst() noexcept {
    const typename Batch::Label label = head_->label.Read();
    ripe_ = std::exchange(head_, label.next);
    ripe_next_ = ripe_->entries;
    ripe_end_ = ripe_next_ + label.count;
    --batches_;
  }

  void FreeRest() noexcept {
    while (ripe_next_ != ripe_end_) FreeNext();
  }

  // An object of the ripe batch.
  void FreeNext() noexcept {
    const Entry entry = *ripe_next_++;
    freeing_ = true;
    entry.reclaim(entry.object, *this);
    freeing_ = false;
    CountGarbage(garbage_ - 1);
    if (ripe_next_ != ripe_end_) return;
    ripe_next_ = ripe_end_ = nullptr;
    Batch* const batch = std::exchange(ripe_, nullptr);
    if (spare_ == nullptr) {
      spare_ = batch;
    } else {
      Platform::Destroy(batch);
    }
  }

  // The domain's end: nobody is pinned.
  void FreeEverything() noexcept {
    Adopt();
    while (garbage_ > 0) {
      Seal();
      while (head_ != nullptr) {
        TakeFirst();
        FreeRest();
      }
    }
  }

  BasicEpochReclamation& domain_;
  Record* const record_;
  bool pinned_ = false;

  // The batch that is being filled; none has next_ == end_.
  Entry* next_ = nullptr;
  Entry* end_ = nullptr;
  Batch* open_ = nullptr;
  std::size_t garbage_ = 0;

  // Those that wait, the oldest first.
  Batch* head_ = nullptr;
  Batch* tail_ = nullptr;
  std::size_t batches_ = 0;

  // The batch that is being freed.
  Entry* ripe_next_ = nullptr;
  Entry* ripe_end_ = nullptr;
  Batch* ripe_ = nullptr;

  Batch* spare_ = nullptr;
  const Record* laggard_ = nullptr;  // who was in the way
  std::size_t report_at_;
  bool freeing_ = false;
};

using EpochReclamation = BasicEpochReclamation<>;

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_EPOCH_RECLAMATION_H_
