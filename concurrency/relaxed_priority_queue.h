// relaxed_priority_queue.h
// ------------------------
// RelaxedPriorityQueue: an unbounded queue whose pops give one of the least, not always the least.
//
//   RelaxedPriorityQueue<std::uint64_t, Task> queue({.threads = 4});
//   RelaxedPriorityQueue<std::uint64_t, Task>::Participant self(queue);  // in each thread
//   self.Push(deadline, std::move(task));
//   while (auto next = self.TryPop()) Run(next->priority, std::move(next->item));
//
// When to use: best-first search, shortest paths, simulated events that may come a little out of
// order, schedulers: where working on a somewhat later item costs less than waiting for others.
// When not: the order is part of the result; there are few items (then all of them are "one of the
// least").
//
// Guarantees. Each item is popped once. TryPop gives nothing only if at one moment of the call
// there was no item: what was pushed before the call, and has not been popped, prevents it, and so
// do items of which there is always one. What precedes a push happens before what follows the pop
// of its item; what precedes the pops that emptied the queue, before what follows being told so.
// Which item a pop gives is chosen at random: there is no bound on its rank (how many lesser ones
// there are), only an expectation. With one internal queue (threads = 1, queues_per_thread = 1) the
// order is exact. Equal priorities have no order.
//
// Rank, in the mean, if `threads` participants take turns (relaxed_priority_queue_test.cc holds it
// to one and a half times as much; queues_per_thread = 4):
//
//                      1 thread   2 threads   4 threads
//     stickiness 1          1.4         4.6          11
//     stickiness 8          6.9          22          53
//
// A thread that is stopped inside a call keeps back what is in one internal queue for that time.
//
// Parameters: Priority is an integer; the least comes first. T moves and is destroyed without
// throwing. RelaxedPriorityQueueOptions: see there.
// Thread safety: the queue is anybody's, a Participant one thread's at a time. There may be more
// participants than `threads`; they get in each other's way more often.
// Progress: internal queues have locks, for which nobody waits as long as there is another queue to
// push to, or one with items to pop from: a thread that is stopped inside a call holds up one
// internal queue, and a pop of others only if all items are in it. Never from signal handlers.
// Memory: of each internal queue as much as the most items at a time took, and five blocks of 32
// more; kept until the end.
// Errors: Push throws std::bad_alloc; then the item is as it was. So does the constructor.
// Cost: a push and a pop each one compare-exchange and one release store, and a heap that has a
// share of the items. An empty answer looks at each internal queue twice. Figures are in README.md.
//
// Source: H. Rihani, P. Sanders, R. Dementiev, "MultiQueues: Simple Relaxed Concurrent Priority
// Queues", SPAA 2015; M. Williams, P. Sanders, R. Dementiev, "Engineering MultiQueues", ESA 2021
// (sticky choice, buffers). Changes: the heaps are of blocks (internal/block_heap.h); items never
// move between internal queues, whose lock words count pushes, so that a second look shows whether
// the first one saw them all empty at once.
#ifndef ASHLAR_CONCURRENCY_RELAXED_PRIORITY_QUEUE_H_
#define ASHLAR_CONCURRENCY_RELAXED_PRIORITY_QUEUE_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/internal/buffered_heap.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"

