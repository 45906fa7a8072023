// specifications.h
// ----------------
// Specifications of common objects, as specification.h wants them:
//
//   Register<T>           Write, Read
//   Counter               Add, which answers the sum before
//   Stack<T>              Push, Pop: the newest first
//   Queue<T>              Push, Pop: the oldest first; with a capacity if you like
//   RelaxedQueue<T>       as Queue, but Pop takes one of the k oldest, and both may fail
//   WorkStealingDeque<T>  Push, Pop at one end, Steal at the other, which may say retry
//   Set<T>                Insert, Remove, Contains; each element alone
//   Map<K, V>             Put, Remove, Get; each key alone
//
// Calls and answers are made by functions of these names: Queue<int>::Push(1),
// Queue<int>::Done(), Queue<int>::Took(1), Queue<int>::Failed().
//
// Items, elements and values are copied, compared, hashed (absl::Hash) and, in texts,
// converted by std::to_string or copied into a std::string.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_SPECIFICATIONS_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_SPECIFICATIONS_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/fifo.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability {

namespace internal {

template <class T>
std::string ValueText(const T& value) {
  if constexpr (std::convertible_to<T, std::string>) {
    return value;
  } else {
    return std::to_string(value);
  }
}

template <class Container>
std::string ListText(const Container& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : " ") + ValueText(item);
  return "[" + text + "]";
}

}  // namespace internal

template <class T>
struct Register {
  struct Call {
    bool write = false;
    T value{};
  };
  // What a Read answers; a Write answers what it wrote.
  using Result = T;
  using State = T;

  static Call Write(T value) { return {true, std::move(value)}; }
  static Call Read() { return {}; }

  T initial{};

  State Initial() const { return initial; }
  Result Apply(State& state, const Call& call) const {
    if (call.write) state = call.value;
    return state;
  }
  std::string Text(const Call& call) const {
    return call.write ? "Write(" + internal::ValueText(call.value) + ")" : "Read()";
  }
  std::string Text(const T& value) const { return internal::ValueText(value); }
};

struct Counter {
  struct Call {
    std::int64_t add = 0;
  };
  using Result = std::int64_t;  // the sum before
  using State = std::int64_t;

  static Call Add(std::int64_t value) { return {value}; }

  Result Apply(State& state, const Call& call) const {
    return std::exchange(state, state + call.add);
  }
  std::string Text(const Call& call) const { return "Add(" + std::to_string(call.add) + ")"; }
  std::string Text(std::int64_t value) const { return std::to_string(value); }
};

// What stacks, queues and deques have in common.
template <class T>
struct ItemContainer {
  enum class Method : std::uint8_t { kPush, kPop, kSteal };
  struct Call {
    Method method = Method::kPush;
    T item{};
  };
  enum class Answer : std::uint8_t {
    kDone,   // a push
    kTook,   // an item
    kEmpty,  // nothing was there
    kFull,   // a push
    kRetry,  // no statement
  };
  struct Result {
    Answer answer = Answer::kDone;
    T item{};  // of kTook
    friend bool operator==(const Result&, const Result&) = default;
  };
  using State = std::deque<T>;  // the oldest first

  static Call Push(T item) { return {Method::kPush, std::move(item)}; }
  static Call Pop() { return {Method::kPop, T()}; }
  static Call Steal() { return {Method::kSteal, T()}; }

  static Result Done() { return {Answer::kDone, T()}; }
  static Result Took(T item) { return {Answer::kTook, std::move(item)}; }
  static Result Empty() { return {Answer::kEmpty, T()}; }
  static Result Full() { return {Answer::kFull, T()}; }
  static Result Retry() { return {Answer::kRetry, T()}; }
  // The answer of a Pop that gave `item`.
  static Result TookOrEmpty(std::optional<T> item) {
    return item.has_value() ? Took(*std::move(item)) : Empty();
  }

