// history.h
// ---------
// History: what threads asked an object, what it answered, and in which order.
//
//   History<Queue<int>::Call, Queue<int>::Result> history{.threads = 2};
//   history.operations = {
//       {.thread = 0, .call = Push(1), .result = Pushed(), .called = 10, .returned = 30},
//       {.thread = 1, .call = Pop(),                       .called = 20},  // pending
//   };
//
// The order is that of the times, in which an operation precedes those that are called
// after it returned (stress_recorder.h makes such histories of real threads), or the one
// that `order` gives, if it is set: pairs of operations of which the first precedes the
// second, besides the order of each thread's own (execution_recorder.h makes such of
// model executions, where there is no time).
//
// An operation without a result is pending: it was called and has not returned. It may
// have taken effect or not. It is the last one of its thread.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_HISTORY_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_HISTORY_H_

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability {

template <class Call, class Result>
struct History {
  struct Operation {
    int thread = 0;
    Call call{};
    std::optional<Result> result = std::nullopt;
    Time called = 0;
    Time returned = 0;
  };

  int threads = 0;
  std::vector<Operation> operations = {};
  std::optional<std::vector<std::pair<int, int>>> order = std::nullopt;

  std::vector<Order::Place> Places() const {
    std::vector<Order::Place> places;
    places.reserve(operations.size());
    for (const Operation& operation : operations) {
      places.push_back(
          {operation.thread, !operation.result.has_value(), operation.called, operation.returned});
    }
    return places;
  }

  // InvalidArgument if it is no history: see order.h.
  absl::StatusOr<Order> MakeOrder() const {
    return order.has_value() ? Order::OfPairs(threads, Places(), *order)
                             : Order::OfTimes(threads, Places());
  }
};

// That of a specification (specification.h).
template <class Specification>
using HistoryOf = History<typename Specification::Call, typename Specification::Result>;

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_HISTORY_H_
