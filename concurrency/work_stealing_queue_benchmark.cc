// The rivals are what one would put beside the deque or in its place: moodycamel::ConcurrentQueue
// (which is unbounded, and FIFO for each producer only), and a std::deque under a std::mutex. The
// deque alone shows what the inbox costs its owner.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "ashlar/concurrency/work_stealing_queue.h"
#include "benchmark/benchmark.h"
#include "concurrentqueue/concurrentqueue.h"

namespace ashlar {
namespace {

using Item = std::uint64_t;

constexpr std::size_t kInboxCapacity = 1024;

using Deque = ChaseLevDeque<Item>;

template <class FencePolicy>
class AshlarQueue {
 public:
  void Push(Item item) { queue_.Push(item); }
  std::optional<Item> Pop() { return queue_.Pop(); }
  bool PushExternal(Item item) { return queue_.TryPushExternal(item); }
  StealResult<Item> Steal() { return queue_.Steal(); }

 private:
  WorkStealingQueue<Item, StdPlatform, FencePolicy> queue_{256, kInboxCapacity};
};
using Ashlar = AshlarQueue<FullFencePolicy>;
using AshlarAsymmetric = AshlarQueue<AsymmetricFencePolicy>;

class Moodycamel {
 public:
  bool PushExternal(Item item) { return queue_.enqueue(item); }
  std::optional<Item> Pop() {
    Item item;
    if (!queue_.try_dequeue(item)) return std::nullopt;
    return item;
  }

 private:
  moodycamel::ConcurrentQueue<Item> queue_{kInboxCapacity, 0, 2};
};

class Mutex {
 public:
  void Push(Item item) {
    const std::lock_guard lock(mutex_);
    items_.push_front(item);
  }
  bool PushExternal(Item item) {
    const std::lock_guard lock(mutex_);
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

// As a caller would look at it; the result as a whole would go through memory.
void Use(const std::optional<Item>& item) {
  if (item) benchmark::DoNotOptimize(*item);
}

// Items are pairs of the owner's, above 16 that lie in the deque all the time.
template <class Queue>
void Pair(benchmark::State& state) {
  Queue queue;
  for (Item i = 0; i < 16; ++i) queue.Push(i);
  Item item = 0;
  for (auto _ : state) {
    queue.Push(++item);
    Use(queue.Pop());
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are pushes from outside.
template <class Queue>
void PushExternal(benchmark::State& state) {
  Queue queue;
  for (auto _ : state) {
    for (Item i = 0; i < kInboxCapacity; ++i) benchmark::DoNotOptimize(queue.PushExternal(i));
    state.PauseTiming();
    while (queue.Pop()) {
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kInboxCapacity));
}

// Items are pushed from outside and popped by the owner, in bursts.
template <class Queue>
void HandOver(benchmark::State& state) {
  const Item burst = static_cast<Item>(state.range(0));
  Queue queue;
  for (auto _ : state) {
    for (Item i = 0; i < burst; ++i) benchmark::DoNotOptimize(queue.PushExternal(i));
    for (Item i = 0; i < burst; ++i) Use(queue.Pop());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Items are steals from a queue with nothing in it.
template <class Queue>
void StealEmpty(benchmark::State& state) {
  Queue queue;
  for (auto _ : state) {
    const StealResult<Item> stolen = queue.Steal();
    if (stolen.outcome == StealOutcome::kSuccess) benchmark::DoNotOptimize(stolen.item);
  }
  state.SetItemsProcessed(state.iterations());
}

// Items go from a thread outside to the owner. Real time.
template <class Queue>
void Transfer(benchmark::State& state) {
  constexpr Item kItems = 60000;
  for (auto _ : state) {
    Queue queue;
    std::atomic<Item> taken{0};
    std::thread outside([&] {
      for (Item i = 0; i < kItems; ++i) {
        while (i - taken.load(std::memory_order_relaxed) >= kInboxCapacity ||
               !queue.PushExternal(i)) {
          std::this_thread::yield();
        }
      }
    });
    Item sum = 0;
    for (Item count = 0; count < kItems;) {
      if (const std::optional<Item> item = queue.Pop()) {
        sum += *item;
        taken.store(++count, std::memory_order_relaxed);
      } else {
        std::this_thread::yield();
      }
    }
    outside.join();
    if (sum != kItems * (kItems - 1) / 2) state.SkipWithError("items were lost");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}

BENCHMARK_TEMPLATE(Pair, Ashlar)->Name("Pair/ashlar");
BENCHMARK_TEMPLATE(Pair, AshlarAsymmetric)->Name("Pair/ashlar_asymmetric");
BENCHMARK_TEMPLATE(Pair, Deque)->Name("Pair/ashlar_deque_alone");
BENCHMARK_TEMPLATE(Pair, Mutex)->Name("Pair/mutex");
BENCHMARK_TEMPLATE(StealEmpty, Ashlar)->Name("StealEmpty/ashlar");
BENCHMARK_TEMPLATE(StealEmpty, Deque)->Name("StealEmpty/ashlar_deque_alone");

#define ASHLAR_QUEUE_BENCHMARK(Queue, name)                                      \
  BENCHMARK_TEMPLATE(PushExternal, Queue)->Name("PushExternal/" name);           \
  BENCHMARK_TEMPLATE(HandOver, Queue)->Name("HandOver/" name)->Arg(1)->Arg(256); \
  BENCHMARK_TEMPLATE(Transfer, Queue)->Name("Transfer/" name)->UseRealTime()

ASHLAR_QUEUE_BENCHMARK(Ashlar, "ashlar");
ASHLAR_QUEUE_BENCHMARK(Moodycamel, "moodycamel");
ASHLAR_QUEUE_BENCHMARK(Mutex, "mutex");

}  // namespace
}  // namespace ashlar
