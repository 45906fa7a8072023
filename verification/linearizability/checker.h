// checker.h
// ---------
// CheckLinearizable: whether there is a sequence of a history's operations that agrees
// with its order and that the specification allows, with the results that were seen.
//
//   absl::StatusOr<Verdict> verdict = CheckLinearizable(Queue<int>(), history);
//   if (verdict->outcome != Outcome::kLinearizable) {
//     puts(Columns(Draw(Queue<int>(), history, *verdict)).c_str());  // drawing.h
//   }
//
// Use it for histories of real threads (stress_recorder.h), of model executions
// (execution_recorder.h) or of your own logs. Pending operations may take effect or not.
//
// The algorithm is that of Wing and Gong ("Testing and verifying concurrent objects",
// 1993) as improved by Lowe ("Testing for linearizability", 2017): depth first, one
// operation after another that nothing precedes any more, and back when the specification
// refuses; no configuration (which operations took effect, and the state) is entered
// twice. Since operations of one thread follow each other, a configuration is a number
// for each thread and a state, not a bit for each operation, and no list is needed from
// which operations are lifted. A specification with a Partition is checked for each key alone
// (Herlihy and Wing's locality; Horn and Kroening, "Faster linearizability checking via
// P-compositionality", 2015). That holds for times and not for every partial order, so
// histories with an `order` are checked whole. What the results of a queue say of its order
// is deduced first (fifo.h); if that shows a contradiction, the first return by which there is
// one is looked for.
//
// Cost: time and memory are proportional to the configurations; each takes up to T^2
// comparisons for T threads, and a copy of the state. If operations overlap little, their
// number is about that of operations. At worst it is the product over all threads of
// (operations + 1), times the states that can be reached with the same operations done; with
// no bound on threads the problem is NP-complete (Gibbons and Korach, 1997). Long histories
// of a stack, or of a queue with equal items, that overlap much come near to that. Hence
// limits.
//
// Thread safety: none shared; check histories in parallel if you like.
// Errors: InvalidArgument for what is no history (order.h). Specifications do not throw.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_CHECKER_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_CHECKER_H_

#include "absl/status/statusor.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/problem.h"
#include "ashlar/verification/linearizability/internal/typed_problem.h"
#include "ashlar/verification/linearizability/specification.h"
#include "ashlar/verification/linearizability/verdict.h"

namespace ashlar::verification::linearizability {

template <Specification S>
absl::StatusOr<Verdict> CheckLinearizable(const S& specification, const HistoryOf<S>& history,
                                          const Limits& limits = {});

// Implementation.

namespace internal {

absl::StatusOr<Verdict> CheckProblem(Problem& problem, const Limits& limits = {});

}  // namespace internal

template <Specification S>
absl::StatusOr<Verdict> CheckLinearizable(const S& specification, const HistoryOf<S>& history,
                                          const Limits& limits) {
  internal::TypedProblem<S> problem(specification, history);
  return internal::CheckProblem(problem, limits);
}

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_CHECKER_H_
