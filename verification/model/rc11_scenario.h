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
// Found are
//
//   a false Expect, an exception that nobody catches, a crash
//   data races on Vars, and on the beginning and the end of any object's life
//   use after free, double free, free of what was not allocated, leaks
//   threads that wait for ever: in SpinWait(), asleep, for a lock or for each other
//   executions without end: too many operations, or none for half a second; a stack or an
//   arena that is full
//   scenarios that do something else when they are run again
//
// Plain fields are those of one thread, or of After(). A thread does the same when it
// reads the same: no clock, no random numbers, no static state. `new` and Platform::Create
// may be used; what a run leaves behind is forgotten.
//
// Reports call fields by the source's own lines. Where that is not enough, the scenario's
// constructor, or a thread, gives names: Rc11Name(nodes, "nodes") makes `nodes[1].next` of
// what would be `B.next`.
//
// Limits: 16 threads, 127 atomics and Vars, 128 operations in an execution (two for a
// read-modify-write), 1 MiB and 256 KiB of stack a thread.
#ifndef ASHLAR_VERIFICATION_MODEL_RC11_SCENARIO_H_
#define ASHLAR_VERIFICATION_MODEL_RC11_SCENARIO_H_

#include <cstddef>
#include <new>

#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/report/scenario_report.h"

namespace ashlar::verification {

namespace rc11_internal {

template <class S>
constexpr int MoreThreads() {
  if constexpr (requires { S::kMoreThreads; }) return S::kMoreThreads;
  return 0;
}

}  // namespace rc11_internal

template <class T>
inline constexpr bool kIsRc11Location = false;
template <class T>
inline constexpr bool kIsRc11Location<Rc11Platform::Atomic<T>> = true;
template <class T>
inline constexpr bool kIsRc11Location<Rc11Platform::Var<T>> = true;

// What reports call an object, an Atomic or Var itself, or the elements of an array.
template <class T>
void Rc11Name(const T& object, const char* name) {
  rc11::FiberProgram::Current().Name(&object, sizeof(T), name, -1, kIsRc11Location<T>);
}
template <class T, std::size_t kSize>
void Rc11Name(const T (&array)[kSize], const char* name) {
  for (std::size_t i = 0; i < kSize; ++i) {
    rc11::FiberProgram::Current().Name(&array[i], sizeof(T), name, static_cast<int>(i),
                                       kIsRc11Location<T>);
  }
}

// S without its type.
template <class S>
rc11::ScenarioType Rc11Type() {
  return {
      sizeof(S),
      alignof(S),
      S::kThreads,
      rc11_internal::MoreThreads<S>(),
      [](void* memory) { ::new (memory) S(); },
      [](void* scenario, unsigned index) { static_cast<S*>(scenario)->Thread(index); },
      [](void* scenario) {
        if constexpr (requires(S s) { s.After(); }) static_cast<S*>(scenario)->After();
      },
      [](void* scenario) { static_cast<S*>(scenario)->~S(); },
  };
}

// Stops at the first failure, and gives it in a line.
template <class S>
rc11::ScenarioResult ExploreRc11(const rc11::Options& options = {}) {
  return rc11::ExploreScenario(Rc11Type<S>(), options);
}

// The smallest failure that is found within a second of the first, explained: print its
// `text`. See verification/rc11/report/scenario_report.h.
template <class S>
rc11::ScenarioReport ReportRc11(const rc11::Options& options = {}) {
  return rc11::ReportScenario(Rc11Type<S>(), options);
}

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_RC11_SCENARIO_H_
