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

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/search.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/specification.h"
#include "ashlar/verification/linearizability/verdict.h"

namespace ashlar::verification::linearizability::internal {

// What the specification says of the order of a part of the history.
template <Deducing S>
std::optional<Order> Deduce(const S& specification, const HistoryOf<S>& history,
                            const std::vector<int>& part, const Order& order) {
  std::vector<const typename HistoryOf<S>::Operation*> operations;
  for (const int index : part) operations.push_back(&history.operations[index]);
  return specification.Deduce(order, operations);
}

template <Deducing S>
class FirstWrongReturn {
 public:
  FirstWrongReturn(const S& specification, const HistoryOf<S>& history,
                   const std::vector<int>& part)
      : specification_(specification), history_(history), part_(part) {
    for (const int index : part_) {
      const auto& operation = history_.operations[index];
      if (operation.result.has_value()) returns_.push_back(operation.returned);
    }
    std::sort(returns_.begin(), returns_.end());
    returns_.erase(std::unique(returns_.begin(), returns_.end()), returns_.end());
  }

  // kNotLinearizable: a sequence for all that returned before, and what returned then.
  Verdict Find() {
    std::size_t right = 0;
    std::size_t wrong = returns_.size();
    while (wrong - right > 1) {
      const std::size_t middle = right + (wrong - right) / 2;
      (IsRight(middle, nullptr) ? right : wrong) = middle;
    }
    Verdict verdict;
    IsRight(right, &verdict);
    verdict.outcome = Outcome::kNotLinearizable;
    verdict.part = part_;
    return verdict;
  }

 private:
  // More is not needed where the order is known.
  static constexpr std::uint64_t kMostConfigurations = 20'000;

  // Whether a sequence is found for the first `count` returns, or no reason why not; if it
  // is asked for, with it, and with what returns next.
  bool IsRight(std::size_t count, Verdict* verdict) const {
    std::vector<int> begun;
    std::vector<Order::Place> places;
    for (const int index : part_) {
      const auto& [thread, call, result, called, returned] = history_.operations[index];
      if (count == 0 || called > returns_[count - 1]) continue;
      const bool pending = !result.has_value() || returned > returns_[count - 1];
      begun.push_back(index);
      places.push_back({thread, pending, called, returned});
    }
    const absl::StatusOr<Order> order = Order::OfTimes(history_.threads, places);
    ASHLAR_CHECK(order.ok(), "a part of a history is one");
    const auto deduced = Deduce(specification_, history_, begun, *order);
    if (!deduced.has_value()) return false;
    Budget budget({.configurations = kMostConfigurations});
    Search<S> search(specification_, history_, begun, *deduced, budget);
    Verdict found = search.Run();
    if (verdict == nullptr || found.outcome == Outcome::kNotLinearizable) {
      return found.outcome != Outcome::kNotLinearizable;
    }
    // A search that got lost says nothing of the state.
    const bool lost = found.outcome == Outcome::kUnknown;
    found.why = lost ? "nothing explains the next one together with what returned before\n" : "";
    for (const int index : part_) {
      const auto& operation = history_.operations[index];
      if (!operation.result.has_value() || operation.returned != returns_[count]) continue;
      // Of several that return at once, one may have had its place.
      const auto& sequence = found.sequence;
      if (std::find(sequence.begin(), sequence.end(), index) != sequence.end()) continue;
      found.stuck.push_back(index);
      if (!lost) found.why += search.Refusal(index);
    }
    *verdict = std::move(found);
    return true;
  }

  const S& specification_;
  const HistoryOf<S>& history_;
  const std::vector<int>& part_;
  std::vector<Time> returns_;
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_FIRST_WRONG_RETURN_H_
