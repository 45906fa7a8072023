#include "ashlar/verification/rc11/report/strengthen.h"

#include <memory>
#include <vector>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/report/execution_for_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using O = Operation;

Failure Wrong() {
  Failure failure;
  failure.message = "wrong";
  return failure;
}

Failure RaceOf(EventId first, EventId second) {
  Failure failure;
  failure.kind = Failure::Kind::kRace;
  failure.first = first;
  failure.second = second;
  return failure;
}

// What happens to message passing with these orders when the flag is seen.
std::vector<Cure> MessagePassing(Order store, Order load) {
  const auto graph = FindExecution(
      {{O::Write(kPlain, 0, 1), O::Write(store, 1, 1)}, {O::Read(load, 1), O::Write(kPlain, 0, 2)}},
      Reads({1}));
  return FindCures(*graph, RaceOf(graph->ThreadAt(0, 0), graph->ThreadAt(1, 1)));
}

TEST(StrengthenTest, ARelaxedStoreOrdersNothing) {
  const std::vector<Cure> cures = MessagePassing(kRelaxed, kAcquire);
  ASSERT_THAT(cures, SizeIs(1));
  ASSERT_THAT(cures[0].changes, SizeIs(1));
  EXPECT_EQ(cures[0].changes[0].to, kRelease);
  EXPECT_TRUE(cures[0].orders);
}

TEST(StrengthenTest, ARelaxedLoadOrdersNothing) {
  const std::vector<Cure> cures = MessagePassing(kRelease, kRelaxed);
  ASSERT_THAT(cures, SizeIs(1));
  EXPECT_EQ(cures[0].changes[0].to, kAcquire);
}

TEST(StrengthenTest, TwoOrdersMayBeNeededTogether) {
  const std::vector<Cure> cures = MessagePassing(kRelaxed, kRelaxed);
  ASSERT_THAT(cures, SizeIs(1));
  ASSERT_THAT(cures[0].changes, SizeIs(2));
  EXPECT_EQ(cures[0].changes[0].to, kRelease);
  EXPECT_EQ(cures[0].changes[1].to, kAcquire);
}

TEST(StrengthenTest, ThreadsThatDoNotCommunicateAreNotOrdered) {
  const auto graph = FindExecution({{O::Write(kPlain, 0, 1)}, {O::Write(kPlain, 0, 2)}},
                                   [](const Graph&) { return true; });
  EXPECT_THAT(FindCures(*graph, RaceOf(graph->ThreadAt(0, 0), graph->ThreadAt(1, 0))), IsEmpty());
}

TEST(StrengthenTest, AMissingFenceIsFound) {
  const auto graph =
      FindExecution({{O::Write(kRelaxed, 0, 1), O::Fence(kSeqCst), O::Read(kRelaxed, 1)},
                     {O::Write(kRelaxed, 1, 1), O::Read(kRelaxed, 0)}},
                    Reads({0, 0}));
  const std::vector<Cure> cures = FindCures(*graph, Wrong());
  ASSERT_THAT(cures, SizeIs(1));
  ASSERT_THAT(cures[0].changes, SizeIs(1));
  EXPECT_EQ(cures[0].changes[0].event, graph->ThreadAt(1, 0));
  EXPECT_EQ(cures[0].changes[0].before_fence, graph->ThreadAt(1, 1));
}

TEST(StrengthenTest, TwoFencesAreLessThanFourOrders) {
  const auto graph = FindExecution({{O::Write(kRelaxed, 0, 1), O::Read(kRelaxed, 1)},
                                    {O::Write(kRelaxed, 1, 1), O::Read(kRelaxed, 0)}},
                                   Reads({0, 0}));
  const std::vector<Cure> cures = FindCures(*graph, Wrong());
  ASSERT_THAT(cures, SizeIs(1));
  ASSERT_THAT(cures[0].changes, SizeIs(2));
  EXPECT_NE(cures[0].changes[0].before_fence, Graph::kNone);
}

TEST(StrengthenTest, ASeqCstOrderComesBeforeAFence) {
  const auto graph = FindExecution({{O::Write(kSeqCst, 0, 1), O::Read(kSeqCst, 1)},
                                    {O::Write(kSeqCst, 1, 1), O::Read(kAcquire, 0)}},
                                   Reads({0, 0}));
  const std::vector<Cure> cures = FindCures(*graph, Wrong());
  ASSERT_THAT(cures, SizeIs(1));
  EXPECT_EQ(cures[0].changes[0].to, kSeqCst);
  EXPECT_EQ(cures[0].changes[0].event, graph->ThreadAt(1, 1));
}

TEST(StrengthenTest, TwoLightFencesMakeNoPair) {
  const auto graph =
      FindExecution({{O::Write(kRelaxed, 0, 1), O::Fence(kLight), O::Read(kRelaxed, 1)},
                     {O::Write(kRelaxed, 1, 1), O::Fence(kLight), O::Read(kRelaxed, 0)}},
                    Reads({0, 0}));
  ASSERT_NE(graph, nullptr);
  const std::vector<Cure> cures = FindCures(*graph, Wrong());
  ASSERT_THAT(cures, SizeIs(2)) << "either of them may be heavy";
  EXPECT_EQ(cures[0].changes[0].to, kHeavy);
}

// The store by which it is seen has a place, which both threads pass.
TEST(StrengthenTest, AnOrderIsChangedWhereverItsPlaceIsPassed) {
  Operation store = O::Write(kRelaxed, 0, 1);
  Operation load = O::Read(kRelaxed, 1);
  store.place = {.file = "lock.h", .function = "Lock", .line = 10};
  load.place = {.file = "lock.h", .function = "Lock", .line = 11};
  Operation other_store = store;
  Operation other_load = load;
  other_store.location = 1;
  other_load.location = 0;
  const auto graph = FindExecution({{store, load}, {other_store, other_load}}, Reads({0, 0}));
  const std::vector<Cure> cures = FindCures(*graph, Wrong());
  ASSERT_THAT(cures, SizeIs(1)) << "one fence between lines 10 and 11, for both threads";
  EXPECT_THAT(cures[0].changes, SizeIs(1));
}

TEST(StrengthenTest, TheFailureOrderOfACompareExchangeHasAnOwn) {
  const auto graph =
      FindExecution({{O::Write(kPlain, 0, 1), O::Write(kRelease, 1, 1)},
                     {O::CompareRead(kAcqRel, kRelaxed, 1, 0), O::Write(kPlain, 0, 2)}},
                    Reads({1}));
  ASSERT_NE(graph, nullptr);
  const std::vector<Cure> cures =
      FindCures(*graph, RaceOf(graph->ThreadAt(0, 0), graph->ThreadAt(1, 1)));
  ASSERT_THAT(cures, SizeIs(1));
  EXPECT_EQ(cures[0].changes[0].to, kAcquire);
}

TEST(StrengthenTest, NoOrderForbidsAnInterleaving) {
  const auto graph =
      FindExecution({{O::Write(kRelaxed, 0, 1)}, {O::Read(kRelaxed, 0)}}, Reads({0}));
  EXPECT_THAT(FindCures(*graph, Wrong()), IsEmpty());
}

}  // namespace
}  // namespace ashlar::verification::rc11
