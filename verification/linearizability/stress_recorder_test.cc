#include "ashlar/verification/linearizability/stress_recorder.h"

#include <mutex>
#include <optional>
#include <queue>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/specifications.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using testing::IsEmpty;
using testing::SizeIs;
using Items = Queue<int>;

TEST(StressRecorderTest, RecordsCallsAndReturnsInTheirOrder) {
  StressRecorder<Items> recorder(2, 10, Returns::kVisible);
  recorder.Of(1).Call(Items::Push(1));
  recorder.Of(0).Call(Items::Pop());
  recorder.Of(0).Return(Items::Empty());
  recorder.Of(1).Return(Items::Done());
  const HistoryOf<Items> history = recorder.Take();
  EXPECT_EQ(history.threads, 2);
  ASSERT_THAT(history.operations, SizeIs(2));
  const auto& [pop, push] = std::tie(history.operations[0], history.operations[1]);
  EXPECT_EQ(pop.thread, 0);
  EXPECT_EQ(pop.result, Items::Empty());
  EXPECT_LE(push.called, pop.called);
  EXPECT_LE(pop.called, pop.returned);
  EXPECT_LE(pop.returned, push.returned);
  EXPECT_THAT(recorder.Take().operations, IsEmpty());
}

TEST(StressRecorderTest, WhatHasNotReturnedIsPending) {
  StressRecorder<Items> recorder(1, 10);
  // The place of an operation that returned in the history before.
  recorder.Of(0).Call(Items::Push(1));
  recorder.Of(0).Return(Items::Done());
  recorder.Take();
  recorder.Of(0).Call(Items::Push(2));
  const HistoryOf<Items> history = recorder.Take();
  ASSERT_THAT(history.operations, SizeIs(1));
  EXPECT_FALSE(history.operations[0].result.has_value());
}

TEST(StressRecorderDeathTest, RefusesWhatIsNoSequenceOfCalls) {
  StressRecorder<Items> recorder(1, 1);
  EXPECT_DEATH(recorder.Of(0).Return(Items::Done()), "a return without a call");
  recorder.Of(0).Call(Items::Pop());
  EXPECT_DEATH(recorder.Of(0).Call(Items::Pop()), "a call before the last one returned");
  recorder.Of(0).Return(Items::Empty());
  EXPECT_DEATH(recorder.Of(0).Call(Items::Pop()), "a log of a StressRecorder is full");
}

// Thousands of operations of real threads in one history.
TEST(StressRecorderTest, AQueueUnderAMutexIsLinearizable) {
  constexpr int kThreads = 4;
  constexpr int kOperations = 2500;
  StressRecorder<Items> recorder(kThreads, kOperations);
  std::queue<int> queue;
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      auto& log = recorder.Of(thread);
      for (int i = 0; i < kOperations; ++i) {
        if (i % 2 == 0) {
          log.Call(Items::Push(thread * kOperations + i));
          {
            const std::lock_guard lock(mutex);
            queue.push(thread * kOperations + i);
          }
          log.Return(Items::Done());
        } else {
          std::optional<int> item;
          log.Call(Items::Pop());
          {
            const std::lock_guard lock(mutex);
            if (!queue.empty()) {
              item = queue.front();
              queue.pop();
            }
          }
          log.Return(Items::TookOrEmpty(item));
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto verdict = CheckLinearizable(Items(), recorder.Take());
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_EQ(verdict->outcome, Outcome::kLinearizable) << verdict->why;
  EXPECT_THAT(verdict->sequence, SizeIs(kThreads * kOperations));
}

}  // namespace
}  // namespace ashlar::verification::linearizability
