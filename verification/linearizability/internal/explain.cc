#include "ashlar/verification/linearizability/internal/explain.h"

#include <utility>

#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/drawing.h"
#include "ashlar/verification/linearizability/verdict.h"

namespace ashlar::verification::linearizability::internal {

std::optional<Wrong> WhatIsWrong(Problem& problem, const std::string& heading) {
  const absl::StatusOr<Verdict> verdict = CheckProblem(problem);
  ASHLAR_CHECK(verdict.ok(), "a recorded history is one");
  if (verdict->outcome == Outcome::kLinearizable) return std::nullopt;
  Drawing drawing = DrawProblem(problem, *verdict);
  return Wrong{heading + Columns(drawing), std::move(drawing)};
}

}  // namespace ashlar::verification::linearizability::internal
