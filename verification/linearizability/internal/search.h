// search.h
// --------
// Search: depth first through the sequences of operations that agree with an order and a
// specification, entering no configuration twice. See checker.h.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_SEARCH_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_SEARCH_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/configuration_set.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/specification.h"
#include "ashlar/verification/linearizability/verdict.h"

namespace ashlar::verification::linearizability::internal {

// What is left of the limits.
class Budget {
 public:
  explicit Budget(const Limits& limits)
      : limits_(limits), start_(std::chrono::steady_clock::now()) {}

  // Takes one configuration. False if there is none left; Exhausted() says why.
  bool Take() {
    if (used_ == limits_.configurations) {
      exhausted_ = "the limit of " + std::to_string(used_) + " configurations";
      return false;
    }
    // The clock costs more than a configuration.
    if (++used_ % 256 == 0 && std::chrono::steady_clock::now() - start_ > limits_.time) {
      exhausted_ = "the limit of time, after " + std::to_string(used_) + " configurations";
      return false;
    }
    return true;
  }
  std::uint64_t Used() const { return used_; }
  const std::string& Exhausted() const { return exhausted_; }

 private:
  const Limits limits_;
  const std::chrono::steady_clock::time_point start_;
  std::uint64_t used_ = 0;
  std::string exhausted_;
};

// Numbers for states, the same for equal ones.
template <Specification S>
class StateTable {
 public:
  using State = typename S::State;

  explicit StateTable(const S& specification) : numbers_(16, Hash{&specification}) {}

  std::uint32_t Number(State state) {
    const auto [found, is_new] =
        numbers_.try_emplace(std::move(state), static_cast<std::uint32_t>(states_.size()));
    if (is_new) states_.push_back(&found->first);
    return found->second;
  }
  const State& operator[](std::uint32_t number) const { return *states_[number]; }

 private:
  struct Hash {
    const S* specification;
    std::size_t operator()(const State& state) const { return HashOf(*specification, state); }
  };

  std::unordered_map<State, std::uint32_t, Hash> numbers_;
  std::vector<const State*> states_;
};

// The search through one part of a history; operations are known by their index in it.
template <Specification S>
class Search {
 public:
  using Operation = typename HistoryOf<S>::Operation;

  // `part`: the indices in the history of the operations that `order` orders.
  Search(const S& specification, const HistoryOf<S>& history, const std::vector<int>& part,
         const Order& order, Budget& budget)
      : specification_(specification),
        history_(history),
        part_(part),
        order_(order),
        budget_(budget),
        states_(specification),
        visited_(order.Threads()),
        done_(order.Threads()),
        rank_(part.size()) {
    for (int rank = 0; rank < order_.Size(); ++rank) {
      const int operation = order_.ByRank()[rank];
      rank_[operation] = rank;
      if (!order_.Pending(operation)) ++to_do_;
    }
  }

  Verdict Run() {
    stack_.push_back({.state = states_.Number(InitialState(specification_))});
    while (to_do_ > 0) {
      Frame& frame = stack_.back();
      if (effects_.size() > frame.first_effect) {
        const std::uint32_t state = effects_.back();
        effects_.pop_back();
        const int operation = order_.ByRank()[frame.rank];
        Do(operation);
        if (!visited_.Insert(done_, state)) {
          Undo(operation);
        } else if (!Enter(state)) {
          return Unknown();
        }
      } else if (NextOperation(frame)) {
        const Operation& operation = At(order_.ByRank()[frame.rank]);
        ForEachEffect(specification_, states_[frame.state], operation.call,
                      [&](const typename S::Result& result, typename S::State state) {
                        if (!operation.result.has_value() || *operation.result == result) {
                          effects_.push_back(states_.Number(std::move(state)));
                        }
                      });
      } else {
        RememberLongest();
        stack_.pop_back();
        if (stack_.empty()) return NotLinearizable();
        Undo(sequence_.back());
      }
    }
    Verdict verdict = MakeVerdict(Outcome::kLinearizable);
    verdict.sequence = Named(sequence_);
    return verdict;
  }

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

  const Operation& At(int operation) const { return history_.operations[part_[operation]]; }

