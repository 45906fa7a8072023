// The rivals are moodycamel::BlockingConcurrentQueue (which is neither bounded nor FIFO across
// producers), oneTBB's concurrent_bounded_queue, and a std::deque under a std::mutex with two
// condition variables.
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "ashlar/concurrency/blocking_mpmc_queue.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "benchmark/benchmark.h"
#include "concurrentqueue/blockingconcurrentqueue.h"
#include "oneapi/tbb/concurrent_queue.h"

namespace ashlar {
namespace {

using Item = std::uint64_t;

constexpr std::size_t kCapacity = 1024;

class Ashlar {
 public:
  void Push(Item item) { queue_.Push(item); }
  Item Pop() { return *queue_.Pop().item; }

 private:
  BlockingMpmcQueue<Item> queue_{kCapacity};
};

class Moodycamel {
 public:
  void Push(Item item) { queue_.enqueue(item); }
  Item Pop() {
    Item item;
    queue_.wait_dequeue(item);
    return item;
  }

 private:
  moodycamel::BlockingConcurrentQueue<Item> queue_{kCapacity, 0, 2};
};

class Tbb {
 public:
  Tbb() { queue_.set_capacity(kCapacity); }
  void Push(Item item) { queue_.push(item); }
  Item Pop() {
    Item item;
    queue_.pop(item);
    return item;
  }

 private:
  tbb::concurrent_bounded_queue<Item> queue_;
};

class Mutex {
 public:
  void Push(Item item) {
    {
      std::unique_lock lock(mutex_);
      not_full_.wait(lock, [this] { return items_.size() < kCapacity; });
      items_.push_back(item);
    }
    not_empty_.notify_one();
  }
  Item Pop() {
    Item item;
    {
      std::unique_lock lock(mutex_);
      not_empty_.wait(lock, [this] { return !items_.empty(); });
      item = items_.front();
      items_.pop_front();
    }
    not_full_.notify_one();
    return item;
  }

 private:
  std::mutex mutex_;
  std::condition_variable not_empty_;
  std::condition_variable not_full_;
  std::deque<Item> items_;
};

// Items are pairs of a push and a pop, neither of which has to wait.
template <class Queue>
void Pair(benchmark::State& state) {
  Queue queue;
  Item item = 0;
  for (auto _ : state) {
    queue.Push(++item);
    benchmark::DoNotOptimize(queue.Pop());
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are round trips between two threads, each of which waits for the other. Real time.
template <class Queue>
void RoundTrip(benchmark::State& state) {
  constexpr Item kTrips = 2000;
  for (auto _ : state) {
    Queue there, back;
    std::thread other([&] {
      for (Item i = 0; i < kTrips; ++i) back.Push(there.Pop());
    });
    for (Item i = 0; i < kTrips; ++i) {
      there.Push(i);
      if (back.Pop() != i) state.SkipWithError("another item came back");
    }
    other.join();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kTrips));
}

// Items go from producers to consumers. Real time.
template <class Queue>
void Transfer(benchmark::State& state) {
  constexpr Item kItems = 60000;  // a multiple of all numbers of threads
  const Item producers = static_cast<Item>(state.range(0));
  const Item consumers = static_cast<Item>(state.range(1));
  for (auto _ : state) {
    Queue queue;
    std::atomic<Item> sum{0};
    std::vector<std::thread> threads;
    for (Item producer = 0; producer < producers; ++producer) {
      threads.emplace_back([&, producer] {
        for (Item item = producer; item < kItems; item += producers) queue.Push(item);
      });
    }
    for (Item consumer = 0; consumer < consumers; ++consumer) {
      threads.emplace_back([&] {
        Item own = 0;
        for (Item taken = 0; taken < kItems / consumers; ++taken) own += queue.Pop();
        sum.fetch_add(own, std::memory_order_relaxed);
      });
    }
    for (std::thread& thread : threads) thread.join();
    if (sum != kItems * (kItems - 1) / 2) state.SkipWithError("items were lost");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}

void Threads(benchmark::internal::Benchmark* transfer) {
  transfer->ArgNames({"producers", "consumers"})->Args({1, 1})->Args({2, 2})->UseRealTime();
}

#define ASHLAR_QUEUE_BENCHMARK(Queue, name)                                     \
  BENCHMARK_TEMPLATE(Pair, Queue)->Name("Pair/" name);                          \
  BENCHMARK_TEMPLATE(RoundTrip, Queue)->Name("RoundTrip/" name)->UseRealTime(); \
  BENCHMARK_TEMPLATE(Transfer, Queue)->Name("Transfer/" name)->Apply(Threads)

ASHLAR_QUEUE_BENCHMARK(Ashlar, "ashlar");
ASHLAR_QUEUE_BENCHMARK(Moodycamel, "moodycamel");
ASHLAR_QUEUE_BENCHMARK(Tbb, "tbb");
ASHLAR_QUEUE_BENCHMARK(Mutex, "mutex");

}  // namespace
}  // namespace ashlar
