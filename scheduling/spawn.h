// spawn.h
// -------
// Tasks (task.h) from ordinary code.
//
//   Future<int> size = Spawn(Size("a.txt"));          // begins here, goes on wherever it waits
//   Future<int> size = Spawn(engine, Size("a.txt"));  // begins on the engine
//   absl::StatusOr<int> size = BlockOn(Size("a.txt"));
//
// Cancel() of the future, and of what is made of it, cancels the task. A dropped future does not:
// the task goes on to its end, and what it refers to must live until then. In a task, or where
// several belong together, an AsyncScope (async_scope.h) sees to that.
// BlockOn blocks the thread until the end: not on the only thread of an executor that the task
// needs. An exception of the task is rethrown.
//
// The task's frames are destroyed before its outcome is known.
// Cost: two allocations and a frame. Errors: std::bad_alloc; then the task has not begun.
#ifndef ASHLAR_SCHEDULING_SPAWN_H_
#define ASHLAR_SCHEDULING_SPAWN_H_

#include <utility>

#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/root_task.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/task.h"

namespace ashlar {

namespace internal {

template <class R, class T = FutureValue<R>>
RootTask SetFromTask(ashlar::Task<R> task, Promise<T> promise) {
  Outcome<T> outcome = co_await AsOutcome(std::move(task));
  promise.SetOutcome(std::move(outcome));
}

}  // namespace internal

template <class R>
Future<typename Task<R>::value_type> Spawn(Task<R> task) {
  CancellationSource source;
  Promise<typename Task<R>::value_type> promise(source);
  auto future = promise.GetFuture();
  internal::SetFromTask(std::move(task), std::move(promise)).Start(source.token());
  return future;
}

template <Executor E, class R>
Future<typename Task<R>::value_type> Spawn(E& executor, Task<R> task) {
  return Spawn(RunOn(executor, std::move(task)));
}

template <class R>
typename Outcome<typename Task<R>::value_type>::Result BlockOn(Task<R> task) {
  return Spawn(std::move(task)).Get();
}
// The token cancels it.
template <class R>
typename Outcome<typename Task<R>::value_type>::Result BlockOn(Task<R> task,
                                                               CancellationToken token) {
  return BlockOn(WithToken(std::move(token), std::move(task)));
}

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_SPAWN_H_
