// The rivals are boost::lockfree::queue, moodycamel::ConcurrentQueue (which is neither bounded nor
// FIFO across producers), oneTBB's concurrent_bounded_queue, and a std::deque under a std::mutex.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ashlar/concurrency/mpmc_queue.h"
#include "benchmark/benchmark.h"
#include "boost/lockfree/queue.hpp"
#include "concurrentqueue/concurrentqueue.h"
#include "oneapi/tbb/concurrent_queue.h"

namespace ashlar {
namespace {

using Item = std::uint64_t;

constexpr std::size_t kCapacity = 1024;

class Ashlar {
 public:
  bool Push(Item item) { return queue_.TryPush(item); }
  std::optional<Item> Pop() { return queue_.TryPop(); }
  std::size_t PushBatch(const Item* items, std::size_t count) {
    return queue_.TryPushBatch(items, count);
  }
  std::size_t PopBatch(Item* items, std::size_t count) { return queue_.TryPopBatch(items, count); }

 private:
  MpmcQueue<Item> queue_{kCapacity};
};

class Boost {
 public:
  bool Push(Item item) { return queue_.bounded_push(item); }
  std::optional<Item> Pop() {
    Item item;
    if (!queue_.pop(item)) return std::nullopt;
    return item;
  }

 private:
  boost::lockfree::queue<Item> queue_{kCapacity};
};

class Moodycamel {
 public:
  bool Push(Item item) { return queue_.try_enqueue(item); }
  std::optional<Item> Pop() {
    Item item;
    if (!queue_.try_dequeue(item)) return std::nullopt;
    return item;
  }
  std::size_t PushBatch(const Item* items, std::size_t count) {
    return queue_.try_enqueue_bulk(items, count) ? count : 0;
  }
  std::size_t PopBatch(Item* items, std::size_t count) {
    return queue_.try_dequeue_bulk(items, count);
  }

 private:
  // Room for that many from each of two producers.
  moodycamel::ConcurrentQueue<Item> queue_{kCapacity, 0, 2};
};

class Tbb {
 public:
  Tbb() { queue_.set_capacity(kCapacity); }
  bool Push(Item item) { return queue_.try_push(item); }
  std::optional<Item> Pop() {
    Item item;
    if (!queue_.try_pop(item)) return std::nullopt;
    return item;
  }

 private:
  tbb::concurrent_bounded_queue<Item> queue_;
};

class Mutex {
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

// While a process has one thread only, glibc's mutex leaves the lock prefix out.
const std::thread& second_thread = *new std::thread([] {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
});

// Items are pairs of a push and a pop.
template <class Queue>
void Pair(benchmark::State& state) {
  Queue queue;
  Item item = 0;
  for (auto _ : state) {
    queue.Push(++item);
    if (const std::optional<Item> popped = queue.Pop()) benchmark::DoNotOptimize(*popped);
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are pairs, in batches.
template <class Queue>
void Batch(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Queue queue;
  std::vector<Item> items(size, 1);
  for (auto _ : state) {
    queue.PushBatch(items.data(), size);
    benchmark::DoNotOptimize(queue.PopBatch(items.data(), size));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Items are pops of an empty queue.
template <class Queue>
void PopEmpty(benchmark::State& state) {
  Queue queue;
  for (auto _ : state) benchmark::DoNotOptimize(queue.Pop().has_value());
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
        while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
        Waiter waiter;
        for (Item item = producer; item < kItems; item += producers) {
          while (!queue.Push(item)) waiter.Wait();
        }
      });
    }
    for (Item consumer = 0; consumer < consumers; ++consumer) {
      threads.emplace_back([&] {
        while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
        Waiter waiter;
        Item own = 0;
        for (Item taken = 0; taken < kItems / consumers;) {
          if (const std::optional<Item> item = queue.Pop()) {
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

void Threads(benchmark::internal::Benchmark* transfer) {
  transfer->ArgNames({"producers", "consumers"})->Args({1, 1})->Args({2, 2})->UseManualTime();
}

#define ASHLAR_QUEUE_BENCHMARK(Queue, name)                    \
  BENCHMARK_TEMPLATE(Pair, Queue)->Name("Pair/" name);         \
  BENCHMARK_TEMPLATE(PopEmpty, Queue)->Name("PopEmpty/" name); \
  BENCHMARK_TEMPLATE(Transfer, Queue)->Name("Transfer/" name)->Apply(Threads)

ASHLAR_QUEUE_BENCHMARK(Ashlar, "ashlar");
ASHLAR_QUEUE_BENCHMARK(Boost, "boost");
ASHLAR_QUEUE_BENCHMARK(Moodycamel, "moodycamel");
ASHLAR_QUEUE_BENCHMARK(Tbb, "tbb");
ASHLAR_QUEUE_BENCHMARK(Mutex, "mutex");
BENCHMARK_TEMPLATE(Batch, Ashlar)->Name("Batch/ashlar")->Arg(32);
BENCHMARK_TEMPLATE(Batch, Moodycamel)->Name("Batch/moodycamel")->Arg(32);
BENCHMARK_TEMPLATE(Batch, Mutex)->Name("Batch/mutex")->Arg(32);

}  // namespace
}  // namespace ashlar
