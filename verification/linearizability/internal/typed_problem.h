// typed_problem.h
// ---------------
// TypedProblem: a history and a specification as a Problem: gives numbers to states.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_TYPED_PROBLEM_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_TYPED_PROBLEM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/number_index.h"
#include "ashlar/verification/linearizability/internal/problem.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability::internal {

// What operations without a result do.
enum class Pending {
  kMayTakeEffect,
  // They wait for ever. Each takes effect where the specification makes it wait, which changes
  // nothing.
  kWaits,
};

template <Specification S>
class TypedProblem final : public Problem {
 public:
  using State = typename S::State;
  using Result = typename S::Result;
  using Operation = typename HistoryOf<S>::Operation;

  // Both must live as long as the problem.
  TypedProblem(const S& specification, const HistoryOf<S>& history,
               Pending pending = Pending::kMayTakeEffect)
      : Problem(history.threads, PlacesOf(history, pending),
                history.order.has_value() ? &*history.order : nullptr),
        specification_(specification),
        operations_(history.operations),
        waits_(pending == Pending::kWaits) {}

  std::uint32_t InitialState() override {
    return Number(linearizability::InitialState(specification_));
  }

  void Apply(std::uint32_t state, int index, std::vector<std::uint32_t>& after) override {
    const Operation& operation = operations_[index];
    const bool waits = waits_ && !operation.result.has_value();
    bool returns = false;
    ForEachEffect(specification_, *states_[state], operation.call,
                  [&](const Result& result, State next) {
                    returns = true;
                    if (waits || (operation.result.has_value() && !(*operation.result == result))) {
                      return;
                    }
                    after.push_back(Number(std::move(next)));
                  });
    if (waits && !returns) after.push_back(state);
  }

  std::vector<std::vector<int>> Keys() const override {
    std::vector<std::vector<int>> keys;
    if constexpr (Partitioned<S>) {
      using Key = std::decay_t<decltype(specification_.Partition(operations_[0].call))>;
      std::map<Key, std::vector<int>> parts;
      for (std::size_t i = 0; i < operations_.size(); ++i) {
        parts[specification_.Partition(operations_[i].call)].push_back(static_cast<int>(i));
      }
      for (auto& [key, part] : parts) keys.push_back(std::move(part));
    }
    return keys;
  }

  bool Deduces() const override { return Deducing<S>; }
  std::optional<Order> Deduce(const Order& order, const std::vector<int>& part) const override {
    if constexpr (Deducing<S>) {
      std::vector<const Operation*> operations;
      for (const int index : part) operations.push_back(&operations_[index]);
      return specification_.Deduce(order, operations);
    } else {
      return order;
    }
  }

  std::string StateText(std::uint32_t state) const override {
    return TextOf(specification_, *states_[state]);
  }
  std::string Text(int index) const override {
    const Operation& operation = operations_[index];
    if (!waits_ || operation.result.has_value()) {
      return TextOf(specification_, operation.call, operation.result);
    }
    return CallText(specification_, operation.call) + " -> waits for ever";
  }
  std::string AnswersText(std::uint32_t state, int index) const override {
    std::string answers;
    ForEachEffect(specification_, *states_[state], operations_[index].call,
                  [&](const Result& result, const State&) {
                    const std::string text = TextOf(specification_, result);
                    answers += (answers.empty() ? "" : " or ") + (text.empty() ? "another" : text);
                  });
    return answers;
  }

 private:
  static std::vector<Order::Place> PlacesOf(const HistoryOf<S>& history, Pending pending) {
    std::vector<Order::Place> places = history.Places();
    if (pending == Pending::kWaits) {
      for (Order::Place& place : places) place.pending = false;
    }
    return places;
  }

  std::uint32_t Number(State&& state) {
    const std::size_t hash = HashOf(specification_, state);
    const std::uint32_t found =
        index_.Find(hash, [&](std::uint32_t number) { return *states_[number] == state; });
    if (found != NumberIndex::kNone) return found;
    index_.Add(hash);
    states_.push_back(std::make_unique<State>(std::move(state)));
    return static_cast<std::uint32_t>(states_.size() - 1);
  }

  const S& specification_;
  const std::vector<Operation>& operations_;
  const bool waits_;
  NumberIndex index_;
  // They stay where they are, since Apply looks at one while it adds others.
  std::vector<std::unique_ptr<State>> states_;
};

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_TYPED_PROBLEM_H_
