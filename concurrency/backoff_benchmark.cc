#include <chrono>

#include "ashlar/concurrency/backoff.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

// Items are SpinWaits: what one takes on this processor.
void SpinWait(benchmark::State& state) {
  for (auto _ : state) StdPlatform::SpinWait();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(SpinWait)->Name("SpinWait/ashlar");

// Items are yields with nobody to yield to.
void Yield(benchmark::State& state) {
  for (auto _ : state) StdPlatform::Yield();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(Yield)->Name("Yield/ashlar");

// Items are whole series of short pauses, up to the first yield.
void ShortPauses(benchmark::State& state) {
  for (auto _ : state) {
    Backoff backoff;
    while (!backoff.IsYielding()) backoff.Pause();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(ShortPauses)->Name("ShortPauses/ashlar");

// Items are the later pauses of a thread that counts its time, with the clock's reading.
void LaterPause(benchmark::State& state) {
  Backoff backoff;
  for (auto _ : state) benchmark::DoNotOptimize(backoff.PauseWithin(std::chrono::hours(1)));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(LaterPause)->Name("LaterPause/ashlar");

}  // namespace
}  // namespace ashlar
