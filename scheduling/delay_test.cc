// Of delay.h, and of timeout.h and retry.h, which are made of the same.
#include "ashlar/scheduling/delay.h"

#include <atomic>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/inline_executor.h"
#include "ashlar/scheduling/manual_executor.h"
#include "ashlar/scheduling/manual_timer_service.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/retry.h"
#include "ashlar/scheduling/timeout.h"
#include "ashlar/scheduling/timer_thread.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr absl::Duration kMs = absl::Milliseconds(1);

TEST(DelayTest, IsReadyWhenTheTimeIsUp) {
  ManualTimerService timers;
  auto delay = Delay(timers, 5 * kMs);
  timers.Advance(4 * kMs);
  EXPECT_FALSE(delay.IsReady());
  timers.Advance(kMs);
  EXPECT_TRUE(delay.Get(absl::ZeroDuration()).ok());
}

TEST(DelayTest, WithoutTimeItIsReadyAtOnce) {
  ManualTimerService timers;
  EXPECT_TRUE(Delay(timers, absl::ZeroDuration()).IsReady());
  EXPECT_TRUE(Delay(timers, -absl::InfiniteDuration()).IsReady());
}

TEST(DelayTest, AnInfiniteOneEndsByCancellationAlone) {
  ManualTimerService timers;
  auto delay = Delay(timers, absl::InfiniteDuration());
  timers.Advance(absl::Hours(24 * 365));
  EXPECT_FALSE(delay.IsReady());
  delay.Cancel();
  EXPECT_TRUE(delay.WaitForOutcome().cancelled());
}

TEST(DelayTest, CancelEndsItAtOnce) {
  ManualTimerService timers;
  auto delay = Delay(timers, 5 * kMs).Then([] { return 1; });
  delay.Cancel();
  EXPECT_TRUE(delay.IsReady());
  EXPECT_TRUE(delay.WaitForOutcome().cancelled());
  timers.Advance(10 * kMs);
}

TEST(DelayTest, ASourceEndsItToo) {
  ManualTimerService timers;
  CancellationSource source;
  auto delay = Delay(timers, 5 * kMs, source);
  source.Cancel(CancellationReason::kDeadlineExceeded);
  EXPECT_TRUE(absl::IsDeadlineExceeded(delay.Get(absl::ZeroDuration())));
  EXPECT_TRUE(absl::IsDeadlineExceeded(Delay(timers, 5 * kMs, source).Get(absl::ZeroDuration())));
}

TEST(DelayTest, MayBeDropped) {
  ManualTimerService timers;
  bool ran = false;
  {
    auto dropped = Delay(timers, 5 * kMs).Then([&ran] { ran = true; });
  }
  timers.Advance(5 * kMs);
  EXPECT_TRUE(ran);
}

TEST(DelayStressTest, CancelMeetsTheTimer) {
  TimerThread timers(absl::Microseconds(50));
  for (int i = 0; i < 500; ++i) {
    auto delay = Delay(timers, absl::Microseconds(50 * (i % 3)));
    if (i % 2 == 0) std::this_thread::yield();
    delay.Cancel();
    const Outcome<void> outcome = delay.WaitForOutcome();
    EXPECT_TRUE(outcome.ok() || outcome.cancelled());
  }
}

TEST(TimeoutTest, AnOutcomeInTimePasses) {
  ManualTimerService timers;
  Promise<int> promise;
  auto future = Timeout(promise.GetFuture(), timers, 5 * kMs);
  timers.Advance(4 * kMs);
  promise.SetValue(7);
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), 7);
  timers.Advance(absl::Hours(1));
}

TEST(TimeoutTest, GivesUpWhenTheTimeIsUpAndCancels) {
  ManualTimerService timers;
  Promise<int> promise{CancellationSource()};
  const CancellationToken token = promise.token();
  auto future = Timeout(promise.GetFuture(), timers, 5 * kMs);
  timers.Advance(5 * kMs);
  EXPECT_TRUE(absl::IsDeadlineExceeded(future.Get(absl::ZeroDuration()).status()));
  EXPECT_EQ(token.reason(), CancellationReason::kDeadlineExceeded);
  promise.SetValue(7);
}

