// task.h
// ------
// Task<R>: a coroutine that others await.
//
//   Task<int> Size(std::string name) {
//     absl::StatusOr<File> file = co_await Open(name);     // a Future<File>
//     if (!file.ok()) co_return file.status();             // fails, whatever awaits this
//     co_await SwitchTo(engine);                           // goes on there
//     co_return Count(co_await ReadAll(*std::move(file)));  // another Task
//   }
//
//   Future<int> size = Spawn(Size("a.txt"));               // from ordinary code: spawn.h
//
// Lazy: nothing happens before it is awaited (or spawned), once. R is void, or an object type that
// can be moved, absl::Status or absl::StatusOr<T>.
//
// A task ends with an outcome (outcome.h), and what becomes of it depends on its kind:
//
//   value      is what co_await gives
//   exception  is rethrown by co_await
//   error      an absl::Status that was co_returned, by whatever R but void, or came out of
//              OrFail. co_await of a Task<absl::Status> or Task<absl::StatusOr<T>> gives it. One of
//              a Task<T> does not go on: the awaiting task fails with the same error, and so on
//   cancelled  the awaiting task does not go on either, whatever R is
//
// A task that does not go on ends where it is suspended: what it has in its scopes is destroyed, as
// in a return. There is no exception to catch, or to swallow by mistake.
//
//   co_await AsOutcome(task)      goes on in any case, and gives the Outcome<T>
//   co_await OrFail(result)       the value of a Status, StatusOr or Outcome, or fails with it
//
// Cancelling. A task has a CancellationToken, and hands it down to those that it awaits. Once it is
// cancelled, it is so for ever: a task that comes to a wait (for a Future, in SwitchTo, Checkpoint,
// of anything but a task) ends there as cancelled. One that is waiting asks what it waits for to
// stop, and ends when that has ended as cancelled; a value that comes nevertheless is not lost.
// That of a deadline has the status DeadlineExceeded.
//
//   co_await CurrentToken()            for code that looks by itself
//   co_await Checkpoint()              a place to be cancelled at
//   co_await Shielded(task)            hands no token down: for cleaning up
//   co_await Shielded(task, token)     or another one, such as a deadline's
//   co_await AsOutcome(task, token)    a scope of cancellation: another token, and its outcome
//   WithToken(token, task)             the task, cancelled by this token as well
//
// Where it runs: where it was awaited, after a wait where that ended, after SwitchTo(executor) on
// the executor. If the executor refuses, the task fails with what it says. RunOn(executor, task) is
// the task, beginning there.
//
// What else can be awaited: anything with C++'s awaiter interface.
//
// When to use: code that waits, in steps that follow each other. When not: for a step or two after
// a future, Then costs less.
//
// Thread safety: as any value, before it is awaited. Stack: awaiting grows none, but g++ at -O1 and
// -Og (without optimisation it is paid for with time). A frame has its own alignment up to that of
// max_align_t. Parameters of coroutines are copied into the frame, references are not what they
// refer to.
// Cost: a frame, from a pool of the thread's; awaiting is two jumps, no locked instruction.
// Errors: std::bad_alloc, from the call that makes a task. Checked: awaiting none.
#ifndef ASHLAR_SCHEDULING_TASK_H_
#define ASHLAR_SCHEDULING_TASK_H_

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/task_awaiters.h"
#include "ashlar/scheduling/internal/task_promise.h"
#include "ashlar/scheduling/internal/transfer.h"
#include "ashlar/scheduling/outcome.h"

namespace ashlar {

template <class R>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::TaskPromise<R>;
  using returned_type = R;
  // What its outcome is of: R, or T for an absl::StatusOr<T>, or void for an absl::Status.
  using value_type = internal::FutureValue<R>;

  // Of nothing: not valid().
  Task() = default;
  Task(Task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    Task taken(std::move(other));
    std::swap(coroutine_, taken.coroutine_);
    return *this;
  }
  // One that was never awaited does not begin.
  ~Task() {
    if (coroutine_) coroutine_.destroy();
  }

