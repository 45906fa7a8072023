#include "ashlar/verification/linearizability/execution_recorder.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>

#include "ashlar/concurrency/steal_result.h"
#include "ashlar/verification/linearizability/specifications.h"
#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using rc11::ScenarioResult;
using testing::IsSubstring;
using P = Rc11Platform;
using Status = rc11::Result::Status;
using Spec = WorkStealingDeque<int>;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSeqCst = std::memory_order_seq_cst;

// How a deque's methods are recorded.
template <class Deque>
struct Recorded {
  Deque deque;
  ExecutionRecorder<Spec> recorder;

  void Push(int item) {
    auto operation = recorder.Call(Spec::Push(item));
    deque.Push(item);
    operation.Return(Spec::Done());
  }
  std::optional<int> Pop() {
    auto operation = recorder.Call(Spec::Pop());
    const std::optional<int> item = deque.Pop();
    operation.Return(Spec::TookOrEmpty(item));
    return item;
  }
  void Steal() {
    auto operation = recorder.Call(Spec::Steal());
    const StealResult<int> result = deque.Steal();
    operation.Return(result.outcome == StealOutcome::kSuccess ? Spec::Took(result.item)
                     : result.outcome == StealOutcome::kRetry ? Spec::Retry()
                                                              : Spec::Empty());
  }
};

// The owner pushes `kItems` and takes them back, while each thief steals.
template <class Deque, int kThieves, int kSteals, int kItems = 2>
struct OwnerAndThieves {
  static constexpr int kThreads = 1 + kThieves;
  Recorded<Deque> deque;
  void Thread(unsigned index) {
    if (index != 0) {
      for (int i = 0; i < kSteals; ++i) deque.Steal();
      return;
    }
    for (int item = 1; item <= kItems; ++item) deque.Push(item);
    for (int i = 0; i < kItems; ++i) deque.Pop();
  }
  void After() {
    while (deque.Pop().has_value()) {
    }
    deque.recorder.ExpectLinearizable();
  }
};

template <class S>
ScenarioResult Explore() {
  const auto start = std::chrono::steady_clock::now();
  const ScenarioResult scenario = ExploreRc11<S>();
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  std::printf("%ju executions in %.3f s\n", std::uintmax_t{scenario.result.executions},
              seconds.count());
  return scenario;
}

template <class S>
void ExpectLinearizable() {
  const ScenarioResult scenario = Explore<S>();
  EXPECT_EQ(scenario.result.status, Status::kComplete) << scenario.failure;
}

template <class S>
void ExpectNot(const char* what) {
  const ScenarioResult scenario = Explore<S>();
  EXPECT_EQ(scenario.result.status, Status::kFailed);
  EXPECT_PRED_FORMAT2(IsSubstring, "not linearizable", scenario.failure);
  EXPECT_PRED_FORMAT2(IsSubstring, what, scenario.failure);
}

// ---- What is linearizable, and what is not.

// Chase and Lev's, with room for four, and an order that can be wrong.
template <std::memory_order kPublish, bool kFence = true>
class TestDeque {
 public:
  void Push(int item) {
    const int bottom = bottom_.load(kRelaxed);
    slots_[bottom].store(item, kRelaxed);
    bottom_.store(bottom + 1, kPublish);
  }
  std::optional<int> Pop() {
    const int last = bottom_.load(kRelaxed) - 1;
    bottom_.store(last, kPublish);
    if (kFence) P::Fence(kSeqCst);
    int top = top_.load(kRelaxed);
    if (top < last) return slots_[last].load(kRelaxed);
    const bool taken = top == last && top_.compare_exchange_strong(top, top + 1, kSeqCst, kRelaxed);
    bottom_.store(last + 1, kPublish);
    if (!taken) return std::nullopt;
    return slots_[last].load(kRelaxed);
  }
  StealResult<int> Steal() {
    int top = top_.load(kAcquire);
    P::Fence(kSeqCst);
    if (top >= bottom_.load(kAcquire)) return {};
    const int item = slots_[top].load(kRelaxed);
    if (!top_.compare_exchange_strong(top, top + 1, kSeqCst, kRelaxed)) {
      return {StealOutcome::kRetry, 0};
    }
    return {StealOutcome::kSuccess, item};
  }

 private:
  P::Atomic<int> top_{0};
  P::Atomic<int> bottom_{0};
  P::Atomic<int> slots_[4];
};

