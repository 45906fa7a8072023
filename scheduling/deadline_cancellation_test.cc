#include "ashlar/scheduling/deadline_cancellation.h"

#include <optional>

#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/manual_timer_service.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr absl::Duration kMs = absl::Milliseconds(1);

TEST(DeadlineCancellationTest, TheDeadlineCancelsAndSaysSo) {
  ManualTimerService timers;
  const DeadlineCancellation deadline(timers, 50 * kMs);
  timers.Advance(49 * kMs);
  EXPECT_FALSE(deadline.IsCancelled());
  timers.Advance(kMs);
  EXPECT_EQ(deadline.token().reason(), CancellationReason::kDeadlineExceeded);
}

TEST(DeadlineCancellationTest, WhatComesFirstIsTheReason) {
  ManualTimerService timers;
  CancellationSource outer;
  const DeadlineCancellation deadline(timers, 50 * kMs, outer.token());
  const DeadlineCancellation inner(timers, 10 * kMs, deadline.token());
  timers.Advance(10 * kMs);
  EXPECT_TRUE(inner.IsCancelled());
  EXPECT_FALSE(deadline.IsCancelled());
  outer.Cancel();
  timers.Advance(50 * kMs);
  EXPECT_EQ(deadline.token().reason(), CancellationReason::kCancelled);
  EXPECT_EQ(inner.token().reason(), CancellationReason::kDeadlineExceeded);
}

TEST(DeadlineCancellationTest, ADeadlineThatHasPassedCancelsAtOnceAndAnInfiniteOneNever) {
  ManualTimerService timers;
  EXPECT_TRUE(DeadlineCancellation(timers, absl::ZeroDuration()).IsCancelled());
  EXPECT_TRUE(DeadlineCancellation(timers, -absl::InfiniteDuration()).IsCancelled());
  const DeadlineCancellation never(timers, absl::InfiniteDuration());
  timers.Advance(absl::Hours(1000));
  EXPECT_FALSE(never.IsCancelled());
}

TEST(DeadlineCancellationTest, AfterItsEndItHasNoEffect) {
  ManualTimerService timers;
  CancellationSource source;
  std::optional<CancelAfter> alarm(std::in_place, timers, source, kMs);
  alarm.reset();
  timers.Advance(10 * kMs);
  EXPECT_FALSE(source.IsCancelled());
}

TEST(DeadlineCancellationTest, CanBePutOffAndDismissed) {
  ManualTimerService timers;
  CancellationSource source;
  CancelAfter alarm(timers, source, 5 * kMs);
  timers.Advance(4 * kMs);
  alarm.Restart(5 * kMs);
  timers.Advance(4 * kMs);
  EXPECT_FALSE(source.IsCancelled());
  EXPECT_TRUE(alarm.Dismiss());
  EXPECT_FALSE(alarm.Dismiss());
  timers.Advance(10 * kMs);
  EXPECT_FALSE(source.IsCancelled());
  alarm.Restart(absl::ZeroDuration());
  EXPECT_TRUE(source.IsCancelled());
}

}  // namespace
}  // namespace ashlar
