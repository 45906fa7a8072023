// The rivals are oneTBB's task_group, and, for what a task costs without any group, std::function
// called in a loop. oneTBB's runs in an arena of one thread, the caller.
#include <cstddef>
#include <functional>
#include <vector>

#include "ashlar/scheduling/inline_executor.h"
#include "ashlar/scheduling/manual_executor.h"
#include "ashlar/scheduling/task_group.h"
#include "benchmark/benchmark.h"
#include "oneapi/tbb/task_arena.h"
#include "oneapi/tbb/task_group.h"

namespace ashlar {
namespace {

constexpr int kChildren = 1000;

// Items are children that are spawned and joined.
template <class E, bool kKeep>
void SpawnJoin(benchmark::State& state) {
  E executor;
  for (auto _ : state) {
    TaskGroup group(executor, {.keep_results = kKeep});
    int count = 0;
    for (int i = 0; i < kChildren; ++i) group.Spawn([&count] { ++count; });
    if (!group.Wait().ok() || count != kChildren) return state.SkipWithError("lost some");
    if constexpr (std::is_same_v<E, ManualExecutor>) executor.RunAll();
  }
  state.SetItemsProcessed(state.iterations() * kChildren);
}

void SpawnJoinTbb(benchmark::State& state) {
  tbb::task_arena arena(1);
  arena.execute([&] {
    for (auto _ : state) {
      tbb::task_group group;
      int count = 0;
      for (int i = 0; i < kChildren; ++i) group.run([&count] { ++count; });
      group.wait();
      if (count != kChildren) return state.SkipWithError("lost some");
    }
  });
  state.SetItemsProcessed(state.iterations() * kChildren);
}

// Items are functions.
void CallFunctions(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<std::function<void()>> functions;
    int count = 0;
    for (int i = 0; i < kChildren; ++i) functions.emplace_back([&count] { ++count; });
    for (auto& function : functions) function();
    benchmark::DoNotOptimize(count);
  }
  state.SetItemsProcessed(state.iterations() * kChildren);
}

// Items are groups of one child.
void OneChild(benchmark::State& state) {
  InlineExecutor executor;
  for (auto _ : state) {
    TaskGroup group(executor);
    group.Spawn([] {});
    if (!group.Wait().ok()) return state.SkipWithError("failed");
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_TEMPLATE(SpawnJoin, InlineExecutor, true)->Name("SpawnJoin/ashlar");
BENCHMARK_TEMPLATE(SpawnJoin, InlineExecutor, false)->Name("SpawnJoin/ashlar_without_results");
BENCHMARK_TEMPLATE(SpawnJoin, ManualExecutor, true)->Name("SpawnJoin/ashlar_manual_executor");
BENCHMARK(SpawnJoinTbb)->Name("SpawnJoin/tbb");
BENCHMARK(CallFunctions)->Name("SpawnJoin/std_function");
BENCHMARK(OneChild)->Name("OneChild/ashlar");

}  // namespace
}  // namespace ashlar