  std::string Text(const Call& call) const {
    switch (call.method) {
      case Method::kPush:
        return "Push(" + internal::ValueText(call.item) + ")";
      case Method::kPop:
        return "Pop()";
      default:
        return "Steal()";
    }
  }
  std::string Text(const Result& result) const {
    switch (result.answer) {
      case Answer::kDone:
        return "done";
      case Answer::kTook:
        return internal::ValueText(result.item);
      case Answer::kEmpty:
        return "empty";
      case Answer::kFull:
        return "full";
      default:
        return "retry";
    }
  }
  std::string Text(const State& state) const { return internal::ListText(state); }

 protected:
  static Result TakeOldest(State& state) {
    if (state.empty()) return Empty();
    const Result result = Took(std::move(state.front()));
    state.pop_front();
    return result;
  }
  static Result TakeNewest(State& state) {
    if (state.empty()) return Empty();
    const Result result = Took(std::move(state.back()));
    state.pop_back();
    return result;
  }
};

inline constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

template <class T>
struct Stack : ItemContainer<T> {
  using Items = ItemContainer<T>;
  using typename Items::Call, typename Items::Result, typename Items::State;

  Result Apply(State& state, const Call& call) const {
    if (call.method == Items::Method::kPop) return Items::TakeNewest(state);
    state.push_back(call.item);
    return Items::Done();
  }
};

template <class T>
struct Queue : ItemContainer<T> {
  using Items = ItemContainer<T>;
  using typename Items::Call, typename Items::Result, typename Items::State;

  explicit Queue(std::size_t capacity_in_items = kUnbounded) : capacity(capacity_in_items) {}

  std::size_t capacity;

  Result Apply(State& state, const Call& call) const {
    if (call.method == Items::Method::kPop) return Items::TakeOldest(state);
    if (state.size() >= capacity) return Items::Full();
    state.push_back(call.item);
    return Items::Done();
  }

  // Items that all differ say much about the order (fifo.h).
  std::optional<Order> Deduce(
      const Order& order,
      const std::vector<const typename History<Call, Result>::Operation*>& operations) const {
    std::map<T, int> numbers;
    std::vector<FifoOperation> items;
    for (const auto* operation : operations) {
      const bool push = operation->call.method == Items::Method::kPush;
      const auto number = [&](const T& item) {
        return numbers.try_emplace(item, static_cast<int>(numbers.size())).first->second;
      };
      if (push) {
        const bool refused = operation->result.has_value() && *operation->result == Items::Full();
        items.push_back(refused ? FifoOperation::Nothing()
                                : FifoOperation::Push(number(operation->call.item)));
      } else if (!operation->result.has_value()) {
        items.push_back(FifoOperation::UnknownPop());
      } else if (*operation->result == Items::Empty()) {
        items.push_back(FifoOperation::EmptyPop());
      } else {
        items.push_back(FifoOperation::Pop(number(operation->result->item)));
      }
    }
    return DeduceFifo(order, items);
  }
};

// A queue that is not quite one: Pop takes one of the `k` oldest. With `may_fail`, Push may
// say full and Pop may say empty at any time, as those do that give up when others are in
// their way.
template <class T>
struct RelaxedQueue : ItemContainer<T> {
  using Items = ItemContainer<T>;
  using typename Items::Call, typename Items::Result, typename Items::State;

  std::size_t k = 1;
  std::size_t capacity = kUnbounded;
  bool may_fail = false;

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    if (call.method == Items::Method::kPop) {
      for (std::size_t i = 0; i < k && i < state.size(); ++i) {
        State next = state;
        next.erase(next.begin() + static_cast<std::ptrdiff_t>(i));
        offer(Items::Took(state[i]), std::move(next));
      }
      if (state.empty() || may_fail) offer(Items::Empty(), state);
    } else {
      const bool full = state.size() >= capacity;
      if (!full) {
        State next = state;
        next.push_back(call.item);
        offer(Items::Done(), std::move(next));
      }
      if (full || may_fail) offer(Items::Full(), state);
    }
  }
};

