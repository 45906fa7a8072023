// A timer fires once or is cancelled, and whoever cancels is told which; when Retire has returned
// it may be destroyed. A driver that sleeps is woken for a timer that is due earlier: else it
// sleeps for ever, which the checkers report.
//
// Each scenario has a driver and one or two threads that start and stop a timer each. The wheel is
// the real one, and one location to the checkers: that it is right, timer_wheel_fuzz_test.cc says.
// The lock is a small one, so that all executions can be explored; one scenario has that of
// production.

#include <atomic>
#include <cstdint>
#include <optional>
#include <vector>

#include "ashlar/concurrency/spin_park_mutex.h"
#include "ashlar/scheduling/internal/small_lock_for_test.h"
#include "ashlar/scheduling/internal/timer_core.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

template <class Platform, class Mutex = SmallLock<Platform>, int kSteps = 1>
struct Fixture {
  using Core = TimerCore<Platform, Mutex, kSteps>;
  using Node = typename Core::Node;
  using Tick = TimerWheel::Tick;

  // Counts how often it fires.
  struct Counter : Node {
    typename Platform::template Var<int> fired{0};
  };

  Core core;
  const char names[3] = {};

  std::optional<Tick> RunExpired(Tick now, unsigned thread) {
    return RunExpired(now, thread, [](Node& node) { ++static_cast<Counter&>(node).fired.Write(); });
  }
  template <class Fire>
  std::optional<Tick> RunExpired(Tick now, unsigned thread, Fire&& fire) {
    const auto give_way = [this] {
      while (core.IsAwaited()) Platform::SpinWait();
    };
    return core.RunExpired(
        now, &names[thread], [&](Node& node, Tick) { fire(node); }, give_way);
  }
  bool Retire(Counter& counter, unsigned thread) { return core.Retire(counter, &names[thread]); }
};

template <class Platform>
struct FiresOrIsCancelled {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Counter timer;

  FiresOrIsCancelled() { (void)all.core.Start(timer, 1); }
  void Thread(unsigned index) {
    if (index == 0) return (void)all.RunExpired(1, index);
    const bool prevented = all.core.Cancel(timer);
    Expect(!all.Retire(timer, index));
    Expect(timer.fired.Read() == (prevented ? 0 : 1));
  }
  void After() { Expect(all.core.IsEmpty()); }
};

template <class Platform>
struct UnderTheMutexOfProduction {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform, SpinParkMutex<Platform, 0>, 32>;
  All all;
  typename All::Counter timer;
  bool prevented = false;

  UnderTheMutexOfProduction() { (void)all.core.Start(timer, 1); }
  void Thread(unsigned index) {
    if (index == 0) return (void)all.RunExpired(1, index);
    prevented = all.core.Cancel(timer);
  }
  void After() { Expect(timer.fired.Read() == (prevented ? 0 : 1)); }
};

// The end of a timer, which may have been started just so.
template <class Platform>
struct StartsAndRetires {
  static constexpr unsigned kThreads = 2;
  Fixture<Platform> all;

  void Thread(unsigned index) {
    if (index == 0) {
      (void)all.RunExpired(1, index);
      (void)all.RunExpired(2, index);
      return;
    }
    using Counter = typename Fixture<Platform>::Counter;
    auto* const timer = Platform::template Create<Counter>();
    (void)all.core.Start(*timer, 1);
    const bool prevented = all.Retire(*timer, index);
    Expect(timer->fired.Read() == (prevented ? 0 : 1));
    Platform::Destroy(timer);
  }
};

// Of two at the same tick, each is retired by a thread.
template <class Platform>
struct BothAreRetired {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Counter timers[2];

  BothAreRetired() {
    for (auto& timer : timers) (void)all.core.Start(timer, 1);
  }
  void Thread(unsigned index) {
    if (index == 2) return (void)all.RunExpired(1, index);
    const bool prevented = all.Retire(timers[index], index);
    Expect(timers[index].fired.Read() == (prevented ? 0 : 1));
    ++timers[index].fired.Write();
  }
};

// Only one of two that cancel is told that it prevented the firing.
template <class Platform>
struct TwoCancel {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Counter timer;
  int prevented[2] = {};

  TwoCancel() { (void)all.core.Start(timer, 1); }
  void Thread(unsigned index) {
    if (index == 2) return (void)all.RunExpired(1, index);
    prevented[index] = all.core.Cancel(timer);
  }
  void After() { Expect(prevented[0] + prevented[1] + timer.fired.Read() == 1); }
};

// A timer's function starts it anew, and ends it at last.
template <class Platform>
struct RestartsInside {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;

  All all;
  typename All::Counter timer;

