// The awaiters behind what task.h lets a task await. They lie in the frame of the awaiting task.
//
// An awaiter whose await_suspend lets the coroutine go, so that another thread may resume it and
// end it before the function returns, touches nothing of it afterwards; such functions are not
// inlined into the coroutine, where the compiler would keep their locals in the frame.
#ifndef ASHLAR_SCHEDULING_INTERNAL_TASK_AWAITERS_H_
#define ASHLAR_SCHEDULING_INTERNAL_TASK_AWAITERS_H_

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/future_block.h"
#include "ashlar/scheduling/internal/task_promise.h"
#include "ashlar/scheduling/internal/transfer.h"
#include "ashlar/scheduling/outcome.h"

namespace ashlar::internal {

template <class R>
class TaskPromise;

// A task that is awaited. Link: a TaskLink, or one that catches.
template <class R, class Link>
class AwaitedTask {
 public:
  bool await_ready() const noexcept { return false; }

 protected:
  AwaitedTask(std::coroutine_handle<TaskPromise<R>> task, TaskPromiseBase& parent, Catches catches)
      : link_(task, catches) {
    link_.parent = &parent;
  }

  Transfer Begin(std::coroutine_handle<> awaiting, const TaskContext& context) noexcept {
    if constexpr (std::is_same_v<Link, CatchingTaskLink>) link_.awaiting = awaiting;
    TaskPromise<R>& task = promise();
    task.awaiting = awaiting;
    task.link = &link_;
    task.context = &context;
    return Go(link_.child);
  }

  TaskPromise<R>& promise() const noexcept {
    return std::coroutine_handle<TaskPromise<R>>::from_address(link_.child.address()).promise();
  }

  // What co_await gives of an outcome that is no Status.
  auto TakeValue() {
    auto& outcome = promise().outcome;
    if (!outcome.ok()) [[unlikely]]
      std::rethrow_exception(outcome.exception());
    if constexpr (!std::is_void_v<FutureValue<R>>) return std::move(outcome.value());
  }

  Link link_;
};

// co_await task
template <class R>
class TaskAwaiter : private AwaitedTask<R, TaskLink> {
  using Base = AwaitedTask<R, TaskLink>;

 public:
  TaskAwaiter(std::coroutine_handle<TaskPromise<R>> task, TaskPromiseBase& parent,
              const TaskContext& context)
      : Base(task, parent, Catches::kNothing), context_(context) {}

  using Base::await_ready;
  Transfer await_suspend(std::coroutine_handle<> awaiting) noexcept {
    return this->Begin(awaiting, context_);
  }
  R await_resume() { return this->TakeValue(); }

 private:
  const TaskContext& context_;
};

template <class R>
requires(!std::same_as<R, FutureValue<R>>)  // a Status or a StatusOr
    class TaskAwaiter<R> : private AwaitedTask<R, CatchingTaskLink> {
  using Base = AwaitedTask<R, CatchingTaskLink>;

 public:
  TaskAwaiter(std::coroutine_handle<TaskPromise<R>> task, TaskPromiseBase& parent,
              const TaskContext& context)
      : Base(task, parent, Catches::kErrors), context_(context) {}

  using Base::await_ready;
  Transfer await_suspend(std::coroutine_handle<> awaiting) noexcept {
    return this->Begin(awaiting, context_);
  }
  R await_resume() {
    if (this->link_.innermost != nullptr) return this->link_.Catch();
    return std::move(this->promise().outcome).TakeResult();
  }

 private:
  const TaskContext& context_;
};

// co_await AsOutcome(task)
template <class R>
class TaskOutcomeAwaiter : private AwaitedTask<R, CatchingTaskLink> {
  using Base = AwaitedTask<R, CatchingTaskLink>;
  using T = FutureValue<R>;

 public:
  TaskOutcomeAwaiter(std::coroutine_handle<TaskPromise<R>> task, TaskPromiseBase& parent,
                     std::optional<CancellationToken> token)
      : Base(task, parent, Catches::kAll) {
    if (token) own_.emplace(TaskContext{*std::move(token), parent.context->record});
  }

  using Base::await_ready;
  Transfer await_suspend(std::coroutine_handle<> awaiting) noexcept {
    return this->Begin(awaiting, own_ ? *own_ : *this->link_.parent->context);
  }
  Outcome<T> await_resume() {
    if (this->link_.innermost != nullptr) return Outcome<T>(this->link_.Catch());
    return std::move(this->promise().outcome);
  }

