// brute_force_for_test.h
// ----------------------
// IsLinearizable by definition, to compare CheckLinearizable with: every sequence of the
// operations is tried, with a matrix for the order. For histories of a few operations.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_BRUTE_FORCE_FOR_TEST_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_BRUTE_FORCE_FOR_TEST_H_

#include <cstddef>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability {

template <class S>
class BruteForce {
 public:
  BruteForce(const S& specification, const HistoryOf<S>& history)
      : specification_(specification),
        operations_(history.operations),
        precedes_(operations_.size(), std::vector<bool>(operations_.size())),
        done_(operations_.size()) {
    const std::size_t size = operations_.size();
    for (std::size_t a = 0; a < size; ++a) {
      for (std::size_t b = 0; b < size; ++b) {
        const bool of_thread = operations_[a].thread == operations_[b].thread && a < b;
        const bool by_time = !history.order.has_value() && operations_[a].result.has_value() &&
                             operations_[a].returned < operations_[b].called;
        precedes_[a][b] = of_thread || by_time;
      }
    }
    if (!history.order.has_value()) return;
    for (const auto& [a, b] : *history.order) precedes_[a][b] = true;
    for (std::size_t via = 0; via < size; ++via) {
      for (std::size_t a = 0; a < size; ++a) {
        for (std::size_t b = 0; b < size; ++b) {
          if (precedes_[a][via] && precedes_[via][b]) precedes_[a][b] = true;
        }
      }
    }
  }

  bool IsLinearizable() { return Try(InitialState(specification_)); }

 private:
  bool Try(const typename S::State& state) {
    bool all_done = true;
    for (std::size_t i = 0; i < done_.size(); ++i) {
      if (operations_[i].result.has_value() && !done_[i]) all_done = false;
    }
    if (all_done) return true;
    for (std::size_t i = 0; i < done_.size(); ++i) {
      if (done_[i] || !MayBeNext(i)) continue;
      std::vector<typename S::State> states;
      ForEachEffect(specification_, state, operations_[i].call,
                    [&](const typename S::Result& result, typename S::State next) {
                      const auto& seen = operations_[i].result;
                      if (!seen.has_value() || *seen == result) states.push_back(std::move(next));
                    });
      done_[i] = true;
      for (const typename S::State& next : states) {
        if (Try(next)) return true;
      }
      done_[i] = false;
    }
    return false;
  }
  bool MayBeNext(std::size_t i) const {
    for (std::size_t other = 0; other < done_.size(); ++other) {
      if (precedes_[other][i] && !done_[other]) return false;
    }
    return true;
  }

  const S& specification_;
  const std::vector<typename HistoryOf<S>::Operation>& operations_;
  std::vector<std::vector<bool>> precedes_;
  std::vector<bool> done_;
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_BRUTE_FORCE_FOR_TEST_H_
