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

#include <cstddef>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/first_wrong_return.h"
#include "ashlar/verification/linearizability/internal/search.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/specification.h"
#include "ashlar/verification/linearizability/verdict.h"

namespace ashlar::verification::linearizability {

template <Specification S>
absl::StatusOr<Verdict> CheckLinearizable(const S& specification, const HistoryOf<S>& history,
                                          const Limits& limits = {});

// Implementation.

namespace internal {

inline std::vector<int> AllOf(const Order& order) {
  std::vector<int> all(order.Size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

// One sequence of several that agrees with each of them and with the order of times.
std::vector<int> Merge(const Order& order, const std::vector<std::vector<int>>& sequences);

// Operations that are checked together.
template <Specification S>
Verdict CheckPart(const S& specification, const HistoryOf<S>& history, const std::vector<int>& part,
                  const Order& order, Budget& budget) {
  if constexpr (!Deducing<S>) {
    return Search<S>(specification, history, part, order, budget).Run();
  } else {
    if (const auto deduced = Deduce(specification, history, part, order)) {
      return Search<S>(specification, history, part, *deduced, budget).Run();
    }
    // It is wrong; the rest is to say where.
    if (!history.order.has_value()) {
      return FirstWrongReturn<S>(specification, history, part).Find();
    }
    Budget some({.configurations = 20'000});
    Search<S> search(specification, history, part, order, some);
    Verdict verdict = search.Run();
    ASHLAR_CHECK(verdict.outcome != Outcome::kLinearizable, "Deduce was wrong");
    return verdict.outcome == Outcome::kUnknown ? search.GiveUp() : verdict;
  }
}

// Each key alone.
template <Specification S>
Verdict CheckParts(const S& specification, const HistoryOf<S>& history, const Order& order,
                   Budget& budget) {
  using Key = std::decay_t<decltype(specification.Partition(history.operations[0].call))>;
  std::map<Key, std::vector<int>> parts;
  for (int i = 0; i < order.Size(); ++i) {
    parts[specification.Partition(history.operations[i].call)].push_back(i);
  }
  std::vector<std::vector<int>> sequences;
  Verdict whole;
  whole.outcome = Outcome::kLinearizable;
  for (const auto& [key, part] : parts) {
    Verdict verdict = CheckPart(specification, history, part, order.Of(part), budget);
    if (verdict.outcome == Outcome::kNotLinearizable) return verdict;
    if (verdict.outcome == Outcome::kUnknown) {
      whole = std::move(verdict);  // but another key may be wrong
    } else {
      sequences.push_back(std::move(verdict.sequence));
    }
  }
  if (whole.outcome == Outcome::kLinearizable) {
    whole.sequence = Merge(order, sequences);
    whole.part = AllOf(order);
  }
  return whole;
}

}  // namespace internal

template <Specification S>
absl::StatusOr<Verdict> CheckLinearizable(const S& specification, const HistoryOf<S>& history,
                                          const Limits& limits) {
  const absl::StatusOr<Order> order = history.MakeOrder();
  if (!order.ok()) return order.status();
  const std::vector<int> all = internal::AllOf(*order);
  Verdict verdict;
  if (all.size() > limits.operations) {
    verdict.part = all;
    verdict.why = "the limit of " + std::to_string(limits.operations) + " operations";
    return verdict;
  }
  internal::Budget budget(limits);
  if constexpr (Partitioned<S>) {
    if (!history.order.has_value()) {
      verdict = internal::CheckParts(specification, history, *order, budget);
      verdict.configurations = budget.Used();
      return verdict;
    }
  }
  verdict = internal::CheckPart(specification, history, all, *order, budget);
  verdict.configurations = budget.Used();
  return verdict;
}

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_CHECKER_H_
