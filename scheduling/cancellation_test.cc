#include "ashlar/scheduling/cancellation.h"

#include <atomic>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/stop_signal.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(CancellationTest, ATokenFollowsItsSource) {
  CancellationSource source;
  const CancellationToken token = source.token();
  EXPECT_TRUE(token.CanBeCancelled());
  EXPECT_FALSE(token.IsCancelled());
  EXPECT_TRUE(token.status().ok());
  EXPECT_TRUE(source.Cancel());
  EXPECT_TRUE(token.IsCancelled());
  EXPECT_TRUE(token.stop_requested());
  EXPECT_TRUE(source.token().IsCancelled());
  EXPECT_EQ(token.status().code(), absl::StatusCode::kCancelled);
}

TEST(CancellationTest, TheFirstCancelSaysWhy) {
  CancellationSource source;
  EXPECT_TRUE(source.Cancel(CancellationReason::kDeadlineExceeded));
  EXPECT_FALSE(source.Cancel());
  EXPECT_EQ(source.token().reason(), CancellationReason::kDeadlineExceeded);
  EXPECT_EQ(source.token().status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST(CancellationTest, ATokenOfNoSourceIsNeverCancelled) {
  const CancellationToken token;
  EXPECT_FALSE(token.CanBeCancelled());
  EXPECT_FALSE(token.stop_possible());
  EXPECT_FALSE(token.IsCancelled());
  EXPECT_TRUE(token.status().ok());
  int calls = 0;
  const CancellationCallback callback(token, [&] { ++calls; });
  EXPECT_EQ(calls, 0);
}

TEST(CancellationTest, CopiesAreTheSameSourceAndATokenOutlivesIt) {
  std::optional<CancellationSource> source(std::in_place);
  CancellationSource copy = *source;
  const CancellationToken token = source->token();
  EXPECT_EQ(token, copy.token());
  EXPECT_FALSE(token == CancellationSource().token());
  source.reset();
  EXPECT_FALSE(token.IsCancelled());
  copy.Cancel();
  CancellationToken assigned;
  assigned = token;
  EXPECT_TRUE(assigned.IsCancelled());
}

TEST(CancellationTest, CallbacksRunOnceTheLastOneFirst) {
  CancellationSource source;
  std::vector<int> order;
  const CancellationCallback one(source.token(), [&] { order.push_back(1); });
  const CancellationCallback two(source.token(), [&] { order.push_back(2); });
  EXPECT_TRUE(order.empty());
  source.Cancel();
  source.Cancel();
  EXPECT_EQ(order, (std::vector{2, 1}));
}

TEST(CancellationTest, ACallbackThatComesLateRunsAtOnce) {
  CancellationSource source;
  source.Cancel();
  int calls = 0;
  {
    const CancellationCallback late(source.token(), [&] { ++calls; });
  }
  EXPECT_EQ(calls, 1);
}

TEST(CancellationTest, ADestroyedCallbackDoesNotRun) {
  CancellationSource source;
  int calls = 0;
  const auto count = [&] { ++calls; };
  std::optional<CancellationCallback<decltype(count)>> callbacks[3];
  for (auto& callback : callbacks) callback.emplace(source.token(), count);
  callbacks[1].reset();
  source.Cancel();
  EXPECT_EQ(calls, 2);
}

TEST(CancellationTest, ACallbackMayDestroyItselfAndTheOthersAndTheSource) {
  auto source = std::make_unique<CancellationSource>();
  const CancellationToken token = source->token();
  int calls = 0;
  struct Kill {
    std::vector<std::shared_ptr<void>>& victims;
    std::unique_ptr<CancellationSource>& source;
    int& calls;
    void operator()() const {
      int& count = calls;
      source.reset();
      const auto dying = std::move(victims);
      ++count;
    }
  };
  std::vector<std::shared_ptr<void>> victims;
  for (int i = 0; i < 3; ++i) {
    victims.push_back(
        std::make_shared<CancellationCallback<Kill>>(token, Kill{victims, source, calls}));
  }
  source->Cancel();
  EXPECT_EQ(calls, 1);
}

TEST(CancellationTest, TheDestructorWaitsForACallbackOnAnotherThread) {
  for (int i = 0; i < 100; ++i) {
    CancellationSource source;
    std::atomic<int> stage = 0;
    auto ended = std::make_unique<bool>(false);
    std::thread canceller;
    {
      const CancellationCallback slow(source.token(), [&] {
        stage = 1;
        std::this_thread::yield();
        *ended = true;
      });
      canceller = std::thread([&] { source.Cancel(); });
      while (stage == 0) std::this_thread::yield();
    }
    EXPECT_TRUE(*ended);
    canceller.join();
  }
}

TEST(CancellationTest, ManyThreadsComeAndGoWhileOneCancels) {
  for (int round = 0; round < 50; ++round) {
    CancellationSource source;
    std::atomic<int> calls = 0;
    std::atomic<int> seen = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&, token = source.token()] {
        while (!token.IsCancelled()) {
          int mine = 0;
          {
            const CancellationCallback callback(token, [&] { ++mine; });
          }
          EXPECT_LE(mine, 1);
          calls += mine;
        }
        ++seen;
      });
    }
    std::this_thread::yield();
    source.Cancel();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(seen, 3);
    EXPECT_LE(calls, 3);
  }
}

