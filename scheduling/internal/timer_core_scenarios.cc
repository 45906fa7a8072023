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

template <class Platform, class Mutex>
struct Fixture {
  using Core = TimerCore<Platform, Mutex>;

  // Counts how often it fires.
  struct Counter : Core::Node {
    Counter() : Core::Node(&Fire) {}
    static void Fire(typename Core::Node& node) { ++static_cast<Counter&>(node).fired.Write(); }
    typename Platform::template Var<int> fired{0};
  };

  Core core;
  const char names[3] = {};

  std::optional<TimerWheel::Tick> RunExpired(TimerWheel::Tick now, unsigned thread) {
    return core.RunExpired(now, &names[thread], [](TimerWheel::Tick) {});
  }
  bool Retire(Counter& counter, unsigned thread) { return core.Retire(counter, &names[thread]); }
};

template <class Platform, class Mutex>
struct FiresOrIsCancelled {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform, Mutex>;
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
struct SmallFiresOrIsCancelled : FiresOrIsCancelled<Platform, SmallLock<Platform>> {};
template <class Platform>
struct UnderTheMutexOfProduction : FiresOrIsCancelled<Platform, SpinParkMutex<Platform, 0>> {};

// The end of a timer, which may have been started just so.
template <class Platform>
struct StartsAndRetires {
  static constexpr unsigned kThreads = 2;
  Fixture<Platform, SmallLock<Platform>> all;

  void Thread(unsigned index) {
    if (index == 0) {
      (void)all.RunExpired(1, index);
      (void)all.RunExpired(2, index);
      return;
    }
    using Counter = typename Fixture<Platform, SmallLock<Platform>>::Counter;
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
  using All = Fixture<Platform, SmallLock<Platform>>;
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
  using All = Fixture<Platform, SmallLock<Platform>>;
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
  using All = Fixture<Platform, SmallLock<Platform>>;

  struct Again : All::Core::Node {
    explicit Again(All& its_all) : All::Core::Node(&Fire), all(its_all) {}
    static void Fire(typename All::Core::Node& node) {
      auto& again = static_cast<Again&>(node);
      if (++again.fired.Write() == 1) {
        (void)again.all.core.Start(again, 2);
      } else {
        Expect(!again.all.core.Retire(again, &again.all.names[0]));
      }
    }
    All& all;
    typename Platform::template Var<int> fired{0};
  };

  All all;
  Again timer{all};

  RestartsInside() { (void)all.core.Start(timer, 1); }
  void Thread(unsigned index) {
    if (index == 0) return (void)all.RunExpired(2, index);
    all.core.Cancel(timer);
    all.core.Retire(timer, &all.names[1]);
    Expect(timer.fired.Read() <= 2);
  }
};

// The driver finds nothing, or something far away, and sleeps; another thread starts a timer.
template <class Platform, bool kOneIsThere>
struct DriverSleeps {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform, SmallLock<Platform>>;
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
  using All = Fixture<Platform, SmallLock<Platform>>;
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
  Fixture<Platform, SmallLock<Platform>> all;
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
      MakeScenario<internal::SmallFiresOrIsCancelled>("FiresOrIsCancelled"),
      MakeScenario<internal::UnderTheMutexOfProduction>("UnderTheMutexOfProduction"),
      MakeScenario<internal::StartsAndRetires>("StartsAndRetires"),
      MakeScenario<internal::BothAreRetired>("BothAreRetired"),
      MakeScenario<internal::TwoCancel>("TwoCancel"),
      MakeScenario<internal::RestartsInside>("RestartsInside"),
      MakeScenario<internal::DriverSleepsAlone>("DriverSleepsAlone"),
      MakeScenario<internal::DriverSleepsForLonger>("DriverSleepsForLonger"),
      MakeScenario<internal::TwoStart>("TwoStart"),
      MakeScenario<internal::DriverEnds>("DriverEnds"),
  };
}

}  // namespace ashlar::verification
