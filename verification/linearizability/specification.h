// specification.h
// ---------------
// What a specification is: the object, as one thread would see it, in an ordinary struct.
//
//   struct Counter {
//     struct Call { int add; };              // what is asked: the method and its arguments
//     using Result = int;                    // what is answered; compared by ==
//     using State = int;                     // copied; compared by ==, hashed
//     Result Apply(State& state, const Call& call) const { return state += call.add; }
//   };
//
// Where there are several answers, or an answer may lead to several states, Apply offers
// each instead of returning one, or none if the call has to wait:
//
//     template <class Offer>
//     void Apply(const State& state, const Call& call, Offer offer) const {
//       offer(Result{...}, State{...});      // as often as there are ways
//     }
//
// Optional:
//
//     State Initial() const                  else State()
//     std::size_t Hash(const State&) const   else absl::Hash, which knows numbers, strings,
//                                            pairs, optionals and containers of such
//     Key Partition(const Call&) const       if the object consists of independent ones, such
//                                            as a map of its keys, which one is called
//     std::optional<Order> Deduce(const Order&, const std::vector<const Operation*>&) const
//                                            if results tell more of the order of operations:
//                                            a stricter one with which all allowed sequences
//                                            agree, or nothing if there are none (fifo.h)
//     std::string Text(const Call&) const    for reports, as are the next two
//     std::string Text(const Result&) const
//     std::string Text(const State&) const
//
// A specification has no state of its own but parameters, such as a capacity.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_SPECIFICATION_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_SPECIFICATION_H_

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability {

// Has one answer to each call.
template <class S>
concept Deterministic = requires(const S& specification, typename S::State& state,
                                 const typename S::Call& call) {
  { specification.Apply(state, call) } -> std::convertible_to<typename S::Result>;
};

template <class S>
concept Specification = std::copyable<typename S::State> &&
    std::equality_comparable<typename S::State> && std::equality_comparable<typename S::Result> &&
    std::copyable<typename S::Call> &&
    (Deterministic<S> ||
     requires(const S& specification, const typename S::State& state, const typename S::Call& call,
              void (*offer)(typename S::Result, typename S::State)) {
       specification.Apply(state, call, offer);
     });

template <class S>
concept Partitioned = requires(const S& specification, const typename S::Call& call) {
  specification.Partition(call);
};

template <class S>
concept Deducing = requires(const S& specification, const Order& order,
                            const std::vector<const typename HistoryOf<S>::Operation*>& part) {
  { specification.Deduce(order, part) } -> std::same_as<std::optional<Order>>;
};

// What every specification offers, given or not.

template <Specification S>
typename S::State InitialState(const S& specification) {
  if constexpr (requires { specification.Initial(); }) {
    return specification.Initial();
  } else {
    return typename S::State();
  }
}

template <Specification S>
std::size_t HashOf(const S& specification, const typename S::State& state) {
  if constexpr (requires { specification.Hash(state); }) {
    return specification.Hash(state);
  } else {
    return absl::Hash<typename S::State>()(state);
  }
}

// Calls visit(result, next state) for each way in which `call` may take effect.
template <Specification S, class Visit>
void ForEachEffect(const S& specification, const typename S::State& state,
                   const typename S::Call& call, Visit visit) {
  if constexpr (Deterministic<S>) {
    typename S::State next = state;
    const typename S::Result result = specification.Apply(next, call);
    visit(result, std::move(next));
  } else {
    specification.Apply(state, call, visit);
  }
}

// `what` is a call, a result or a state; empty if the specification has no words for it.
template <Specification S, class What>
std::string TextOf(const S& specification, const What& what) {
  if constexpr (requires { std::string(specification.Text(what)); }) {
    return specification.Text(what);
  } else {
    return "";
  }
}

// "Pop()".
template <Specification S>
std::string CallText(const S& specification, const typename S::Call& call) {
  std::string text = TextOf(specification, call);
  return text.empty() ? "call" : text;
}

// "Pop() -> 3".
template <Specification S>
std::string TextOf(const S& specification, const typename S::Call& call,
                   const std::optional<typename S::Result>& result) {
  std::string text = CallText(specification, call);
  if (!result.has_value()) return text + " pending";
  const std::string answer = TextOf(specification, *result);
  return answer.empty() ? text : text + " -> " + answer;
}

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_SPECIFICATION_H_