 private:
  std::optional<TaskContext> own_;  // in place of the parent's
};

// co_await Shielded(task)
template <class R>
class ShieldedTaskAwaiter : private TaskContext, public TaskAwaiter<R> {
 public:
  ShieldedTaskAwaiter(std::coroutine_handle<TaskPromise<R>> task, TaskPromiseBase& parent,
                      CancellationToken token)
      : TaskContext{std::move(token), parent.context->record},
        TaskAwaiter<R>(task, parent, static_cast<const TaskContext&>(*this)) {}
  // Where it is made is where it stays.
  ShieldedTaskAwaiter(const ShieldedTaskAwaiter&) = delete;
  ShieldedTaskAwaiter& operator=(const ShieldedTaskAwaiter&) = delete;
};

// co_await OrFail(result)
template <class T>
class OrFailAwaitable {
 public:
  OrFailAwaitable(Outcome<T> outcome) : outcome_(std::move(outcome)) {}  // NOLINT

  auto AwaitIn(TaskPromiseBase& parent) && { return Awaiter(std::move(outcome_), parent); }

 private:
  class Awaiter {
   public:
    Awaiter(Outcome<T>&& outcome, TaskPromiseBase& parent)
        : outcome_(std::move(outcome)), parent_(parent) {}

    bool await_ready() const noexcept {
      return outcome_.ok() || outcome_.kind() == OutcomeKind::kException;
    }
    Transfer await_suspend(std::coroutine_handle<>) {
      return Go(parent_.EndFailed(outcome_.status()));
    }
    T await_resume() {
      if (!outcome_.ok()) std::rethrow_exception(outcome_.exception());
      if constexpr (!std::is_void_v<T>) return std::move(outcome_.value());
    }

   private:
    Outcome<T> outcome_;
    TaskPromiseBase& parent_;
  };

  Outcome<T> outcome_;
};

// Gives a member of the task's context, without a wait.
template <auto kMember>
class CurrentAwaitable {
 public:
  auto AwaitIn(TaskPromiseBase& parent) && { return Awaiter{parent}; }

 private:
  struct Awaiter {
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    auto await_resume() const { return parent.context->*kMember; }
    TaskPromiseBase& parent;
  };
};

// co_await CurrentToken()
using CurrentTokenAwaitable = CurrentAwaitable<&TaskContext::token>;
// Of the task, or null.
using CurrentRecordAwaitable = CurrentAwaitable<&TaskContext::record>;

// co_await Checkpoint()
class CheckpointAwaitable {
 public:
  auto AwaitIn(TaskPromiseBase& parent) && { return Awaiter{parent}; }

 private:
  struct Awaiter {
    bool await_ready() const noexcept { return !parent.IsCancelled(); }
    Transfer await_suspend(std::coroutine_handle<>) const noexcept {
      return Go(parent.EndCancelled());
    }
    void await_resume() const noexcept {}
    TaskPromiseBase& parent;
  };
};

// co_await SwitchTo(executor)
template <class E>
class SwitchToAwaiter final : private Dispatched {
 public:
  SwitchToAwaiter(E* executor, TaskPromiseBase& parent) : executor_(executor), parent_(parent) {}

  bool await_ready() const noexcept { return false; }
  [[gnu::noinline]] Transfer await_suspend(std::coroutine_handle<> awaiting) noexcept {
    if (parent_.IsCancelled()) return Go(parent_.EndCancelled());
    awaiting_ = awaiting;
    parent_.Suspends("an executor");
    RunChain(PostTo(*executor_, this));
    return GoNowhere();
  }
  void await_resume() const noexcept {}

 private:
  // By way of the loop, which an executor that runs it at once cannot make deep.
  Continuation* RunHere() noexcept override { return this; }
  Continuation* Run() noexcept override {
    parent_.Resumes();
    Resume(parent_.IsCancelled() ? parent_.EndCancelled() : awaiting_);
    return nullptr;
  }
  Continuation* Refuse(absl::Status why) noexcept override {
    parent_.Resumes();
    Resume(parent_.EndFailed(std::move(why)));
    return nullptr;
  }

