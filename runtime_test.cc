#include "ashlar/runtime.h"

#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(ContextTest, MakesOneEngineWhenItIsFirstAskedFor) {
  Context context({.workers = 2});
  std::vector<std::thread> threads;
  std::vector<Engine*> engines(4);
  for (std::size_t i = 0; i < engines.size(); ++i) {
    threads.emplace_back([&, i] { engines[i] = &context.engine(); });
  }
  for (auto& thread : threads) thread.join();
  for (Engine* engine : engines) EXPECT_EQ(engine, engines[0]);
  EXPECT_EQ(*context.engine().Submit([] { return 42; }).Get(), 42);
}

TEST(ContextTest, FuturesGroupsAndTasksRunOnItsEngine) {
  Context context({.workers = 2});
  Future<int> future = Async(context.engine(), [] { return 20; }).Then([](int i) { return i + 1; });
  TaskGroup group(context.engine());
  std::atomic<int> sum{0};
  for (int i = 1; i <= 3; ++i) group.Spawn([&sum, i] { sum += i; });
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_EQ(sum, 6);
  EXPECT_EQ(*future.Get(), 21);
}

// On the only worker a future is not made by waiting for it; what knows its tasks runs them.
TEST(ContextTest, GroupsAndHandlesHelpAndFuturesDoNot) {
  Context context({.workers = 1});
  Engine& engine = context.engine();
  const auto answer = [] { return 42; };
  Future<int> future;
  EXPECT_TRUE(engine
                  .Run([&] {
                    future = Async(engine, answer);
                    EXPECT_TRUE(absl::IsDeadlineExceeded(future.Wait(absl::Milliseconds(5))));
                    EXPECT_EQ(*engine.Submit(answer).Get(), 42);
                    TaskGroup group(engine);
                    group.Spawn(answer);
                    EXPECT_TRUE(group.Wait().ok());
                    EXPECT_FALSE(future.IsReady());
                  })
                  .ok());
  EXPECT_EQ(*future.Get(), 42);
}

// Whenever an engine is shut down, what is attached has an outcome that says so, or has run.
TEST(ContextTest, FuturesEndHoweverTheirEngineDoes) {
  int refused = 0;
  for (int round = 0; round < 200; ++round) {
    auto engine = *Engine::Create({.workers = 2});
    std::atomic<int> calls{0};
    const auto next = [&calls](int n) { return ++calls, n + 1; };
    std::vector<Future<int>> futures;
    std::atomic<bool> begun{false};
    std::thread producer([&] {
      for (int i = 0; i < 50; ++i) {
        Promise<int> promise;
        futures.push_back(promise.GetFuture().Then(*engine, next).Then(*engine, next));
        promise.SetValue(0);
        begun = true;
      }
    });
    while (!begun) std::this_thread::yield();
    engine->Shutdown(round % 2 == 0 ? Engine::ShutdownMode::kDrain : Engine::ShutdownMode::kCancel);
    producer.join();
    int least_calls = 0;
    for (Future<int>& future : futures) {
      const Outcome<int> outcome = future.WaitForOutcome();
      if (outcome.ok()) {
        EXPECT_EQ(outcome.value(), 2);
        least_calls += 2;
      } else {
        ++refused;
        EXPECT_TRUE(outcome.cancelled() || absl::IsFailedPrecondition(outcome.status()))
            << outcome.status();
      }
    }
    EXPECT_GE(calls, least_calls);
  }
  std::printf("%d refused or dropped\n", refused);
}

TEST(ContextTest, StartTellsWhyThereIsNoEngine) {
  Context context({.workers = -1});
  EXPECT_EQ(context.Start().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_DEATH(context.engine(), "EngineConfig::workers is -1");
}

TEST(ContextTest, UnusedContextsCostNothing) { Context context; }

}  // namespace
}  // namespace ashlar
