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
// Who waits where. A scope that has a name keeps records of its tasks, and so do the scopes that
// WithScope opens in those:
//
//   WithScope({.name = "page"}, [&](AsyncScope& scope) -> Task<void> {
//     scope.SpawnNamed("text", engine, LoadText(url, parts));
//     ...
//   std::puts(DumpTasks(scope).c_str());
//
//     scope "page": open, 2 spawned
//       task 0 "text": suspended
//         waits for a future at loader.cc:31
//         awaited at loader.cc:57
//       task 1: running
//
// A task that waits is shown with those that await each other in it, the innermost first. Others
// are pending, if an executor has not begun them, or running.
//
// Thread safety: Spawn and Cancel from any thread. Progress: lock-free, but for the cancellation.
// Cost: a scope is an allocation, and one more if there is a token to follow; a spawned task two
// frames and three locked instructions. With records a task is an allocation more, and a wait two
// locks; a task that goes on may wait for a DumpTasks that is looking at it.
// Errors: std::bad_alloc, and then the task has not begun.
#ifndef ASHLAR_SCHEDULING_ASYNC_SCOPE_H_
#define ASHLAR_SCHEDULING_ASYNC_SCOPE_H_

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "ashlar/base/check.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/gather_state.h"
#include "ashlar/scheduling/internal/root_task.h"
#include "ashlar/scheduling/internal/task_awaiters.h"
#include "ashlar/scheduling/internal/task_promise.h"
#include "ashlar/scheduling/internal/task_record.h"
#include "ashlar/scheduling/internal/task_tree.h"
#include "ashlar/scheduling/internal/transfer.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/task.h"
#include "ashlar/scheduling/task_group.h"

namespace ashlar {

enum class OnFailure { kCancel, kGoOn };

// Nothing in it is to be destroyed: within a co_await, g++ 12 destroys temporaries twice that are
// made with braces.
struct AsyncScopeConfig {
  // For DumpTasks; copied. With one, or if it is shown in a group, it keeps records.
  std::string_view name = {};
  OnFailure on_failure = OnFailure::kCancel;
  const TaskGroup* shown_in = nullptr;  // whose DumpTasks shows it, too; outlives it
};

class AsyncScope : private internal::Continuation {
 public:
  // Cancelled by the token.
  explicit AsyncScope(CancellationToken token = {}, OnFailure on_failure = OnFailure::kCancel)
      : source_(token), context_{source_.token()}, on_failure_(on_failure) {}
  // `opener`: WithScope's.
  explicit AsyncScope(AsyncScopeConfig config, CancellationToken token = {},
                      internal::TaskRecord* opener = nullptr)
      : AsyncScope(std::move(token), config.on_failure) {
    internal::TaskTree* place = nullptr;
    if (config.shown_in != nullptr) {
      place = &config.shown_in->core_->tree();
    } else if (opener != nullptr) {
      place = &opener->tree();
    }
    if (place == nullptr && config.name.empty()) return;
    record_ =
        std::make_unique<internal::ScopeRecord>(std::string(config.name), context_.token, place);
  }
  ~AsyncScope() {
    if (!joined_) ASHLAR_CHECK(state_.LetGo(), "an AsyncScope ended before its tasks: Join it");
  }
  AsyncScope(const AsyncScope&) = delete;
  AsyncScope& operator=(const AsyncScope&) = delete;