  E* const executor_;
  TaskPromiseBase& parent_;
  std::coroutine_handle<> awaiting_;
};

template <class E>
class SwitchToAwaitable {
 public:
  SwitchToAwaitable(E* executor) : executor_(executor) {}  // NOLINT: for braces
  auto AwaitIn(TaskPromiseBase& parent) && { return SwitchToAwaiter<E>(executor_, parent); }

 private:
  E* executor_;
};

// co_await future
template <class T>
class FutureWait final : private Continuation {
 public:
  FutureWait(Future<T>&& future, TaskPromiseBase& parent)
      : future_(std::move(future)), parent_(parent) {}

  bool await_ready() const { return !parent_.IsCancelled() && future_.IsReady(); }
  [[gnu::noinline]] Transfer await_suspend(std::coroutine_handle<> awaiting) {
    cancelled_before_ = parent_.IsCancelled();
    if (future_.IsReady()) return Go(cancelled_before_ ? parent_.EndCancelled() : awaiting);
    awaiting_ = awaiting;
    if (cancelled_before_) {
      future_.Cancel();
    } else if (const auto& source = FutureAccess::Block(future_)->cancellation) {
      if (parent_.context->token.CanBeCancelled()) {
        link_.emplace(parent_.context->token, CancelSource{*source});
      }
    }
    owned_ = FutureAccess::Release(future_);
    parent_.Suspends("a future");
    if (owned_->Leave(this)) return Go(Next());
    return GoNowhere();
  }
  typename Outcome<T>::Result await_resume() {
    if (owned_ == nullptr) return future_.Get();
    return std::move(owned_->outcome()).TakeResult();
  }

  ~FutureWait() { delete owned_; }
  FutureWait(const FutureWait&) = delete;
  FutureWait& operator=(const FutureWait&) = delete;

 private:
  Continuation* Run() noexcept override {
    Resume(Next());
    return nullptr;
  }

  // Who goes on, now that it is ready.
  std::coroutine_handle<> Next() noexcept {
    parent_.Resumes();
    link_.reset();
    const bool stopped = owned_->outcome().cancelled() && parent_.IsCancelled();
    return cancelled_before_ || stopped ? parent_.EndCancelled() : awaiting_;
  }

  Future<T> future_;
  TaskPromiseBase& parent_;
  std::coroutine_handle<> awaiting_;
  FutureBlock<T>* owned_ = nullptr;  // once it is ready
  std::optional<CancellationCallback<CancelSource>> link_;
  bool cancelled_before_ = false;
};

// co_await of what knows nothing of tasks. A: an awaitable, or a reference to one.
template <class A>
decltype(auto) AwaiterOf(A& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); }) {
    return std::forward<A>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<A>(awaitable)); }) {
    return operator co_await(std::forward<A>(awaitable));
  } else {
    return static_cast<A&>(awaitable);
  }
}

template <class A>
class ForeignAwaiter {
 public:
  ForeignAwaiter(A&& awaitable, TaskPromiseBase& parent)
      : awaitable_(std::forward<A>(awaitable)),
        awaiter_(AwaiterOf<A>(awaitable_)),
        parent_(parent) {}
  ForeignAwaiter(const ForeignAwaiter&) = delete;
  ForeignAwaiter& operator=(const ForeignAwaiter&) = delete;

  bool await_ready() { return !parent_.IsCancelled() && awaiter_.await_ready(); }
  [[gnu::noinline]] Transfer await_suspend(std::coroutine_handle<> awaiting) {
    if (parent_.IsCancelled()) return Go(parent_.EndCancelled());
    using Result = decltype(awaiter_.await_suspend(awaiting));
    if constexpr (std::is_void_v<Result>) {
      Suspend(awaiting);
      return GoNowhere();
    } else if constexpr (std::is_same_v<Result, bool>) {
      if (!Suspend(awaiting)) return Go(awaiting);
      return GoNowhere();
    } else {
      return Go(Suspend(awaiting));
    }
  }
  decltype(auto) await_resume() {
    parent_.Resumes();
    return awaiter_.await_resume();
  }

 private:
  // If it throws, the task goes on.
  auto Suspend(std::coroutine_handle<> awaiting) {
    parent_.Suspends("");
    try {
      return awaiter_.await_suspend(awaiting);
    } catch (...) {
      parent_.Resumes();
      throw;
    }
  }

  A awaitable_;
  decltype(AwaiterOf<A>(std::declval<A&>())) awaiter_;
  TaskPromiseBase& parent_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_TASK_AWAITERS_H_
