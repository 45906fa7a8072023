// lock_free_priority_queue.h
// --------------------------
// LockFreePriorityQueue: an unbounded queue whose pops give the least, and of equals the oldest,
// and in which no thread waits for another.
//
//   LockFreePriorityQueue<std::uint64_t, Task> queue;
//   queue.Push(deadline, std::move(task));
//   while (auto next = queue.TryPop()) Run(next->priority, std::move(next->item));
//
//   EpochReclamation::Participant self(epochs);  // or in epochs of your own, in each thread:
//   queue.Push(self, deadline, std::move(task));
//
// When to use: the order is part of the result, and threads may be stopped at any moment: there are
// more of them than processors, or some are urgent. When not: one of the least will do
// (relaxed_priority_queue.h); what is pushed is mostly less than all that is there, or there are
// only a few items at a time (priority_queue.h: its push costs the same wherever it goes); all
// priorities are equal (lock_free_queue.h, mpmc_queue.h).
//
// Guarantees. The queue is linearizable: each call takes effect at one moment between its begin and
// its end; then a pop gives the least priority of all, and of those with the same the one that was
// pushed first; it gives nothing only if there is nothing. Each item is popped once. Pushes that
// overlap have an order too, the same for all who pop. What precedes a push happens before what
// follows the pop of its item.
//
// Parameters: Priority is an integer; the least comes first. T moves and is destroyed without
// throwing. One that is trivial and of at most two words lies in the queue itself; another one is
// allocated by itself. FencePolicy is that of the epochs (epoch_reclamation.h).
// Whose epochs: a queue belongs to a domain, which must outlive it, and its users' Participants
// are handed to its calls. Without either it is in DefaultEpochs(), where each thread has a
// Participant by itself (thread_epochs.h).
// Thread safety: any member from any thread, but for the destructor.
// Progress: lock-free, but for allocation and the epochs' deleters. A call that is in another one's
// way does not wait for it, but makes a new version of the queue, in which its own effect is
// included: a version fails only because another call's has succeeded. Never from signal handlers.
// Memory: from the platform. Chunks are at least a quarter full where they come from a split. What
// is retired is freed by way of the epochs; a participant collects whenever `collect_bytes` have
// been.
// Errors: Push throws std::bad_alloc; then nothing was pushed and the item is as it was. So does
// TryPop, if the next version needs memory; nothing was popped then. Checked in every build: a
// Participant of another domain.
// Cost, with n items: a push searches among some sqrt(n) ranges, and has a fetch-and-add and a
// compare-exchange; a pop has one compare-exchange. Once in some sqrt(n) calls a chunk is sorted
// and the ranges are copied; and so is the front, by each push of less than what the next chunk
// begins with. Figures are in README.md.
//
// Source: the chunks are those of A. Braginsky, N. Cohen, E. Petrank, "CBPQ: High Performance
// Lock-Free Priority Queue", Euro-Par 2016: a push takes the next place of the chunk whose range it
// is in, and only the first chunk is sorted. There, a skip list leads to the chunks, and what is
// pushed into the first one waits in a buffer. Here, all chunks stand in one immutable array, which
// is replaced as a whole, and so is the first chunk. Where it is worth a thought who was first, the
// place of a chunk decides: so equals need no ticket.
#ifndef ASHLAR_CONCURRENCY_LOCK_FREE_PRIORITY_QUEUE_H_
#define ASHLAR_CONCURRENCY_LOCK_FREE_PRIORITY_QUEUE_H_

#include <algorithm>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/backoff.h"
#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"
#include "ashlar/concurrency/thread_epochs.h"

