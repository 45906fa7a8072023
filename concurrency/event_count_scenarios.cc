// No wake-up of an event count is lost: whoever misses one sleeps for ever, which the
// checker reports as DEADLOCK. The conditions are relaxed on purpose, so that all the
// ordering is the event count's; but for the policy that leaves it to them.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr auto kRelaxed = std::memory_order_relaxed;

// A number of tokens; waiters take one each.
template <class Platform, class FencePolicy>
class Tokens {
 public:
  explicit Tokens(std::uint32_t first_epoch = 0) : events_(first_epoch) {}
  ~Tokens() { Expect(!events_.HasWaiters()); }

  void AddAndNotifyOne() {
    count_.fetch_add(1, kAccess);
    events_.NotifyOne();
  }
  void AddTwoAndNotifyAll() {
    count_.fetch_add(2, kAccess);
    events_.NotifyAll();
  }
  void Take() {
    for (;;) {
      const auto key = events_.PrepareWait();
      if (TryTake()) return events_.CancelWait();
      events_.CommitWait(key);
    }
  }
  // False if the time passed.
  bool TakeInTime() {
    for (;;) {
      const auto key = events_.PrepareWait();
      if (TryTake()) return events_.CancelWait(), true;
      if (!events_.CommitWaitFor(key, std::chrono::seconds(1))) return false;
    }
  }
  void PrepareAndCancel() {
    (void)events_.PrepareWait();
    events_.CancelWait();
  }

 private:
  static constexpr auto kAccess =
      std::is_same_v<FencePolicy, SeqCstAccessPolicy> ? std::memory_order_seq_cst : kRelaxed;

  // Sleepers see the newest count soon enough; a compare-exchange would do so at once
  // and hide what the event count has to do.
  bool TryTake() {
    int count = count_.load(kAccess);
    while (count > 0) {
      if (count_.compare_exchange_weak(count, count - 1, kRelaxed, kRelaxed)) return true;
    }
    return false;
  }

  BasicEventCount<Platform, FencePolicy> events_;
  typename Platform::template Atomic<int> count_{0};
};

template <class Platform, class FencePolicy>
struct OneWaiter {
  static constexpr unsigned kThreads = 2;
  Tokens<Platform, FencePolicy> tokens;

  void Thread(unsigned index) { index == 0 ? tokens.AddAndNotifyOne() : tokens.Take(); }
};

template <class Platform, class FencePolicy>
struct EpochWrapsAround {
  static constexpr unsigned kThreads = 2;
  Tokens<Platform, FencePolicy> tokens{0xffffffff};

  void Thread(unsigned index) {
    for (int i = 0; i < 2; ++i) index == 0 ? tokens.AddAndNotifyOne() : tokens.Take();
  }
};

template <class Platform, class FencePolicy>
struct NotifyOneWakesAnother {
  static constexpr unsigned kThreads = 3;
  Tokens<Platform, FencePolicy> tokens;

  void Thread(unsigned index) {
    if (index > 0) return tokens.Take();
    tokens.AddAndNotifyOne();
    tokens.AddAndNotifyOne();
  }
};

template <class Platform, class FencePolicy>
struct NotifyAllWakesAll {
  static constexpr unsigned kThreads = 3;
  Tokens<Platform, FencePolicy> tokens;

  void Thread(unsigned index) { index == 0 ? tokens.AddTwoAndNotifyAll() : tokens.Take(); }
};

template <class Platform, class FencePolicy>
struct TwoNotifiers {
  static constexpr unsigned kThreads = 3;
  Tokens<Platform, FencePolicy> tokens;

  void Thread(unsigned index) {
    if (index > 0) return tokens.AddAndNotifyOne();
    tokens.Take();
    tokens.Take();
  }
};

// Nobody is taken for notified whom no notification reaches.
template <class Platform, class FencePolicy>
struct TwoNotifiersTwoWaiters {
  static constexpr unsigned kThreads = 4;
  Tokens<Platform, FencePolicy> tokens;

