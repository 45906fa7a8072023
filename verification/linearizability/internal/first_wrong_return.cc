#include "ashlar/verification/linearizability/internal/first_wrong_return.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/internal/search.h"
#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability::internal {
namespace {

class Finder {
 public:
  Finder(Problem& problem, const std::vector<int>& part) : problem_(problem), part_(part) {
    for (const int index : part_) {
      const Order::Place& place = problem_.Places()[index];
      if (!place.pending) returns_.push_back(place.returned);
    }
    std::sort(returns_.begin(), returns_.end());
    returns_.erase(std::unique(returns_.begin(), returns_.end()), returns_.end());
  }

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
      Order::Place place = problem_.Places()[index];
      if (count == 0 || place.called > returns_[count - 1]) continue;
      place.pending = place.pending || place.returned > returns_[count - 1];
      begun.push_back(index);
      places.push_back(place);
    }
    const absl::StatusOr<Order> order = Order::OfTimes(problem_.Threads(), places);
    ASHLAR_CHECK(order.ok(), "a part of a history is one");
    const std::optional<Order> deduced = problem_.Deduce(*order, begun);
    if (!deduced.has_value()) return false;
    Budget budget({.configurations = kMostConfigurations});
    Search search(problem_, begun, *deduced, budget);
    Verdict found = search.Run();
    if (verdict == nullptr || found.outcome == Outcome::kNotLinearizable) {
      return found.outcome != Outcome::kNotLinearizable;
    }
    // A search that got lost says nothing of the state.
    const bool lost = found.outcome == Outcome::kUnknown;
    found.why = lost ? "nothing explains the next one together with what returned before\n" : "";
    for (const int index : part_) {
      const Order::Place& place = problem_.Places()[index];
      if (place.pending || place.returned != returns_[count]) continue;
      // Of several that return at once, one may have had its place.
      const auto& sequence = found.sequence;
      if (std::find(sequence.begin(), sequence.end(), index) != sequence.end()) continue;
      found.stuck.push_back(index);
      if (!lost) found.why += search.Refusal(index);
    }
    *verdict = std::move(found);
    return true;
  }

  Problem& problem_;
  const std::vector<int>& part_;
  std::vector<Time> returns_;
};

}  // namespace

Verdict FirstWrongReturn(Problem& problem, const std::vector<int>& part) {
  return Finder(problem, part).Find();
}

}  // namespace ashlar::verification::linearizability::internal
