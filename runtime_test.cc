#include "ashlar/runtime.h"

#include <atomic>
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

TEST(ContextTest, StartTellsWhyThereIsNoEngine) {
  Context context({.workers = -1});
  EXPECT_EQ(context.Start().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_DEATH(context.engine(), "EngineConfig::workers is -1");
}

TEST(ContextTest, UnusedContextsCostNothing) { Context context; }

}  // namespace
}  // namespace ashlar
