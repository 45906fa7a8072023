#include "ashlar/verification/linearizability/fifo.h"

#include <optional>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/order.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using Op = FifoOperation;

// Each operation in a thread of its own, in no order but that of `pairs`.
std::optional<Order> Deduce(const std::vector<Op>& operations,
                            const std::vector<std::pair<int, int>>& pairs = {}) {
  std::vector<Order::Place> places;
  for (const Op& operation : operations) {
    places.push_back({.thread = static_cast<int>(places.size()),
                      .pending = operation.kind == Op::Kind::kUnknown});
  }
  const int threads = static_cast<int>(places.size());
  return DeduceFifo(*Order::OfPairs(threads, places, pairs), operations);
}

TEST(FifoTest, AnItemIsPushedBeforeItIsPopped) {
  EXPECT_TRUE(Deduce({Op::Pop(0), Op::Push(0)})->Precedes(1, 0));
}

TEST(FifoTest, ItemsArePoppedInTheOrderOfTheirPushes) {
  const std::vector<Op> operations = {Op::Push(0), Op::Push(1), Op::Pop(0), Op::Pop(1)};
  EXPECT_TRUE(Deduce(operations, {{0, 1}})->Precedes(2, 3));
  EXPECT_TRUE(Deduce(operations, {{3, 2}})->Precedes(1, 0));
  const auto neither = Deduce(operations);
  EXPECT_FALSE(neither->Precedes(0, 1) || neither->Precedes(1, 0));
  EXPECT_FALSE(Deduce(operations, {{0, 1}, {3, 2}}).has_value());
}

TEST(FifoTest, WhatIsStillThereWasPushedLater) {
  EXPECT_TRUE(Deduce({Op::Push(0), Op::Push(1), Op::Pop(1)})->Precedes(1, 0));
  EXPECT_FALSE(Deduce({Op::Push(0), Op::Push(1), Op::Pop(1), Op::UnknownPop()})->Precedes(1, 0))
      << "the pending pop may have taken it";
}

TEST(FifoTest, WhenItIsEmptyAllWasPoppedThatWasPushed) {
  const std::vector<Op> operations = {Op::Push(0), Op::EmptyPop(), Op::Pop(0)};
  EXPECT_TRUE(Deduce(operations, {{0, 1}})->Precedes(2, 1));
  EXPECT_TRUE(Deduce(operations, {{1, 2}})->Precedes(1, 0));
  EXPECT_FALSE(Deduce(operations, {{0, 1}, {1, 2}}).has_value());
}

// 0 before 1 by the pushes, 1 before 2 by the pops.
TEST(FifoTest, OneDeductionLeadsToAnother) {
  const auto order =
      Deduce({Op::Push(0), Op::Push(1), Op::Push(2), Op::Pop(0), Op::Pop(1), Op::Pop(2)},
             {{0, 1}, {4, 5}});
  EXPECT_TRUE(order->Precedes(0, 2));
  EXPECT_TRUE(order->Precedes(3, 5));
}

TEST(FifoTest, SaysNothingOfItemsThatAreEqual) {
  EXPECT_FALSE(Deduce({Op::Push(0), Op::Push(0), Op::Pop(0)})->Precedes(0, 2));
}

}  // namespace
}  // namespace ashlar::verification::linearizability
