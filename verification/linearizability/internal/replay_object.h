// replay_object.h
// ---------------
// ReplayObject: bytes as calls of a described object (object.h), one after the other.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_REPLAY_OBJECT_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_REPLAY_OBJECT_H_

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/drawing.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/calls.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/possible_states.h"

namespace ashlar::verification::linearizability::internal {

template <Described D>
class Replay {
  using S = typename D::Specification;

 public:
  explicit Replay(int variant)
      : variant_(variant), object_(Begin<D>(variant)), states_(specification_) {
    history_.threads = D::kThreads;
  }

  Findings Run(std::span<const std::uint8_t> input) {
    for (const std::uint8_t byte : input) {
      const int thread = byte % D::kThreads;
      const CallsOf<D> calls = D::Calls(thread, made_[thread]);
      if (calls.empty()) continue;
      const CallOf<D>& call = calls[byte / D::kThreads % calls.size()];
      if (!states_.Returns(call)) continue;
      made_[thread].push_back(call);
      Make(thread, call);
      if (wrong_) break;
    }
    if (!wrong_) {
      MakeLastCalls<D>(static_cast<int>(history_.operations.size()) + 1,
                       [&](const CallOf<D>& call) { return Make(/*thread=*/0, call); });
    }
    Findings findings;
    findings.programs = 1;
    findings.executions = 1;
    findings.histories = 1;
    findings.operations = history_.operations.size();
    if (wrong_) findings.wrong = Explain();
    return findings;
  }

 private:
  ResultOf<D> Make(int thread, const CallOf<D>& call) {
    const Time now = static_cast<Time>(2 * history_.operations.size());
    const ResultOf<D> result = object_.Do(thread, call);
    history_.operations.push_back({thread, call, result, now, now + 1});
    wrong_ = wrong_ || !states_.Follow(call, result);
    Settle(object_, thread, call, result);
    return result;
  }

  Wrong Explain() const {
    const absl::StatusOr<Verdict> verdict = CheckLinearizable(specification_, history_);
    ASHLAR_CHECK(verdict.ok(), "calls that follow each other are a history");
    Drawing drawing = Draw(specification_, history_, *verdict);
    std::string text;
    if (Variants<D>() > 1) text = "variant " + std::to_string(variant_) + "\n";
    return {text + Columns(drawing), std::move(drawing)};
  }

  const S specification_ = S();
  const int variant_;
  D object_;
  PossibleStates<S> states_;
  CallsOf<D> made_[D::kThreads];
  HistoryOf<S> history_;
  bool wrong_ = false;
};

template <Described D>
Findings ReplayObject(std::span<const std::uint8_t> input) {
  if (input.empty()) return Replay<D>(0).Run(input);
  return Replay<D>(input[0] % Variants<D>()).Run(input.subspan(1));
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_REPLAY_OBJECT_H_
