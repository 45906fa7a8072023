// An event count as each of its calls is specified, and as what it is for: a counter that
// threads wait for.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

// ---- Its calls.

// Who has prepared waits until a notification. NotifyOne is for one of those who wait, at
// least, NotifyAll for all. A commit returns for no other reason: that is more than the contract
// says, and holds while no sleep ends for none. One with a timeout may return at any time.
struct Notifications {
  enum class Method : std::uint8_t {
    kPrepareWait,
    kCancelWait,
    kCommitWait,
    kCommitWaitFor,
    kNotifyOne,
    kNotifyAll,
  };
  struct Call {
    Method method;
    std::uint8_t thread;
  };
  using Result = bool;  // whether it was notified; else true
  // A bit for each thread.
  struct State {
    std::uint8_t waiting = 0;
    std::uint8_t notified = 0;
    friend bool operator==(const State&, const State&) = default;
    template <class H>
    friend H AbslHashValue(H hash, const State& state) {
      return H::combine(std::move(hash), state.waiting, state.notified);
    }
  };

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    const auto self = static_cast<std::uint8_t>(1 << call.thread);
    State next = state;
    switch (call.method) {
      case Method::kPrepareWait:
        next.waiting |= self;
        return offer(true, next);
      case Method::kCancelWait:
        return offer(true, Without(state, self));
      case Method::kCommitWait:
        if (state.notified & self) offer(true, Without(state, self));
        return;
      case Method::kCommitWaitFor:
        return offer((state.notified & self) != 0, Without(state, self));
      case Method::kNotifyOne:
        if (state.waiting == 0) return offer(true, state);
        for (int some = 1; some <= state.waiting; ++some) {
          if ((some & ~state.waiting) == 0) offer(true, Notified(state, some));
        }
        return;
      case Method::kNotifyAll:
        return offer(true, Notified(state, state.waiting));
    }
  }

  std::string Text(const Call& call) const {
    static constexpr const char* kNames[] = {"PrepareWait()",   "CancelWait()", "CommitWait()",
                                             "CommitWaitFor()", "NotifyOne()",  "NotifyAll()"};
    return kNames[static_cast<int>(call.method)];
  }
  std::string Text(bool result) const { return result ? "true" : "false"; }
  std::string Text(const State& state) const {
    return Threads(state.waiting) + " waiting, " + Threads(state.notified) + " notified";
  }

 private:
  static State Without(State state, std::uint8_t self) {
    state.waiting &= static_cast<std::uint8_t>(~self);
    state.notified &= static_cast<std::uint8_t>(~self);
    return state;
  }
  static State Notified(State state, int threads) {
    state.waiting &= static_cast<std::uint8_t>(~threads);
    state.notified |= static_cast<std::uint8_t>(threads);
    return state;
  }
  static std::string Threads(std::uint8_t set) {
    std::string text;
    for (int thread = 0; thread < 8; ++thread) {
      if (set >> thread & 1) text += (text.empty() ? "" : " ") + std::to_string(thread);
    }
    return "{" + text + "}";
  }
};

template <class Platform>
class EventCountObject {
 public:
  using Specification = Notifications;
  using Call = Specification::Call;
  using Method = Specification::Method;

  static constexpr int kThreads = 3;
  static constexpr bool kMayWait = true;

  // An epoch, and one that is about to wrap around.
  static constexpr int kVariants = 2;
  explicit EventCountObject(int variant) : events_(variant == 0 ? 0 : 0xffffffff) {}

  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const auto self = static_cast<std::uint8_t>(thread);
    if (!made.empty() && made.back().method == Method::kPrepareWait) {
      return {
          {Method::kCancelWait, self}, {Method::kCommitWait, self}, {Method::kCommitWaitFor, self}};
    }
    return {{Method::kPrepareWait, self}, {Method::kNotifyOne, self}, {Method::kNotifyAll, self}};
  }
  bool Do(int thread, const Call& call) {
    switch (call.method) {
      case Method::kPrepareWait:
        keys_[thread] = events_.PrepareWait();
        return true;
      case Method::kCancelWait:
        events_.CancelWait();
        return true;
      case Method::kCommitWait:
        events_.CommitWait(*keys_[thread]);
        return true;
      case Method::kCommitWaitFor:
        return events_.CommitWaitFor(*keys_[thread], std::chrono::nanoseconds(1));
      case Method::kNotifyOne:
        events_.NotifyOne();
        return true;
      default:
        events_.NotifyAll();
        return true;
    }
  }
  static std::vector<Shape> Programs(bool deep) {
    // Without accidents: see Notifications.
    if (deep) return {{{3, 2}, 0}, {{2, 2, 1}, 0}};
    return {{{2, 2}, 0}, {{2, 2, 1}, 0}};
  }

 private:
  using EventCount = BasicEventCount<Platform>;
  EventCount events_;
  std::optional<typename EventCount::Key> keys_[kThreads];
};