  // Nothing else has to take effect before it.
  bool MayBeNext(int operation) const {
    const auto before = order_.Before(operation);
    for (std::size_t thread = 0; thread < done_.size(); ++thread) {
      if (done_[thread] < before[thread]) return false;
    }
    return true;
  }

  // Moves on to the next operation that may take effect, by rank. An operation that was
  // over early is likely to have taken effect early.
  bool NextOperation(Frame& frame) const {
    int next = order_.Size();
    for (int thread = 0; thread < order_.Threads(); ++thread) {
      const auto sequence = order_.Sequence(thread);
      if (done_[thread] == sequence.size()) continue;
      const int operation = sequence[done_[thread]];
      const int rank = rank_[operation];
      if (rank > frame.rank && rank < next && MayBeNext(operation)) next = rank;
    }
    frame.rank = next;
    return next < order_.Size();
  }

  bool Enter(std::uint32_t state) {
    if (!budget_.Take()) return false;
    stack_.push_back({.state = state, .first_effect = effects_.size()});
    return true;
  }

  void Do(int operation) {
    ++done_[order_.Thread(operation)];
    if (!order_.Pending(operation)) --to_do_;
    sequence_.push_back(operation);
  }
  void Undo(int operation) {
    --done_[order_.Thread(operation)];
    if (!order_.Pending(operation)) ++to_do_;
    sequence_.pop_back();
  }

  // Those that are not pending and may be next.
  std::vector<int> Stuck() const {
    std::vector<int> stuck;
    for (const int operation : order_.ByRank()) {
      const int thread = order_.Thread(operation);
      const bool is_next = static_cast<int>(done_[thread]) == order_.IndexInThread(operation);
      if (is_next && !order_.Pending(operation) && MayBeNext(operation)) stuck.push_back(operation);
    }
    return stuck;
  }

  void RememberLongest() {
    if (to_do_ > longest_to_do_) return;
    // Rather without pending operations that help nobody.
    if (to_do_ == longest_to_do_ && (sequence_.size() >= longest_.size() || Stuck().empty())) {
      return;
    }
    longest_to_do_ = to_do_;
    longest_ = sequence_;
    longest_state_ = stack_.back().state;
  }

  std::vector<int> Named(const std::vector<int>& operations) const {
    std::vector<int> named;
    for (const int operation : operations) named.push_back(part_[operation]);
    return named;
  }

  Verdict MakeVerdict(Outcome outcome) const {
    Verdict verdict;
    verdict.outcome = outcome;
    verdict.part = part_;
    return verdict;
  }

  Verdict Unknown() {
    RememberLongest();
    Verdict verdict = MakeVerdict(Outcome::kUnknown);
    verdict.sequence = Named(longest_);
    verdict.why = budget_.Exhausted();
    return verdict;
  }

  Verdict NotLinearizable() {
    Verdict verdict = MakeVerdict(Outcome::kNotLinearizable);
    verdict.sequence = Named(longest_);
    std::fill(done_.begin(), done_.end(), 0);
    for (const int operation : longest_) ++done_[order_.Thread(operation)];
    for (const int operation : Stuck()) {
      verdict.stuck.push_back(part_[operation]);
      verdict.why += Refusal(part_[operation], longest_state_);
    }
    return verdict;
  }

  // Why an operation of the history can not take effect in a state.
  std::string Refusal(int index, std::uint32_t state) const {
    const Operation& operation = history_.operations[index];
    std::string allowed;
    ForEachEffect(specification_, states_[state], operation.call,
                  [&](const typename S::Result& other, const typename S::State&) {
                    const std::string text = TextOf(specification_, other);
                    allowed += (allowed.empty() ? "" : " or ") + (text.empty() ? "another" : text);
                  });
    const std::string where = TextOf(specification_, states_[state]);
    return "operation " + std::to_string(index) + " of thread " + std::to_string(operation.thread) +
           ", " + TextOf(specification_, operation.call, operation.result) + ": " +
           (where.empty() ? "here" : "in the state " + where) + " the specification " +
           (allowed.empty() ? "lets it wait" : "answers " + allowed) + "\n";
  }

  const S& specification_;
  const HistoryOf<S>& history_;
  const std::vector<int>& part_;
  const Order& order_;
  Budget& budget_;

  StateTable<S> states_;
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