  template <class R>
  void Spawn(Task<R> task) {
    SpawnNamed({}, std::move(task));
  }
  template <Executor E, class R>
  void Spawn(E& executor, Task<R> task) {
    SpawnNamed({}, executor, std::move(task));
  }
  // The name is for DumpTasks, and dropped if there are no records.
  template <class R>
  void SpawnNamed(std::string_view name, Task<R> task) {
    Start(name, /*begins_here=*/true, std::move(task));
  }
  template <Executor E, class R>
  void SpawnNamed(std::string_view name, E& executor, Task<R> task) {
    Start(name, /*begins_here=*/false, RunOn(executor, std::move(task)));
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
  friend std::string DumpTasks(const AsyncScope& scope);

  class Joining {
   public:
    explicit Joining(AsyncScope& scope) : scope_(scope) {}
    auto AwaitIn(internal::TaskPromiseBase& parent) && {
      parent_ = &parent;
      return *this;
    }

    bool await_ready() const noexcept { return false; }
    [[gnu::noinline]] internal::Transfer await_suspend(std::coroutine_handle<> joiner) noexcept {
      scope_.joiner_ = joiner;
      parent_->Suspends("a scope");
      if (scope_.state_.LetGo()) return internal::Go(joiner);
      return internal::GoNowhere();
    }
    Outcome<void> await_resume() {
      parent_->Resumes();
      return std::move(scope_.failure_);
    }

   private:
    AsyncScope& scope_;
    internal::TaskPromiseBase* parent_ = nullptr;
  };

  template <class R>
  void Start(std::string_view name, bool begins_here, Task<R> task) {
    ASHLAR_CHECK(task.valid(), "the task was awaited before, or is none");
    if (record_ != nullptr) [[unlikely]]
      return StartRecorded(name, begins_here, std::move(task));
    internal::RootTask root = RunInScope(this, std::move(task), nullptr);
    Hold();
    std::move(root).Start(context_);
  }
  // Not inlined, so that the other may be.
  template <class R>
  [[gnu::noinline]] void StartRecorded(std::string_view name, bool begins_here, Task<R> task) {
    std::unique_ptr<internal::TaskRecord> record = record_->NewTask(name, begins_here);
    internal::RootTask root = RunInScope(this, std::move(task), record.get());
    Hold();
    std::move(root).Start(context_.token, record.release());
  }
  void Hold() {
    ASHLAR_CHECK(state_.Hold(), "an AsyncScope was joined: nothing can be spawned any more");
  }

  // The record is the coroutine's, or null.
  template <class R>
  static internal::RootTask RunInScope(AsyncScope* scope, Task<R> task,
                                       internal::TaskRecord* record) {
    {
      const Outcome<typename Task<R>::value_type> outcome = co_await AsOutcome(std::move(task));
      if (outcome.failed()) scope->Failed(outcome.template FailureAs<void>());
    }
    delete record;
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
  std::unique_ptr<internal::ScopeRecord> record_;  // or null
  // Held by the scope until it is joined, and by each task.
  internal::GatherState<> state_{1};
  Outcome<void> failure_ = std::monostate();  // of who claimed
  std::coroutine_handle<> joiner_;
};

// The scope, its tasks that have not ended, and the scopes inside. Nothing if there are no records.
inline std::string DumpTasks(const AsyncScope& scope) {
  std::string text;
  if (scope.record_ != nullptr) scope.record_->Describe(text, 0);
  return text;
}

namespace internal {

template <class R, class F>
ashlar::Task<R> RunWithScope(AsyncScopeConfig config, std::string name, F f) {
  using T = FutureValue<R>;
  const CancellationToken token = co_await CurrentToken();
  TaskRecord* const opener = co_await CurrentRecordAwaitable();
  config.name = name;
  AsyncScope scope(config, token, opener);
  ashlar::Task<R> body;
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

}  // namespace internal

// f(scope) is a task.
template <class F, class R = typename std::invoke_result_t<F&, AsyncScope&>::returned_type>
Task<R> WithScope(AsyncScopeConfig config, F f) {
  return internal::RunWithScope<R>(config, std::string(config.name), std::move(f));
}
template <class F, class R = typename std::invoke_result_t<F&, AsyncScope&>::returned_type>
Task<R> WithScope(F f, OnFailure on_failure = OnFailure::kCancel) {
  return internal::RunWithScope<R>({.on_failure = on_failure}, {}, std::move(f));
}

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_ASYNC_SCOPE_H_
