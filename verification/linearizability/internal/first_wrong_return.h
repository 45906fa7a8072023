// first_wrong_return.h
// --------------------
// FirstWrongReturn: explains a history of times that deductions have shown to be wrong,
// where a search would get lost: finds the first return at which it is.
//
// At some return, operations that were called and have not returned may take effect, with
// the results that they get later, or not. A history that is wrong at one return is so at
// all later ones, so halving finds the first.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_FIRST_WRONG_RETURN_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_FIRST_WRONG_RETURN_H_

#include <vector>

#include "ashlar/verification/linearizability/internal/problem.h"
#include "ashlar/verification/linearizability/verdict.h"

namespace ashlar::verification::linearizability::internal {

// kNotLinearizable: a sequence for all that returned before that return, and what returned then.
// `part`: which operations of the history, whose order is that of times.
Verdict FirstWrongReturn(Problem& problem, const std::vector<int>& part);

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_FIRST_WRONG_RETURN_H_