// ---- What it is for.

// A number of tokens. Who wants one waits until there is one; with a timeout, no longer than
// he wants to.
struct Tokens {
  enum class Method : std::uint8_t { kAddOne, kAddTwo, kTake, kTakeInTime };
  struct Call {
    Method method;
  };
  using Result = bool;  // whether a token was taken; else true
  using State = int;

  template <class Offer>
  void Apply(int tokens, const Call& call, Offer offer) const {
    switch (call.method) {
      case Method::kAddOne:
        return offer(true, tokens + 1);
      case Method::kAddTwo:
        return offer(true, tokens + 2);
      case Method::kTake:
      case Method::kTakeInTime:
        if (tokens > 0) return offer(true, tokens - 1);
        if (call.method == Method::kTakeInTime) offer(false, tokens);
        return;
    }
  }

  std::string Text(const Call& call) const {
    static constexpr const char* kNames[] = {"AddOne()", "AddTwo()", "Take()", "TakeInTime()"};
    return kNames[static_cast<int>(call.method)];
  }
  std::string Text(bool result) const { return result ? "true" : "false"; }
  std::string Text(int tokens) const { return std::to_string(tokens); }
};

// The count is relaxed on purpose, so that all the ordering is the event count's.
template <class Platform, class FencePolicy>
class TokensObject {
 public:
  using Specification = Tokens;
  using Call = Specification::Call;
  using Method = Specification::Method;

  static constexpr int kThreads = 3;
  static constexpr int kVariants = 2;
  explicit TokensObject(int variant) : events_(variant == 0 ? 0 : 0xffffffff) {}

  // One adds, and others take. With real threads it adds at least as many as they take.
  static std::vector<Call> Calls(int thread, std::span<const Call>) {
    if (thread == 0) return {{Method::kAddOne}, {Method::kAddTwo}};
    return {{Method::kTake}, {Method::kTakeInTime}};
  }
  bool Do(int, const Call& call) {
    switch (call.method) {
      case Method::kAddOne:
        tokens_.fetch_add(1, std::memory_order_relaxed);
        events_.NotifyOne();
        return true;
      case Method::kAddTwo:
        tokens_.fetch_add(2, std::memory_order_relaxed);
        events_.NotifyAll();
        return true;
      case Method::kTake:
        return Take([this](auto key) { return events_.CommitWait(key), true; });
      default:
        return Take([this](auto key) {
          return events_.CommitWaitFor(key, std::chrono::microseconds(100));
        });
    }
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{1, 1}}, {{2, 1}}, {{2, 2}, 0}};
    return {{{1, 1}}, {{2, 1}, 0}, {{1, 2}, 0}};
  }

 private:
  // Until wait(key) returns false.
  template <class Wait>
  bool Take(Wait wait) {
    for (;;) {
      const auto key = events_.PrepareWait();
      if (TryTake()) return events_.CancelWait(), true;
      if (!wait(key)) return false;
    }
  }
  bool TryTake() {
    int tokens = tokens_.load(std::memory_order_relaxed);
    while (tokens > 0) {
      if (tokens_.compare_exchange_weak(tokens, tokens - 1, std::memory_order_relaxed,
                                        std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }

  BasicEventCount<Platform, FencePolicy> events_;
  typename Platform::template Atomic<int> tokens_{0};
};

template <class Platform>
using FencedTokens = TokensObject<Platform, FullFencePolicy>;
template <class Platform>
using AsymmetricTokens = TokensObject<Platform, AsymmetricFencePolicy>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<EventCountObject>("EventCount"),
      MakeObject<FencedTokens>("EventCountTokens"),
      MakeObject<AsymmetricTokens>("AsymmetricEventCountTokens"),
  };
}

}  // namespace ashlar::verification::linearizability
