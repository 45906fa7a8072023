// waiting.h
// ---------
// Waiting<S>: a specification with one more answer: that the call waits for ever, wherever S
// makes it wait.
//
// In an execution that ends with threads waiting for ever, their last calls get that answer
// and follow all that has returned. If there is then no sequence, one of them should have
// returned: a wake-up was lost.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_WAITING_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_WAITING_H_

#include <cstddef>
#include <string>
#include <utility>

#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability::internal {

template <Specification S>
struct Waiting {
  using Call = typename S::Call;
  using State = typename S::State;
  struct Result {
    typename S::Result answer{};
    bool waits = false;
    friend bool operator==(const Result&, const Result&) = default;
  };

  S specification = S();

  State Initial() const { return InitialState(specification); }
  std::size_t Hash(const State& state) const { return HashOf(specification, state); }

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    bool returns = false;
    ForEachEffect(specification, state, call, [&](const typename S::Result& answer, State after) {
      returns = true;
      offer(Result{answer, false}, std::move(after));
    });
    if (!returns) offer(Result{{}, true}, state);
  }

  std::string Text(const Result& result) const {
    return result.waits ? "waits for ever" : TextOf(specification, result.answer);
  }
  template <class CallOrState>
  std::string Text(const CallOrState& what) const {
    return TextOf(specification, what);
  }
};

// `history`, in which the calls that have not returned wait for ever.
template <Specification S>
void PendingWait(HistoryOf<Waiting<S>>& history) {
  for (std::size_t waiting = 0; waiting < history.operations.size(); ++waiting) {
    if (history.operations[waiting].result.has_value()) continue;
    for (std::size_t other = 0; other < history.operations.size(); ++other) {
      if (!history.operations[other].result.has_value()) continue;
      history.order->emplace_back(static_cast<int>(other), static_cast<int>(waiting));
    }
  }
  for (auto& operation : history.operations) {
    if (!operation.result.has_value()) operation.result.emplace().waits = true;
  }
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_WAITING_H_