  RestartsInside() { (void)all.core.Start(timer, 1); }
  void Thread(unsigned index) {
    if (index == 0) {
      all.RunExpired(2, index, [&](typename All::Node&) {
        if (++timer.fired.Write() == 1) {
          (void)all.core.Start(timer, 2);
        } else {
          Expect(!all.Retire(timer, 0));
        }
      });
      return;
    }
    all.core.Cancel(timer);
    all.Retire(timer, index);
    Expect(timer.fired.Read() <= 2);
  }
};

// Of two whose slot moves down, one at a time, the last one is put off or retired meanwhile.
template <class Platform, bool kIsPutOff>
struct MovesDown {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Counter timers[2];

  MovesDown() {
    (void)all.core.Start(timers[0], 66);
    (void)all.core.Start(timers[1], 65);
  }
  void Thread(unsigned index) {
    if (index == 0) return (void)all.RunExpired(66, index);
    if (kIsPutOff) {
      (void)all.core.Start(timers[0], 67);
    } else {
      const bool prevented = all.Retire(timers[0], index);
      Expect(timers[0].fired.Read() == (prevented ? 0 : 1));
    }
  }
  void After() {
    Expect(timers[1].fired.Read() == 1);
    if (!kIsPutOff) return;
    const int early = timers[0].fired.Read();
    Expect(early <= 1);
    Expect(!all.RunExpired(67, 0));
    Expect(timers[0].fired.Read() == early + 1);
  }
};
template <class Platform>
struct MovesDownAndIsPutOff : MovesDown<Platform, true> {};
template <class Platform>
struct MovesDownAndIsRetired : MovesDown<Platform, false> {};

// The driver finds nothing, or something far away, and sleeps; another thread starts a timer.
template <class Platform, bool kOneIsThere>
struct DriverSleeps {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Counter late;
  typename All::Counter timer;

  DriverSleeps() {
    if (kOneIsThere) (void)all.core.Start(late, 60);
  }
  void Thread(unsigned index) {
    if (index == 1) {
      if (all.core.Start(timer, 2)) all.core.WakeDriver();
      return;
    }
    // It is the tick before that of the timer.
    for (;;) {
      const auto ticket = all.core.PrepareSleep();
      const auto next = all.RunExpired(1, index);
      if (next == TimerWheel::Tick{2}) break;
      Expect(next == (kOneIsThere ? std::optional<TimerWheel::Tick>(60) : std::nullopt));
      all.core.Sleep(ticket);
    }
  }
};
template <class Platform>
struct DriverSleepsAlone : DriverSleeps<Platform, false> {};
template <class Platform>
struct DriverSleepsForLonger : DriverSleeps<Platform, true> {};

// Of two that start one, whoever is the sooner wakes it.
template <class Platform>
struct TwoStart {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Counter timers[2];

  void Thread(unsigned index) {
    if (index < 2) {
      if (all.core.Start(timers[index], 2 + index)) all.core.WakeDriver();
      return;
    }
    for (;;) {
      const auto ticket = all.core.PrepareSleep();
      if (all.RunExpired(1, index) == TimerWheel::Tick{2}) break;
      all.core.Sleep(ticket);
    }
  }
};

// What precedes a wake-up is seen by who looks before it sleeps.
template <class Platform>
struct DriverEnds {
  static constexpr unsigned kThreads = 2;
  Fixture<Platform> all;
  typename Platform::template Atomic<bool> ends{false};

  void Thread(unsigned index) {
    if (index == 0) {
      ends.store(true, std::memory_order_relaxed);
      all.core.WakeDriver();
      return;
    }
    for (;;) {
      const auto ticket = all.core.PrepareSleep();
      if (ends.load(std::memory_order_relaxed)) break;
      all.core.Sleep(ticket);
    }
  }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<internal::FiresOrIsCancelled>("FiresOrIsCancelled"),
      MakeScenario<internal::UnderTheMutexOfProduction>("UnderTheMutexOfProduction"),
      MakeScenario<internal::StartsAndRetires>("StartsAndRetires"),
      MakeScenario<internal::BothAreRetired>("BothAreRetired"),
      MakeScenario<internal::TwoCancel>("TwoCancel"),
      MakeScenario<internal::RestartsInside>("RestartsInside"),
      MakeScenario<internal::MovesDownAndIsPutOff>("MovesDownAndIsPutOff"),
      MakeScenario<internal::MovesDownAndIsRetired>("MovesDownAndIsRetired"),
      MakeScenario<internal::DriverSleepsAlone>("DriverSleepsAlone"),
      MakeScenario<internal::DriverSleepsForLonger>("DriverSleepsForLonger"),
      MakeScenario<internal::TwoStart>("TwoStart"),
      MakeScenario<internal::DriverEnds>("DriverEnds"),
  };
}

}  // namespace ashlar::verification
