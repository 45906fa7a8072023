#include "ashlar/verification/rc11/graph.h"

#include <memory>
#include <vector>

#include "ashlar/verification/rc11/execution_hash.h"
#include "ashlar/verification/rc11/script_for_test.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
constexpr int kX = 0;
constexpr int kY = 1;

class GraphTest : public testing::Test {
 protected:
  GraphTest() { graph_.Reset(Script({{}, {}, {}}, 7)); }

  EventId Append(int thread, const Operation& operation) {
    EventId id = Graph::kNone;
    EXPECT_TRUE(graph_.Append(thread, operation, &id));
    return id;
  }
  EventId Read(int thread, Order order, int location, EventId write) {
    const EventId id = Append(thread, Operation::Read(order, static_cast<std::uint8_t>(location)));
    graph_.ReadFrom(id, write);
    return id;
  }
  // At the end of the modification order.
  EventId Write(int thread, Order order, int location, Value value = 1) {
    const EventId place = graph_.MoLast(location);
    const EventId id =
        Append(thread, Operation::Write(order, static_cast<std::uint8_t>(location), value));
    graph_.PlaceAfter(id, place);
    return id;
  }
  bool HappensBefore(EventId a, EventId b) const { return graph_[b].hb.Contains(a); }
  std::vector<int> ModificationOrder(int location) const {
    std::vector<int> order;
    for (EventId id = Graph::Initial(location); id != Graph::kNone; id = graph_[id].mo_after) {
      if (!Graph::IsInitial(id)) order.push_back(id);
    }
    return order;
  }

  // Large, hence on the heap.
  const std::unique_ptr<Graph> storage_ = std::make_unique<Graph>();
  Graph& graph_ = *storage_;
};

TEST_F(GraphTest, ReadsHaveTheValueThatTheyReadFrom) {
  const EventId read = Read(0, kRelaxed, kX, Graph::Initial(kX));
  EXPECT_EQ(graph_[read].value, 7);
  const EventId write = Write(1, kRelaxed, kX, 3);
  graph_.ReadFrom(read, write);
  EXPECT_EQ(graph_[read].value, 3);
  EXPECT_TRUE(graph_[write].readers.Contains(read));
  EXPECT_FALSE(graph_[Graph::Initial(kX)].readers.Contains(read));
}

TEST_F(GraphTest, AcquireSynchronisesWithTheReleaseThatItReads) {
  const EventId before = Write(0, kPlain, kX);
  const EventId release = Write(0, kRelease, kY);
  const EventId relaxed = Read(1, kRelaxed, kY, release);
  const EventId acquire = Read(1, kAcquire, kY, release);
  const EventId after = Read(1, kPlain, kX, before);
  EXPECT_FALSE(HappensBefore(release, relaxed));
  EXPECT_TRUE(HappensBefore(release, acquire));
  EXPECT_TRUE(HappensBefore(before, after));
  EXPECT_TRUE(graph_[relaxed].porf.Contains(before));
}

TEST_F(GraphTest, PlainAndRelaxedWritesReleaseNothing) {
  const EventId plain = Write(0, kPlain, kX);
  const EventId relaxed = Write(0, kRelaxed, kX);
  EXPECT_FALSE(HappensBefore(plain, Read(1, kAcquire, kX, plain)));
  EXPECT_FALSE(HappensBefore(relaxed, Read(1, kAcquire, kX, relaxed)));
}

TEST_F(GraphTest, FencesSynchroniseThroughRelaxedAccesses) {
  const EventId before = Write(0, kPlain, kX);
  const EventId release = Append(0, Operation::Fence(kRelease));
  const EventId write = Write(0, kRelaxed, kY);
  const EventId read = Read(1, kRelaxed, kY, write);
  const EventId acquire = Append(1, Operation::Fence(kAcquire));
  EXPECT_FALSE(HappensBefore(before, read));
  EXPECT_TRUE(HappensBefore(release, acquire));
  EXPECT_TRUE(HappensBefore(before, acquire));
  EXPECT_FALSE(HappensBefore(write, acquire)) << "it comes after what was released";
}

TEST_F(GraphTest, ReadModifyWritesContinueAReleaseSequence) {
  const EventId release = Write(0, kRelease, kX);
  const EventId half = Append(1, Operation::RmwRead(kRelaxed, kX));
  graph_.ReadFrom(half, release);
  const EventId rmw = Append(1, Operation::RmwWrite(kRelaxed, kX, 2));
  graph_.PlaceAfter(rmw, release);
  const EventId acquire = Read(2, kAcquire, kX, rmw);
  EXPECT_TRUE(HappensBefore(release, acquire));
  EXPECT_FALSE(HappensBefore(rmw, acquire));
}