  void Thread(unsigned index) { index < 2 ? tokens.AddAndNotifyOne() : tokens.Take(); }
};

template <class Platform, class FencePolicy>
struct NotifyOneAndAll {
  static constexpr unsigned kThreads = 4;
  Tokens<Platform, FencePolicy> tokens;

  void Thread(unsigned index) {
    if (index == 0) return tokens.AddAndNotifyOne();
    if (index == 1) return tokens.AddTwoAndNotifyAll();
    tokens.Take();
  }
};

template <class Platform, class FencePolicy>
struct CancelTakesNoWakeUp {
  static constexpr unsigned kThreads = 3;
  Tokens<Platform, FencePolicy> tokens;

  void Thread(unsigned index) {
    if (index == 0) return tokens.AddAndNotifyOne();
    if (index == 1) return tokens.PrepareAndCancel();
    tokens.Take();
  }
};

// Who gives up in time has not been woken in another's place; who is served passes it on.
template <class Platform, class FencePolicy>
struct TimeoutTakesNoWakeUp {
  static constexpr unsigned kThreads = 3;
  Tokens<Platform, FencePolicy> tokens;

  void Thread(unsigned index) {
    if (index == 0) return tokens.AddAndNotifyOne();
    if (index == 2) return tokens.Take();
    if (tokens.TakeInTime()) tokens.AddAndNotifyOne();
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<OneWaiter, FullFencePolicy>("OneWaiter"),
      MakeScenario<OneWaiter, AsymmetricFencePolicy>("AsymmetricOneWaiter"),
      MakeScenario<OneWaiter, SeqCstAccessPolicy>("SeqCstOneWaiter"),
      MakeScenario<EpochWrapsAround, FullFencePolicy>("EpochWrapsAround"),
      MakeScenario<EpochWrapsAround, AsymmetricFencePolicy>("AsymmetricEpochWrapsAround"),
      MakeScenario<NotifyAllWakesAll, FullFencePolicy>("NotifyAllWakesAll"),
      MakeScenario<NotifyAllWakesAll, AsymmetricFencePolicy>("AsymmetricNotifyAllWakesAll"),
      MakeScenario<NotifyAllWakesAll, SeqCstAccessPolicy>("SeqCstNotifyAllWakesAll"),
      MakeScenario<NotifyOneWakesAnother, FullFencePolicy>("NotifyOneWakesAnother"),
      MakeScenario<NotifyOneWakesAnother, AsymmetricFencePolicy>("AsymmetricNotifyOneWakesAnother"),
      MakeScenario<NotifyOneWakesAnother, SeqCstAccessPolicy>("SeqCstNotifyOneWakesAnother"),
      MakeScenario<TwoNotifiers, FullFencePolicy>("TwoNotifiers"),
      MakeScenario<TwoNotifiers, AsymmetricFencePolicy>("AsymmetricTwoNotifiers"),
      MakeScenario<TwoNotifiers, SeqCstAccessPolicy>("SeqCstTwoNotifiers"),
      MakeScenario<TwoNotifiersTwoWaiters, FullFencePolicy>("TwoNotifiersTwoWaiters"),
      MakeScenario<NotifyOneAndAll, FullFencePolicy>("NotifyOneAndAll"),
      MakeScenario<CancelTakesNoWakeUp, FullFencePolicy>("CancelTakesNoWakeUp"),
      MakeScenario<CancelTakesNoWakeUp, AsymmetricFencePolicy>("AsymmetricCancelTakesNoWakeUp"),
      MakeScenario<TimeoutTakesNoWakeUp, FullFencePolicy>("TimeoutTakesNoWakeUp"),
      MakeScenario<TimeoutTakesNoWakeUp, AsymmetricFencePolicy>("AsymmetricTimeoutTakesNoWakeUp"),
  };
}

}  // namespace ashlar::verification
