// priority_queue.h
// ----------------
// PriorityQueue: an unbounded queue whose pops give the least, and of equals the oldest.
//
//   PriorityQueue<std::uint64_t, Task> queue;
//   PriorityQueue<std::uint64_t, Task>::Participant self(queue);  // in each thread
//   self.Push(deadline, std::move(task));
//   while (auto next = self.TryPop()) Run(next->priority, std::move(next->item));
//
// When to use: the order is part of the result. When not: one of the least will do
// (relaxed_priority_queue.h, which threads hardly share); all priorities are equal
// (lock_free_queue.h, mpmc_queue.h); a thread may be stopped for long in the middle of a call
// (lock_free_priority_queue.h).
//
// Guarantees. The queue is linearizable: each call takes effect at one moment between its begin and
// its end; then a pop gives the least priority of all, and of those with the same the one that was
// pushed first; it gives nothing only if there is nothing. Each item is popped once. What precedes
// a push happens before what follows the pop of its item.
//
// Parameters: Priority is an integer; the least comes first. T moves and is destroyed without
// throwing.
// Thread safety: the queue is anybody's; a Participant is one thread's at a time. Threads come and
// go: a participant's record is used again.
// Progress: blocking. One thread at a time works on the heap, and does on it what the others ask
// for meanwhile; they spin, then yield. A thread that is stopped while it is the one holds up all.
// Never from signal handlers.
// Memory: as much as the most items at a time took, with 16 bytes for each, and five blocks of 32
// more; kept until the end. A record of one or two cache lines for each participant that there ever
// was at a time.
// Errors: Push throws std::bad_alloc; then the item is as it was. So does the constructor of a
// Participant. Checked in every build: a participant that outlives its queue.
// Cost: alone, a compare-exchange, a release store, a load for each participant, and the heap. Who
// finds the heap taken writes a request and reads the answer: two misses, and none on the heap,
// which stays in the cache of who works on it. Figures are in README.md.
//
// Source: D. Hendler, I. Incze, N. Shavit, M. Tzafrir, "Flat Combining and the
// Synchronization-Parallelism Tradeoff", SPAA 2010, on the heap of internal/block_heap.h. It is not
// one of the lock-free skip lists, such as that of J. Linden and B. Jonsson, OPODIS 2013: there a
// push follows about log2(n) pointers, each to another cache line.
#ifndef ASHLAR_CONCURRENCY_PRIORITY_QUEUE_H_
#define ASHLAR_CONCURRENCY_PRIORITY_QUEUE_H_

#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/internal/buffered_heap.h"
#include "ashlar/concurrency/platform.h"

namespace ashlar {

template <std::integral Priority, class T, class Platform = StdPlatform>
class PriorityQueue {
  static_assert(std::is_nothrow_move_constructible_v<T> && std::is_nothrow_destructible_v<T>,
                "items move on behalf of other threads");

 public:
  class Participant;

  struct Entry {
    Priority priority;
    T item;
  };

  PriorityQueue() = default;

  // No participant may be left. Destroys the items that are still in it.
  ~PriorityQueue() {
    Record* record = records_.load(std::memory_order_relaxed);
    while (record != nullptr) {
      ASHLAR_CHECK(!record->in_use.load(std::memory_order_relaxed),
                   "a Participant outlives its PriorityQueue");
      Platform::Destroy(std::exchange(record, record->next.Read()));
    }
  }

  PriorityQueue(const PriorityQueue&) = delete;
  PriorityQueue& operator=(const PriorityQueue&) = delete;

  // How many items there were a moment ago.
  std::size_t SizeApprox() const noexcept { return size_.load(std::memory_order_relaxed); }

 private:
  // A priority, in the order of unsigned numbers, and the number of the push: no two are equal.
  struct Rank {
    std::uint64_t priority;
    std::uint64_t number;

    // As one number: two instructions, and no branch, which nobody could predict.
    friend bool operator<(const Rank& one, const Rank& other) noexcept {
      __extension__ using Wide = unsigned __int128;
      return (Wide{one.priority} << 64 | one.number) < (Wide{other.priority} << 64 | other.number);
    }
  };
  static constexpr std::uint64_t kSign = std::is_signed_v<Priority> ? std::uint64_t{1} << 63 : 0;
  static std::uint64_t ToRank(Priority priority) {
    return static_cast<std::uint64_t>(priority) ^ kSign;
  }
  static Priority FromRank(std::uint64_t rank) { return static_cast<Priority>(rank ^ kSign); }

  struct Ranked {
    Rank priority;
    T item;
  };
  struct Heap {
    internal::BufferedHeap<Ranked, Platform> items;
    std::uint64_t pushes = 0;
  };

  // What a thread asks for, and gets.
  enum class State : std::uint32_t { kNothing, kPush, kPop, kDone, kNoMemory };
  struct Request {
    Priority priority{};
    T* item = nullptr;  // to push: the caller's
    std::optional<Entry> popped;
  };

  struct alignas(Platform::kCacheLine) Record {
    typename Platform::template Atomic<State> state{State::kNothing};
    typename Platform::template Atomic<bool> in_use{true};
    typename Platform::template Var<Request> request;
    typename Platform::template Var<Record*> next;
  };