TEST(CancellationTest, AScopeCancelsAtItsEnd) {
  CancellationSource source;
  CancellationToken token;
  {
    const ScopedCancellation scope(source);
    token = scope.token();
    EXPECT_FALSE(token.IsCancelled());
  }
  EXPECT_TRUE(token.IsCancelled());
  EXPECT_TRUE(source.IsCancelled());
  {
    ScopedCancellation scope;
    token = scope.token();
    scope.Dismiss();
  }
  EXPECT_FALSE(token.IsCancelled());
}

TEST(CancellationTest, AnyOfSeveralCancelsALinkedOne) {
  for (int which = 0; which < 3; ++which) {
    CancellationSource one, two;
    std::stop_source three;
    const LinkedCancellation linked(one.token(), two.token(), three.get_token());
    EXPECT_FALSE(linked.IsCancelled());
    if (which == 0) one.Cancel();
    if (which == 1) two.Cancel(CancellationReason::kDeadlineExceeded);
    if (which == 2) three.request_stop();
    EXPECT_EQ(linked.token().reason(),
              which == 1 ? CancellationReason::kDeadlineExceeded : CancellationReason::kCancelled);
  }
}

TEST(CancellationTest, ACallbackIsToldTheReasonIfItTakesOne) {
  CancellationSource source, other;
  CancellationReason early = {}, late = {};
  const CancellationCallback before(source.token(), [&](CancellationReason why) { early = why; });
  const CancellationCallback link(source.token(), CancelSource{other});
  source.Cancel(CancellationReason::kDeadlineExceeded);
  const CancellationCallback after(source.token(), [&](CancellationReason why) { late = why; });
  EXPECT_EQ(early, CancellationReason::kDeadlineExceeded);
  EXPECT_EQ(late, CancellationReason::kDeadlineExceeded);
  EXPECT_EQ(other.token().reason(), CancellationReason::kDeadlineExceeded);
}

TEST(CancellationTest, ALinkedOneDoesNotCancelWhatItFollows) {
  CancellationSource source;
  LinkedCancellation linked(source.token(), CancellationToken());
  EXPECT_TRUE(linked.Cancel());
  EXPECT_FALSE(source.IsCancelled());
}

TEST(CancellationTest, WhatIsUnlinkedFollowsNoMore) {
  CancellationSource source;
  LinkedCancellation linked(source.token());
  const CancellationToken token = linked.token();
  linked.Unlink();
  source.Cancel();
  EXPECT_FALSE(token.IsCancelled());
  linked.Link(source.token());
  EXPECT_TRUE(token.IsCancelled());
}

TEST(CancellationTest, AStopTokenFollowsAToken) {
  CancellationSource source;
  const LinkedStopSource linked(source.token());
  const std::stop_token token = linked.token();
  EXPECT_FALSE(token.stop_requested());
  source.Cancel();
  EXPECT_TRUE(token.stop_requested());
}

TEST(CancellationTest, ATokenStopsWhatTakesAnyStop) {
  CancellationSource source;
  EventCount events;
  StopSignal<CancellationToken, EventCount, StdPlatform> signal(source.token(), events);
  EXPECT_FALSE(signal.IsRaised());
  source.Cancel();
  EXPECT_TRUE(signal.IsRaised());
}

TEST(CancellationDeathTest, ACancellationHasAReason) {
  CancellationSource source;
  EXPECT_DEATH(source.Cancel(CancellationReason::kNone), "needs a reason");
}

}  // namespace
}  // namespace ashlar
