// possible_states.h
// -----------------
// PossibleStates: the states that a specification may be in after a sequence of calls and
// their results.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_POSSIBLE_STATES_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_POSSIBLE_STATES_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability::internal {

template <Specification S>
class PossibleStates {
  using State = typename S::State;

 public:
  explicit PossibleStates(const S& specification)
      : specification_(specification), states_{InitialState(specification)} {}

  // Whether a call returns, whichever state it is.
  bool Returns(const typename S::Call& call) const {
    return std::all_of(states_.begin(), states_.end(), [&](const State& state) {
      bool returns = false;
      ForEachEffect(specification_, state, call,
                    [&](const typename S::Result&, const State&) { returns = true; });
      return returns;
    });
  }

  // The call has returned. False if it could not have returned that.
  bool Follow(const typename S::Call& call, const typename S::Result& result) {
    std::vector<State> next;
    for (const State& state : states_) {
      ForEachEffect(specification_, state, call,
                    [&](const typename S::Result& possible, State after) {
                      if (!(possible == result)) return;
                      if (std::find(next.begin(), next.end(), after) != next.end()) return;
                      next.push_back(std::move(after));
                    });
    }
    states_ = std::move(next);
    return !states_.empty();
  }

 private:
  const S& specification_;
  std::vector<State> states_;
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_POSSIBLE_STATES_H_
