#include "ashlar/verification/linearizability/checker.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/internal/first_wrong_return.h"
#include "ashlar/verification/linearizability/internal/search.h"
#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability::internal {
namespace {

// One sequence of several that agrees with each of them and with the order of times.
std::vector<int> Merge(const Order& order, const std::vector<std::vector<int>>& sequences) {
  // Where an operation stands in its sequence; pending ones that had no effect, nowhere.
  constexpr std::size_t kNowhere = std::numeric_limits<std::size_t>::max();
  std::vector<std::size_t> place(order.Size(), kNowhere);
  std::vector<std::size_t> sequence_of(order.Size());
  std::size_t size = 0;
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    for (std::size_t j = 0; j < sequences[i].size(); ++j) {
      place[sequences[i][j]] = j;
      sequence_of[sequences[i][j]] = i;
    }
    size += sequences[i].size();
  }

  std::vector<std::size_t> reached(sequences.size());
  std::vector<std::uint32_t> done(order.Threads());
  const auto may_be_next = [&](int operation) {
    if (place[operation] == kNowhere || place[operation] != reached[sequence_of[operation]]) {
      return false;
    }
    for (std::size_t thread = 0; thread < done.size(); ++thread) {
      if (done[thread] < order.Before(operation)[thread]) return false;
    }
    return true;
  };
  std::vector<int> merged;
  while (merged.size() < size) {
    const std::size_t before = merged.size();
    for (int thread = 0; thread < order.Threads(); ++thread) {
      const auto operations = order.Sequence(thread);
      while (done[thread] < operations.size() && may_be_next(operations[done[thread]])) {
        const int operation = operations[done[thread]++];
        ++reached[sequence_of[operation]];
        merged.push_back(operation);
      }
    }
    ASHLAR_CHECK(merged.size() > before, "times make an interval order, so there is a merge");
  }
  return merged;
}

// Operations that are checked together.
Verdict CheckPart(Problem& problem, const std::vector<int>& part, const Order& order,
                  Budget& budget) {
  if (!problem.Deduces()) return Search(problem, part, order, budget).Run();
  if (const std::optional<Order> deduced = problem.Deduce(order, part)) {
    return Search(problem, part, *deduced, budget).Run();
  }
  // It is wrong; the rest is to say where.
  if (problem.Timed()) return FirstWrongReturn(problem, part);
  Budget some({.configurations = 20'000});
  Search search(problem, part, order, some);
  Verdict verdict = search.Run();
  ASHLAR_CHECK(verdict.outcome != Outcome::kLinearizable, "Deduce was wrong");
  return verdict.outcome == Outcome::kUnknown ? search.GiveUp() : verdict;
}

// Each key alone.
Verdict CheckKeys(Problem& problem, const std::vector<std::vector<int>>& keys, const Order& order,
                  Budget& budget) {
  std::vector<std::vector<int>> sequences;
  Verdict whole;
  whole.outcome = Outcome::kLinearizable;
  for (const std::vector<int>& part : keys) {
    Verdict verdict = CheckPart(problem, part, order.Of(part), budget);
    if (verdict.outcome == Outcome::kNotLinearizable) return verdict;
    if (verdict.outcome == Outcome::kUnknown) {
      whole = std::move(verdict);  // but another key may be wrong
    } else {
      sequences.push_back(std::move(verdict.sequence));
    }
  }
  if (whole.outcome == Outcome::kLinearizable) whole.sequence = Merge(order, sequences);
  return whole;
}

}  // namespace

absl::StatusOr<Verdict> CheckProblem(Problem& problem, const Limits& limits) {
  const absl::StatusOr<Order> order = problem.MakeOrder();
  if (!order.ok()) return order.status();
  std::vector<int> all(order->Size());
  std::iota(all.begin(), all.end(), 0);
  Verdict verdict;
  if (all.size() > limits.operations) {
    verdict.part = all;
    verdict.why = "the limit of " + std::to_string(limits.operations) + " operations";
    return verdict;
  }
  Budget budget(limits);
  std::vector<std::vector<int>> keys;
  if (problem.Timed()) keys = problem.Keys();
  if (keys.empty()) {
    verdict = CheckPart(problem, all, *order, budget);
  } else {
    verdict = CheckKeys(problem, keys, *order, budget);
    if (verdict.outcome == Outcome::kLinearizable) verdict.part = all;
  }
  verdict.configurations = budget.Used();
  return verdict;
}

}  // namespace ashlar::verification::linearizability::internal
