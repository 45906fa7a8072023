// WorkStealingQueue is two lists, of what its owner pushed and of what others did; from the second
// some go over to the first when its owner has nothing left.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/concurrency/work_stealing_queue.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

constexpr std::size_t kInboxCapacity = 4;

// A Steal may say retry at any time. With `may_miss` it may also say empty: its two looks are at
// two moments, and what is pushed in between, it need not see.
struct TwoLists {
  enum class Method : std::uint8_t { kPush, kPop, kPopExternal, kPushExternal, kSteal };
  struct Call {
    Method method;
    int item = 0;  // of a push
  };
  enum class Answer : std::uint8_t { kDone, kTook, kEmpty, kFull, kRetry };
  struct Result {
    Answer answer;
    int item = 0;  // of kTook
    friend bool operator==(const Result&, const Result&) = default;
  };
  struct State {
    std::deque<int> own;    // the oldest first
    std::deque<int> inbox;  // the oldest first
    friend bool operator==(const State&, const State&) = default;
    template <class H>
    friend H AbslHashValue(H hash, const State& state) {
      return H::combine(std::move(hash), state.own, state.inbox);
    }
  };

  bool may_miss = false;

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    State next = state;
    switch (call.method) {
      case Method::kPush:
        next.own.push_back(call.item);
        return offer(Result{Answer::kDone}, next);
      case Method::kPushExternal:
        if (state.inbox.size() == kInboxCapacity) return offer(Result{Answer::kFull}, state);
        next.inbox.push_back(call.item);
        return offer(Result{Answer::kDone}, next);
      case Method::kPop:
        if (!state.own.empty()) {
          next.own.pop_back();
          return offer(Took(state.own.back()), next);
        }
        OfferInbox(state, offer, /*to_own=*/state.inbox.size());
        return;
      case Method::kPopExternal:
        OfferInbox(state, offer, /*to_own=*/0);
        return;
      case Method::kSteal:
        offer(Result{Answer::kRetry}, state);
        if (may_miss || (state.own.empty() && state.inbox.empty())) {
          offer(Result{Answer::kEmpty}, state);
        }
        if (!state.inbox.empty()) OfferInbox(state, offer, 0);
        if (state.own.empty()) return;
        next.own.pop_front();
        return offer(Took(state.own.front()), next);
    }
  }

  std::string Text(const Call& call) const {
    static constexpr const char* kNames[] = {"Push", "Pop", "PopExternal", "PushExternal", "Steal"};
    return kNames[static_cast<int>(call.method)] + ("(" + std::to_string(call.item) + ")");
  }
  std::string Text(const Result& result) const {
    static constexpr const char* kNames[] = {"done", "took", "empty", "full", "retry"};
    return kNames[static_cast<int>(result.answer)] + (" " + std::to_string(result.item));
  }
  std::string Text(const State& state) const {
    std::string text;
    for (const int item : state.own) text += std::to_string(item) + " ";
    text += "| ";
    for (const int item : state.inbox) text += std::to_string(item) + " ";
    return text;
  }

 private:
  static Result Took(int item) { return {Answer::kTook, item}; }

  // The inbox's oldest item, if there is one; up to `to_own` of the next go over, the last first.
  template <class Offer>
  static void OfferInbox(const State& state, Offer offer, std::size_t to_own) {
    if (state.inbox.empty()) return offer(Result{Answer::kEmpty}, state);
    State next = state;
    next.inbox.pop_front();
    offer(Took(state.inbox.front()), next);
    for (std::size_t moved = 1; moved <= to_own && !next.inbox.empty(); ++moved) {
      next.own.push_front(next.inbox.front());
      next.inbox.pop_front();
      offer(Took(state.inbox.front()), next);
    }
  }
};

template <class Platform, class FencePolicy, bool kMayMiss>
class QueueObject {
 public:
  using Specification = TwoLists;
  using Call = Specification::Call;
  using Result = Specification::Result;
  using Method = Specification::Method;
  using Answer = Specification::Answer;

  static constexpr int kThreads = 3;

  // A deque that is too small, and one that is about to wrap around.
  static constexpr int kVariants = 2;
  explicit QueueObject(int variant)
      : queue_(variant == 0 ? 1 : 2, kInboxCapacity, variant == 0 ? 0 : ~std::uint64_t{0} >> 1) {}

  // The owner, one who pushes from outside and a thief.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int item = 100 * (thread + 1) + static_cast<int>(made.size());
    if (thread == 0) return {{Method::kPop}, {Method::kPush, item}, {Method::kPopExternal}};
    if (thread == 1) return {{Method::kPushExternal, item}, {Method::kSteal}};
    return {{Method::kSteal}, {Method::kPushExternal, item}};
  }
  Result Do(int, const Call& call) {
    switch (call.method) {
      case Method::kPush:
        queue_.Push(call.item);
        return {Answer::kDone};
      case Method::kPop:
        return TookOrEmpty(queue_.Pop());
      case Method::kPopExternal:
        return TookOrEmpty(queue_.PopExternal());
      case Method::kPushExternal:
        return {queue_.TryPushExternal(call.item) ? Answer::kDone : Answer::kFull};
      default: {
        const StealResult<int> result = queue_.Steal();
        if (result.outcome == StealOutcome::kRetry) return {Answer::kRetry};
        if (result.outcome == StealOutcome::kEmpty) return {Answer::kEmpty};
        return {Answer::kTook, result.item};
      }
    }
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Result{Answer::kEmpty}) return std::nullopt;
    return Call{Method::kPop};
  }
  static Specification Specified() { return {.may_miss = kMayMiss}; }
  // A push is a release store, which may wait in a store buffer.
  static Specification Late() requires kMayMiss { return Specified(); }

 private:
  static Result TookOrEmpty(const std::optional<int>& item) {
    if (!item) return {Answer::kEmpty};
    return {Answer::kTook, *item};
  }

  WorkStealingQueue<int, Platform, FencePolicy> queue_;
};

// Every execution of small programs, of which none is long enough to make a Steal miss anything.
template <class Platform, class FencePolicy>
class Explored : public QueueObject<Platform, FencePolicy, false> {
 public:
  using QueueObject<Platform, FencePolicy, false>::QueueObject;
  static constexpr bool kMayWait = true;  // for no real threads
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{3, 3}, 0}, {{2, 2, 1}, 0}};
    return {{{2, 3}, 0}, {{1, 2, 1}, 0}};
  }
};

template <class Platform>
class Stressed : public QueueObject<Platform, FullFencePolicy, true> {
 public:
  using QueueObject<Platform, FullFencePolicy, true>::QueueObject;
  static std::vector<Shape> Programs(bool) { return {{{1, 1}, 0}}; }
};

template <class Platform>
using Fenced = Explored<Platform, FullFencePolicy>;
template <class Platform>
using Asymmetric = Explored<Platform, AsymmetricFencePolicy>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<Fenced>("WorkStealingQueue"),
      MakeObject<Asymmetric>("AsymmetricWorkStealingQueue"),
      MakeObject<Stressed>("WorkStealingQueueOfThreads"),
  };
}

}  // namespace ashlar::verification::linearizability
