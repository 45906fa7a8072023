// timer_service.h
// ---------------
// TimerService: calls functions when their time has come. Timer, CallbackTimer: what it calls.
//
//   TimerThread timers;                                      // timer_thread.h: a thread of its own
//   CallbackTimer retry(timers, [&] { Send(request); });
//   retry.StartAfter(absl::Milliseconds(50));
//   ...
//   if (retry.Cancel()) ...                                  // true: it does not fire
//
// When to use: timeouts, retries, deadlines; very many of them, nearly all of which are cancelled.
// When not: for times finer than a tick; for wall-clock time.
//
// There is no global service: somebody owns a thread for it (timer_thread.h), drives it from a
// test with a clock of the test's own (manual_timer_service.h), or from a loop of another kind
// (derive from TimerService). Whoever takes timers takes a TimerService&.
//
// Contract. A timer fires once for each start, at the first tick that is not before its time, or
// as soon as the driver comes to it; at the next tick if its time has passed. It never fires
// early. Starting it again before puts it off, or forward. Timers fire in the order of their
// ticks, those of one tick in any order.
// Functions run on the driver's thread, one after the other, and must not throw, and be short:
// the next ones wait. They may start, cancel and destroy any timer, also their own.
// Cancel says whether it prevented the firing: true for exactly one of Cancel and the function.
// It does not wait. After a timer's destructor its function does not run and is not running: the
// destructor waits for another thread that is running it, and returns at once inside of the
// function itself. A service outlives its timers.
//
// Parameters: tick, the resolution, a millisecond if nothing else is said.
// Thread safety: a timer is started and cancelled from any thread; destroyed when no other call
// is under way. Progress: blocking, for as long as it takes to put a timer into its slot, or the
// driver to move 32 of them; then it lets in who waits.
// Cost: starting a timer or cancelling it is a lock, no allocation, no search. A timer is 48 bytes
// and its function. Putting it off, and cancelling and starting it again for a later time, changes
// no list; the price is that the driver may wake once for each slot of timers that have moved on.
// Errors: none. Checked: a service that is destroyed before its timers.
#ifndef ASHLAR_SCHEDULING_TIMER_SERVICE_H_
#define ASHLAR_SCHEDULING_TIMER_SERVICE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/time/time.h"
#include "ashlar/scheduling/internal/running_call.h"
#include "ashlar/scheduling/internal/timer_core.h"

namespace ashlar {

class TimerService {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  virtual ~TimerService();
  TimerService(const TimerService&) = delete;
  TimerService& operator=(const TimerService&) = delete;

  // By the service's clock.
  virtual TimePoint Now() const = 0;

  absl::Duration tick() const { return absl::FromChrono(tick_); }

 protected:
  // `start`: what the clock shows. `tick`: of a nanosecond or more; it is checked.
  TimerService(TimePoint start, absl::Duration tick);

  // Calls the functions of all timers that are due at `now`. Nothing is due before the time that
  // it gives; nothing if there is no timer. One thread at a time.
  std::optional<TimePoint> RunExpired(TimePoint now);

  // A timer was started that is due before the time that RunExpired gave last.
  virtual void OnSooner() = 0;

  // RunExpired comes to the timers of the tick at `time`.
  virtual void OnTick(TimePoint) {}

  // For a driver that sleeps in OnSooner's way; see timer_core.h.
  internal::TimerCore<>& core() { return core_; }

 private:
  friend class Timer;
  using Core = internal::TimerCore<>;

  // The first tick that is not before `time`.
  Core::Tick TickOf(TimePoint time) const;

  const TimePoint start_;
  const std::chrono::nanoseconds tick_;
  Core core_;
};

// A timer that calls a function with itself: for who keeps it in an object of his own. Neither
// copied nor moved.
class Timer : private internal::TimerCore<>::Node {
  using Core = internal::TimerCore<>;

 public:
  using TimePoint = TimerService::TimePoint;
  using Function = void (*)(Timer&);

  Timer(TimerService& service, Function function) noexcept
      : service_(service), function_(function) {}
  ~Timer() { Retire(); }

  // Starts it, or starts it anew. With a delay of zero or less it is due at the next tick, with an
  // infinite one never.
  void StartAfter(absl::Duration delay);
  void StartAt(TimePoint time) {
    if (service_.core_.Start(*this, service_.TickOf(time))) [[unlikely]]
      service_.OnSooner();
  }

  // True if it was to fire and now will not. False if it was not started, or has fired, or is
  // about to, on another thread.
  bool Cancel() noexcept { return service_.core_.Cancel(*this); }

  // As Cancel, and then waits for its function, as the destructor does. For destructors of who
  // derives from it, whose function must not run any more.
  bool Retire() noexcept { return service_.core_.Retire(*this, internal::ThisThread()); }

  TimerService& service() const { return service_; }

 private:
  friend class TimerService;

  TimerService& service_;
  const Function function_;
};

// A timer that calls an F without arguments.
template <class F>
class CallbackTimer : public Timer {
 public:
  CallbackTimer(TimerService& service, F f) : Timer(service, &Call), f_(std::move(f)) {}
  ~CallbackTimer() { Retire(); }

  // Not while it may be called.
  F& f() { return f_; }

 private:
  static void Call(Timer& self) noexcept { static_cast<CallbackTimer&>(self).f_(); }

  F f_;
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_TIMER_SERVICE_H_
