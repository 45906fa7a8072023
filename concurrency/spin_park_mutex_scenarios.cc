// One thread at a time has the lock, with all that was written under it, and who sleeps for it is
// woken: else he sleeps for ever, which the checker reports as a deadlock.
//
// Each scenario has two or three threads that lock once or twice. Those of Sleeper go to sleep at
// once, those of Spinner look once more before. Not covered here: longer spinning, which is more
// of the same, and fairness, of which there is none.

#include <atomic>
#include <cstdint>
#include <vector>

#include "ashlar/concurrency/spin_park_mutex.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

struct Sleeper {
  static constexpr int kSpins = 0;
};
struct Spinner {
  static constexpr int kSpins = 1;
};

// A number that only who has the lock may touch.
template <class Platform, class Waiter>
class Guarded {
 public:
  void Add() {
    mutex_.lock();
    AddAndUnlock();
  }
  bool TryAdd() {
    if (!mutex_.try_lock()) return false;
    AddAndUnlock();
    return true;
  }
  int Get() const { return number_.Read(); }

 private:
  void AddAndUnlock() {
    ++number_.Write();
    mutex_.unlock();
  }

  SpinParkMutex<Platform, Waiter::kSpins> mutex_;
  typename Platform::template Var<int> number_{0};
};

template <class Platform, class Waiter>
struct TwoThreads {
  static constexpr unsigned kThreads = 2;
  Guarded<Platform, Waiter> guarded;

  void Thread(unsigned) { guarded.Add(); }
  void After() { Expect(guarded.Get() == 2); }
};

// One comes back and may pass who was woken.
template <class Platform, class Waiter>
struct ComesAgain {
  static constexpr unsigned kThreads = 2;
  Guarded<Platform, Waiter> guarded;

  void Thread(unsigned index) {
    guarded.Add();
    if (index == 0) guarded.Add();
  }
  void After() { Expect(guarded.Get() == 3); }
};

// Two may sleep; the first that is woken has to see to the second.
template <class Platform, class Waiter>
struct ThreeThreads {
  static constexpr unsigned kThreads = 3;
  Guarded<Platform, Waiter> guarded;

  void Thread(unsigned) { guarded.Add(); }
  void After() { Expect(guarded.Get() == 3); }
};

// The same from where it is locked. That who was woken puts the flag up again is not enough: it may
// go under the one that took it down, unless a lock is between them. A mutex without that fails
// here, but beyond the default bound.
template <class Platform, class Waiter>
struct TwoSleepers {
  static constexpr unsigned kThreads = 3;
  SpinParkMutex<Platform, Waiter::kSpins> mutex;

  TwoSleepers() { mutex.lock(); }

  void Thread(unsigned index) {
    if (index > 0) mutex.lock();
    mutex.unlock();
  }
};

// Who tries and fails takes nobody's wake-up.
template <class Platform, class Waiter>
struct OneTries {
  static constexpr unsigned kThreads = 3;
  Guarded<Platform, Waiter> guarded;
  bool added = false;

  void Thread(unsigned index) {
    if (index > 0) return guarded.Add();
    added = guarded.TryAdd();
  }
  void After() { Expect(guarded.Get() == (added ? 3 : 2)); }
};

// What was free when the call began, and stays so, can be had.
template <class Platform, class Waiter>
struct TryFindsItFree {
  static constexpr unsigned kThreads = 2;
  Guarded<Platform, Waiter> guarded;
  typename Platform::template Atomic<bool> done{false};

  void Thread(unsigned index) {
    if (index == 0) {
      guarded.Add();
      done.store(true, std::memory_order_release);
    } else if (done.load(std::memory_order_acquire)) {
      Expect(guarded.TryAdd());
    }
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<TwoThreads, Sleeper>("TwoThreads"),
      MakeScenario<TwoThreads, Spinner>("TwoThreadsSpin"),
      MakeScenario<ComesAgain, Sleeper>("ComesAgain"),
      MakeScenario<ComesAgain, Spinner>("ComesAgainSpin"),
      MakeScenario<ThreeThreads, Sleeper>("ThreeThreads"),
      MakeScenario<ThreeThreads, Spinner>("ThreeThreadsSpin"),
      MakeScenario<TwoSleepers, Sleeper>("TwoSleepers"),
      MakeScenario<OneTries, Sleeper>("OneTries"),
      MakeScenario<TryFindsItFree, Sleeper>("TryFindsItFree"),
  };
}

}  // namespace ashlar::verification
