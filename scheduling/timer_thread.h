// timer_thread.h
// --------------
// TimerThread: timers by the steady clock, and a thread that this object owns for them.
//
//   TimerThread timers;
//   CallbackTimer timer(timers, [&] { source.Cancel(); });
//   timer.StartAfter(absl::Milliseconds(50));
//
// When to use: a program, or an executor, that needs timers and has no loop to drive them. One is
// enough for very many. When not: in tests, where manual_timer_service.h takes no time; beside an
// event loop, which drives timers itself.
//
// Contract: that of timer_service.h. The thread sleeps until the next timer is due, and costs
// nothing while there is none. The destructor waits for a function that is running; it must not
// be called by one.
// Errors: std::system_error if the system has no thread.
#ifndef ASHLAR_SCHEDULING_TIMER_THREAD_H_
#define ASHLAR_SCHEDULING_TIMER_THREAD_H_

#include <atomic>
#include <thread>

#include "absl/time/time.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {

class TimerThread final : public TimerService {
 public:
  explicit TimerThread(absl::Duration tick = absl::Milliseconds(1));
  ~TimerThread() override;

  TimePoint Now() const override { return std::chrono::steady_clock::now(); }

 private:
  void OnSooner() override { core().WakeDriver(); }
  void Run();

  std::atomic<bool> ends_{false};
  std::thread thread_;  // last: it uses the rest
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_TIMER_THREAD_H_
