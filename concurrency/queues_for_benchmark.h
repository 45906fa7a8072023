// queues_for_benchmark.h
// ----------------------
// What the benchmarks of queues measure: the same loops for ours and for theirs.
//
// A Queue has bool Push(Item), false if it is full, and std::optional<Item> Pop(). Where threads
// need something of their own for that, it has a class Thread, made of the Queue in each thread,
// which has them instead.
#ifndef ASHLAR_CONCURRENCY_QUEUES_FOR_BENCHMARK_H_
#define ASHLAR_CONCURRENCY_QUEUES_FOR_BENCHMARK_H_

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "benchmark/benchmark.h"

namespace ashlar::queue_benchmark {

using Item = std::uint64_t;

// What one writes without any of them: a std::deque under a std::mutex.
template <std::size_t kCapacity = std::numeric_limits<std::size_t>::max()>
class MutexQueue {
 public:
  bool Push(Item item) {
    const std::lock_guard lock(mutex_);
    if (items_.size() == kCapacity) return false;
    items_.push_back(item);
    return true;
  }
  std::optional<Item> Pop() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    const Item item = items_.front();
    items_.pop_front();
    return item;
  }
  std::size_t PushBatch(const Item* items, std::size_t count) {
    const std::lock_guard lock(mutex_);
    count = std::min(count, kCapacity - items_.size());
    items_.insert(items_.end(), items, items + count);
    return count;
  }
  std::size_t PopBatch(Item* items, std::size_t count) {
    const std::lock_guard lock(mutex_);
    count = std::min(count, items_.size());
    const auto end = items_.begin() + static_cast<std::ptrdiff_t>(count);
    std::copy(items_.begin(), end, items);
    items_.erase(items_.begin(), end);
    return count;
  }

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
};

namespace internal {

template <class Queue>
struct ThreadOf {
  using Type = Queue&;
};
template <class Queue>
requires requires { typename Queue::Thread; }
struct ThreadOf<Queue> {
  using Type = typename Queue::Thread;
};

}  // namespace internal

// What a thread pushes to and pops from.
template <class Queue>
using ThreadOf = typename internal::ThreadOf<Queue>::Type;

// Items are pairs of a push and a pop.
template <class Queue>
void Pair(benchmark::State& state) {
  Queue queue;
  ThreadOf<Queue> thread(queue);
  Item item = 0;
  for (auto _ : state) {
    thread.Push(++item);
    if (const std::optional<Item> popped = thread.Pop()) benchmark::DoNotOptimize(*popped);
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are pairs: as many pushes as the argument says, then as many pops.
template <class Queue>
void Burst(benchmark::State& state) {
  const auto size = static_cast<Item>(state.range(0));
  Queue queue;
  ThreadOf<Queue> thread(queue);
  for (auto _ : state) {
    for (Item item = 0; item < size; ++item) thread.Push(item);
    while (const std::optional<Item> popped = thread.Pop()) benchmark::DoNotOptimize(*popped);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Items are pops of an empty queue.
template <class Queue>
void PopEmpty(benchmark::State& state) {
  Queue queue;
  ThreadOf<Queue> thread(queue);
  for (auto _ : state) benchmark::DoNotOptimize(thread.Pop().has_value());
  state.SetItemsProcessed(state.iterations());
}

// Those who find a queue full or empty: the same for all.
class Waiter {
 public:
  void Wait() {
    if (++waits_ % 16 == 0) return std::this_thread::yield();
    StdPlatform::SpinWait();
  }

 private:
  unsigned waits_ = 0;
};

// Items go from producers to consumers. A round is an iteration; `worst` is the longest one as a
// multiple of the median.
template <class Queue>
void Transfer(benchmark::State& state) {
  constexpr Item kItems = 60000;  // a multiple of all numbers of threads
  const Item producers = static_cast<Item>(state.range(0));
  const Item consumers = static_cast<Item>(state.range(1));
  std::vector<double> rounds;
  for (auto _ : state) {
    Queue queue;
    std::atomic<Item> sum{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (Item producer = 0; producer < producers; ++producer) {
      threads.emplace_back([&, producer] {
        ThreadOf<Queue> thread(queue);
        while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
        Waiter waiter;
        for (Item item = producer; item < kItems; item += producers) {
          while (!thread.Push(item)) waiter.Wait();
        }
      });
    }
    for (Item consumer = 0; consumer < consumers; ++consumer) {
      threads.emplace_back([&] {
        ThreadOf<Queue> thread(queue);
        while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
        Waiter waiter;
        Item own = 0;
        for (Item taken = 0; taken < kItems / consumers;) {
          if (const std::optional<Item> item = thread.Pop()) {
            own += *item;
            ++taken;
          } else {
            waiter.Wait();
          }
        }
        sum.fetch_add(own, std::memory_order_relaxed);
      });
    }
    const auto start = std::chrono::steady_clock::now();
    go.store(true, std::memory_order_release);
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
    rounds.push_back(time.count());
    if (sum != kItems * (kItems - 1) / 2) state.SkipWithError("items were lost");
  }
  std::sort(rounds.begin(), rounds.end());
  state.counters["worst"] = rounds.back() / rounds[rounds.size() / 2];
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}

// For Apply.
inline void OneToOne(benchmark::internal::Benchmark* transfer) {
  transfer->ArgNames({"producers", "consumers"})->Args({1, 1})->UseManualTime();
}
inline void OneToOneAndTwoToTwo(benchmark::internal::Benchmark* transfer) {
  transfer->Apply(OneToOne)->Args({2, 2});
}

}  // namespace ashlar::queue_benchmark

#endif  // ASHLAR_CONCURRENCY_QUEUES_FOR_BENCHMARK_H_
