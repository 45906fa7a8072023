// The rival is the other deque of this package, which fences in each pop.
#include <cstdint>
#include <vector>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/split_deque.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

using Item = std::uint64_t;
using Split = SplitDeque<Item>;
using ChaseLev = ChaseLevDeque<Item>;

constexpr std::size_t kCapacity = 4096;
constexpr int kDepth = 64;
constexpr auto kIgnore = [] {};

// Items are pairs of a push and a pop, with others below that nobody asks for.
void PairSplit(benchmark::State& state) {
  Split deque(kCapacity);
  for (int i = 0; i < 16; ++i) deque.Push(i, kIgnore);
  Item item = 0;
  for (auto _ : state) {
    Split::Place* const place = deque.Push(++item, kIgnore);
    benchmark::DoNotOptimize(place);
    if (!deque.Pop(place, kIgnore)) state.SkipWithError("nobody steals here");
  }
  state.SetItemsProcessed(state.iterations());
}
void PairChaseLev(benchmark::State& state) {
  ChaseLev deque(kCapacity);
  for (int i = 0; i < 16; ++i) deque.Push(i);
  Item item = 0;
  for (auto _ : state) {
    deque.Push(++item);
    benchmark::DoNotOptimize(*deque.Pop());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(PairSplit)->Name("Pair/ashlar");
BENCHMARK(PairChaseLev)->Name("Pair/ashlar_chase_lev");

// The same, but each item is asked for, made public, and taken back.
void PairAsked(benchmark::State& state) {
  Split deque(kCapacity);
  Item item = 0;
  for (auto _ : state) {
    deque.Request();
    Split::Place* const place = deque.Push(++item, kIgnore);
    benchmark::DoNotOptimize(place);
    if (!deque.Pop(place, kIgnore)) state.SkipWithError("nobody steals here");
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(PairAsked)->Name("PairAsked/ashlar");

// Items are pairs: 64 forked, then 64 joined; a request comes once in between, so that the
// owner takes half of them back by halves.
void NestAsked(benchmark::State& state) {
  Split deque(kCapacity);
  std::vector<Split::Place*> places(kDepth);
  for (auto _ : state) {
    for (int i = 0; i < kDepth; ++i) {
      if (i == kDepth - 1) deque.Request();
      places[i] = deque.Push(i, kIgnore);
    }
    for (int i = kDepth; i-- > 0;) benchmark::DoNotOptimize(deque.Pop(places[i], kIgnore));
  }
  state.SetItemsProcessed(state.iterations() * kDepth);
}
BENCHMARK(NestAsked)->Name("NestAsked/ashlar");

// Items are steals of public items, by the one thread that there is.
void StealSplit(benchmark::State& state) {
  Split deque(kCapacity);
  std::vector<Split::Place*> places(kCapacity);
  for (auto _ : state) {
    state.PauseTiming();
    for (Split::Place*& place : places) {
      deque.Request();
      place = deque.Push(1, kIgnore);
    }
    state.ResumeTiming();
    for (std::size_t i = 0; i < kCapacity; ++i) benchmark::DoNotOptimize(deque.Steal().item);
    state.PauseTiming();
    for (std::size_t i = kCapacity; i-- > 0;) {
      if (!deque.Pop(places[i], kIgnore)) deque.Release(places[i]);
    }
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCapacity));
}
BENCHMARK(StealSplit)->Name("Steal/ashlar");

void StealChaseLev(benchmark::State& state) {
  ChaseLev deque(kCapacity);
  for (auto _ : state) {
    state.PauseTiming();
    for (Item i = 0; i < kCapacity; ++i) deque.Push(i);
    state.ResumeTiming();
    for (std::size_t i = 0; i < kCapacity; ++i) benchmark::DoNotOptimize(deque.Steal().item);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kCapacity));
}
BENCHMARK(StealChaseLev)->Name("Steal/ashlar_chase_lev");

// A thief that finds nothing and has asked already.
void StealEmptySplit(benchmark::State& state) {
  Split deque(kCapacity);
  for (auto _ : state) benchmark::DoNotOptimize(deque.Steal().item);
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(StealEmptySplit)->Name("StealEmpty/ashlar");

}  // namespace
}  // namespace ashlar
