#include "ashlar/verification/rc11/event_set.h"

#include <vector>

#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

EventSet SetOf(const std::vector<int>& events) {
  EventSet set;
  for (const int event : events) set.Insert(static_cast<EventId>(event));
  return set;
}

std::vector<int> Members(const EventSet& set) {
  std::vector<int> members;
  set.ForEach([&](EventId event) { members.push_back(event); });
  return members;
}

TEST(EventSetTest, HoldsTheEventsOfBothWords) {
  EventSet set = SetOf({127, 0, 63, 64});
  EXPECT_EQ(Members(set), (std::vector<int>{0, 63, 64, 127}));
  EXPECT_EQ(set.Size(), 4);
  EXPECT_TRUE(set.Contains(64));
  EXPECT_FALSE(set.Contains(65));
  set.Remove(64);
  EXPECT_EQ(Members(set), (std::vector<int>{0, 63, 127}));
  EXPECT_FALSE(set.Empty());
  EXPECT_TRUE(EventSet().Empty());
}

TEST(EventSetTest, IsASet) {
  const EventSet a = SetOf({1, 2, 100});
  const EventSet b = SetOf({2, 3, 100, 101});
  EXPECT_EQ(a | b, SetOf({1, 2, 3, 100, 101}));
  EXPECT_EQ(a & b, SetOf({2, 100}));
  EXPECT_EQ(a - b, SetOf({1}));
  EXPECT_TRUE(a.Intersects(b));
  EXPECT_TRUE(a.Intersects(SetOf({100})));
  EXPECT_FALSE(a.Intersects(SetOf({3, 101})));
}

TEST(EventSetTest, KnowsTheFirstAbsentEvent) {
  EventSet set;
  for (int event = 0; event < EventSet::kCapacity; ++event) {
    EXPECT_EQ(set.FirstAbsent(), event);
    set.Insert(static_cast<EventId>(event));
  }
  set.Remove(70);
  EXPECT_EQ(set.FirstAbsent(), 70);
  set.Remove(3);
  EXPECT_EQ(set.FirstAbsent(), 3);
}

}  // namespace
}  // namespace ashlar::verification::rc11
