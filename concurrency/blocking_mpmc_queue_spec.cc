// BlockingMpmcQueue is a queue of bounded length that can be closed: each call answers as a list
// would that takes nothing any more once it is closed, and waits only where that has no answer.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/concurrency/blocking_mpmc_queue.h"
#include "ashlar/concurrency/wait_outcome.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

// One slot, so that producers have to wait as well.
constexpr std::size_t kCapacity = 1;

struct ClosableQueue {
  enum class Method : std::uint8_t { kTryPush, kPush, kPushFor, kTryPop, kPop, kPopFor, kClose };
  struct Call {
    Method method;
    int item = 0;  // of a push
  };
  struct Result {
    WaitOutcome outcome;
    int item = 0;  // of a pop
    friend bool operator==(const Result&, const Result&) = default;
  };
  struct State {
    std::deque<int> items;  // the oldest first
    bool closed = false;
    friend bool operator==(const State&, const State&) = default;
    template <class H>
    friend H AbslHashValue(H hash, const State& state) {
      return H::combine(std::move(hash), state.items, state.closed);
    }
  };

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    State next = state;
    switch (call.method) {
      case Method::kClose:
        next.closed = true;
        return offer(Result{state.closed ? WaitOutcome::kClosed : WaitOutcome::kOk}, next);
      case Method::kTryPush:
      case Method::kPush:
      case Method::kPushFor:
        if (state.closed) return offer(Result{WaitOutcome::kClosed}, state);
        if (state.items.size() < kCapacity) {
          next.items.push_back(call.item);
          return offer(Result{WaitOutcome::kOk}, next);
        }
        if (call.method == Method::kTryPush) offer(Result{WaitOutcome::kFull}, state);
        if (call.method == Method::kPushFor) offer(Result{WaitOutcome::kTimedOut}, state);
        return;
      default:
        if (!state.items.empty()) {
          next.items.pop_front();
          return offer(Result{WaitOutcome::kOk, state.items.front()}, next);
        }
        if (state.closed) return offer(Result{WaitOutcome::kClosed}, state);
        if (call.method == Method::kTryPop) offer(Result{WaitOutcome::kEmpty}, state);
        if (call.method == Method::kPopFor) offer(Result{WaitOutcome::kTimedOut}, state);
        return;
    }
  }

  std::string Text(const Call& call) const {
    static constexpr const char* kNames[] = {"TryPush", "Push",   "PushFor", "TryPop",
                                             "Pop",     "PopFor", "Close"};
    return kNames[static_cast<int>(call.method)] + ("(" + std::to_string(call.item) + ")");
  }
  std::string Text(const Result& result) const {
    static constexpr const char* kNames[] = {"ok",     "empty",     "full",
                                             "closed", "timed out", "stopped"};
    return kNames[static_cast<int>(result.outcome)] + (" " + std::to_string(result.item));
  }
  std::string Text(const State& state) const {
    std::string text;
    for (const int item : state.items) text += std::to_string(item) + " ";
    return text + (state.closed ? "closed" : "open");
  }
};

// No spinning: it would only make looks more.
template <class Platform>
class QueueObject {
 public:
  using Specification = ClosableQueue;
  using Call = Specification::Call;
  using Result = Specification::Result;
  using Method = Specification::Method;

  static constexpr int kThreads = 3;

  // An index like any other, and the last one.
  static constexpr int kVariants = 2;
  explicit QueueObject(int variant)
      : queue_(kCapacity, std::chrono::nanoseconds(0), variant == 0 ? 0 : ~std::uint64_t{0} >> 1) {}

  Result Do(int, const Call& call) {
    constexpr std::chrono::microseconds kTimeout(20);
    switch (call.method) {
      case Method::kTryPush:
        return {queue_.TryPush(call.item)};
      case Method::kPush:
        return {queue_.Push(call.item)};
      case Method::kPushFor:
        return {queue_.PushFor(call.item, kTimeout)};
      case Method::kTryPop:
        return Popped(queue_.TryPop());
      case Method::kPop:
        return Popped(queue_.Pop());
      case Method::kPopFor:
        return Popped(queue_.PopFor(kTimeout));
      default:
        return {queue_.Close() ? WaitOutcome::kOk : WaitOutcome::kClosed};
    }
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before.has_value() && before->outcome != WaitOutcome::kOk) return std::nullopt;
    return Call{Method::kTryPop};
  }
  // A call that was told of an item waits for it.
  static Specification Late() { return {}; }

 protected:
  // All items differ.
  static int Item(int thread, std::span<const Call> made) {
    return 100 * (thread + 1) + static_cast<int>(made.size());
  }

 private:
  static Result Popped(const WaitResult<int>& result) {
    return {result.outcome, result.item.value_or(0)};
  }

  BlockingMpmcQueue<int, Platform> queue_;
};

// One produces, one consumes, one does both; any of them may be left waiting.
template <class Platform>
class MayWait : public QueueObject<Platform> {
 public:
  using Base = QueueObject<Platform>;
  using Base::Base;
  using typename Base::Call, typename Base::Method;

  static constexpr bool kMayWait = true;

  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int item = Base::Item(thread, made);
    if (thread == 0) return {{Method::kPush, item}, {Method::kPushFor, item}, {Method::kClose}};
    if (thread == 1) return {{Method::kPop}, {Method::kPopFor}, {Method::kTryPop}};
    return {{Method::kTryPush, item}, {Method::kPop}, {Method::kClose}};
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{2, 2}, 0}, {{1, 2}, 0}, {{1, 1}}};
    return {{{2, 1}, 0}, {{1, 2}, 0}, {{1, 1}}};
  }
};

// Threads that all end: one pushes and then closes, whatever the others do until then.
template <class Platform>
class UntilClosed : public QueueObject<Platform> {
 public:
  using Base = QueueObject<Platform>;
  using Base::Base;
  using typename Base::Call, typename Base::Method;

  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    constexpr std::size_t kCallsBeforeClose = 13;
    const int item = Base::Item(thread, made);
    if (thread > 0) {
      return {{Method::kPop}, {Method::kPopFor}, {Method::kTryPop}, {Method::kPushFor, item}};
    }
    if (made.size() == kCallsBeforeClose) return {{Method::kClose}};
    return {{Method::kTryPush, item}, {Method::kPushFor, item}};
  }
  static std::vector<Shape> Programs(bool) { return {{{2, 1}, 0}}; }
};

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<MayWait>("BlockingMpmcQueue"),
      MakeObject<UntilClosed>("BlockingMpmcQueueUntilClosed"),
  };
}

}  // namespace ashlar::verification::linearizability
