#include "ashlar/verification/linearizability/internal/search.h"

#include <algorithm>

namespace ashlar::verification::linearizability::internal {

bool Budget::Take() {
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

Search::Search(Problem& problem, const std::vector<int>& part, const Order& order, Budget& budget)
    : problem_(problem),
      part_(part),
      order_(order),
      budget_(budget),
      visited_(order.Threads()),
      done_(order.Threads()),
      rank_(part.size()) {
  for (int rank = 0; rank < order_.Size(); ++rank) {
    const int operation = order_.ByRank()[rank];
    rank_[operation] = rank;
    if (!order_.Pending(operation)) ++to_do_;
  }
}

Verdict Search::Run() {
  stack_.push_back({.state = problem_.InitialState()});
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
      problem_.Apply(frame.state, part_[order_.ByRank()[frame.rank]], effects_);
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

bool Search::MayBeNext(int operation) const {
  const auto before = order_.Before(operation);
  for (std::size_t thread = 0; thread < done_.size(); ++thread) {
    if (done_[thread] < before[thread]) return false;
  }
  return true;
}

bool Search::NextOperation(Frame& frame) const {
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

bool Search::Enter(std::uint32_t state) {
  if (!budget_.Take()) return false;
  stack_.push_back({.state = state, .first_effect = effects_.size()});
  return true;
}

void Search::Do(int operation) {
  ++done_[order_.Thread(operation)];
  if (!order_.Pending(operation)) --to_do_;
  sequence_.push_back(operation);
}

void Search::Undo(int operation) {
  --done_[order_.Thread(operation)];
  if (!order_.Pending(operation)) ++to_do_;
  sequence_.pop_back();
}

std::vector<int> Search::Stuck() const {
  std::vector<int> stuck;
  for (const int operation : order_.ByRank()) {
    const int thread = order_.Thread(operation);
    const bool is_next = static_cast<int>(done_[thread]) == order_.IndexInThread(operation);
    if (is_next && !order_.Pending(operation) && MayBeNext(operation)) stuck.push_back(operation);
  }
  return stuck;
}

void Search::RememberLongest() {
  if (to_do_ > longest_to_do_) return;
  // Rather without pending operations that help nobody.
  if (to_do_ == longest_to_do_ && (sequence_.size() >= longest_.size() || Stuck().empty())) {
    return;
  }
  longest_to_do_ = to_do_;
  longest_ = sequence_;
  longest_state_ = stack_.back().state;
}

std::vector<int> Search::Named(const std::vector<int>& operations) const {
  std::vector<int> named;
  for (const int operation : operations) named.push_back(part_[operation]);
  return named;
}

Verdict Search::MakeVerdict(Outcome outcome) const {
  Verdict verdict;
  verdict.outcome = outcome;
  verdict.part = part_;
  return verdict;
}

Verdict Search::Unknown() {
  RememberLongest();
  Verdict verdict = MakeVerdict(Outcome::kUnknown);
  verdict.sequence = Named(longest_);
  verdict.why = budget_.Exhausted();
  return verdict;
}

Verdict Search::NotLinearizable() {
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

std::string Search::Refusal(int index, std::uint32_t state) const {
  const std::string where = problem_.StateText(state);
  const std::string answers = problem_.AnswersText(state, index);
  return "operation " + std::to_string(index) + " of thread " +
         std::to_string(problem_.Places()[index].thread) + ", " + problem_.Text(index) + ": " +
         (where.empty() ? "here" : "in the state " + where) + " the specification " +
         (answers.empty() ? "lets it wait" : "answers " + answers) + "\n";
}

}  // namespace ashlar::verification::linearizability::internal
