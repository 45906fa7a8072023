// The rivals are boost::lockfree::spsc_queue and a std::deque under a std::mutex.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "ashlar/concurrency/spsc_queue.h"
#include "benchmark/benchmark.h"
#include "boost/lockfree/spsc_queue.hpp"

namespace ashlar {
namespace {

using Item = std::uint64_t;

constexpr std::size_t kCapacity = 1024;

class Ashlar {
 public:
  bool Push(Item item) { return queue_.TryPush(item); }
  std::optional<Item> Pop() { return queue_.TryPop(); }

 private:
  SpscQueue<Item> queue_{kCapacity};
};

class Boost {
 public:
  bool Push(Item item) { return queue_.push(item); }
  std::optional<Item> Pop() {
    Item item;
    if (queue_.pop(&item, 1) == 0) return std::nullopt;
    return item;
  }

 private:
  boost::lockfree::spsc_queue<Item> queue_{kCapacity};
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

// Items go from one thread to another. Real time.
template <class Queue>
void Transfer(benchmark::State& state) {
  constexpr Item kItems = 100000;
  for (auto _ : state) {
    Queue queue;
    Item sum = 0;
    std::thread consumer([&] {
      for (Item taken = 0, misses = 0; taken < kItems;) {
        if (const std::optional<Item> item = queue.Pop()) {
          sum += *item;
          ++taken;
        } else if (++misses % 16 == 0) {
          std::this_thread::yield();
        }
      }
    });
    for (Item item = 0, misses = 0; item < kItems;) {
      if (queue.Push(item)) {
        ++item;
      } else if (++misses % 16 == 0) {
        std::this_thread::yield();
      }
    }
    consumer.join();
    if (sum != kItems * (kItems - 1) / 2) state.SkipWithError("items were lost");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}

#define ASHLAR_QUEUE_BENCHMARK(Queue, name)            \
  BENCHMARK_TEMPLATE(Pair, Queue)->Name("Pair/" name); \
  BENCHMARK_TEMPLATE(Transfer, Queue)->Name("Transfer/" name)->UseRealTime()

ASHLAR_QUEUE_BENCHMARK(Ashlar, "ashlar");
ASHLAR_QUEUE_BENCHMARK(Boost, "boost");
ASHLAR_QUEUE_BENCHMARK(Mutex, "mutex");

}  // namespace
}  // namespace ashlar
