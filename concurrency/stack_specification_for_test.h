// stack_specification_for_test.h: what the calls of LockFreeStack and LockFreeStackEbr answer.
#ifndef ASHLAR_CONCURRENCY_STACK_SPECIFICATION_FOR_TEST_H_
#define ASHLAR_CONCURRENCY_STACK_SPECIFICATION_FOR_TEST_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

struct StackSpecification {
  enum class Method : std::uint8_t { kPush, kPop, kPopAll };
  struct Call {
    Method method = Method::kPop;
    int item = 0;  // to push
  };
  // Of what was pushed or popped.
  struct Result {
    int count = 0;
    std::uint64_t items = 0;  // 201105 are 201 and 105; large numbers run over
    friend bool operator==(const Result&, const Result&) = default;

    void Add(int item) {
      ++count;
      items = 1000 * items + static_cast<std::uint64_t>(item);
    }
  };
  using State = std::vector<int>;  // the newest last

  // A push is refused by a stack of `capacity` items,
  std::size_t capacity = ~std::size_t{0};
  // and may be by any whose places may be in the hands of other calls.
  bool may_refuse = false;

  static Call Push(int item) { return {Method::kPush, item}; }
  static Call Pop() { return {}; }
  static Call PopAll() { return {Method::kPopAll, 0}; }

  static Result Pushed(bool pushed) { return {pushed ? 1 : 0, 0}; }
  static Result Popped(const std::optional<int>& item) {
    Result result;
    if (item.has_value()) result.Add(*item);
    return result;
  }
  template <class Chain>
  static Result Popped(Chain chain) {
    Result result;
    while (const std::optional<int> item = chain.TryPop()) result.Add(*item);
    return result;
  }

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    State next = state;
    if (call.method == Method::kPush) {
      if (may_refuse || state.size() >= capacity) offer(Pushed(false), state);
      if (state.size() >= capacity) return;
      next.push_back(call.item);
      return offer(Pushed(true), next);
    }
    Result result;
    while (!next.empty()) {
      result.Add(next.back());
      next.pop_back();
      if (call.method == Method::kPop) break;
    }
    offer(result, next);
  }

  std::string Text(const Call& call) const {
    if (call.method == Method::kPush) return "Push(" + std::to_string(call.item) + ")";
    return call.method == Method::kPop ? "Pop()" : "PopAll()";
  }
  std::string Text(const Result& result) const {
    return std::to_string(result.count) + ": " + std::to_string(result.items);
  }
  std::string Text(const State& state) const {
    std::string text;
    for (const int item : state) text += std::to_string(item) + " ";
    return text;
  }
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_STACK_SPECIFICATION_FOR_TEST_H_
