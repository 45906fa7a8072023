#include "ashlar/verification/linearizability/order.h"

#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using Place = Order::Place;
using Pairs = std::vector<std::pair<int, int>>;
using testing::ElementsAre;
using testing::HasSubstr;

Place Timed(int thread, Time called, Time returned) {
  return {.thread = thread, .called = called, .returned = returned};
}
Place Pending(int thread, Time called = 0) {
  return {.thread = thread, .pending = true, .called = called};
}
Place Of(int thread) { return {.thread = thread}; }

TEST(OrderTest, WhatReturnedBeforeACallPrecedesIt) {
  const std::vector<Place> places = {Timed(0, 0, 10), Timed(1, 5, 20), Timed(1, 21, 30),
                                     Timed(0, 10, 40)};
  const auto order = Order::OfTimes(2, places);
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_FALSE(order->Precedes(0, 1));
  EXPECT_TRUE(order->Precedes(0, 2));
  EXPECT_TRUE(order->Precedes(0, 3)) << "the same thread, at the same time";
  EXPECT_TRUE(order->Precedes(1, 2));
  EXPECT_FALSE(order->Precedes(2, 1));
  EXPECT_FALSE(order->Precedes(1, 1));
  EXPECT_THAT(order->Before(2), ElementsAre(1, 1));
  EXPECT_THAT(order->ByRank(), ElementsAre(0, 1, 2, 3));
}

TEST(OrderTest, TheSameTimeIsNotBefore) {
  const std::vector<Place> places = {Timed(0, 0, 10), Timed(1, 10, 20)};
  EXPECT_FALSE(Order::OfTimes(2, places)->Precedes(0, 1));
}

TEST(OrderTest, WhatIsPendingPrecedesNothing) {
  const std::vector<Place> places = {Pending(0, 0), Timed(1, 10, 20)};
  const auto order = Order::OfTimes(2, places);
  EXPECT_FALSE(order->Precedes(0, 1));
  EXPECT_THAT(order->ByRank(), ElementsAre(1, 0));
}

TEST(OrderTest, OperationsOfAThreadAreSortedByTheirCalls) {
  const std::vector<Place> places = {Timed(0, 20, 30), Timed(0, 0, 10)};
  EXPECT_THAT(Order::OfTimes(1, places)->Sequence(0), ElementsAre(1, 0));
}

TEST(OrderTest, PairsHaveConsequences) {
  const std::vector<Place> places = {Of(0), Of(0), Of(1), Of(1), Of(2)};
  const auto order = Order::OfPairs(3, places, Pairs{{1, 2}, {3, 4}});
  ASSERT_TRUE(order.ok()) << order.status();
  EXPECT_TRUE(order->Precedes(0, 4));
  EXPECT_THAT(order->Before(4), ElementsAre(2, 2, 0));
  EXPECT_FALSE(order->Precedes(4, 0));
}

TEST(OrderTest, MorePairsAreAddedOrThereIsNoOrder) {
  const std::vector<Place> places = {Timed(0, 0, 10), Timed(1, 5, 20), Timed(2, 15, 30)};
  const auto order = Order::OfTimes(3, places);
  const auto more = order->With(Pairs{{1, 0}});
  ASSERT_TRUE(more.has_value());
  EXPECT_TRUE(more->Precedes(1, 2)) << "through 0";
  EXPECT_FALSE(order->With(Pairs{{2, 1}, {1, 0}}).has_value());
}

TEST(OrderTest, APartOfIt) {
  const std::vector<Place> places = {Timed(0, 0, 10), Timed(0, 11, 20), Timed(1, 21, 30),
                                     Timed(0, 31, 40)};
  const Order part = Order::OfTimes(2, places)->Of(std::vector<int>{1, 2});
  EXPECT_EQ(part.Size(), 2);
  EXPECT_TRUE(part.Precedes(0, 1));
  EXPECT_THAT(part.Before(1), ElementsAre(1, 0));
  EXPECT_THAT(part.ByRank(), ElementsAre(0, 1));
}

// What is no history.

std::string ErrorOfTimes(int threads, const std::vector<Place>& places) {
  const auto order = Order::OfTimes(threads, places);
  EXPECT_EQ(order.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(order.status().message());
}

TEST(OrderTest, RefusesAReturnBeforeItsCall) {
  EXPECT_EQ(ErrorOfTimes(1, {Timed(0, 7, 5)}),
            "operation 0 returned at 5, before it was called at 7");
}

TEST(OrderTest, RefusesTwoOperationsOfOneThreadAtOnce) {
  EXPECT_EQ(ErrorOfTimes(2, {Timed(0, 0, 10), Timed(1, 5, 15), Timed(0, 9, 20)}),
            "operation 2 of thread 0 was called at 9, while operation 0 of the same thread lasted "
            "until 10");
}

TEST(OrderTest, RefusesAnUnknownThread) {
  EXPECT_EQ(ErrorOfTimes(2, {Timed(0, 0, 10), Timed(2, 5, 15)}),
            "operation 1 is of thread 2, but there are 2 threads, counted from 0");
  EXPECT_THAT(ErrorOfTimes(2, {Timed(-1, 0, 10)}), HasSubstr("is of thread -1"));
  EXPECT_THAT(ErrorOfTimes(-1, {Timed(0, 0, 10)}), HasSubstr("there are -1 threads"));
}

TEST(OrderTest, RefusesWhatFollowsAPendingOperation) {
  EXPECT_EQ(ErrorOfTimes(1, {Pending(0, 0), Timed(0, 5, 15)}),
            "operation 1 of thread 0 follows operation 0, which has not returned");
}

TEST(OrderTest, RefusesPairsThatAreNoOrder) {
  const std::vector<Place> places = {Of(0), Of(0), Of(1), Pending(2)};
  const auto error = [&](const Pairs& pairs) {
    const auto order = Order::OfPairs(3, places, pairs);
    EXPECT_EQ(order.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(order.status().message());
  };
  EXPECT_THAT(error({{1, 2}, {2, 0}}), HasSubstr("precedes itself, or follows one that does"));
  EXPECT_THAT(error({{2, 2}}), HasSubstr("operation 2 precedes itself"));
  EXPECT_EQ(error({{0, 4}}), "the pair 0, 4 names an operation that does not exist; there are 4");
  EXPECT_EQ(error({{3, 0}}), "operation 3 has not returned and can not precede operation 0");
}

}  // namespace
}  // namespace ashlar::verification::linearizability
