#include "ashlar/scheduling/shared_future.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/manual_executor.h"
#include "ashlar/scheduling/outcome.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(SharedFutureTest, IsReadManyTimes) {
  for (const bool set_first : {false, true}) {
    Promise<std::string> promise;
    if (set_first) promise.SetValue("text");
    SharedFuture<std::string> shared = promise.GetFuture().Share();
    const SharedFuture<std::string> copy = shared;
    auto size = copy.Then([](const std::string& text) { return text.size(); });
    if (!set_first) promise.SetValue("text");
    EXPECT_EQ(*shared.Get(), "text");
    EXPECT_EQ(*copy.Get(), "text");
    EXPECT_EQ(*copy.Get(), "text");
    EXPECT_EQ(*size.Get(), 4u);
    EXPECT_EQ(shared.WaitForOutcome().value(), "text");
  }
}

TEST(SharedFutureTest, ShowsWhatCannotBeCopied) {
  auto shared = MakeFuture(std::make_unique<int>(3)).Share();
  EXPECT_EQ(*shared.WaitForOutcome().value(), 3);
  EXPECT_EQ(*shared.Then([](const std::unique_ptr<int>& n) { return *n + 1; }).Get(), 4);
}

TEST(SharedFutureTest, FailuresReachAll) {
  auto error = Future<int>(absl::NotFoundError("x")).Share();
  EXPECT_EQ(error.Get().status(), absl::NotFoundError("x"));
  EXPECT_EQ(error.Then([](int n) { return n; }).Get().status(), absl::NotFoundError("x"));
  auto thrown = MakeFuture().Then([] { throw std::out_of_range("far"); }).Share();
  EXPECT_THROW((void)thrown.Get(), std::out_of_range);
  EXPECT_THROW((void)thrown.Fork().Get(), std::out_of_range);
}

TEST(SharedFutureTest, FunctionsRunInTheOrderOfAttaching) {
  Promise<void> promise;
  auto shared = promise.GetFuture().Share();
  std::vector<int> order;
  std::vector<Future<void>> attached;
  for (int i = 0; i < 5; ++i) attached.push_back(shared.Then([&order, i] { order.push_back(i); }));
  promise.SetValue();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(SharedFutureTest, FunctionsRunWhereTheyAreSent) {
  ManualExecutor executor;
  auto shared = MakeFuture(1).Share();
  auto next = shared.Then(executor, [](int n) { return n + 1; });
  EXPECT_FALSE(next.IsReady());
  EXPECT_TRUE(executor.RunOne());
  EXPECT_EQ(*next.Get(), 2);
}

TEST(SharedFutureTest, WaitsHaveTheRulesOfAll) {
  Promise<int> promise;
  auto shared = promise.GetFuture().Share();
  EXPECT_TRUE(absl::IsDeadlineExceeded(shared.Wait(absl::ZeroDuration())));
  EXPECT_TRUE(absl::IsDeadlineExceeded(shared.Get(absl::Milliseconds(1)).status()));
  promise.SetValue(1);
  EXPECT_EQ(*shared.Get(absl::ZeroDuration()), 1);
}

TEST(SharedFutureTest, ADroppedPromiseIsAnErrorForAll) {
  auto shared = Promise<int>().GetFuture().Share();
  EXPECT_EQ(shared.Get().status().code(), absl::StatusCode::kInternal);
}

TEST(SharedFutureTest, MayBeDroppedBeforeItIsReady) {
  Promise<int> promise;
  Future<int> next;
  {
    auto shared = promise.GetFuture().Share();
    next = shared.Then([](int n) { return n + 1; });
    auto dropped = shared.Fork();
  }
  promise.SetValue(1);
  EXPECT_EQ(*next.Get(), 2);
}

TEST(SharedFutureTest, CancelReachesTheProducer) {
  Promise<int> promise{CancellationSource()};
  const CancellationToken token = promise.token();
  auto shared = promise.GetFuture().Share();
  auto next = shared.Then([](int n) { return n; });
  next.Cancel();
  EXPECT_TRUE(token.IsCancelled());
  promise.SetCancelled();
  EXPECT_TRUE(shared.WaitForOutcome().cancelled());
}

TEST(SharedFutureTest, ManyReaders) {
  Promise<int> promise;
  auto shared = promise.GetFuture().Share();
  constexpr int kReaders = 100'000;
  long sum = 0;
  for (int i = 0; i < kReaders; ++i) {
    auto dropped = shared.Then([&sum](int n) { sum += n; });
  }
  promise.SetValue(1);
  EXPECT_EQ(sum, kReaders);
}

TEST(SharedFutureStressTest, ReadersMeetTheProducer) {
  for (int i = 0; i < 300; ++i) {
    Promise<int> promise;
    auto shared = promise.GetFuture().Share();
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 3; ++reader) {
      readers.emplace_back([shared, reader, i]() mutable {
        auto next = shared.Then([](int n) { return n + 1; });
        if (reader == 0) {
          EXPECT_EQ(*shared.Get(), i);
        }
        if (reader == 1) {
          EXPECT_EQ(*shared.Fork().Get(), i);
        }
        shared = {};
        EXPECT_EQ(*next.Get(), i + 1);
      });
    }
    shared = {};
    promise.SetValue(i);
    for (auto& reader : readers) reader.join();
  }
}

TEST(SharedFutureDeathTest, Invalid) {
  SharedFuture<int> none;
  EXPECT_FALSE(none.valid());
  EXPECT_DEATH((void)none.IsReady(), "never had an outcome");
  Future<int> read;
  EXPECT_DEATH((void)std::move(read).Share(), "cannot be shared");
}

}  // namespace
}  // namespace ashlar