  bool valid() const noexcept { return coroutine_ != nullptr; }

  // What co_await in another task does.
  internal::TaskAwaiter<R> AwaitIn(internal::TaskPromiseBase& parent) && {
    return internal::TaskAwaiter<R>(Release(), parent, *parent.context);
  }

 private:
  friend promise_type;
  template <class>
  friend class TaskOutcome;
  template <class>
  friend class ShieldedTask;

  using Coroutine = std::coroutine_handle<promise_type>;
  explicit Task(Coroutine coroutine) noexcept : coroutine_(coroutine) {}

  Coroutine Release() {
    ASHLAR_CHECK(coroutine_ != nullptr, "the task was awaited before, or is none");
    return std::exchange(coroutine_, nullptr);
  }

  Coroutine coroutine_;
};

// What AsOutcome gives.
template <class R>
class [[nodiscard]] TaskOutcome {
 public:
  TaskOutcome(Task<R> task, std::optional<CancellationToken> token)
      : task_(std::move(task)), token_(std::move(token)) {}

  internal::TaskOutcomeAwaiter<R> AwaitIn(internal::TaskPromiseBase& parent) && {
    return internal::TaskOutcomeAwaiter<R>(task_.Release(), parent, std::move(token_));
  }

 private:
  Task<R> task_;
  std::optional<CancellationToken> token_;
};

template <class R>
TaskOutcome<R> AsOutcome(Task<R> task) {
  return {std::move(task), std::nullopt};
}
template <class R>
TaskOutcome<R> AsOutcome(Task<R> task, CancellationToken token) {
  return {std::move(task), std::move(token)};
}

// What Shielded gives.
template <class R>
class [[nodiscard]] ShieldedTask {
 public:
  ShieldedTask(Task<R> task, CancellationToken token)
      : task_(std::move(task)), token_(std::move(token)) {}

  internal::ShieldedTaskAwaiter<R> AwaitIn(internal::TaskPromiseBase& parent) && {
    return internal::ShieldedTaskAwaiter<R>(task_.Release(), parent, std::move(token_));
  }

 private:
  Task<R> task_;
  CancellationToken token_;
};

template <class R>
ShieldedTask<R> Shielded(Task<R> task, CancellationToken token = {}) {
  return {std::move(task), std::move(token)};
}

// co_await gives the value, or nothing.
inline internal::OrFailAwaitable<void> OrFail(absl::Status status) {
  return {Outcome<void>(std::move(status))};
}
template <class T>
internal::OrFailAwaitable<T> OrFail(absl::StatusOr<T> result) {
  return {Outcome<T>(std::move(result))};
}
template <class T>
internal::OrFailAwaitable<T> OrFail(Outcome<T> outcome) {
  ASHLAR_CHECK(!outcome.empty(), "an empty outcome is none");
  return {std::move(outcome)};
}

inline internal::CurrentTokenAwaitable CurrentToken() { return {}; }
inline internal::CheckpointAwaitable Checkpoint() { return {}; }

// The executor must live until the task goes on.
template <Executor E>
internal::SwitchToAwaitable<E> SwitchTo(E& executor) {
  return {&executor};
}

namespace internal {

template <Executor E, class R>
ashlar::Task<R> BeginOn(E* executor, ashlar::Task<R> task) {
  co_await SwitchTo(*executor);
  co_return co_await std::move(task);
}

}  // namespace internal

template <Executor E, class R>
Task<R> RunOn(E& executor, Task<R> task) {
  return internal::BeginOn(&executor, std::move(task));
}

template <class R>
Task<R> WithToken(CancellationToken token, Task<R> task) {
  const CancellationToken outer = co_await CurrentToken();
  const LinkedCancellation either(outer, token);
  Outcome<typename Task<R>::value_type> outcome =
      co_await AsOutcome(std::move(task), either.token());
  if constexpr (std::is_void_v<R>) {
    co_await OrFail(std::move(outcome));
  } else {
    co_return std::move(outcome);
  }
}

