#include <atomic>
#include <thread>

#include "ashlar/concurrency/asymmetric_fence.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

// Items are fences, each after a store: alone it would have nothing to wait for.
template <class Fence>
void StoreAndFence(benchmark::State& state, Fence fence) {
  std::atomic<int> word{0};
  int value = 0;
  for (auto _ : state) {
    word.store(++value, std::memory_order_relaxed);
    fence();
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(StoreAndFence, , FullFence)->Name("FullFence/ashlar");
BENCHMARK_CAPTURE(StoreAndFence, , [] {
  std::atomic_thread_fence(std::memory_order_seq_cst);
})->Name("FullFence/std");
BENCHMARK_CAPTURE(StoreAndFence, , AsymmetricLightFence)->Name("LightFence/ashlar");
BENCHMARK_CAPTURE(StoreAndFence, , AsymmetricHeavyFence)->Name("HeavyFence/ashlar/busy:0");

// The same while another thread of the process keeps a core busy.
void HeavyFenceBesideABusyThread(benchmark::State& state) {
  std::atomic<bool> done{false};
  std::thread busy([&] {
    while (!done.load(std::memory_order_relaxed)) {
    }
  });
  StoreAndFence(state, AsymmetricHeavyFence);
  done.store(true, std::memory_order_relaxed);
  busy.join();
}
BENCHMARK(HeavyFenceBesideABusyThread)->Name("HeavyFence/ashlar/busy:1")->UseRealTime();

}  // namespace
}  // namespace ashlar
