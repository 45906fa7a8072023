// manual_timer_service.h
// ----------------------
// ManualTimerService: timers by a clock that a test sets.
//
//   ManualTimerService timers;
//   CallbackTimer timer(timers, [&] { fired = true; });
//   timer.StartAfter(absl::Seconds(1));
//   timers.Advance(absl::Seconds(1));   // fires, on this thread, at once
//
// When to use: tests of what takes a TimerService (timer_service.h), which then take no time. When
// not: anywhere else.
//
// Contract: that of timer_service.h. Time stands still but for Advance, which goes from tick to
// tick: in a timer's function, Now() is the time at which it is due, so that one that starts
// itself again fires as often as it would in the course of time.
// Thread safety: Advance from one thread at a time, all else from any.
#ifndef ASHLAR_SCHEDULING_MANUAL_TIMER_SERVICE_H_
#define ASHLAR_SCHEDULING_MANUAL_TIMER_SERVICE_H_

#include <atomic>
#include <chrono>

#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {

class ManualTimerService final : public TimerService {
 public:
  explicit ManualTimerService(absl::Duration tick = absl::Milliseconds(1))
      : TimerService(TimePoint(), tick) {}

  TimePoint Now() const override { return now_.load(std::memory_order_relaxed); }

  // `time`: not negative.
  void Advance(absl::Duration time) {
    ASHLAR_CHECK(time >= absl::ZeroDuration(), "time does not go back");
    const auto length = absl::ToChronoNanoseconds(time);
    const TimePoint end = length > TimePoint::max() - Now() ? TimePoint::max() : Now() + length;
    RunExpired(end);
    now_.store(end, std::memory_order_relaxed);
  }

 private:
  void OnSooner() override {}
  void OnTick(TimePoint time) override { now_.store(time, std::memory_order_relaxed); }

  // relaxed: a clock orders nothing.
  std::atomic<TimePoint> now_{TimePoint()};
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_MANUAL_TIMER_SERVICE_H_
