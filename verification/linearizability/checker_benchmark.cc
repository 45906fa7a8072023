// How many operations of a history are checked in a second. There is no rival among
// Debian's packages.
#include <cstdint>

#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/overlapping_history_for_test.h"
#include "ashlar/verification/linearizability/specifications.h"
#include "benchmark/benchmark.h"

namespace ashlar::verification::linearizability {
namespace {

template <class S>
void Check(benchmark::State& state, const S& specification, const HistoryOf<S>& history) {
  for (auto _ : state) {
    const auto verdict = CheckLinearizable(specification, history);
    if (!verdict.ok() || verdict->outcome != Outcome::kLinearizable) {
      state.SkipWithError("the history is linearizable");
    }
  }
  state.SetItemsProcessed(state.iterations() *
                          static_cast<std::int64_t>(history.operations.size()));
}

// Four threads push and pop; with an overlap of 1 an operation meets 0.8 of other threads,
// with 5 it meets 3.8.
void LongQueue(benchmark::State& state) {
  const int overlap = static_cast<int>(state.range(0));
  const auto history = OverlappingHistory(Queue<int>(), 4, 10'000, overlap, kPushOrPop);
  Check(state, Queue<int>(), history);
}
BENCHMARK(LongQueue)->Name("Check/ashlar/queue/operations:10000/overlap")->Arg(1)->Arg(5);

// As a round of a stress test has it.
void ShortQueue(benchmark::State& state) {
  Check(state, Queue<int>(), OverlappingHistory(Queue<int>(), 3, 30, 2, kPushOrPop));
}
BENCHMARK(ShortQueue)->Name("Check/ashlar/queue/operations:30");

void LongMap(benchmark::State& state) {
  using Entries = Map<int, int>;
  const auto history = OverlappingHistory(Entries(), 4, 10'000, 5, [](auto random, int i) {
    const int key = random(100);
    return random(2) == 0 ? Entries::Put(key, i) : Entries::Get(key);
  });
  Check(state, Entries(), history);
}
BENCHMARK(LongMap)->Name("Check/ashlar/map/operations:10000");

}  // namespace
}  // namespace ashlar::verification::linearizability
