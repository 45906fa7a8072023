// checker.h
// ---------
// CheckLinearizable: whether there is a sequence of a history's operations that agrees
// with its order and that the specification allows, with the results that were seen.
//
//   absl::StatusOr<Verdict> verdict = CheckLinearizable(Queue<int>(), history);
//   if (verdict->outcome != Outcome::kLinearizable) puts(DrawText(...).c_str());
//
// Use it for histories of real threads (stress_recorder.h), of model executions
// (execution_recorder.h) or of your own logs. Pending operations may take effect or not.
//
// The algorithm is that of Wing and Gong ("Testing and verifying concurrent objects",
// 1993) as improved by Lowe ("Testing for linearizability", 2017): depth first, one
// operation after another that nothing precedes any more, and back when the specification
// refuses; no configuration (which operations took effect, and the state) is entered
// twice. Since operations of one thread follow each other, a configuration is a number
// for each thread and a state, not a bit for each operation, and no list is needed from
// which operations are lifted. A specification with a Partition is checked for each key alone
// (Herlihy and Wing's locality; Horn and Kroening, "Faster linearizability checking via
// P-compositionality", 2015). That holds for times and not for every partial order, so
// histories with an `order` are checked whole.
//
// Cost: time and memory are proportional to the configurations; each takes up to T^2
// comparisons for T threads, and a copy of the state. If operations overlap little, their
// number is about that of operations. At worst it is the product over all threads of
// (operations + 1), times the states that can be reached with the same operations done; with
// no bound on threads the problem is NP-complete (Gibbons and Korach, 1997). Hence limits.
//
// Thread safety: none shared; check histories in parallel if you like.
// Errors: InvalidArgument for what is no history (order.h). Specifications do not throw.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_CHECKER_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_CHECKER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/configuration_set.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability {

enum class Outcome {
  kLinearizable,
  kNotLinearizable,
  kUnknown,  // a limit came first
};

// For the whole history.
struct Limits {
  std::size_t operations = std::numeric_limits<std::size_t>::max();
  std::uint64_t configurations = 10'000'000;
  std::chrono::nanoseconds time = std::chrono::nanoseconds::max();
};

// Operations are known by their index in the history.
struct Verdict {
  Outcome outcome = Outcome::kUnknown;
  // kLinearizable: the operations that took effect, in a sequence that explains them.
  // Otherwise: the longest beginning of such a sequence that was found.
  std::vector<int> sequence;
  // kNotLinearizable: after that beginning one of these would have to take effect next,
  // and the specification allows none of them.
  std::vector<int> stuck;
  // kNotLinearizable: a line for each of them. kUnknown: which limit it was.
  std::string why;
  // What `sequence` and `stuck` are about: the operations of one key, if there are keys.
  std::vector<int> part;
  // How many were visited.
  std::uint64_t configurations = 0;
};

template <Specification S>
absl::StatusOr<Verdict> CheckLinearizable(const S& specification, const HistoryOf<S>& history,
                                          const Limits& limits = {});

// Implementation.

namespace internal {

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

inline std::vector<int> AllOf(const Order& order) {
  std::vector<int> all(order.Size());
  std::iota(all.begin(), all.end(), 0);
  return all;
}

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

  // What is known to have no sequence, as far as the budget goes.
  Verdict RunInVain() {
    Verdict verdict = Run();
    ASHLAR_CHECK(verdict.outcome != Outcome::kLinearizable, "Deduce found an order wrongly");
    if (verdict.outcome == Outcome::kNotLinearizable) return verdict;
    verdict = NotLinearizable();
    verdict.why = "the order of the operations contradicts itself\n" + verdict.why;
    return verdict;
  }

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
      verdict.why += Refusal(operation) + "\n";
    }
    return verdict;
  }

  // Why an operation can not follow the longest sequence.
  std::string Refusal(int operation) const {
    const auto& [thread, call, result, called, returned] = At(operation);
    std::string allowed;
    ForEachEffect(specification_, states_[longest_state_], call,
                  [&](const typename S::Result& other, const typename S::State&) {
                    const std::string text = TextOf(specification_, other);
                    allowed += (allowed.empty() ? "" : " or ") + (text.empty() ? "another" : text);
                  });
    const std::string state = TextOf(specification_, states_[longest_state_]);
    return "operation " + std::to_string(part_[operation]) + " of thread " +
           std::to_string(thread) + ", " + TextOf(specification_, call, result) + ": " +
           (state.empty() ? "here" : "in the state " + state) + " the specification " +
           (allowed.empty() ? "lets it wait" : "answers " + allowed);
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

// One sequence of several that agrees with each of them and with the order of times.
std::vector<int> Merge(const Order& order, const std::vector<std::vector<int>>& sequences);

// Operations that are checked together.
template <Specification S>
Verdict CheckPart(const S& specification, const HistoryOf<S>& history, const std::vector<int>& part,
                  const Order& order, Budget& budget) {
  if constexpr (Deducing<S>) {
    std::vector<const typename HistoryOf<S>::Operation*> operations;
    for (const int operation : part) operations.push_back(&history.operations[operation]);
    const std::optional<Order> deduced = specification.Deduce(order, operations);
    if (deduced.has_value()) {
      return Search<S>(specification, history, part, *deduced, budget).Run();
    }
    Budget some({.configurations = 10'000});
    return Search<S>(specification, history, part, order, some).RunInVain();
  } else {
    return Search<S>(specification, history, part, order, budget).Run();
  }
}

// Each key alone.
template <Specification S>
Verdict CheckParts(const S& specification, const HistoryOf<S>& history, const Order& order,
                   Budget& budget) {
  using Key = std::decay_t<decltype(specification.Partition(history.operations[0].call))>;
  std::map<Key, std::vector<int>> parts;
  for (int i = 0; i < order.Size(); ++i) {
    parts[specification.Partition(history.operations[i].call)].push_back(i);
  }
  std::vector<std::vector<int>> sequences;
  Verdict whole;
  whole.outcome = Outcome::kLinearizable;
  for (const auto& [key, part] : parts) {
    Verdict verdict = CheckPart(specification, history, part, order.Of(part), budget);
    if (verdict.outcome == Outcome::kNotLinearizable) return verdict;
    if (verdict.outcome == Outcome::kUnknown) {
      whole = std::move(verdict);  // but another key may be wrong
    } else {
      sequences.push_back(std::move(verdict.sequence));
    }
  }
  if (whole.outcome == Outcome::kLinearizable) {
    whole.sequence = Merge(order, sequences);
    whole.part = AllOf(order);
  }
  return whole;
}

}  // namespace internal

template <Specification S>
absl::StatusOr<Verdict> CheckLinearizable(const S& specification, const HistoryOf<S>& history,
                                          const Limits& limits) {
  const absl::StatusOr<Order> order = history.MakeOrder();
  if (!order.ok()) return order.status();
  const std::vector<int> all = internal::AllOf(*order);
  Verdict verdict;
  if (all.size() > limits.operations) {
    verdict.part = all;
    verdict.why = "the limit of " + std::to_string(limits.operations) + " operations";
    return verdict;
  }
  internal::Budget budget(limits);
  if constexpr (Partitioned<S>) {
    if (!history.order.has_value()) {
      verdict = internal::CheckParts(specification, history, *order, budget);
      verdict.configurations = budget.Used();
      return verdict;
    }
  }
  verdict = internal::CheckPart(specification, history, all, *order, budget);
  verdict.configurations = budget.Used();
  return verdict;
}

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_CHECKER_H_