TEST(TimeoutTest, WhatIsAttachedGoesOnFromThere) {
  ManualTimerService timers;
  ManualExecutor executor;
  Promise<int> promise{CancellationSource()};
  auto future = Timeout(promise.GetFuture(), timers, 5 * kMs)
                    .Then(executor, [](int n) { return n; })
                    .Catch(executor,
                           [](const absl::Status& status) {
                             return absl::IsDeadlineExceeded(status) ? 1 : 0;
                           })
                    .Then(executor, [](int n) { return n + 1; });
  timers.Advance(5 * kMs);
  executor.RunAll();
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), 2);
}

TEST(TimeoutTest, AProducerThatNeverAnswersHoldsNobodyUp) {
  ManualTimerService timers;
  Promise<std::unique_ptr<int>> promise;
  auto future = Timeout(promise.GetFuture(), timers, 5 * kMs);
  timers.Advance(5 * kMs);
  EXPECT_TRUE(absl::IsDeadlineExceeded(future.Get(absl::ZeroDuration()).status()));
}

TEST(TimeoutTest, AProducerThatAnswersAtOnceIsTooLate) {
  ManualTimerService timers;
  Promise<int> promise{CancellationSource()};
  CancellationCallback answer(promise.token(), [&] { promise.SetValue(1); });
  auto future = Timeout(promise.GetFuture(), timers, 5 * kMs);
  timers.Advance(5 * kMs);
  EXPECT_TRUE(absl::IsDeadlineExceeded(future.Get(absl::ZeroDuration()).status()));
}

TEST(TimeoutTest, WithoutTimeOnlyWhatIsReadyIsInTime) {
  ManualTimerService timers;
  EXPECT_EQ(*Timeout(MakeFuture(1), timers, absl::ZeroDuration()).Get(), 1);
  Promise<int> promise{CancellationSource()};
  const CancellationToken token = promise.token();
  auto late = Timeout(promise.GetFuture(), timers, -kMs);
  EXPECT_TRUE(absl::IsDeadlineExceeded(late.Get(absl::ZeroDuration()).status()));
  EXPECT_TRUE(token.IsCancelled());
}

TEST(TimeoutTest, CancelReachesTheFuture) {
  ManualTimerService timers;
  Promise<int> promise{CancellationSource()};
  auto future = Timeout(promise.GetFuture(), timers, absl::InfiniteDuration());
  auto timed = Timeout(std::move(future), timers, 5 * kMs);
  const CancellationToken token = promise.token();
  timed.Cancel();
  EXPECT_TRUE(token.IsCancelled());
  promise.SetCancelled();
  EXPECT_TRUE(timed.WaitForOutcome().cancelled());
}

TEST(TimeoutStressTest, TheFutureMeetsTheTimer) {
  TimerThread timers(absl::Microseconds(50));
  for (int i = 0; i < 300; ++i) {
    Promise<int> promise{CancellationSource()};
    auto future = Timeout(promise.GetFuture(), timers, absl::Microseconds(50));
    std::thread producer([promise = std::move(promise), i]() mutable {
      if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(60));
      promise.SetValue(1);
    });
    const auto value = future.Get();
    EXPECT_TRUE(value.ok() || absl::IsDeadlineExceeded(value.status())) << value.status();
    producer.join();
  }
}

// Fails `failures` times.
struct Flaky {
  int failures;
  int* calls;
  absl::StatusOr<int> operator()() {
    if (++*calls <= failures) return absl::UnavailableError("down");
    return *calls;
  }
};