  Record* Join() {
    // (1) acquire: the records. Pairs with (2).
    for (Record* record = records_.load(std::memory_order_acquire); record != nullptr;
         record = record->next.Read()) {
      // (3) acquire: the owner before is done with it. Pairs with (4).
      if (!record->in_use.load(std::memory_order_relaxed) &&
          !record->in_use.exchange(true, std::memory_order_acquire)) {
        return record;
      }
    }
    Record* const record = Platform::template Create<Record>();
    Record* first = records_.load(std::memory_order_relaxed);
    do {
      record->next.Write() = first;
      // (2) release: publishes the record. Pairs with (1).
    } while (!records_.compare_exchange_weak(first, record, std::memory_order_release,
                                             std::memory_order_relaxed));
    return record;
  }

  // An attempt to be the one that works on the heap; it is, if that succeeded, until the scope
  // ends.
  class Hold {
   public:
    explicit Hold(PriorityQueue& queue) noexcept : queue_(queue) {
      // (5) acquire: what the one before did. Pairs with (6).
      bool taken = queue.taken_.load(std::memory_order_relaxed);
      if (taken) return;
      if (queue.taken_.compare_exchange_strong(taken, true, std::memory_order_acquire,
                                               std::memory_order_relaxed)) [[likely]] {
        heap_ = &queue.heap_.Write();
      }
    }
    ~Hold() {
      if (heap_ == nullptr) return;
      queue_.size_.store(heap_->items.Size(), std::memory_order_relaxed);
      // (6) release: the heap. Pairs with (5).
      queue_.taken_.store(false, std::memory_order_release);
    }
    Hold(const Hold&) = delete;
    Hold& operator=(const Hold&) = delete;

    explicit operator bool() const noexcept { return heap_ != nullptr; }

    void Push(Priority priority, T&& item) {
      heap_->items.MakeRoom();
      heap_->items.Push(Ranked{{ToRank(priority), heap_->pushes++}, std::move(item)});
    }
    std::optional<Entry> TryPop() noexcept {
      if (heap_->items.Empty()) return std::nullopt;
      Ranked least = heap_->items.Pop();
      return Entry{FromRank(least.priority.priority), std::move(least.item)};
    }

    // Does what others ask for.
    void ServeAll() noexcept {
      // (7) acquire: as (1).
      for (Record* record = queue_.records_.load(std::memory_order_acquire); record != nullptr;
           record = record->next.Read()) {
        // (8) acquire: the request. Pairs with (9).
        const State state = record->state.load(std::memory_order_acquire);
        if (state != State::kPush && state != State::kPop) continue;
        // (10) release: the answer. Pairs with (11).
        record->state.store(Serve(state, record->request.Write()), std::memory_order_release);
      }
    }

   private:
    State Serve(State asked, Request& request) noexcept {
      if (asked == State::kPop) {
        if (std::optional<Entry> entry = TryPop()) request.popped.emplace(std::move(*entry));
        return State::kDone;
      }
      try {
        Push(request.priority, std::move(*request.item));
        return State::kDone;
      } catch (const std::bad_alloc&) {
        return State::kNoMemory;
      }
    }

    PriorityQueue& queue_;
    Heap* heap_ = nullptr;
  };

  alignas(Platform::kCacheLine) typename Platform::template Atomic<bool> taken_{false};
  typename Platform::template Atomic<std::size_t> size_{0};
  typename Platform::template Var<Heap> heap_;
  alignas(Platform::kCacheLine) typename Platform::template Atomic<Record*> records_{nullptr};
};

// A thread's part in it.
template <std::integral Priority, class T, class Platform>
class PriorityQueue<Priority, T, Platform>::Participant {
 public:
  explicit Participant(PriorityQueue& queue) : queue_(queue), record_(*queue.Join()) {}
  ~Participant() {
    // (4) release: pairs with (3).
    record_.in_use.store(false, std::memory_order_release);
  }
  Participant(const Participant&) = delete;
  Participant& operator=(const Participant&) = delete;

  void Push(Priority priority, const T& item) { Push(priority, T(item)); }
  void Push(Priority priority, T&& item) {
    if (Hold hold(queue_); hold) [[likely]] {
      hold.Push(priority, std::move(item));
      hold.ServeAll();
      return;
    }
    Request& request = record_.request.Write();
    request.priority = priority;
    request.item = std::addressof(item);
    if (Ask(State::kPush) == State::kNoMemory) throw std::bad_alloc();
  }

  // Nothing if the queue is empty.
  std::optional<Entry> TryPop() {
    if (Hold hold(queue_); hold) [[likely]] {
      std::optional<Entry> entry = hold.TryPop();
      hold.ServeAll();
      return entry;
    }
    Ask(State::kPop);
    std::optional<Entry>& popped = record_.request.Write().popped;
    std::optional<Entry> entry = std::move(popped);
    popped.reset();
    return entry;
  }

 private:
  // Until it is done, by another thread or by this one.
  State Ask(State request) {
    // (9) release: the request. Pairs with (8).
    record_.state.store(request, std::memory_order_release);
    for (unsigned attempt = 1;; ++attempt) {
      // (11) acquire: the answer. Pairs with (10).
      const State state = record_.state.load(std::memory_order_acquire);
      if (state != request) return state;
      if (Hold hold(queue_); hold) {
        hold.ServeAll();
      } else if (attempt % 64 == 0) {
        Platform::Yield();
      } else {
        Platform::SpinWait();
      }
    }
  }

  PriorityQueue& queue_;
  Record& record_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_PRIORITY_QUEUE_H_
