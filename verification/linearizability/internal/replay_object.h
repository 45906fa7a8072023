// replay_object.h
// ---------------
// ReplayObject: bytes as calls of a described object (object.h), one after the other.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_REPLAY_OBJECT_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_REPLAY_OBJECT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/calls.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/explain.h"
#include "ashlar/verification/linearizability/internal/possible_states.h"
#include "ashlar/verification/linearizability/internal/typed_problem.h"
#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability::internal {

template <Specification S>
class Replay {
  using Call = typename S::Call;
  using Result = typename S::Result;

 public:
  Replay(const Description<S>& description, int variant)
      : description_(description),
        variant_(variant),
        object_(description, variant),
        states_(specification_),
        made_(description.threads) {
    history_.threads = description.threads;
  }

  Findings Run(std::span<const std::uint8_t> input) {
    for (const std::uint8_t byte : input) {
      const int thread = byte % description_.threads;
      const CallsOf<S> calls = description_.calls(thread, made_[thread]);
      if (calls.empty()) continue;
      const Call& call = calls[byte / description_.threads % calls.size()];
      if (!states_.Returns(call)) continue;
      made_[thread].push_back(call);
      Make(thread, call);
      if (wrong_) break;
    }
    if (!wrong_) {
      MakeLastCalls(description_, static_cast<int>(history_.operations.size()) + 1,
                    [&](const Call& call) { return Make(/*thread=*/0, call); });
    }
    Findings findings;
    findings.programs = 1;
    findings.executions = 1;
    findings.histories = 1;
    findings.operations = history_.operations.size();
    if (wrong_) {
      TypedProblem<S> problem(specification_, history_);
      findings.wrong = WhatIsWrong(problem, VariantText(description_.variants, variant_));
    }
    return findings;
  }

 private:
  Result Make(int thread, const Call& call) {
    const Time now = static_cast<Time>(2 * history_.operations.size());
    const Result result = description_.make(object_.Get(), thread, call);
    history_.operations.push_back({thread, call, result, now, now + 1});
    wrong_ = wrong_ || !states_.Follow(call, result);
    description_.settle(object_.Get(), thread, call, result);
    return result;
  }

  const Description<S>& description_;
  const S specification_ = description_.specified();
  const int variant_;
  const Instance<S> object_;
  PossibleStates<S> states_;
  ProgramOf<S> made_;
  HistoryOf<S> history_;
  bool wrong_ = false;
};

template <Specification S>
Findings ReplayObject(const Description<S>& description, std::span<const std::uint8_t> input) {
  if (input.empty()) return Replay<S>(description, 0).Run(input);
  return Replay<S>(description, input[0] % description.variants).Run(input.subspan(1));
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_REPLAY_OBJECT_H_
