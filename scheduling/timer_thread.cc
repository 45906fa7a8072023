#include "ashlar/scheduling/timer_thread.h"

#include <atomic>
#include <chrono>
#include <optional>
#include <thread>

#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {

TimerThread::TimerThread(absl::Duration tick)
    : TimerService(std::chrono::steady_clock::now(), tick), thread_([this] { Run(); }) {}

TimerThread::~TimerThread() {
  ASHLAR_CHECK(thread_.get_id() != std::this_thread::get_id(),
               "a timer's function destroys its service");
  // relaxed: WakeDriver and PrepareSleep order it.
  ends_.store(true, std::memory_order_relaxed);
  core().WakeDriver();
  thread_.join();
}

void TimerThread::Run() {
  for (;;) {
    const auto ticket = core().PrepareSleep();
    if (ends_.load(std::memory_order_relaxed)) return;
    const std::optional<TimePoint> next = RunExpired(Now());
    if (next) {
      const TimePoint now = Now();
      if (*next > now) core().SleepFor(ticket, *next - now);
    } else {
      core().Sleep(ticket);
    }
  }
}

}  // namespace ashlar
