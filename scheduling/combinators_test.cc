#include "ashlar/scheduling/combinators.h"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/outcome.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

// Promises with a source each, and their futures.
struct Inputs {
  explicit Inputs(int count) {
    for (int i = 0; i < count; ++i) {
      promises.emplace_back(CancellationSource());
      tokens.push_back(promises.back().token());
      futures.push_back(promises.back().GetFuture());
    }
  }
  std::vector<Promise<int>> promises;
  std::vector<CancellationToken> tokens;
  std::vector<Future<int>> futures;
};

TEST(AllTest, GivesTheValuesInTheirOrder) {
  Inputs inputs(3);
  auto all = All(std::move(inputs.futures));
  static_assert(std::is_same_v<decltype(all), Future<std::vector<int>>>);
  inputs.promises[2].SetValue(2);
  inputs.promises[0].SetValue(0);
  EXPECT_FALSE(all.IsReady());
  inputs.promises[1].SetValue(1);
  EXPECT_EQ(*all.Get(absl::ZeroDuration()), (std::vector<int>{0, 1, 2}));
}

TEST(AllTest, TakesFuturesOfSeveralTypes) {
  Promise<std::unique_ptr<int>> promise;
  auto all = All(MakeFuture(1), promise.GetFuture(), MakeFuture());
  static_assert(
      std::is_same_v<decltype(all), Future<std::tuple<int, std::unique_ptr<int>, std::monostate>>>);
  promise.SetValue(std::make_unique<int>(2));
  auto values = all.Get();
  EXPECT_EQ(std::get<0>(*values), 1);
  EXPECT_EQ(*std::get<1>(*values), 2);
}

TEST(AllTest, OfNothingIsNothing) {
  EXPECT_TRUE(All(std::vector<Future<int>>()).Get()->empty());
  EXPECT_TRUE(All(std::vector<Future<void>>()).Get().ok());
  EXPECT_TRUE(All().Get().ok());
}

TEST(AllTest, OfVoidsIsVoid) {
  std::vector<Future<void>> futures;
  futures.push_back(MakeFuture());
  futures.push_back(absl::NotFoundError("x"));
  auto all = All(std::move(futures));
  static_assert(std::is_same_v<decltype(all), Future<void>>);
  EXPECT_EQ(all.Get(), absl::NotFoundError("x"));
}

TEST(AllTest, TheFirstFailureCancelsTheOthersAndWaitsForThem) {
  Inputs inputs(3);
  auto all = All(std::move(inputs.futures));
  inputs.promises[1].SetError(absl::NotFoundError("x"));
  EXPECT_TRUE(inputs.tokens[0].IsCancelled());
  EXPECT_TRUE(inputs.tokens[2].IsCancelled());
  EXPECT_FALSE(all.IsReady());
  inputs.promises[2].SetError(absl::DataLossError("late"));
  EXPECT_FALSE(all.IsReady());
  inputs.promises[0].SetCancelled();
  EXPECT_EQ(all.Get(absl::ZeroDuration()).status(), absl::NotFoundError("x"));
}

TEST(AllTest, ExceptionsKeepTheirType) {
  auto all = All(MakeFuture(1), MakeFuture().Then([] { throw std::out_of_range("far"); }));
  EXPECT_THROW((void)all.Get(), std::out_of_range);
}

TEST(AllTest, CancelReachesAllInputs) {
  Inputs inputs(2);
  auto all = All(std::move(inputs.futures)).Then([](std::vector<int>) {});
  all.Cancel();
  EXPECT_TRUE(inputs.tokens[0].IsCancelled() && inputs.tokens[1].IsCancelled());
  EXPECT_FALSE(all.IsReady());
  inputs.promises.clear();
  EXPECT_TRUE(all.WaitForOutcome().cancelled());
}

// They answer inside of Cancel, the last of them completes the whole there.
TEST(AllTest, InputsMayAnswerAtOnce) {
  Inputs inputs(3);
  std::vector<std::unique_ptr<CancellationCallback<std::function<void()>>>> answers;
  for (int i = 0; i < 3; ++i) {
    answers.push_back(std::make_unique<CancellationCallback<std::function<void()>>>(
        inputs.tokens[i], [&inputs, i] { inputs.promises[i].SetCancelled(); }));
  }
  auto all = All(std::move(inputs.futures));
  all.Cancel();
  EXPECT_TRUE(all.IsReady());
  EXPECT_TRUE(all.WaitForOutcome().cancelled());
}

