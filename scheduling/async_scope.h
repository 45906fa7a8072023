// async_scope.h
// -------------
// AsyncScope: runs tasks (task.h) beside each other, all of which have ended when the scope ends.
//
//   Task<Page> Load(Engine& engine, std::string url) {
//     Parts parts;
//     co_await WithScope([&](AsyncScope& scope) -> Task<void> {
//       scope.Spawn(engine, LoadText(url, parts));
//       scope.Spawn(engine, LoadImages(url, parts));  // may spawn more
//       co_return;
//     });
//     co_return Assemble(parts);  // both have ended well; else this is not reached
//   }
//
// WithScope(f) runs the task that f gives, and ends when that has ended and all that was spawned.
// It ends with what f's task ended with, or with the first failure of those that were spawned.
//
// Failures. The first failure (an error or an exception, of f's task as well) cancels the scope,
// and is what comes out of it; with OnFailure::kGoOn the others go on. That one of them was
// cancelled is no failure, and concerns no other.
//
// Cancelling. The scope has a token, which its tasks have for theirs. It is cancelled by Cancel(),
// by a failure, and by the token of who opens the scope. Leaving the scope waits in any case for
// the tasks, until they have come to an end.
//
// An AsyncScope without WithScope, for where a scope is no lambda:
//
//   AsyncScope scope(co_await CurrentToken());
//   scope.Spawn(Follow(file));
//   ...
//   co_await OrFail(co_await scope.Join());  // in any case, and once; else a check fails
//
// Spawn(task) begins the task inside of the call, and comes back when it waits for the first time;
// Spawn(executor, task) has it begin there. It is for who is in the scope: its tasks, and who joins
// it before that. What a task gives is dropped: give it a place to put it.
//
// Thread safety: Spawn and Cancel from any thread. Progress: lock-free, but for the cancellation.
// Cost: a scope is an allocation, and one more if there is a token to follow; a spawned task two
// frames and three locked instructions.
// Errors: std::bad_alloc, and then the task has not begun.
#ifndef ASHLAR_SCHEDULING_ASYNC_SCOPE_H_
#define ASHLAR_SCHEDULING_ASYNC_SCOPE_H_

#include <coroutine>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>
#include <variant>

#include "ashlar/base/check.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/gather_state.h"
#include "ashlar/scheduling/internal/root_task.h"
#include "ashlar/scheduling/internal/task_promise.h"
#include "ashlar/scheduling/internal/transfer.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/task.h"

namespace ashlar {

enum class OnFailure { kCancel, kGoOn };

class AsyncScope : private internal::Continuation {
 public:
  // Cancelled by the token.
  explicit AsyncScope(CancellationToken token = {}, OnFailure on_failure = OnFailure::kCancel)
      : source_(token), context_{source_.token()}, on_failure_(on_failure) {}
  ~AsyncScope() {
    if (!joined_) ASHLAR_CHECK(state_.LetGo(), "an AsyncScope ended before its tasks: Join it");
  }
  AsyncScope(const AsyncScope&) = delete;
  AsyncScope& operator=(const AsyncScope&) = delete;

  template <class R>
  void Spawn(Task<R> task) {
    ASHLAR_CHECK(task.valid(), "the task was awaited before, or is none");
    internal::RootTask root = RunInScope(this, std::move(task));
    ASHLAR_CHECK(state_.Hold(), "an AsyncScope was joined: nothing can be spawned any more");
    std::move(root).Start(context_);
  }
  template <Executor E, class R>
  void Spawn(E& executor, Task<R> task) {
    Spawn(RunOn(executor, std::move(task)));
  }

  // False if it was cancelled before.
  bool Cancel(CancellationReason reason = CancellationReason::kCancelled) noexcept {
    return source_.Cancel(reason);
  }
  CancellationToken token() const noexcept { return context_.token; }

  // co_await gives the first failure, or none, as an Outcome<void>, when all have ended.
  [[nodiscard]] auto Join() {
    ASHLAR_CHECK(!joined_, "an AsyncScope is joined once");
    joined_ = true;
    return Joining{*this};
  }

 private:
  class Joining {
   public:
    explicit Joining(AsyncScope& scope) : scope_(scope) {}
    auto AwaitIn(internal::TaskPromiseBase&) && { return *this; }

    bool await_ready() const noexcept { return false; }
    [[gnu::noinline]] internal::Transfer await_suspend(std::coroutine_handle<> joiner) noexcept {
      scope_.joiner_ = joiner;
      if (scope_.state_.LetGo()) return internal::Go(joiner);
      return internal::GoNowhere();
    }
    Outcome<void> await_resume() { return std::move(scope_.failure_); }

   private:
    AsyncScope& scope_;
  };

  template <class R>
  static internal::RootTask RunInScope(AsyncScope* scope, Task<R> task) {
    {
      const Outcome<typename Task<R>::value_type> outcome = co_await AsOutcome(std::move(task));
      if (outcome.failed()) scope->Failed(outcome.template FailureAs<void>());
    }
    // Who joins goes on, and may end the scope.
    if (scope->state_.LetGo()) internal::RunChain(scope);
  }

  void Failed(Outcome<void> failure) noexcept {
    if (!state_.Claim(0)) return;
    failure_ = std::move(failure);
    if (on_failure_ == OnFailure::kCancel) Cancel();
  }

  internal::Continuation* Run() noexcept override {
    internal::Resume(joiner_);
    return nullptr;
  }

  LinkedCancellation source_;
  const internal::TaskContext context_;
  const OnFailure on_failure_;
  bool joined_ = false;
  // Held by the scope until it is joined, and by each task.
  internal::GatherState<> state_{1};
  Outcome<void> failure_ = std::monostate();  // of who claimed
  std::coroutine_handle<> joiner_;
};

// f(scope) is a task.
template <class F, class R = typename std::invoke_result_t<F&, AsyncScope&>::returned_type>
Task<R> WithScope(F f, OnFailure on_failure = OnFailure::kCancel) {
  using T = typename Task<R>::value_type;
  const CancellationToken token = co_await CurrentToken();
  AsyncScope scope(token, on_failure);
  Task<R> body;
  Outcome<T> outcome;
  try {
    body = std::invoke(f, scope);
  } catch (...) {  // it may have spawned before
    outcome = Outcome<T>(std::current_exception());
  }
  if (body.valid()) outcome = co_await AsOutcome(std::move(body), scope.token());
  if (!outcome.ok()) scope.Cancel();
  Outcome<void> failure = co_await scope.Join();
  // Where a failure has cancelled the others, it was before those ended.
  if (failure.failed() && !outcome.failed()) outcome = std::move(failure).FailureAs<T>();
  if constexpr (std::is_void_v<R>) {
    co_await OrFail(std::move(outcome));
  } else {
    co_return std::move(outcome);
  }
}

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_ASYNC_SCOPE_H_
