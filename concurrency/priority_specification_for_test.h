// priority_specification_for_test.h: what the calls of PriorityQueue and LockFreePriorityQueue
// answer.
#ifndef ASHLAR_CONCURRENCY_PRIORITY_SPECIFICATION_FOR_TEST_H_
#define ASHLAR_CONCURRENCY_PRIORITY_SPECIFICATION_FOR_TEST_H_

#include <algorithm>

#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {

// An item's priority is a tenth of it.
inline int PriorityOf(int item) { return item / 10; }

// The least comes first, and of equals the oldest.
struct StablePriorities : ItemContainer<int> {
  Result Apply(State& state, const Call& call) const {
    if (call.method == Method::kPop) return TakeOldest(state);
    const auto after = std::upper_bound(state.begin(), state.end(), call.item,
                                        [](int a, int b) { return PriorityOf(a) < PriorityOf(b); });
    state.insert(after, call.item);
    return Done();
  }
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_CONCURRENCY_PRIORITY_SPECIFICATION_FOR_TEST_H_