// A Steal may always say retry, and empty if `steal_may_miss`: where items become visible
// to thieves some time after their Push returned.
template <class T>
struct WorkStealingDeque : ItemContainer<T> {
  using Items = ItemContainer<T>;
  using typename Items::Call, typename Items::Result, typename Items::State;

  bool steal_may_miss = false;

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    State next = state;
    switch (call.method) {
      case Items::Method::kPush:
        next.push_back(call.item);
        offer(Items::Done(), std::move(next));
        break;
      case Items::Method::kPop: {
        const Result result = Items::TakeNewest(next);
        offer(result, std::move(next));
        break;
      }
      case Items::Method::kSteal: {
        const Result result = Items::TakeOldest(next);
        offer(result, std::move(next));
        offer(Items::Retry(), state);
        if (steal_may_miss && !state.empty()) offer(Items::Empty(), state);
        break;
      }
    }
  }
};

// Insert and Remove answer whether they changed the set, Contains whether the element is in it.
template <class T>
struct Set {
  enum class Method : std::uint8_t { kInsert, kRemove, kContains };
  struct Call {
    Method method = Method::kContains;
    T element{};
  };
  using Result = bool;
  using State = std::set<T>;

  static Call Insert(T element) { return {Method::kInsert, std::move(element)}; }
  static Call Remove(T element) { return {Method::kRemove, std::move(element)}; }
  static Call Contains(T element) { return {Method::kContains, std::move(element)}; }

  Result Apply(State& state, const Call& call) const {
    switch (call.method) {
      case Method::kInsert:
        return state.insert(call.element).second;
      case Method::kRemove:
        return state.erase(call.element) > 0;
      default:
        return state.contains(call.element);
    }
  }
  const T& Partition(const Call& call) const { return call.element; }

  std::string Text(const Call& call) const {
    static constexpr const char* kNames[] = {"Insert", "Remove", "Contains"};
    return kNames[static_cast<int>(call.method)] + ("(" + internal::ValueText(call.element) + ")");
  }
  std::string Text(const Result& result) const { return result ? "true" : "false"; }
  std::string Text(const State& state) const { return internal::ListText(state); }
};

// Answers the value before.
template <class K, class V>
struct Map {
  enum class Method : std::uint8_t { kPut, kRemove, kGet };
  struct Call {
    Method method = Method::kGet;
    K key{};
    V value{};
  };
  using Result = std::optional<V>;
  using State = std::map<K, V>;

  static Call Put(K key, V value) { return {Method::kPut, std::move(key), std::move(value)}; }
  static Call Remove(K key) { return {Method::kRemove, std::move(key), V()}; }
  static Call Get(K key) { return {Method::kGet, std::move(key), V()}; }

  Result Apply(State& state, const Call& call) const {
    const auto found = state.find(call.key);
    Result before;
    if (found != state.end()) before = found->second;
    if (call.method == Method::kPut) state.insert_or_assign(call.key, call.value);
    if (call.method == Method::kRemove && before.has_value()) state.erase(found);
    return before;
  }
  const K& Partition(const Call& call) const { return call.key; }

  std::string Text(const Call& call) const {
    const std::string key = internal::ValueText(call.key);
    switch (call.method) {
      case Method::kPut:
        return "Put(" + key + ", " + internal::ValueText(call.value) + ")";
      case Method::kRemove:
        return "Remove(" + key + ")";
      default:
        return "Get(" + key + ")";
    }
  }
  std::string Text(const Result& result) const {
    return result.has_value() ? internal::ValueText(*result) : "nothing";
  }
  std::string Text(const State& state) const {
    std::string text;
    for (const auto& [key, value] : state) {
      text +=
          (text.empty() ? "" : " ") + internal::ValueText(key) + ":" + internal::ValueText(value);
    }
    return "{" + text + "}";
  }
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_SPECIFICATIONS_H_
