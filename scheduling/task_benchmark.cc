// A task that awaits another, and many that are spawned and joined, beside asio's awaitables.

#include <cstdint>

#include "ashlar/scheduling/async_scope.h"
#include "ashlar/scheduling/spawn.h"
#include "ashlar/scheduling/task.h"
#include "asio/awaitable.hpp"
#include "asio/co_spawn.hpp"
#include "asio/detached.hpp"
#include "asio/io_context.hpp"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

// ---- CallAwait: one item is a child that is made, awaited and destroyed. Not inlined, so that its
// frame is one.

[[gnu::noinline]] Task<int> Next(int value) { co_return value + 1; }

Task<int> CallsAshlar(benchmark::State* state) {
  int value = 0;
  for (auto _ : *state) value = co_await Next(value);
  co_return value;
}

void CallAwaitAshlar(benchmark::State& state) {
  benchmark::DoNotOptimize(BlockOn(CallsAshlar(&state)));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CallAwaitAshlar)->Name("CallAwait/ashlar");

[[gnu::noinline]] asio::awaitable<int> NextAsio(int value) { co_return value + 1; }

asio::awaitable<void> CallsAsio(benchmark::State* state) {
  int value = 0;
  for (auto _ : *state) value = co_await NextAsio(value);
  benchmark::DoNotOptimize(value);
}

void CallAwaitAsio(benchmark::State& state) {
  asio::io_context context(1);
  asio::co_spawn(context, CallsAsio(&state), asio::detached);
  context.run();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(CallAwaitAsio)->Name("CallAwait/asio");

// ---- SpawnJoin: one item is a task that is spawned and has ended. asio's begin in the loop.

constexpr int kChildren = 1000;

[[gnu::noinline]] Task<void> Counts(std::int64_t* count) {
  ++*count;
  co_return;
}

Task<void> SpawnsAshlar(benchmark::State* state, std::int64_t* count) {
  for (auto _ : *state) {
    AsyncScope scope(co_await CurrentToken());
    for (int i = 0; i < kChildren; ++i) scope.Spawn(Counts(count));
    co_await OrFail(co_await scope.Join());
  }
}

void SpawnJoinAshlar(benchmark::State& state) {
  std::int64_t count = 0;
  benchmark::DoNotOptimize(BlockOn(SpawnsAshlar(&state, &count)));
  if (count != state.iterations() * kChildren) state.SkipWithError("lost some");
  state.SetItemsProcessed(count);
}
BENCHMARK(SpawnJoinAshlar)->Name("SpawnJoin/ashlar/1000");

[[gnu::noinline]] asio::awaitable<void> CountsAsio(std::int64_t* count) {
  ++*count;
  co_return;
}

void SpawnJoinAsio(benchmark::State& state) {
  std::int64_t count = 0;
  asio::io_context context(1);
  for (auto _ : state) {
    for (int i = 0; i < kChildren; ++i) {
      asio::co_spawn(context, CountsAsio(&count), asio::detached);
    }
    context.restart();
    context.run();
  }
  if (count != state.iterations() * kChildren) state.SkipWithError("lost some");
  state.SetItemsProcessed(count);
}
BENCHMARK(SpawnJoinAsio)->Name("SpawnJoin/asio/1000");

}  // namespace
}  // namespace ashlar
