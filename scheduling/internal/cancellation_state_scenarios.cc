// A callback runs once, at the cancellation, unless it was deregistered before; when Deregister
// has returned it may be destroyed. Who sees a cancellation sees what preceded it. A callback that
// runs too late, or whose end is not waited for, is a data race on what it writes; one that is
// waited for too long a deadlock.
//
// Each scenario has two or three threads, which cancel, poll, or have one callback each. The lock
// is a small one, so that all executions can be explored; one scenario has that of production.

#include <cstdint>
#include <vector>

#include "ashlar/concurrency/spin_park_mutex.h"
#include "ashlar/scheduling/internal/cancellation_state.h"
#include "ashlar/scheduling/internal/small_lock_for_test.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

template <class Platform, class Mutex>
struct Fixture {
  using State = CancellationState<Platform, Mutex>;

  // Counts its calls.
  struct Counter : State::Callback {
    explicit Counter(Fixture& its_fixture) : State::Callback(&Run), fixture(its_fixture) {}
    static void Run(typename State::Callback& self) {
      auto& counter = static_cast<Counter&>(self);
      Expect(counter.fixture.Sees());
      ++counter.runs.Write();
    }
    Fixture& fixture;
    typename Platform::template Var<int> runs{0};
  };

  State state;
  typename Platform::template Var<int> message{0};
  const char names[3] = {};

  bool Cancel(unsigned thread) { return state.Cancel(1, &names[thread]); }
  void WriteAndCancel(unsigned thread) {
    message.Write() = 7;
    Expect(Cancel(thread));
  }
  bool Sees() { return state.Reason() == 1 && message.Read() == 7; }
  // Has a callback for a while.
  void HaveCallback(unsigned thread) {
    auto* const counter = Platform::template Create<Counter>(*this);
    if (state.Register(*counter)) {
      state.Deregister(*counter, &names[thread]);
    } else {
      Expect(Sees());
      Expect(counter->runs.Read() == 0);
    }
    Expect(counter->runs.Read() <= 1);
    Platform::Destroy(counter);
  }
};

template <class Platform>
struct PollSeesWhatPreceded {
  static constexpr unsigned kThreads = 2;
  Fixture<Platform, SmallLock<Platform>> all;

  void Thread(unsigned index) {
    if (index == 0) return all.WriteAndCancel(index);
    if (all.state.Reason() != 0) Expect(all.Sees());
  }
};

template <class Platform>
struct OneHasACallback {
  static constexpr unsigned kThreads = 2;
  Fixture<Platform, SmallLock<Platform>> all;

  void Thread(unsigned index) { index == 0 ? all.WriteAndCancel(index) : all.HaveCallback(1); }
};

template <class Platform>
struct UnderTheMutexOfProduction {
  static constexpr unsigned kThreads = 2;
  Fixture<Platform, SpinParkMutex<Platform, 0>> all;

  void Thread(unsigned index) { index == 0 ? all.WriteAndCancel(index) : all.HaveCallback(1); }
};

template <class Platform>
struct TwoHaveCallbacks {
  static constexpr unsigned kThreads = 3;
  Fixture<Platform, SmallLock<Platform>> all;

  void Thread(unsigned index) { index == 0 ? all.WriteAndCancel(index) : all.HaveCallback(index); }
};

// Whoever comes first runs the callback that was there before; the other does nothing.
template <class Platform>
struct TwoCancel {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform, SmallLock<Platform>>;
  All all;
  typename All::Counter counter{all};
  bool first[2] = {};

  TwoCancel() {
    all.message.Write() = 7;
    Expect(all.state.Register(counter));
  }
  void Thread(unsigned index) { first[index] = all.Cancel(index); }
  void After() {
    Expect(first[0] != first[1]);
    Expect(counter.runs.Read() == 1);
  }
};

// Of two that were there before, each is deregistered by a thread while a third cancels.
template <class Platform>
struct BothAreDeregistered {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform, SmallLock<Platform>>;
  All all;
  typename All::Counter counters[2] = {typename All::Counter(all), typename All::Counter(all)};

  BothAreDeregistered() {
    for (auto& counter : counters) Expect(all.state.Register(counter));
  }
  void Thread(unsigned index) {
    if (index == 2) return all.WriteAndCancel(index);
    all.state.Deregister(counters[index], &all.names[index]);
    ++counters[index].runs.Write();
  }
};

// A callback deregisters itself, and the one that would run after it.
template <class Platform>
struct DeregistersInside {
  static constexpr unsigned kThreads = 2;
  using State = CancellationState<Platform, SmallLock<Platform>>;

  struct Callback : State::Callback {
    explicit Callback(DeregistersInside& its_scenario)
        : State::Callback(&Run), scenario(its_scenario) {}
    static void Run(typename State::Callback& self) {
      auto& callback = static_cast<Callback&>(self);
      const void* const thread = callback.scenario.thread.Read();
      Expect(&callback == &callback.scenario.inner);
      callback.scenario.state.Deregister(callback.scenario.outer, thread);
      callback.scenario.state.Deregister(callback, thread);
      ++callback.runs.Write();
    }
    DeregistersInside& scenario;
    typename Platform::template Var<int> runs{0};
  };

  State state;
  Callback outer{*this};
  Callback inner{*this};
  typename Platform::template Var<const void*> thread{nullptr};
  const char names[2] = {};

  DeregistersInside() {
    Expect(state.Register(outer));
    Expect(state.Register(inner));
  }
  void Thread(unsigned index) {
    if (index == 1) return (void)state.Reason();
    thread.Write() = &names[0];
    Expect(state.Cancel(1, &names[0]));
  }
  void After() {
    Expect(inner.runs.Read() == 1);
    Expect(outer.runs.Read() == 0);
  }
};

// The last one who lets go destroys the state; what the others did with it comes before.
template <class Platform>
struct HoldersLetGo {
  static constexpr unsigned kThreads = 2;
  using State = CancellationState<Platform, SmallLock<Platform>>;
  State* const state = Platform::template Create<State>();

  HoldersLetGo() { state->Refer(); }
  void Thread(unsigned index) {
    if (index == 0) {
      state->Cancel(1, this);
    } else {
      (void)state->Reason();
      state->Refer();
      state->Release();
    }
    state->Release();
  }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<internal::PollSeesWhatPreceded>("PollSeesWhatPreceded"),
      MakeScenario<internal::OneHasACallback>("OneHasACallback"),
      MakeScenario<internal::UnderTheMutexOfProduction>("UnderTheMutexOfProduction"),
      MakeScenario<internal::TwoHaveCallbacks>("TwoHaveCallbacks"),
      MakeScenario<internal::TwoCancel>("TwoCancel"),
      MakeScenario<internal::BothAreDeregistered>("BothAreDeregistered"),
      MakeScenario<internal::DeregistersInside>("DeregistersInside"),
      MakeScenario<internal::HoldersLetGo>("HoldersLetGo"),
  };
}

}  // namespace ashlar::verification
