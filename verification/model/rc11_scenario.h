// rc11_scenario.h
// ---------------
// ExploreRc11<S>(): explores a scenario, an ordinary struct as in relacy_scenario.h but on
// Rc11Platform, in every way that RC11 allows, up to the first execution that is wrong.
//
//   struct MessagePassing {
//     static constexpr int kThreads = 2;
//     Rc11Platform::Var<int> data;
//     Rc11Platform::Atomic<bool> ready;
//     void Thread(unsigned index);   // every thread runs this
//     void After();                  // optional: when all have ended
//   };
//
// Found are a false Rc11Expect, data races on Vars, and threads that SpinWait() for what
// never comes. Plain fields are those of one thread, or of After(). A thread does the
// same when it reads the same: no clock, no random numbers. What it has on its stack may
// be forgotten without being destroyed, so memory comes from Rc11Platform::Create.
//
// Limits: 16 threads, 127 atomics and Vars, 128 operations in an execution (two for a
// read-modify-write).
#ifndef ASHLAR_VERIFICATION_MODEL_RC11_SCENARIO_H_
#define ASHLAR_VERIFICATION_MODEL_RC11_SCENARIO_H_

#include <cstddef>
#include <new>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/fiber_program.h"

namespace ashlar::verification {

// Fails the execution if `condition` is false.
inline void Rc11Expect(bool condition, SourceSite site = SourceSite::Current()) {
  if (!condition) rc11::FiberProgram::Current().Fail("false expectation", site);
}

template <class S>
rc11::ScenarioResult ExploreRc11(const rc11::Options& options = {}) {
  static_assert(alignof(S) <= alignof(std::max_align_t));
  static constexpr rc11::ScenarioType kType = {
      sizeof(S),
      S::kThreads,
      [](void* memory) { ::new (memory) S(); },
      [](void* scenario, unsigned index) { static_cast<S*>(scenario)->Thread(index); },
      [](void* scenario) {
        if constexpr (requires(S s) { s.After(); }) static_cast<S*>(scenario)->After();
      },
      [](void* scenario) { static_cast<S*>(scenario)->~S(); },
  };
  return rc11::ExploreScenario(kType, options);
}

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_RC11_SCENARIO_H_
