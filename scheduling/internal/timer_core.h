// TimerCore: a timer wheel for any thread, and a thread that runs what is due.
//
// All is under one lock but the functions of timers: the driver, one thread at a time, takes what
// is due from the wheel one by one, and calls each without the lock, so that timers may be started
// and stopped meanwhile, also by the function of one. Those that only have to move down it moves in
// steps, between which others come in.
//
// A driver that sleeps until the next timer is due says until when, under the lock; who starts
// one that is due earlier wakes it:
//
//   for (;;) {
//     const auto ticket = core.PrepareSleep();
//     const auto next = core.RunExpired(Now(), ThisThread(), fire, give_way);
//     core.SleepFor(ticket, time until next);
//   }
//
// Progress: blocking.
#ifndef ASHLAR_SCHEDULING_INTERNAL_TIMER_CORE_H_
#define ASHLAR_SCHEDULING_INTERNAL_TIMER_CORE_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/spin_park_mutex.h"
#include "ashlar/scheduling/internal/running_call.h"
#include "ashlar/scheduling/internal/timer_wheel.h"

namespace ashlar::internal {

// kSteps: the most timers that the driver moves under the lock at a time.
template <class Platform = StdPlatform, class Mutex = SpinParkMutex<Platform>, int kSteps = 32>
class TimerCore {
 public:
  using Tick = TimerWheel::Tick;
  using Node = TimerWheel::Node;

  // Sets it, or sets it anew; see TimerWheel::Schedule. True if the driver sleeps for longer than
  // that: then call WakeDriver.
  [[nodiscard]] bool Start(Node& node, Tick due) noexcept {
    Lock();
    wheel_.Write().Schedule(node, due);
    const bool is_sooner = due < sleeps_until_.Read();
    if (is_sooner) sleeps_until_.Write() = due;
    mutex_.unlock();
    return is_sooner;
  }

  // True if it was set and now is not: it does not fire. False if it was not, any more: it has
  // fired, or is about to. The node must be kept either way.
  bool Cancel(Node& node) noexcept {
    Lock();
    const bool prevented = wheel_.Write().Suspend(node);
    mutex_.unlock();
    return prevented;
  }

  // The same, and afterwards it is not firing either, but on this very thread, and the node need
  // not be kept. `thread`: a name for the calling one.
  bool Retire(Node& node, const void* thread) noexcept {
    for (bool prevented = false;;) {
      Lock();
      prevented |= wheel_.Write().Remove(node);
      const std::optional<std::uint32_t> ticket = running_.Join(&node, thread);
      mutex_.unlock();
      if (!ticket) [[likely]]
        return prevented;
      running_.Await(*ticket);
      // Meanwhile its function may have started it again.
    }
  }

  // The driver's: calls `fire(node, tick)` for all that are due at `now` or before, those of
  // earlier ticks first. Nothing is due before the tick that it gives; nothing if there is no
  // timer. Moves at most kSteps others while somebody waits for the lock; then it calls
  // `give_way()`, which may wait while IsAwaited().
  template <class Fire, class GiveWay>
  std::optional<Tick> RunExpired(Tick now, const void* thread, Fire&& fire, GiveWay&& give_way) {
    mutex_.lock();
    sleeps_until_.Write() = 0;
    for (;;) {
      int steps = kSteps;
      if (Node* const node = wheel_.Write().PopExpired(now, steps)) {
        const Tick tick = wheel_.Read().now();
        running_.Begin(node, thread);
        mutex_.unlock();
        fire(*node, tick);
        mutex_.lock();
        if (running_.End()) [[unlikely]]
          Unlocked([this] { running_.Wake(); });
      } else if (steps == 0) {
        if (IsAwaited()) [[unlikely]]
          Unlocked(give_way);
      } else {
        break;
      }
    }
    const std::optional<Tick> next = wheel_.Read().NextTime();
    sleeps_until_.Write() = next.value_or(TimerWheel::kLast + 1);
    mutex_.unlock();
    return next;
  }

  // Whether anybody waits for the lock, or a moment ago.
  bool IsAwaited() const noexcept {
    // relaxed: it orders nothing.
    return waiting_.load(std::memory_order_relaxed) != 0;
  }

  // Whether no timer is set. Those that were cancelled since their slot last moved count as set.
  bool IsEmpty() noexcept {
    mutex_.lock();
    const bool is_empty = !wheel_.Read().NextTime();
    mutex_.unlock();
    return is_empty;
  }

  // Before RunExpired, if a sleep follows it.
  std::uint32_t PrepareSleep() const noexcept {
    // (1) acquire: pairs with (2). If it sees a wake-up, what the driver looks at next tells why;
    // if it does not, the sleep sees it.
    return wakes_.load(std::memory_order_acquire);
  }
  // Until somebody wakes the driver, at most for so long, or without end. May end for no reason.
  void SleepFor(std::uint32_t ticket, std::chrono::nanoseconds time) noexcept {
    Platform::WaitFor(wakes_, ticket, time);
  }
  void Sleep(std::uint32_t ticket) noexcept { Platform::Wait(wakes_, ticket); }
  // A driver sees what preceded it after the PrepareSleep that follows, and does not sleep before.
  void WakeDriver() noexcept {
    // (2) release: pairs with (1).
    wakes_.fetch_add(1, std::memory_order_release);
    Platform::WakeOne(wakes_);
  }

 private:
  template <class T>
  using Var = typename Platform::template Var<T>;

  // The lock is not fair. So those who do not get it at once say so, and the driver lets them in.
  void Lock() noexcept {
    if (mutex_.try_lock()) [[likely]]
      return;
    waiting_.fetch_add(1, std::memory_order_relaxed);
    mutex_.lock();
    waiting_.fetch_sub(1, std::memory_order_relaxed);
  }

  template <class F>
  void Unlocked(F&& f) {
    mutex_.unlock();
    f();
    mutex_.lock();
  }

  Mutex mutex_;
  typename Platform::template Atomic<std::uint32_t> waiting_{0};
  // The driver looks no earlier; whoever sets a timer for an earlier tick wakes it. 0: it will
  // look before it sleeps.
  Var<Tick> sleeps_until_{0};
  RunningCall<Platform> running_;
  typename Platform::template Atomic<std::uint32_t> wakes_{0};
  Var<TimerWheel> wheel_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_TIMER_CORE_H_
