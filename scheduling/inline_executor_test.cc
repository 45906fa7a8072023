#include "ashlar/scheduling/inline_executor.h"

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "ashlar/scheduling/executor.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

static_assert(Executor<InlineExecutor>);

TEST(InlineExecutorTest, FunctionsRunInsideOfTheCall) {
  InlineExecutor executor;
  int count = 0;
  const auto f = [&count] { ++count; };
  EXPECT_TRUE(executor.Post(f).ok());
  EXPECT_EQ(count, 1);
  EXPECT_TRUE(executor.PostAll(std::vector<std::function<void()>>(3, f)).ok());
  EXPECT_EQ(count, 4);
  auto handle = executor.Submit(f);
  EXPECT_EQ(count, 5);
  EXPECT_TRUE(handle.Wait().ok());
  EXPECT_TRUE(executor.RunsOnThisThread());
}

TEST(InlineExecutorTest, OneThatIsPostedMeanwhileRunsInside) {
  InlineExecutor executor;
  std::vector<int> order;
  EXPECT_TRUE(executor
                  .Post([&] {
                    order.push_back(1);
                    EXPECT_TRUE(executor.Post([&] { order.push_back(2); }).ok());
                    order.push_back(3);
                  })
                  .ok());
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
}

TEST(InlineExecutorTest, TakesWhatCanOnlyBeMoved) {
  InlineExecutor executor;
  int got = 0;
  EXPECT_TRUE(executor.Post([&got, p = std::make_unique<int>(7)] { got = *p; }).ok());
  EXPECT_EQ(got, 7);
}

TEST(InlineExecutorTest, ANullFunctionIsAnError) {
  InlineExecutor executor;
  int count = 0;
  const std::function<void()> null;
  EXPECT_EQ(executor.Post(null).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(executor.Submit(null).Wait().code(), absl::StatusCode::kInvalidArgument);
  const std::vector<std::function<void()>> all = {[&count] { ++count; }, nullptr};
  EXPECT_EQ(executor.PostAll(all).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace ashlar