TEST(RetryTest, GoesOnUntilItSucceeds) {
  ManualTimerService timers;
  ManualExecutor executor;
  int calls = 0;
  auto future = Retry(executor, timers, {.jitter = 0}, Flaky{2, &calls});
  executor.RunAll();
  EXPECT_EQ(calls, 1);
  timers.Advance(9 * kMs);
  EXPECT_EQ(executor.RunAll(), 0u);
  timers.Advance(kMs);
  EXPECT_EQ(executor.RunAll(), 1u);
  timers.Advance(19 * kMs);
  EXPECT_EQ(executor.RunAll(), 0u);
  timers.Advance(kMs);
  executor.RunAll();
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), 3);
}

TEST(RetryTest, TheLastFailureIsTheOutcome) {
  ManualTimerService timers;
  InlineExecutor executor;
  int calls = 0;
  auto future = Retry(executor, timers, {.attempts = 4, .first_pause = absl::ZeroDuration()},
                      Flaky{100, &calls});
  timers.Advance(absl::Seconds(1));
  EXPECT_EQ(future.Get(absl::ZeroDuration()).status(), absl::UnavailableError("down"));
  EXPECT_EQ(calls, 4);
}

TEST(RetryTest, WhatIsNotWorthItEndsItAtOnce) {
  ManualTimerService timers;
  InlineExecutor executor;
  int calls = 0;
  const auto missing = [&]() -> absl::Status { return ++calls, absl::NotFoundError("x"); };
  EXPECT_EQ(Retry(executor, timers, {}, missing).Get(), absl::NotFoundError("x"));
  EXPECT_EQ(calls, 1);
  const auto throws = [&] { throw std::out_of_range("far"); };
  EXPECT_THROW((void)Retry(executor, timers, {}, throws).Get(), std::out_of_range);
  auto any =
      Retry(executor, timers,
            {.attempts = 3, .is_worth_it = [](const absl::Status&) { return true; }}, missing);
  timers.Advance(absl::Seconds(1));
  EXPECT_EQ(any.Get(absl::ZeroDuration()), absl::NotFoundError("x"));
  EXPECT_EQ(calls, 4);
}

TEST(RetryTest, CancelEndsAPause) {
  ManualTimerService timers;
  InlineExecutor executor;
  int calls = 0;
  auto future = Retry(executor, timers, {}, Flaky{100, &calls});
  EXPECT_FALSE(future.IsReady());
  future.Cancel();
  EXPECT_TRUE(future.IsReady());
  EXPECT_TRUE(future.WaitForOutcome().cancelled());
  timers.Advance(absl::Hours(1));
  EXPECT_EQ(calls, 1);
}

TEST(RetryTest, CancelReachesTheAttempt) {
  ManualTimerService timers;
  InlineExecutor executor;
  CancellationToken seen;
  Promise<int> promise;
  auto future = Retry(executor, timers, {}, [&](CancellationToken token) {
    seen = token;
    return promise.GetFuture();
  });
  future.Cancel();
  EXPECT_TRUE(seen.IsCancelled());
  EXPECT_FALSE(future.IsReady());
  promise.SetError(absl::UnavailableError("down"));
  EXPECT_EQ(future.Get(absl::ZeroDuration()).status(), absl::UnavailableError("down"))
      << "no further attempt";
}

TEST(RetryTest, JitterShortensPausesByItsPart) {
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    RetryOptions options{.attempts = 5, .jitter = 0.5, .seed = seed};
    options.longest_pause = 30 * kMs;
    internal::Backoffs pauses(options);
    for (const absl::Duration whole : {10 * kMs, 20 * kMs, 30 * kMs, 30 * kMs}) {
      const absl::Duration pause = pauses.Next();
      EXPECT_LE(pause, whole);
      EXPECT_GE(pause, whole / 2);
    }
    EXPECT_LT(pauses.Next(), absl::ZeroDuration());
  }
}

TEST(RetryDeathTest, Options) {
  EXPECT_DEATH(internal::Backoffs(RetryOptions{.attempts = 0}), "one attempt");
  EXPECT_DEATH(internal::Backoffs(RetryOptions{.factor = 0.5}), "do not shrink");
}

}  // namespace
}  // namespace ashlar
