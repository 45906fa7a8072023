// executor.h
// ----------
// Executor: the concept that everything above the engine's floor is written against.
// Futures, groups and timers take any executor; Engine is one, a test may bring another.
//
// An executor E runs functions, some time after it accepted them, each once:
//
//   e.Post(f)           absl::Status. Runs f() without a handle; f does not throw.
//                       An error means that f was not accepted and never runs.
//   e.PostAll(range)    absl::Status. The same for every function of the range, in one
//                       step: all are accepted or none.
//   e.Submit(f)         a handle. handle.Wait() waits for the end of f and *helps*: on
//                       one of the executor's own threads it runs f itself if nobody
//                       has begun it, and otherwise only what f has forked, so that
//                       waiting ends on an executor of one thread, and nothing that is
//                       unrelated runs on top of the waiting function. The error that
//                       Wait gives is the executor's, such as a refused submission.
//   e.RunsOnThisThread() bool. True on the executor's own threads.
//
// All four may be called from any thread. What Post did before returning happens before
// f, and f happens before the return of Wait.
#ifndef ASHLAR_SCHEDULING_EXECUTOR_H_
#define ASHLAR_SCHEDULING_EXECUTOR_H_

#include <concepts>
#include <functional>
#include <vector>

#include "absl/status/status.h"

namespace ashlar {

template <class E>
concept Executor = requires(E& executor, const E& constant, std::function<void()> f,
                            std::vector<std::function<void()>> all) {
  { executor.Post(f) } -> std::same_as<absl::Status>;
  { executor.PostAll(all) } -> std::same_as<absl::Status>;
  { executor.Submit(f).Wait() } -> std::same_as<absl::Status>;
  { constant.RunsOnThisThread() } -> std::same_as<bool>;
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_EXECUTOR_H_