namespace internal {

// What a task can await. `file` and `line` are those of the co_await.
class AwaitingPromise : public TaskPromiseBase {
 public:
  template <class A>
  requires requires(A&& a, TaskPromiseBase& parent) { std::forward<A>(a).AwaitIn(parent); }
  auto await_transform(A&& a, const char* file = __builtin_FILE(),
                       unsigned line = __builtin_LINE()) {
    AwaitsAt(file, line);
    return std::forward<A>(a).AwaitIn(*this);
  }

  template <class T>
  FutureWait<T> await_transform(Future<T>&& future, const char* file = __builtin_FILE(),
                                unsigned line = __builtin_LINE()) {
    AwaitsAt(file, line);
    return FutureWait<T>(std::move(future), *this);
  }
  template <class T>
  FutureWait<T> await_transform(Future<T>& future, const char* file = __builtin_FILE(),
                                unsigned line = __builtin_LINE()) {
    AwaitsAt(file, line);
    return FutureWait<T>(std::move(future), *this);
  }

  // Anything else.
  template <class A>
  requires(!requires(A && a, TaskPromiseBase& parent) {
    std::forward<A>(a).AwaitIn(parent);
  }) ForeignAwaiter<A> await_transform(A&& awaitable, const char* file = __builtin_FILE(),
                                       unsigned line = __builtin_LINE()) {
    AwaitsAt(file, line);
    return ForeignAwaiter<A>(std::forward<A>(awaitable), *this);
  }
};

// The outcome of a task, and how its coroutine begins and ends.
template <class R>
class TaskPromiseOf : public AwaitingPromise {
 public:
  using T = FutureValue<R>;

  auto initial_suspend() const noexcept { return std::suspend_always(); }
  auto final_suspend() const noexcept {
    struct GoesToWhoAwaits {
      bool await_ready() const noexcept { return false; }
      Transfer await_suspend(std::coroutine_handle<>) const noexcept { return Go(awaiting); }
      void await_resume() const noexcept {}
      std::coroutine_handle<> awaiting;
    };
    return GoesToWhoAwaits{awaiting};
  }
  void unhandled_exception() noexcept { outcome = Outcome<T>(std::current_exception()); }

  Outcome<T> outcome;
};

template <class R>
class TaskPromise final : public TaskPromiseOf<R> {
  using T = FutureValue<R>;

 public:
  ashlar::Task<R> get_return_object() noexcept {
    return ashlar::Task<R>(std::coroutine_handle<TaskPromise>::from_promise(*this));
  }

  // A value, a Status, a StatusOr or an Outcome.
  template <class V = typename Outcome<T>::Value>
  requires std::constructible_from<Outcome<T>, V>
  void return_value(V&& value) {
    if constexpr (!kIsOutcome<std::remove_cvref_t<V>> && std::is_nothrow_constructible_v<T, V>) {
      // There is nothing in it to be destroyed.
      std::construct_at(&this->outcome, std::forward<V>(value));
    } else {
      this->outcome = Outcome<T>(std::forward<V>(value));
      const OutcomeKind kind = this->outcome.kind();
      ASHLAR_CHECK(kind != OutcomeKind::kNone, "an empty outcome is none");
      if (kind == OutcomeKind::kError || kind == OutcomeKind::kCancelled) {
        // For final_suspend.
        this->awaiting = this->EndFailed(this->outcome.status());
      }
    }
  }
};

template <>
class TaskPromise<void> final : public TaskPromiseOf<void> {
 public:
  ashlar::Task<void> get_return_object() noexcept {
    return ashlar::Task<void>(std::coroutine_handle<TaskPromise>::from_promise(*this));
  }
  void return_void() noexcept { std::construct_at(&outcome, std::monostate()); }
};

}  // namespace internal
}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_TASK_H_
