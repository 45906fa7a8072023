#include "ashlar/scheduling/manual_executor.h"

#include <atomic>
#include <functional>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "ashlar/scheduling/executor.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

static_assert(Executor<ManualExecutor>);

TEST(ManualExecutorTest, NothingRunsBeforeItIsSaid) {
  ManualExecutor executor;
  std::vector<int> order;
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(executor.Post([&order, i] { order.push_back(i); }).ok());
  }
  EXPECT_EQ(executor.pending(), 3u);
  EXPECT_TRUE(order.empty());
  EXPECT_TRUE(executor.RunOne());
  EXPECT_EQ(order, (std::vector{0}));
  EXPECT_TRUE(executor.RunAt(1));
  EXPECT_EQ(order, (std::vector{0, 2}));
  EXPECT_FALSE(executor.RunAt(1));
  EXPECT_EQ(executor.RunAll(), 1u);
  EXPECT_EQ(order, (std::vector{0, 2, 1}));
  EXPECT_FALSE(executor.RunOne());
}

TEST(ManualExecutorTest, RunAllRunsWhatIsPostedMeanwhile) {
  ManualExecutor executor;
  int left = 10;
  std::function<void()> f = [&] {
    if (--left > 0) {
      EXPECT_TRUE(executor.Post(f).ok());
    }
  };
  EXPECT_TRUE(executor.Post(f).ok());
  EXPECT_EQ(executor.RunAll(), 10u);
}

TEST(ManualExecutorTest, WaitRunsWhatHasNotBegunAndNothingElse) {
  ManualExecutor executor;
  int other = 0;
  int mine = 0;
  EXPECT_TRUE(executor.Post([&] { ++other; }).ok());
  auto handle = executor.Submit([&] { ++mine; });
  EXPECT_TRUE(handle.Wait().ok());
  EXPECT_TRUE(handle.Wait().ok());
  EXPECT_EQ(mine, 1);
  EXPECT_EQ(other, 0);
  EXPECT_EQ(executor.RunAll(), 1u);
}

TEST(ManualExecutorTest, WaitSleepsWhileAnotherThreadRunsIt) {
  ManualExecutor executor;
  std::atomic<bool> begun = false;
  std::atomic<bool> go_on = false;
  std::atomic<bool> ended = false;
  auto handle = executor.Submit([&] {
    begun = true;
    while (!go_on) std::this_thread::yield();
    ended = true;
  });
  std::thread other([&] { executor.RunOne(); });
  while (!begun) std::this_thread::yield();
  std::thread waiter([&] {
    EXPECT_TRUE(handle.Wait().ok());
    EXPECT_TRUE(ended);
  });
  go_on = true;
  waiter.join();
  other.join();
}

TEST(ManualExecutorTest, ItsThreadsAreThoseThatRun) {
  ManualExecutor executor;
  ManualExecutor another;
  EXPECT_FALSE(executor.RunsOnThisThread());
  EXPECT_TRUE(
      executor
          .Post([&] {
            EXPECT_TRUE(executor.RunsOnThisThread());
            EXPECT_FALSE(another.RunsOnThisThread());
            EXPECT_TRUE(
                another.Submit([&] { EXPECT_FALSE(executor.RunsOnThisThread()); }).Wait().ok());
            EXPECT_TRUE(executor.RunsOnThisThread());
          })
          .ok());
  executor.RunAll();
  EXPECT_FALSE(executor.RunsOnThisThread());
}

TEST(ManualExecutorTest, AfterRefuseOnlyWhatWasAcceptedRuns) {
  ManualExecutor executor;
  int count = 0;
  const std::function<void()> f = [&] { ++count; };
  EXPECT_TRUE(executor.PostAll(std::vector(2, f)).ok());
  executor.Refuse();
  EXPECT_EQ(executor.Post(f).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(executor.PostAll(std::vector(2, f)).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(executor.Submit(f).Wait().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(executor.RunAll(), 2u);
  EXPECT_EQ(count, 2);
}

TEST(ManualExecutorTest, ANullFunctionIsAnErrorAndOfARangeNoneIsTaken) {
  ManualExecutor executor;
  const std::function<void()> null;
  EXPECT_EQ(executor.Post(null).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(executor.Submit(null).Wait().code(), absl::StatusCode::kInvalidArgument);
  const std::vector<std::function<void()>> all = {[] {}, nullptr};
  EXPECT_EQ(executor.PostAll(all).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(executor.pending(), 0u);
}

TEST(ManualExecutorTest, AFunctionIsDestroyedWhenItHasRun) {
  ManualExecutor executor;
  auto kept = std::make_shared<int>(1);
  auto handle = executor.Submit([kept] {});
  EXPECT_EQ(kept.use_count(), 2);
  executor.RunAll();
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_TRUE(handle.Wait().ok());
}

TEST(ManualExecutorTest, WhatAFunctionThrowsGoesToWhoRunsIt) {
  ManualExecutor executor;
  EXPECT_TRUE(executor.Post([] { throw std::runtime_error("thrown"); }).ok());
  EXPECT_THROW(executor.RunOne(), std::runtime_error);
  EXPECT_FALSE(executor.RunsOnThisThread());
  EXPECT_FALSE(executor.RunOne());
}

TEST(ManualExecutorTest, TheDestructorRunsWhatIsLeft) {
  int count = 0;
  {
    ManualExecutor executor;
    EXPECT_TRUE(executor.Post([&] { ++count; }).ok());
  }
  EXPECT_EQ(count, 1);
}

}  // namespace
}  // namespace ashlar
