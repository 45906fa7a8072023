// problem.h
// ---------
// Problem: a history and the specification to compare it with, without their types. Operations
// are known by their index in the history, and states by numbers, the same for equal ones. So
// what checks and draws histories is compiled once. TypedProblem (typed_problem.h) makes it.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_PROBLEM_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_PROBLEM_H_

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability::internal {

class Problem {
 public:
  using Pairs = std::vector<std::pair<int, int>>;

  Problem(const Problem&) = delete;
  Problem& operator=(const Problem&) = delete;

  int Threads() const { return threads_; }
  const std::vector<Order::Place>& Places() const { return places_; }
  bool Timed() const { return pairs_ == nullptr; }
  absl::StatusOr<Order> MakeOrder() const;

  virtual std::uint32_t InitialState() = 0;
  // Appends the states into which the operation may lead, with the result that it had.
  virtual void Apply(std::uint32_t state, int operation, std::vector<std::uint32_t>& after) = 0;

  // The operations of each key; nothing if there are no keys.
  virtual std::vector<std::vector<int>> Keys() const = 0;
  // Whether the specification says more about the order; and what, of a part of the history. See
  // specification.h.
  virtual bool Deduces() const = 0;
  virtual std::optional<Order> Deduce(const Order& order, const std::vector<int>& part) const = 0;

  // Empty if the specification has no words for it.
  virtual std::string StateText(std::uint32_t state) const = 0;
  // "Pop() -> 3".
  virtual std::string Text(int operation) const = 0;
  // What could be answered: "3 or empty". Empty if the call would have to wait.
  virtual std::string AnswersText(std::uint32_t state, int operation) const = 0;

 protected:
  // Without `pairs`, the order is that of times.
  Problem(int threads, std::vector<Order::Place> places, const Pairs* pairs)
      : threads_(threads), places_(std::move(places)), pairs_(pairs) {}
  ~Problem() = default;

 private:
  const int threads_;
  const std::vector<Order::Place> places_;
  const Pairs* const pairs_;
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_PROBLEM_H_
