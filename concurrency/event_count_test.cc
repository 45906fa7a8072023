#include "ashlar/concurrency/event_count.h"

#include <chrono>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(EventCountTest, NotificationBetweenPrepareAndCommitEndsTheWait) {
  EventCount events;
  const EventCount::Key key = events.PrepareWait();
  events.NotifyOne();
  events.CommitWait(key);
  EXPECT_FALSE(events.HasWaiters());
}

TEST(EventCountTest, TimedWaitTellsTimeoutFromNotification) {
  EventCount events;
  EXPECT_FALSE(events.CommitWaitFor(events.PrepareWait(), std::chrono::milliseconds(1)));
  const EventCount::Key key = events.PrepareWait();
  events.NotifyOne();
  EXPECT_TRUE(events.CommitWaitFor(key, std::chrono::hours(1)));
}

}  // namespace
}  // namespace ashlar
