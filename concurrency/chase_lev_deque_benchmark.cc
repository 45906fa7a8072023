// The rival is what one writes without this header: a std::deque under a std::mutex.
#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

using Item = std::uint64_t;
using Ashlar = ChaseLevDeque<Item>;
using AshlarAsymmetric = ChaseLevDeque<Item, StdPlatform, AsymmetricFencePolicy>;

class Mutex {
 public:
  void Push(Item item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(item);
  }
  std::optional<Item> Pop() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    const Item item = items_.back();
    items_.pop_back();
    return item;
  }
  StealResult<Item> Steal() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return {};
    const Item item = items_.front();
    items_.pop_front();
    return {StealOutcome::kSuccess, item};
  }

 private:
  std::mutex mutex_;
  std::deque<Item> items_;
};

constexpr int kBatch = 256;

// As a caller would look at it; the result as a whole would go through memory.
void Use(const std::optional<Item>& item) {
  if (item) benchmark::DoNotOptimize(*item);
}
void Use(const StealResult<Item>& stolen) {
  if (stolen.outcome == StealOutcome::kSuccess) benchmark::DoNotOptimize(stolen.item);
}

// Items are pairs; `below` items lie in the deque all the time.
template <class Deque>
void PushPop(benchmark::State& state, int below) {
  Deque deque;
  for (int i = 0; i < below; ++i) deque.Push(i);
  Item item = 0;
  for (auto _ : state) {
    deque.Push(++item);
    Use(deque.Pop());
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Deque>
void Pair(benchmark::State& state) {
  PushPop<Deque>(state, 16);
}

template <class Deque>
void PairLast(benchmark::State& state) {
  PushPop<Deque>(state, 0);
}

// Items are pairs: 256 pushed, then 256 popped.
template <class Deque>
void Burst(benchmark::State& state) {
  Deque deque;
  for (auto _ : state) {
    for (Item i = 0; i < kBatch; ++i) deque.Push(i);
    for (int i = 0; i < kBatch; ++i) Use(deque.Pop());
  }
  state.SetItemsProcessed(state.iterations() * kBatch);
}

// Items are steals, by the one thread that there is.
template <class Deque>
void Steal(benchmark::State& state) {
  Deque deque;
  for (auto _ : state) {
    state.PauseTiming();
    for (Item i = 0; i < 8 * kBatch; ++i) deque.Push(i);
    state.ResumeTiming();
    for (int i = 0; i < 8 * kBatch; ++i) Use(deque.Steal());
  }
  state.SetItemsProcessed(state.iterations() * 8 * kBatch);
}

// Items are items; up to 32 are stolen at a time.
template <class Deque>
void StealBatch(benchmark::State& state) {
  Deque deque;
  Item stolen[32];
  std::int64_t items = 0;
  for (auto _ : state) {
    state.PauseTiming();
    for (Item i = 0; i < 8 * kBatch; ++i) deque.Push(i);
    state.ResumeTiming();
    while (const std::size_t count = deque.StealBatch(stolen).count) {
      items += count;
      benchmark::DoNotOptimize(stolen);
    }
  }
  state.SetItemsProcessed(items);
}

template <class Deque>
void StealEmpty(benchmark::State& state) {
  Deque deque;
  for (auto _ : state) Use(deque.Steal());
  state.SetItemsProcessed(state.iterations());
}

// Items are handed from the owner to one thief, at most 1024 ahead. Real time.
template <class Deque>
void HandOver(benchmark::State& state) {
  constexpr Item kItems = 100000;
  for (auto _ : state) {
    Deque deque;
    std::atomic<Item> taken{0};
    Item sum = 0;
    std::thread thief([&] {
      for (Item count = 0; count < kItems;) {
        const StealResult<Item> stolen = deque.Steal();
        if (stolen.outcome == StealOutcome::kSuccess) {
          sum += stolen.item;
          taken.store(++count, std::memory_order_relaxed);
        } else if (stolen.outcome == StealOutcome::kEmpty) {
          std::this_thread::yield();
        }
      }
    });
    for (Item i = 0; i < kItems; ++i) {
      while (i - taken.load(std::memory_order_relaxed) > 1024) std::this_thread::yield();
      deque.Push(i);
    }
    thief.join();
    if (sum != kItems * (kItems - 1) / 2) state.SkipWithError("items were lost");
  }
  state.SetItemsProcessed(state.iterations() * kItems);
}

#define ASHLAR_DEQUE_BENCHMARK(operation)                                                 \
  BENCHMARK_TEMPLATE(operation, Ashlar)->Name(#operation "/ashlar");                      \
  BENCHMARK_TEMPLATE(operation, AshlarAsymmetric)->Name(#operation "/ashlar_asymmetric"); \
  BENCHMARK_TEMPLATE(operation, Mutex)->Name(#operation "/mutex")

ASHLAR_DEQUE_BENCHMARK(Pair);
ASHLAR_DEQUE_BENCHMARK(PairLast);
ASHLAR_DEQUE_BENCHMARK(Burst);
ASHLAR_DEQUE_BENCHMARK(Steal);
BENCHMARK_TEMPLATE(StealBatch, Ashlar)->Name("StealBatch/ashlar/32");
BENCHMARK_TEMPLATE(StealBatch, AshlarAsymmetric)->Name("StealBatch/ashlar_asymmetric/32");
ASHLAR_DEQUE_BENCHMARK(StealEmpty);
BENCHMARK_TEMPLATE(HandOver, Ashlar)->Name("HandOver/ashlar")->UseRealTime();
BENCHMARK_TEMPLATE(HandOver, AshlarAsymmetric)->Name("HandOver/ashlar_asymmetric")->UseRealTime();
BENCHMARK_TEMPLATE(HandOver, Mutex)->Name("HandOver/mutex")->UseRealTime();

}  // namespace
}  // namespace ashlar
