// search.h
// --------
// Search: depth first through the sequences of operations that agree with an order and a
// specification, entering no configuration twice. See checker.h.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_SEARCH_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_SEARCH_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "ashlar/verification/linearizability/internal/configuration_set.h"
#include "ashlar/verification/linearizability/internal/problem.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/verdict.h"

namespace ashlar::verification::linearizability::internal {

// What is left of the limits.
class Budget {
 public:
  explicit Budget(const Limits& limits)
      : limits_(limits), start_(std::chrono::steady_clock::now()) {}

  // Takes one configuration. False if there is none left; Exhausted() says why.
  bool Take();
  std::uint64_t Used() const { return used_; }
  const std::string& Exhausted() const { return exhausted_; }

 private:
  const Limits limits_;
  const std::chrono::steady_clock::time_point start_;
  std::uint64_t used_ = 0;
  std::string exhausted_;
};

// The search through one part of a history; operations are known by their index in it.
class Search {
 public:
  // `part`: the indices in the history of the operations that `order` orders.
  Search(Problem& problem, const std::vector<int>& part, const Order& order, Budget& budget);

  Verdict Run();

  // After Run() gave up: what it would say if nothing else could be tried.
  Verdict GiveUp() { return NotLinearizable(); }
  // Why an operation, by its index in the history, can not take effect after Run().
  std::string Refusal(int index) const { return Refusal(index, stack_.back().state); }

 private:
  struct Frame {
    std::uint32_t state = 0;
    int rank = -1;                 // of the operation that is tried
    std::size_t first_effect = 0;  // of those in effects_ that have not been tried
  };

  // Nothing else has to take effect before it.
  bool MayBeNext(int operation) const;
  // Moves on to the next operation that may take effect, by rank. An operation that was
  // over early is likely to have taken effect early.
  bool NextOperation(Frame& frame) const;
  bool Enter(std::uint32_t state);
  void Do(int operation);
  void Undo(int operation);
  // Those that are not pending and may be next.
  std::vector<int> Stuck() const;
  void RememberLongest();

  std::vector<int> Named(const std::vector<int>& operations) const;
  Verdict MakeVerdict(Outcome outcome) const;
  Verdict Unknown();
  Verdict NotLinearizable();
  // Why an operation of the history can not take effect in a state.
  std::string Refusal(int index, std::uint32_t state) const;

  Problem& problem_;
  const std::vector<int>& part_;
  const Order& order_;
  Budget& budget_;

  ConfigurationSet visited_;
  std::vector<std::uint32_t> done_;  // how many operations of each thread took effect
  std::vector<int> rank_;
  std::size_t to_do_ = 0;      // operations that must still take effect
  std::vector<int> sequence_;  // those that did
  std::vector<Frame> stack_;   // a frame for each, and one for the beginning
  std::vector<std::uint32_t> effects_;

  std::size_t longest_to_do_ = std::numeric_limits<std::size_t>::max();
  std::vector<int> longest_;
  std::uint32_t longest_state_ = 0;
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_SEARCH_H_