namespace ashlar {

struct LockFreePriorityQueueOptions {
  // Places in a chunk, while there are few chunks; at least 2.
  std::size_t least_chunk = 64;
  // Each so many bytes, the participant that retires the last of them collects; at least 1.
  std::size_t collect_bytes = 256 * 1024;
};

template <std::integral Priority, class T, class Platform = StdPlatform,
          class FencePolicy = AsymmetricFencePolicy,
          LockFreePriorityQueueOptions kOptions = LockFreePriorityQueueOptions{}>
class LockFreePriorityQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>);
  static_assert(kOptions.least_chunk >= 2 && kOptions.collect_bytes > 0);

 public:
  using Epochs = BasicEpochReclamation<Platform, FencePolicy>;
  using Participant = typename Epochs::Participant;

  struct Entry {
    Priority priority;
    T item;
  };

  LockFreePriorityQueue() requires HasThreadParticipant<Epochs>
      : LockFreePriorityQueue(DefaultEpochs()) {}
  explicit LockFreePriorityQueue(Epochs& epochs) : epochs_(epochs) {
    Draft draft;
    draft.AddFront(0);
    Chunk* const chunk = draft.AddChunk({}, kOptions.least_chunk);
    draft.AddVersion(1).ranges[0] = {kLeast, chunk};
    root_.store(draft.version(), std::memory_order_relaxed);
    draft.Keep();
  }

  // No other thread may use the queue any more. Destroys the items that are still in it.
  ~LockFreePriorityQueue() {
    Version* const version = root_.load(std::memory_order_relaxed);
    const Parts& parts = version->parts.Read();
    for (const Ranked& one :
         parts.front->From(parts.front->taken.load(std::memory_order_relaxed))) {
      Destroy(one.item);
    }
    for (const Range& range : parts.Ranges()) {
      const std::size_t claimed = range.chunk->Claimed();
      for (std::size_t i = 0; i < claimed; ++i) {
        if (range.chunk->IsFull(i)) Destroy(range.chunk->slots[i].entry.Read().item);
      }
      Platform::Destroy(range.chunk);
    }
    Platform::Destroy(parts.front);
    Platform::Destroy(version);
  }

  LockFreePriorityQueue(const LockFreePriorityQueue&) = delete;
  LockFreePriorityQueue& operator=(const LockFreePriorityQueue&) = delete;

  void Push(Participant& self, Priority priority, const T& item) { Push(self, priority, T(item)); }
  void Push(Participant& self, Priority priority, T&& item) {
    ASHLAR_CHECK(self.IsOf(epochs_), "the queue is in another domain than the Participant");
    const Ranked entry = {priority, Wrap(std::move(item))};
    BasicBackoff<Platform> backoff;
    try {
      while (!TryInsert(self, entry)) backoff.Pause();
    } catch (...) {
      GiveBack(entry.item, item);
      throw;
    }
  }

  // Nothing if the queue is empty.
  std::optional<Entry> TryPop(Participant& self) {
    ASHLAR_CHECK(self.IsOf(epochs_), "the queue is in another domain than the Participant");
    std::optional<Ranked> least;
    BasicBackoff<Platform> backoff;
    while (!TryRemove(self, least)) backoff.Pause();
    if (!least) return std::nullopt;
    return Unwrap(*least);
  }

  // How many items there were a moment ago, or more, if pushes were in each other's way. Looks at
  // each chunk.
  std::size_t SizeApprox(Participant& self) const {
    const auto pin = self.Pin();
    // (1) acquire: the version. Pairs with (2).
    const Parts& parts = root_.load(std::memory_order_acquire)->parts.Read();
    std::size_t size = parts.front->From(parts.front->taken.load(std::memory_order_relaxed)).size();
    for (const Range& range : parts.Ranges()) size += range.chunk->Claimed();
    return size;
  }

  // The same with the calling thread's participant.
  void Push(Priority priority, const T& item) requires HasThreadParticipant<Epochs> {
    Push(ThreadParticipant(), priority, item);
  }
  void Push(Priority priority, T&& item) requires HasThreadParticipant<Epochs> {
    Push(ThreadParticipant(), priority, std::move(item));
  }
  std::optional<Entry> TryPop() requires HasThreadParticipant<Epochs> {
    return TryPop(ThreadParticipant());
  }
  std::size_t SizeApprox() const requires HasThreadParticipant<Epochs> {
    return SizeApprox(ThreadParticipant());
  }

 private:
  template <class Value>
  using Atomic = typename Platform::template Atomic<Value>;
  template <class Value>
  using Var = typename Platform::template Var<Value>;

  static constexpr Priority kLeast = std::numeric_limits<Priority>::min();
  static constexpr std::size_t kMostChunk = 4096;

  // What stands for an item in the queue. Many threads may copy it; who removes it has it alone.
  static constexpr bool kInPlace = std::is_trivially_copyable_v<T> &&
                                   std::is_trivially_default_constructible_v<T> &&
                                   sizeof(T) <= 2 * sizeof(void*);
  using Handle = std::conditional_t<kInPlace, T, T*>;

  static Handle Wrap(T&& item) {
    if constexpr (kInPlace) {
      return item;
    } else {
      return Platform::template Create<T>(std::move(item));
    }
  }
  static void Destroy(Handle handle) noexcept {
    if constexpr (!kInPlace) Platform::Destroy(handle);
  }
  static void GiveBack(Handle handle, T& item) noexcept {
    if constexpr (!kInPlace) {
      std::destroy_at(std::addressof(item));
      std::construct_at(std::addressof(item), std::move(*handle));
      Platform::Destroy(handle);
    }
  }

  struct Ranked {
    Priority priority;
    Handle item;
  };
  struct Precedes {
    bool operator()(const Ranked& one, const Ranked& other) const noexcept {
      return one.priority < other.priority;
    }
  };

  static Entry Unwrap(const Ranked& ranked) noexcept {
    if constexpr (kInPlace) {
      return {ranked.priority, ranked.item};
    } else {
      Entry entry{ranked.priority, std::move(*ranked.item)};
      Platform::Destroy(ranked.item);
      return entry;
    }
  }

  // In a counter: it does not count any more, as another version will follow.
  static constexpr std::size_t kStopped = ~(~std::size_t{0} >> 1);

  // The least items, sorted. Only the counter changes.
  struct Front {
    explicit Front(std::size_t size) : entries(size) {}

    // Those that are left.
    std::span<const Ranked> From(std::size_t n) const noexcept {
      return {entries.begin() + (n & ~kStopped), entries.end()};
    }
    std::span<const Ranked> Stop() noexcept {
      // (3) acquire: as (6). Pairs with (7).
      return From(taken.fetch_or(kStopped, std::memory_order_acquire));
    }

    PlatformArray<Ranked, Platform> entries;
    Atomic<std::size_t> taken{0};
  };

  // Of a slot: whoever is first, its owner or one who stops the chunk, decides what becomes of it.
  enum class State : std::uint32_t { kEmpty, kFull, kLeft };
  struct Slot {
    Atomic<State> state{State::kEmpty};
    Var<Ranked> entry;
  };

  // Items of one range, in the order in which they were pushed, but for the first ones, which were
  // there when it was made.
  struct Chunk {
    Chunk(std::span<const Ranked> entries, std::size_t capacity)
        : claimed(entries.size()), first(entries.size()), slots(capacity) {
      for (std::size_t i = 0; i < first; ++i) slots[i].entry.Write() = entries[i];
    }

    // False if it is full, or stopped.
    bool TryAppend(const Ranked& entry) noexcept {
      // relaxed: nobody concludes from it what became of the slot, only its state says that.
      const std::size_t index = claimed.fetch_add(1, std::memory_order_relaxed);
      if (index >= slots.size()) return false;
      Slot& slot = slots[index];
      slot.entry.Write() = entry;
      // For the next ones who come to this chunk, which is long after most others.
      __builtin_prefetch(&slots[std::min(index + 3, slots.size() - 1)], 1);
      State state = State::kEmpty;
      // (4) release: the entry. Pairs with (5).
      return slot.state.compare_exchange_strong(state, State::kFull, std::memory_order_release,
                                                std::memory_order_relaxed);
    }
    std::size_t Claimed() const noexcept {
      return std::min(claimed.load(std::memory_order_relaxed) & ~kStopped, slots.size());
    }
    // From now on nothing changes in it, but for slots that are not decided. How many slots to look
    // at.
    std::size_t Stop() noexcept {
      return std::min(claimed.fetch_or(kStopped, std::memory_order_relaxed) & ~kStopped,
                      slots.size());
    }
    // Decides it.
    bool IsFull(std::size_t index) noexcept {
      if (index < first) return true;
      Atomic<State>& decided = slots[index].state;
      State state = decided.load(std::memory_order_relaxed);
      if (state == State::kEmpty &&
          decided.compare_exchange_strong(state, State::kLeft, std::memory_order_relaxed,
                                          std::memory_order_relaxed)) {
        return false;
      }
      // (5) acquire: the entry. Pairs with (4).
      return decided.load(std::memory_order_acquire) == State::kFull;
    }

    Atomic<std::size_t> claimed;
    const std::size_t first;  // of the slots, sorted
    PlatformArray<Slot, Platform> slots;
  };

  // Priorities from `from` up to, and without, the `from` of the next range. Equals that are older
  // may lie before.
  struct Range {
    Priority from;
    Chunk* chunk;
  };

  // The queue at a time. What is less than the first range goes to the front, with a new version.
  struct Parts {
    std::span<const Range> Ranges() const noexcept { return {ranges, count}; }

    Front* front = nullptr;
    Range* ranges = nullptr;
    std::size_t count = 0;         // of ranges; at least 1
    std::size_t bytes_before = 0;  // that were retired
  };
  // What the next version does without.
  struct Dropped {
    bool front = false;
    std::size_t begin = 0, end = 0;  // of ranges
  };
  struct Version {
    explicit Version(std::size_t count)
        : parts(Parts{nullptr, Platform::template CreateArray<Range>(count), count, 0}) {}
    ~Version() { Platform::DestroyArray(parts.Read().ranges, parts.Read().count); }

    Var<Parts> parts;
    Var<Dropped> dropped;  // when it is retired
  };

  struct Free {
    void operator()(Version* version) const noexcept {
      const Parts& parts = version->parts.Read();
      const Dropped& dropped = version->dropped.Read();
      if (dropped.front) Platform::Destroy(parts.front);
      for (std::size_t i = dropped.begin; i < dropped.end; ++i) {
        Platform::Destroy(parts.ranges[i].chunk);
      }
      Platform::Destroy(version);
    }
  };

  // A version, and what is new in it. Destroyed unless it is kept.
  class Draft {
   public:
    Draft() = default;
    ~Draft() {
      if (version_ != nullptr) Platform::Destroy(version_);
      if (front_ != nullptr) Platform::Destroy(front_);
      for (Chunk* const chunk : chunks_) {
        if (chunk != nullptr) Platform::Destroy(chunk);
      }
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    void Keep() noexcept {
      version_ = nullptr;
      front_ = nullptr;
      chunks_[0] = chunks_[1] = nullptr;
    }

    Front& AddFront(std::size_t size) { return *(front_ = Platform::template Create<Front>(size)); }
    void AddFront(std::span<const Ranked> entries) {
      std::copy(entries.begin(), entries.end(), AddFront(entries.size()).entries.begin());
    }
    // Two at most.
    Chunk* AddChunk(std::span<const Ranked> entries, std::size_t capacity) {
      Chunk*& chunk = chunks_[chunks_[0] == nullptr ? 0 : 1];
      return chunk =
                 Platform::template Create<Chunk>(entries, std::max(capacity, 2 * entries.size()));
    }
    // With the front that was added.
    Parts& AddVersion(std::size_t count) {
      version_ = Platform::template Create<Version>(count);
      Parts& parts = version_->parts.Write();
      parts.front = front_;
      return parts;
    }

    Version* version() const noexcept { return version_; }
    Dropped dropped;

   private:
    Version* version_ = nullptr;
    Front* front_ = nullptr;
    Chunk* chunks_[2] = {};
  };

  // A chunk's items and perhaps another one, sorted. The chunk is stopped.
  class Sorted {
   public:
    Sorted(Chunk& chunk, const Ranked* last) : Sorted(chunk, chunk.Stop(), last) {}
    std::span<const Ranked> all() const noexcept { return {entries_.begin(), size_}; }

   private:
    Sorted(Chunk& chunk, std::size_t claimed, const Ranked* last) : entries_(claimed + 1) {
      PlatformArray<Ranked, Platform> added(claimed - chunk.first + 1);
      Ranked* end = added.begin();
      for (std::size_t i = chunk.first; i < claimed; ++i) {
        if (chunk.IsFull(i)) *end++ = chunk.slots[i].entry.Read();
      }
      if (last != nullptr) *end++ = *last;
      std::stable_sort(added.begin(), end, Precedes());
      const Ranked* next = added.begin();
      Ranked* to = entries_.begin();
      for (std::size_t i = 0; i < chunk.first; ++i) {
        const Ranked& old = chunk.slots[i].entry.Read();
        while (next != end && Precedes()(*next, old)) *to++ = *next++;
        *to++ = old;
      }
      to = std::copy<const Ranked*>(next, end, to);
      size_ = static_cast<std::size_t>(to - entries_.begin());
    }

    PlatformArray<Ranked, Platform> entries_;
    std::size_t size_;
  };

  // Of a chunk, so that there are about as many ranges as items in each.
  static std::size_t Capacity(const Parts& parts) noexcept {
    return std::clamp(std::bit_ceil(2 * parts.count), kOptions.least_chunk, kMostChunk);
  }

  // The last range that does not begin after it, if any.
  static const Range* Find(const Parts& parts, Priority priority) noexcept {
    const Range* range = parts.ranges;
    if (priority < range->from) return nullptr;
    for (std::size_t left = parts.count; left > 1;) {
      const std::size_t half = left / 2;
      range += range[half].from <= priority ? half : 0;
      left -= half;
    }
    return range;
  }

  // False if another call was in its way.
  bool TryInsert(Participant& self, const Ranked& entry) {
    const auto pin = self.Pin();
    Version* const version = root_.load(std::memory_order_acquire);  // as (1)
    const Parts& parts = version->parts.Read();
    const Range* const range = Find(parts, entry.priority);
    // A chunk that is not stopped is one of the latest version, with the same range.
    if (range != nullptr && range->chunk->TryAppend(entry)) [[likely]]
      return true;
    return InsertSlowly(self, version, range, entry);
  }
  [[gnu::noinline]] bool InsertSlowly(Participant& self, Version* version, const Range* range,
                                      const Ranked& entry) {
    Draft draft;
    const Parts& parts = version->parts.Read();
    if (range == nullptr) {
      DraftFront(parts, entry, draft);
    } else {
      DraftSplit(parts, static_cast<std::size_t>(range - parts.ranges), entry, draft);
    }
    return Publish(self, version, draft);
  }

  bool TryRemove(Participant& self, std::optional<Ranked>& least) {
    const auto pin = self.Pin();
    Version* const version = root_.load(std::memory_order_acquire);  // as (1)
    const Parts& parts = version->parts.Read();
    Front& front = *parts.front;
    // (6) acquire: who says "empty" because of what others took must know of what they had pushed.
    // Pairs with (7).
    std::size_t taken = front.taken.load(std::memory_order_acquire);
    while (taken < front.entries.size()) {
      // (7) release: pairs with (3) and (6). A front that is not stopped is the latest version's.
      if (front.taken.compare_exchange_weak(taken, taken + 1, std::memory_order_release,
                                            std::memory_order_acquire)) [[likely]] {
        least = front.entries[taken];
        return true;
      }
    }
    // Nothing was left, nor has anything come: both were so at the moment of the first look, or of
    // the last one before the front was stopped.
    if (front.From(taken).empty() && parts.count == 1 &&
        parts.ranges[0].chunk->claimed.load(std::memory_order_relaxed) == 0) {
      return true;
    }
    return RemoveSlowly(self, version, least);
  }
  [[gnu::noinline]] bool RemoveSlowly(Participant& self, Version* version,
                                      std::optional<Ranked>& least) {
    Draft draft;
    const std::optional<Ranked> candidate = DraftPop(version->parts.Read(), draft);
    if (!Publish(self, version, draft)) return false;
    least = candidate;
    return true;
  }

  // With `entry` in the front; the rear half of it becomes a chunk if it is too long.
  static void DraftFront(const Parts& parts, const Ranked& entry, Draft& draft) {
    const std::span<const Ranked> rest = parts.front->Stop();
    PlatformArray<Ranked, Platform> array(rest.size() + 1);
    const auto after = std::upper_bound(rest.begin(), rest.end(), entry, Precedes());
    Ranked* const place = std::copy(rest.begin(), after, array.begin());
    *place = entry;
    std::copy(after, rest.end(), place + 1);
    const std::span<const Ranked> all(array.begin(), array.end());

    const std::size_t capacity = Capacity(parts);
    const bool is_long = all.size() > capacity;
    const std::size_t half = is_long ? all.size() / 2 : all.size();
    draft.AddFront(all.first(half));
    draft.dropped = {.front = true};
    Range* to = draft.AddVersion(parts.count + (is_long ? 1 : 0)).ranges;
    if (is_long) *to++ = {all[half].priority, draft.AddChunk(all.subspan(half), capacity)};
    std::copy_n(parts.ranges, parts.count, to);
  }

  // With `entry` in the chunk of the range, which becomes two if it is rather full.
  static void DraftSplit(const Parts& parts, std::size_t index, const Ranked& entry, Draft& draft) {
    const Range& range = parts.ranges[index];
    const Sorted sorted(*range.chunk, &entry);
    const std::span<const Ranked> all = sorted.all();
    const std::size_t capacity = Capacity(parts);
    const bool is_full = all.size() > capacity / 2;
    const std::size_t half = is_full ? all.size() / 2 : all.size();

    draft.dropped = {.begin = index, .end = index + 1};
    Parts& next = draft.AddVersion(parts.count + (is_full ? 1 : 0));
    next.front = parts.front;
    Range* to = std::copy_n(parts.ranges, index, next.ranges);
    *to++ = {range.from, draft.AddChunk(all.first(half), capacity)};
    if (is_full) *to++ = {all[half].priority, draft.AddChunk(all.subspan(half), capacity)};
    std::copy(parts.ranges + index + 1, parts.ranges + parts.count, to);
  }

  // Without the least item, which it returns. Nothing if there is none.
  static std::optional<Ranked> DraftPop(const Parts& parts, Draft& draft) {
    const std::span<const Ranked> rest = parts.front->Stop();
    if (!rest.empty()) {
      DraftPopped(parts, 0, rest, draft);
      return rest[0];
    }
    for (std::size_t i = 0; i < parts.count; ++i) {
      const Sorted sorted(*parts.ranges[i].chunk, nullptr);
      if (sorted.all().empty()) continue;
      DraftPopped(parts, i + 1, sorted.all(), draft);
      return sorted.all()[0];
    }
    draft.AddFront(0);
    DraftRanges(parts, parts.count, kLeast, draft);
    return std::nullopt;
  }
  static void DraftPopped(const Parts& parts, std::size_t dropped, std::span<const Ranked> all,
                          Draft& draft) {
    draft.AddFront(all.subspan(1));
    DraftRanges(parts, dropped, all.back().priority, draft);
    if (all.size() == 1) draft.version()->parts.Write().ranges[0].from = kLeast;
  }
  // Those from `dropped` on; or, if there are none, one of all from `from` on.
  static void DraftRanges(const Parts& parts, std::size_t dropped, Priority from, Draft& draft) {
    draft.dropped = {.front = true, .begin = 0, .end = dropped};
    if (dropped < parts.count) {
      std::copy(parts.ranges + dropped, parts.ranges + parts.count,
                draft.AddVersion(parts.count - dropped).ranges);
    } else {
      draft.AddVersion(1).ranges[0] = {from, draft.AddChunk({}, kOptions.least_chunk)};
    }
  }

  // False if another version has followed.
  bool Publish(Participant& self, Version* version, Draft& draft) {
    const Parts& parts = version->parts.Read();
    const std::size_t bytes_before = parts.bytes_before + BytesDropped(parts, draft.dropped);
    draft.version()->parts.Write().bytes_before = bytes_before;
    self.Reserve();
    // (2) release: the version. Pairs with (1).
    if (!root_.compare_exchange_strong(version, draft.version(), std::memory_order_release,
                                       std::memory_order_relaxed)) {
      return false;
    }
    draft.Keep();
    version->dropped.Write() = draft.dropped;
    self.Retire(version, Free());
    if (bytes_before / kOptions.collect_bytes != parts.bytes_before / kOptions.collect_bytes) {
      self.Collect();
    }
    return true;
  }
  static std::size_t BytesDropped(const Parts& parts, const Dropped& dropped) noexcept {
    std::size_t bytes = sizeof(Version) + parts.count * sizeof(Range);
    if (dropped.front) bytes += parts.front->entries.size() * sizeof(Ranked);
    for (std::size_t i = dropped.begin; i < dropped.end; ++i) {
      bytes += parts.ranges[i].chunk->slots.size() * sizeof(Slot);
    }
    return bytes;
  }

  Epochs& epochs_;
  alignas(Platform::kCacheLine) Atomic<Version*> root_{nullptr};
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_LOCK_FREE_PRIORITY_QUEUE_H_
