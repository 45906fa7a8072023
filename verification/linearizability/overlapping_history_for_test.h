// overlapping_history_for_test.h
// ------------------------------
// OverlappingHistory: a long history that is linearizable, made without threads, so that
// it overlaps as much as is asked for.
//
// Operations take effect one after another, at 1000, 2000, ..., each in a thread chosen at
// random. They are called up to `overlap` * 1000 before that and return up to as much after
// it, or halfway to the next operation of their thread.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_OVERLAPPING_HISTORY_FOR_TEST_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_OVERLAPPING_HISTORY_FOR_TEST_H_

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/specification.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {

// `make_call(random, i)` makes the call of operation i; random(n) is one of 0, ..., n - 1.
template <class S, class MakeCall>
HistoryOf<S> OverlappingHistory(const S& specification, int threads, int operations, int overlap,
                                MakeCall make_call, std::uint32_t seed = 1) {
  std::mt19937 engine(seed);
  const auto random = [&](int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(engine);
  };
  HistoryOf<S> history;
  history.threads = threads;
  typename S::State state = InitialState(specification);
  std::vector<int> last(threads, -1);
  for (int i = 0; i < operations; ++i) {
    const int thread = random(threads);
    const Time effect = 1000 * (Time{i} + 1);
    Time called = effect - random(1000 * overlap);
    if (last[thread] >= 0) {
      const Time halfway = (1000 * (Time{last[thread]} + 1) + effect) / 2;
      called = std::max(called, halfway);
      Time& returned = history.operations[last[thread]].returned;
      returned = std::min(returned, halfway);
    }
    last[thread] = i;
    const auto call = make_call(random, i);
    const auto result = specification.Apply(state, call);
    history.operations.push_back({.thread = thread,
                                  .call = call,
                                  .result = result,
                                  .called = called,
                                  .returned = effect + random(1000 * overlap)});
  }
  return history;
}

// Calls as a test of the object would make them.
inline constexpr auto kPushOrPop = [](auto random, int i) {
  using Items = ItemContainer<int>;
  return random(2) == 0 ? Items::Push(i) : Items::Pop();
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_OVERLAPPING_HISTORY_FOR_TEST_H_
