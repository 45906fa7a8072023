#include "ashlar/runtime.h"

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

TEST(ContextTest, StartTellsWhyThereIsNoEngine) {
  Context context({.workers = -1});
  EXPECT_EQ(context.Start().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_DEATH(context.engine(), "EngineConfig::workers is -1");
}

TEST(ContextTest, UnusedContextsCostNothing) { Context context; }

}  // namespace
}  // namespace ashlar