TEST(RaceTest, TheFirstToEndWinsAndTheOthersAreCancelled) {
  Inputs inputs(3);
  auto race = Race(std::move(inputs.futures));
  static_assert(std::is_same_v<decltype(race), Future<Winner<int>>>);
  inputs.promises[1].SetValue(7);
  EXPECT_TRUE(inputs.tokens[0].IsCancelled() && inputs.tokens[2].IsCancelled());
  inputs.promises[0].SetValue(8);
  EXPECT_FALSE(race.IsReady()) << "losers are waited for";
  inputs.promises[2].SetCancelled();
  const auto winner = race.Get(absl::ZeroDuration());
  EXPECT_EQ(winner->index, 1u);
  EXPECT_EQ(winner->value, 7);
}

TEST(RaceTest, AFailureWinsToo) {
  Promise<int> late;
  auto race = Race(late.GetFuture(), Future<int>(absl::NotFoundError("x")));
  late.SetValue(1);
  EXPECT_EQ(race.Get().status(), absl::NotFoundError("x"));
}

TEST(RaceTest, OfSeveralTypesGivesAVariant) {
  auto race = Race(MakeFuture(std::string("text")), MakeFuture(1), MakeFuture());
  static_assert(std::is_same_v<decltype(race),
                               Future<Winner<std::variant<std::string, int, std::monostate>>>>);
  const auto winner = race.Get();
  EXPECT_EQ(winner->index, 0u);
  EXPECT_EQ(std::get<0>(winner->value), "text");
  EXPECT_EQ(Race(MakeFuture(), MakeFuture()).Get()->index, 0u);
}

TEST(RaceTest, OfNothingIsAnError) {
  EXPECT_EQ(Race(std::vector<Future<int>>()).Get().status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Any(std::vector<Future<int>>()).Get().status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(AnyTest, TheFirstValueWins) {
  Inputs inputs(3);
  auto any = Any(std::move(inputs.futures));
  inputs.promises[2].SetError(absl::UnavailableError("down"));
  EXPECT_FALSE(inputs.tokens[0].IsCancelled());
  inputs.promises[1].SetValue(5);
  EXPECT_TRUE(inputs.tokens[0].IsCancelled());
  inputs.promises.clear();
  EXPECT_EQ(any.Get()->index, 1u);
}

TEST(AnyTest, GivesAllFailuresIfThereIsNoValue) {
  auto any = Any(Future<int>(absl::CancelledError("gone")), Future<int>(absl::NotFoundError("x")),
                 MakeFuture(1).Then([](int) -> int { throw std::out_of_range("far"); }));
  EXPECT_EQ(any.Get().status(),
            absl::NotFoundError("none of 3 succeeded: [0] CANCELLED: gone; [1] NOT_FOUND: x; "
                                "[2] UNKNOWN: exception: far"));
  EXPECT_TRUE(Any(Future<int>(absl::CancelledError())).WaitForOutcome().cancelled());
}

TEST(CombinatorsTest, CanBeNested) {
  Inputs inputs(4);
  auto first = Race(std::move(inputs.futures[0]), std::move(inputs.futures[1]));
  auto second = All(std::move(inputs.futures[2]), std::move(inputs.futures[3]));
  auto both = All(std::move(first), std::move(second));
  both.Cancel();
  for (const auto& token : inputs.tokens) EXPECT_TRUE(token.IsCancelled());
  inputs.promises.clear();
  EXPECT_TRUE(both.WaitForOutcome().cancelled());
}

// Threads that end inputs in a random way, and one that cancels.
TEST(CombinatorsStressTest, EveryInputEndsBeforeTheResult) {
  std::minstd_rand random(1);
  for (int round = 0; round < 200; ++round) {
    constexpr int kInputs = 6;
    Inputs inputs(kInputs);
    std::atomic<int> ended{0};
    const auto count = [&ended](std::vector<Future<int>> futures) {
      for (auto& future : futures) future = std::move(future).Finally([&ended] { ++ended; });
      return futures;
    };
    std::vector<int> ways(kInputs);
    for (int& way : ways) way = static_cast<int>(random() % 4);
    Future<void> result;
    switch (round % 3) {
      case 0:
        result = All(count(std::move(inputs.futures))).Then([](std::vector<int>) {});
        break;
      case 1:
        result = Race(count(std::move(inputs.futures))).Then([](Winner<int>) {});
        break;
      default:
        result = Any(count(std::move(inputs.futures))).Then([](Winner<int>) {});
        break;
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
      threads.emplace_back([&, t] {
        for (int i = t; i < kInputs; i += 2) {
          Promise<int> promise = std::move(inputs.promises[i]);
          if (ways[i] == 0) promise.SetValue(i);
          if (ways[i] == 1) promise.SetError(absl::NotFoundError("x"));
          if (ways[i] == 2) promise.SetCancelled();
        }
      });
    }
    if (round % 2 == 0) result.Cancel();
    (void)result.Get();
    EXPECT_EQ(ended, kInputs);
    for (auto& thread : threads) thread.join();
  }
}

}  // namespace
}  // namespace ashlar
