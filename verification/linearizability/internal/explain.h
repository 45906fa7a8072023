// explain.h
// ---------
// WhatIsWrong: nothing if a recorded history is linearizable; else, how it is not.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLAIN_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLAIN_H_

#include <optional>
#include <string>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/internal/problem.h"

namespace ashlar::verification::linearizability::internal {

// Its text begins with `heading`.
std::optional<Wrong> WhatIsWrong(Problem& problem, const std::string& heading);

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLAIN_H_
