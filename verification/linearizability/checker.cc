#include "ashlar/verification/linearizability/checker.h"

#include "ashlar/base/check.h"

namespace ashlar::verification::linearizability::internal {

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

}  // namespace ashlar::verification::linearizability::internal