TEST_F(GraphTest, LaterWritesOfTheSameThreadDoNot) {
  const EventId release = Write(0, kRelease, kX);
  const EventId relaxed = Write(0, kRelaxed, kX, 2);
  EXPECT_FALSE(HappensBefore(release, Read(1, kAcquire, kX, relaxed)));
}

TEST_F(GraphTest, AFailedCompareExchangeHasTheOrderOfFailure) {
  const EventId read = Append(0, Operation::CompareRead(kSeqCst, kRelaxed, kX, 7));
  graph_.ReadFrom(read, Graph::Initial(kX));
  EXPECT_EQ(graph_[read].order, kSeqCst);
  EXPECT_TRUE(graph_.SeqCst().Contains(read));
  graph_.ReadFrom(read, Write(1, kRelaxed, kX, 8));
  EXPECT_EQ(graph_[read].order, kRelaxed);
  EXPECT_FALSE(graph_.SeqCst().Contains(read));
}

TEST_F(GraphTest, WritesHaveAnyPlaceInTheModificationOrder) {
  const EventId first = Write(0, kRelaxed, kX);
  const EventId second = Append(1, Operation::Write(kRelaxed, kX, 2));
  graph_.PlaceAfter(second, Graph::Initial(kX));
  EXPECT_EQ(ModificationOrder(kX), (std::vector<int>{second, first}));
  EXPECT_EQ(graph_.MoLast(kX), first);
  graph_.Displace(second);
  EXPECT_EQ(ModificationOrder(kX), (std::vector<int>{first}));
  graph_.PlaceAfter(second, first);
  EXPECT_EQ(graph_.MoLast(kX), second);
}

TEST_F(GraphTest, TheLastEventCanBeRemoved) {
  const EventId write = Write(0, kSeqCst, kX);
  const std::uint64_t hash = ExecutionHash(graph_);
  const EventId read = Read(1, kSeqCst, kX, write);
  EXPECT_NE(ExecutionHash(graph_), hash);
  graph_.RemoveLast();
  EXPECT_EQ(ExecutionHash(graph_), hash);
  EXPECT_EQ(graph_.Size(), 1);
  EXPECT_EQ(graph_.ThreadSize(1), 0);
  EXPECT_FALSE(graph_[write].readers.Contains(read));
  EXPECT_EQ(graph_.SeqCst(), EventSet::Of(write));
  EXPECT_EQ(graph_.Accesses(kX), EventSet::Of(write));
}

TEST_F(GraphTest, ACopyLeavesEventsOut) {
  const EventId kept = Write(0, kRelaxed, kX, 1);
  const EventId gone = Write(1, kRelaxed, kX, 2);
  const EventId reader = Read(1, kRelaxed, kX, kept);
  const EventId last = Write(2, kRelaxed, kX, 3);
  auto copy = std::make_unique<Graph>();
  copy->CopyWithout(graph_, EventSet::Of(gone) | EventSet::Of(reader));
  EXPECT_EQ(copy->Size(), 2);
  EXPECT_EQ(copy->ThreadSize(1), 0);
  EXPECT_EQ((*copy)[kept].mo_after, last);
  EXPECT_EQ((*copy)[last].mo_before, kept);
  EXPECT_TRUE((*copy)[kept].readers.Empty());
  EXPECT_EQ(copy->Accesses(kX), EventSet::Of(kept) | EventSet::Of(last));

  // The slots that became free are used again.
  EventSet slots;
  EventId id = Graph::kNone;
  ASSERT_TRUE(copy->Append(1, Operation::Fence(kSeqCst), &id));
  slots.Insert(id);
  ASSERT_TRUE(copy->Append(1, Operation::Fence(kSeqCst), &id));
  slots.Insert(id);
  EXPECT_EQ(slots, EventSet::Of(gone) | EventSet::Of(reader));
}

TEST_F(GraphTest, IsFullAt128Events) {
  for (int i = 0; i < Graph::kMaxEvents; ++i) Append(0, Operation::Fence(kRelease));
  EventId id = Graph::kNone;
  EXPECT_FALSE(graph_.Append(1, Operation::Fence(kRelease), &id));
  EXPECT_EQ(graph_.Size(), Graph::kMaxEvents);
}

TEST_F(GraphTest, TheHashIsOfTheExecutionNotOfTheWayToIt) {
  const EventId first = Write(0, kRelaxed, kX, 1);
  const EventId second = Write(1, kRelaxed, kY, 1);
  const std::uint64_t hash = ExecutionHash(graph_);
  graph_.Displace(second);
  graph_.RemoveLast();
  graph_.Displace(first);
  graph_.RemoveLast();
  Write(1, kRelaxed, kY, 1);
  Write(0, kRelaxed, kX, 1);
  EXPECT_EQ(ExecutionHash(graph_), hash);
}

}  // namespace
}  // namespace ashlar::verification::rc11