namespace ashlar {

struct RelaxedPriorityQueueOptions {
  // That push and pop at the same time.
  std::size_t threads = 1;
  // More: fewer collisions, shorter heaps, and greater ranks.
  std::size_t queues_per_thread = 4;
  // So many calls in a row go to the same internal queues. More: better use of caches, greater
  // ranks.
  unsigned stickiness = 8;
};

template <std::integral Priority, class T, class Platform = StdPlatform>
class RelaxedPriorityQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "items move while a lock is held");

 public:
  class Participant;

  struct Entry {
    Priority priority;
    T item;
  };

  explicit RelaxedPriorityQueue(RelaxedPriorityQueueOptions options = {})
      : stickiness_(options.stickiness), shards_(options.threads * options.queues_per_thread) {
    ASHLAR_CHECK(shards_.size() > 0 && options.stickiness > 0);
    ASHLAR_CHECK(shards_.size() / options.threads == options.queues_per_thread, "too many queues");
  }

  // No other thread may use the queue any more. Destroys the items that are still in it.
  ~RelaxedPriorityQueue() = default;

  RelaxedPriorityQueue(const RelaxedPriorityQueue&) = delete;
  RelaxedPriorityQueue& operator=(const RelaxedPriorityQueue&) = delete;

  // How many items there were a moment ago.
  std::size_t SizeApprox() const noexcept {
    std::size_t sum = 0;
    for (const Shard& shard : shards_) sum += shard.size.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  using Heap = internal::BufferedHeap<Entry, Platform>;

  // Of an internal queue: whether it is locked, whether there is something in it, and, in the other
  // bits, how many pushes there have been. All but the lock change when it is unlocked.
  using Word = std::uint64_t;
  static constexpr Word kLocked = 1;
  static constexpr Word kHasItems = 2;
  static constexpr Word kPush = 4;

  static constexpr Priority kNothing = std::numeric_limits<Priority>::max();

  struct alignas(Platform::kCacheLine) Shard {
    typename Platform::template Atomic<Word> word{0};
    // To choose by: what the next pop would give, or kNothing; and for SizeApprox.
    typename Platform::template Atomic<Priority> least{kNothing};
    typename Platform::template Atomic<std::size_t> size{0};
    typename Platform::template Var<Heap> heap;
  };

  // An attempt to lock a shard, and the lock, if it succeeded.
  class Hold {
   public:
    explicit Hold(Shard& shard) noexcept
        : Hold(shard, shard.word.load(std::memory_order_relaxed)) {}
    // Fails unless the word is still so, and thus has items if this one says so.
    Hold(Shard& shard, Word word) noexcept : shard_(shard), word_(word) {
      if (word_ & kLocked) return;
      // (1) acquire: what the holder before did. Pairs with (2).
      if (shard.word.compare_exchange_strong(word, word | kLocked, std::memory_order_acquire,
                                             std::memory_order_relaxed)) [[likely]] {
        heap_ = &shard.heap.Write();
      }
    }
    ~Hold() {
      if (heap_ == nullptr) return;
      const bool empty = heap_->Empty();
      shard_.least.store(empty ? kNothing : heap_->Least(), std::memory_order_relaxed);
      shard_.size.store(heap_->Size(), std::memory_order_relaxed);
      // (2) release: the heap, and whatever preceded the push or the pop. Pairs with (1) and (3).
      shard_.word.store(empty ? word_ & ~kHasItems : word_ | kHasItems, std::memory_order_release);
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    explicit operator bool() const noexcept { return heap_ != nullptr; }

    void Push(Priority priority, T&& item) {
      heap_->MakeRoom();
      heap_->Push(Entry{priority, std::move(item)});
      word_ += kPush;
    }
    Entry Pop() noexcept { return heap_->Pop(); }

   private:
    Shard& shard_;
    Word word_;
    Heap* heap_ = nullptr;
  };

  const unsigned stickiness_;
  const PlatformArray<Shard, Platform> shards_;
  typename Platform::template Atomic<std::size_t> participants_{0};
};

// A thread's part in it: which internal queues it comes to next.
template <std::integral Priority, class T, class Platform>
class RelaxedPriorityQueue<Priority, T, Platform>::Participant {
 public:
  // The queue must outlive it.
  explicit Participant(RelaxedPriorityQueue& queue) noexcept : queue_(queue) {
    const std::size_t number = queue.participants_.fetch_add(1, std::memory_order_relaxed);
    // The first ones begin in different places.
    push_to_ = pop_from_[0] = number % Shards();
    pop_from_[1] = (number + 1) % Shards();
    pushes_left_ = pops_left_ = queue.stickiness_;
    // Any seeds that differ and are not 0.
    random_ = (number + 1) * 0x9e3779b97f4a7c15;
  }
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  void Push(Priority priority, const T& item) { Push(priority, T(item)); }
  void Push(Priority priority, T&& item) {
    for (unsigned attempt = 1;; ++attempt) {
      if (pushes_left_ == 0) {
        push_to_ = Random(Shards());
        pushes_left_ = queue_.stickiness_;
      }
      if (Hold hold(queue_.shards_[push_to_]); hold) [[likely]] {
        hold.Push(priority, std::move(item));
        --pushes_left_;
        return;
      }
      pushes_left_ = 0;
      Wait(attempt);
    }
  }

  // Nothing if the queue is empty.
  std::optional<Entry> TryPop() {
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      if (pops_left_ == 0) Choose();
      Shard& shard = queue_.shards_[Better()];
      const Word word = shard.word.load(std::memory_order_relaxed);
      if (word & kHasItems) [[likely]] {
        if (Hold hold(shard, word); hold) [[likely]] {
          --pops_left_;
          return hold.Pop();
        }
      }
      pops_left_ = 0;
    }
    return PopAny();
  }

 private:
  static constexpr int kAttempts = 2;

  std::size_t Shards() const noexcept { return queue_.shards_.size(); }

  // Below `limit`.
  std::size_t Random(std::size_t limit) noexcept {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return static_cast<std::size_t>(((random_ >> 32) * limit) >> 32);
  }

  void Choose() noexcept {
    pops_left_ = queue_.stickiness_;
    pop_from_[0] = Random(Shards());
    pop_from_[1] = pop_from_[0];
    if (Shards() == 1) return;
    pop_from_[1] = Random(Shards() - 1);
    if (pop_from_[1] >= pop_from_[0]) ++pop_from_[1];
  }

  // Of the two that were chosen, that with the lesser item; they may have changed.
  std::size_t Better() const noexcept {
    if (Shards() == 1) return 0;
    const Priority one = queue_.shards_[pop_from_[0]].least.load(std::memory_order_relaxed);
    const Priority other = queue_.shards_[pop_from_[1]].least.load(std::memory_order_relaxed);
    return pop_from_[other < one];
  }

  // From any shard, or nothing, which has to be proven.
  //
  // Nothing was there when the first look had seen each shard empty, if by the second look there
  // was no push to any of them: between the two all were empty at once. A lock says nothing: what
  // its holder does takes effect when it is gone.
  [[gnu::noinline]] std::optional<Entry> PopAny() {
    for (unsigned attempt = 1;; ++attempt) {
      bool any = false;
      Word pushes = 0;
      for (std::size_t i = 0; i < Shards(); ++i) {
        const std::size_t at = (push_to_ + i) % Shards();
        Shard& shard = queue_.shards_[at];
        // (3) acquire: what precedes the last pop, so that whatever that thread pushed before is
        // seen by the second look, if not by the first. Pairs with (2).
        const Word word = shard.word.load(std::memory_order_acquire);
        pushes += word / kPush;
        if (!(word & kHasItems)) continue;
        any = true;
        if (Hold hold(shard, word); hold) return hold.Pop();
      }
      if (!any && pushes == Pushes()) return std::nullopt;
      Wait(attempt);
    }
  }

  // By the counts of (3), which only rise: if their sum is the same, so is each.
  Word Pushes() const noexcept {
    Word pushes = 0;
    for (const Shard& shard : queue_.shards_) {
      pushes += shard.word.load(std::memory_order_relaxed) / kPush;
    }
    return pushes;
  }

  // Others are at work where this thread is; for some ten nanoseconds, or stopped.
  static void Wait(unsigned attempt) noexcept {
    if (attempt % 64 == 0) {
      Platform::Yield();
    } else {
      Platform::SpinWait();
    }
  }

  RelaxedPriorityQueue& queue_;
  std::size_t push_to_;
  std::size_t pop_from_[2];
  std::uint64_t random_;
  unsigned pushes_left_;
  unsigned pops_left_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_RELAXED_PRIORITY_QUEUE_H_