TEST(ExecutionRecorderTest, TestDequeIsLinearizableIfItsOrdersAreRight) {
  ExpectLinearizable<OwnerAndThieves<TestDeque<kRelease>, 1, 2>>();
}

TEST(ExecutionRecorderTest, ARelaxedPublicationIsFound) {
  ExpectNot<OwnerAndThieves<TestDeque<kRelaxed>, 1, 1>>("Steal() -> 0");
}

TEST(ExecutionRecorderTest, AMissingFenceIsFound) {
  ExpectNot<OwnerAndThieves<TestDeque<kRelease, false>, 1, 2>>("!!");
}

// ---- What the order is.

// Keeps the last item to itself until the next push.
class LatePublisher {
 public:
  void Push(int item) {
    if (kept_ != 0) published_.store(kept_, kRelease);
    kept_ = item;
  }
  std::optional<int> Pop() {
    const int item = published_.exchange(0, kAcquire);
    return item != 0 ? std::optional(item) : std::nullopt;
  }

 private:
  P::Atomic<int> published_{0};
  int kept_ = 0;  // the producer's
};

// The consumer looks for the item, having seen, or not, a flag that is set after the push.
template <std::memory_order kSet>
struct FlagAfterPush {
  static constexpr int kThreads = 2;
  using Items = Queue<int>;
  LatePublisher queue;
  P::Atomic<bool> pushed{false};
  ExecutionRecorder<Items> recorder;
  void Thread(unsigned index) {
    if (index == 0) {
      auto push = recorder.Call(Items::Push(1));
      queue.Push(1);
      push.Return(Items::Done());
      pushed.store(true, kSet);
    } else if (pushed.load(kAcquire)) {
      auto pop = recorder.Call(Items::Pop());
      pop.Return(Items::TookOrEmpty(queue.Pop()));
    }
  }
  void After() { recorder.ExpectLinearizable(Items()); }
};

TEST(ExecutionRecorderTest, WhatTheScenarioSynchronisesIsInOrder) {
  ExpectNot<FlagAfterPush<kRelease>>("Pop() -> empty");
}

TEST(ExecutionRecorderTest, WithoutHappensBeforeAPopMayMissAPush) {
  ExpectLinearizable<FlagAfterPush<kRelaxed>>();
}

// What is recorded outside of threads is before and after them.
template <bool kWrong>
struct Outside {
  static constexpr int kThreads = 1;
  Recorded<TestDeque<kRelease>> deque;
  Outside() { deque.Push(1); }
  void Thread(unsigned) { deque.Push(2); }
  void After() {
    if (kWrong) {
      deque.recorder.Call(Spec::Pop()).Return(Spec::Took(1));
    } else {
      deque.Pop();
    }
    deque.recorder.ExpectLinearizable();
  }
};

TEST(ExecutionRecorderTest, OutsideOfThreadsIsBeforeOrAfterAll) {
  ExpectLinearizable<Outside<false>>();
  ExpectNot<Outside<true>>("Pop() -> 1: in the state [1 2] the specification answers 2");
}

// A counter that loses updates: both see 0.
struct LostUpdate {
  static constexpr int kThreads = 2;
  P::Atomic<int> sum{0};
  ExecutionRecorder<Counter> recorder;
  void Thread(unsigned) {
    auto add = recorder.Call(Counter::Add(1));
    const int before = sum.load(kAcquire);
    sum.store(before + 1, kRelease);
    add.Return(before);
  }
  void After() { recorder.ExpectLinearizable(); }
};

TEST(ExecutionRecorderTest, ALostUpdateIsFound) { ExpectNot<LostUpdate>("Add(1) -> 0"); }

struct NeverReturns {
  static constexpr int kThreads = 1;
  P::Atomic<int> sum{0};
  ExecutionRecorder<Counter> recorder;
  void Thread(unsigned) {
    recorder.Call(Counter::Add(1));
    sum.store(1, kRelaxed);
  }
  void After() {
    Expect(!recorder.History().operations[0].result.has_value());
    recorder.ExpectLinearizable();
  }
};

TEST(ExecutionRecorderTest, WhatHasNotReturnedIsPending) { ExpectLinearizable<NeverReturns>(); }

}  // namespace
}  // namespace ashlar::verification::linearizability
