// relacy_scenario.h
// -----------------
// MakeScenario<S>("Name"): a scenario that Relacy explores, from a struct like
//
//   struct MessagePassing {
//     static constexpr unsigned kThreads = 2;     // to 4
//     RelacyPlatform::Var<int> data;
//     RelacyPlatform::Atomic<bool> ready;
//
//     void Thread(unsigned index) {               // every thread runs this
//       if (index == 0) {
//         data.Write() = 1;
//         ready.store(true, std::memory_order_release);
//       } else if (ready.load(std::memory_order_acquire)) {
//         Expect(data.Read() == 1);
//       }
//     }
//     void After() { Expect(data.Read() == 1); }  // optional: when all have ended
//   };
//
// Each execution makes a fresh S, so what its constructor does happens before all
// threads. Shared state lives in its members; fields that only one thread touches
// until After() may be plain. A thread must do the same when it is given the same
// schedule: no clock, no random numbers, no addresses, no static state.
//
// Found are: a false Expect, data races on Vars, use of freed or uninitialised
// atomics and Vars, double frees, leaks, deadlocks (a lost wake-up is one), and
// executions longer than kMostSteps steps, reported as LIVELOCK.
#ifndef ASHLAR_VERIFICATION_MODEL_RELACY_SCENARIO_H_
#define ASHLAR_VERIFICATION_MODEL_RELACY_SCENARIO_H_

#include <cstddef>
#include <new>
#include <string>
#include <utility>

#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/platform/relacy_platform.h"

namespace ashlar::verification {

inline constexpr unsigned kMostSteps = 5000;

namespace relacy_internal {

// A scenario's struct without its type, so that Relacy is compiled once and not for
// each of them.
struct Program {
  std::size_t size;
  void (*construct)(void* memory);
  void (*thread)(void* scenario, unsigned index);
  void (*after)(void* scenario);
  void (*destroy)(void* scenario);
};

template <class S>
inline constexpr Program kProgram = {
    sizeof(S),
    [](void* memory) { ::new (memory) S(); },
    [](void* scenario, unsigned index) { static_cast<S*>(scenario)->Thread(index); },
    [](void* scenario) {
      if constexpr (requires(S s) { s.After(); }) static_cast<S*>(scenario)->After();
    },
    [](void* scenario) { static_cast<S*>(scenario)->~S(); },
};

Outcome Explore(const Program& program, unsigned threads, const Search& search);

}  // namespace relacy_internal

template <class S>
Scenario MakeScenario(std::string name) {
  static_assert(S::kThreads >= 2 && S::kThreads <= 4);
  static_assert(alignof(S) <= alignof(std::max_align_t));
  return {std::move(name), S::kThreads,
          [](const Search& search) {
            return relacy_internal::Explore(relacy_internal::kProgram<S>, S::kThreads, search);
          },
          nullptr};
}

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_RELACY_SCENARIO_H_
