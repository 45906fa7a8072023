// future.h
// --------
// Future<T>: the outcome of a computation that may still be going on. Promise<T>: where its
// producer puts it.
//
//   Future<int> size = Async(engine, [] { return Read("a.txt"); })       // on the engine
//                          .Then([](std::string text) { return Count(text); })
//                          .Catch([](const absl::Status&) { return 0; });
//   absl::StatusOr<int> lines = size.Get();
//
//   Promise<int> promise;                       // or of your own
//   Future<int> answer = promise.GetFuture();
//   promise.SetValue(42);                       // from any thread
//
// Outcomes (outcome.h) are a value, an error, which is an absl::Status or an exception with its
// type, or cancelled. T is void, or an object type that can be moved; not a reference, and neither
// absl::Status nor absl::StatusOr, which pass through: a function that gives an absl::StatusOr<T>,
// a Future<T> or throws gives a Future<T> like one that gives a T, and one that gives an
// absl::Status a Future<void>.
//
//   Then(f)      calls f with the value; other outcomes pass by
//   Catch(f)     calls f with the error, as a Status; an exception is Unknown with its what().
//                What f gives takes its place. Values and cancellations pass by.
//   Catch<E>(f)  the same for exceptions of type E alone
//   Finally(f)   calls f() in any case, and gives the outcome on, unless f fails
//
// each on an executor, Then(executor, f), or without one wherever the outcome comes from: on the
// producer's thread, or at once in the call if it is there already. A function that runs on an
// executor that refuses it, or is shut down, does not run: the outcome says so. The executor must
// live until then.
//
// A future is read once, by Get, co_await, or what is attached: reading it again is a failed
// check. For several readers there is SharedFuture (shared_future.h), for several futures All, Race
// and Any (combinators.h).
// A promise that is dropped without an outcome gives an error, Internal, so that nobody waits for
// ever. Setting one twice is a failed check. A dropped future lets go of the outcome, and cancels
// nothing.
//
// Cancelling. Cancel() asks the producer to stop; what it does then is its own business, and the
// future is ready when it has ended. A promise that is made with a CancellationSource listens, and
// so do all futures that are made of its future while that is pending: Cancel of the last one asks
// the first producer, functions of Then that have not begun by then are skipped, and the outcome is
// Cancelled. Failures pass as they are; Catch's functions and Finally's are called.
//
// Waiting: Wait and Get block the thread, at most for as long as they are told; without a limit
// they wait without bound, and with one of zero or less they do not block. DeadlineExceeded is
// what they give if the future is not ready by then, and it stays as it was.
// They run nothing meanwhile (but what this thread has put off, see below), on a thread of an
// executor neither. A future does not know who will set it, and what an executor has in its queue
// may be anything, such as a function that takes a lock which the waiting one holds. So a future
// that is waited for on the only thread of the executor that has to run what makes it is never
// ready: attach a function, or co_await. What knows its tasks, and runs them while it waits, is a
// TaskGroup (task_group.h), and the handle of an executor's Submit.
//
// Continuations run in a loop and not on top of each other, however long a chain is. Where a
// function sets another promise, what is attached there runs inside of SetValue, but not more than
// 32 of those inside of each other: deeper, it runs when the thread has come back, or waits.
//
// Thread safety: a future and a promise belong to one thread each, as any value, and these two
// may be different ones; what precedes the setting happens before the outcome is read, and what
// precedes Then before f.
// Progress: setting and attaching are wait-free but for allocation, and for waking who sleeps.
// Cost: a ready future is kept in place, and what is attached to it without an executor runs at
// once: no allocation, no atomic. A promise is one allocation, and so is each function attached to
// what is pending, both from the pools that coroutine frames come from. The first of setting and
// attaching is one locked instruction, the second none.
// Errors: std::bad_alloc of Promise(), Then and its like, which leave the future as it was.
#ifndef ASHLAR_SCHEDULING_FUTURE_H_
#define ASHLAR_SCHEDULING_FUTURE_H_

#include <concepts>
#include <coroutine>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/future_block.h"
#include "ashlar/scheduling/outcome.h"

namespace ashlar {

template <class T>
class FutureAwaiter;
template <class T>
class SharedFuture;

template <class T>
class [[nodiscard]] Future {
  using Block = internal::FutureBlock<T>;
  static constexpr char kReadTwice[] = "the future was read before, or never had an outcome";

 public:
  using value_type = T;
  using Result = typename Outcome<T>::Result;

  // Of nothing: not valid().
  Future() = default;
  // A ready one, of a value, a Status, a StatusOr, an exception_ptr or an Outcome.
  template <class V>
  requires(!std::same_as<std::remove_cvref_t<V>, Future> && std::constructible_from<Outcome<T>, V>)
      Future(V&& v)
      : outcome_(std::forward<V>(v)) {}  // NOLINT: a conversion on purpose

  Future(Future&& other) noexcept(std::is_nothrow_move_constructible_v<Outcome<T>>)
      : outcome_(std::move(other.outcome_)), block_(std::exchange(other.block_, nullptr)) {
    other.outcome_.Clear();
  }
  Future& operator=(Future&& other) noexcept(std::is_nothrow_move_constructible_v<Outcome<T>>) {
    if (this != &other) {
      Drop();
      outcome_ = std::move(other.outcome_);
      other.outcome_.Clear();
      block_ = std::exchange(other.block_, nullptr);
    }
    return *this;
  }
  ~Future() { Drop(); }

  // Whether there is an outcome to read, now or later.
  bool valid() const { return block_ != nullptr || !outcome_.empty(); }

  // Whether it can be read without waiting.
  bool IsReady() const {
    ASHLAR_CHECK(valid(), kReadTwice);
    return block_ == nullptr || block_->Ready();
  }

  // Waits and leaves the outcome in place: OK, or DeadlineExceeded.
  absl::Status Wait(absl::Duration timeout = absl::InfiniteDuration()) {
    if (IsReady()) return absl::OkStatus();
    return internal::WaitForBlock(*block_, timeout);
  }

  // Waits and takes the outcome: a StatusOr, for void a Status. An exception is rethrown.
  Result Get(absl::Duration timeout = absl::InfiniteDuration()) {
    if (absl::Status waited = Wait(timeout); !waited.ok()) return waited;
    return TakeOutcome().TakeResult();
  }

  // The same without a limit, telling exceptions and cancellations from errors.
  Outcome<T> WaitForOutcome() {
    (void)Wait();
    return TakeOutcome();
  }

  // Asks the producer to stop. The future remains to be read.
  void Cancel(CancellationReason reason = CancellationReason::kCancelled) {
    ASHLAR_CHECK(valid(), kReadTwice);
    if (block_ == nullptr || !block_->cancellation) return;
    // What is called may read this future.
    CancellationSource source = *block_->cancellation;
    source.Cancel(reason);
  }

  // f(T), or f() for void.
  template <class F>
  auto Then(F&& f) && {
    return Chain(internal::Inline(), internal::ThenStep<T, std::decay_t<F>>{std::forward<F>(f)});
  }
  template <Executor E, class F>
  auto Then(E& executor, F&& f) && {
    return Chain(internal::On<E>{&executor},
                 internal::ThenStep<T, std::decay_t<F>>{std::forward<F>(f)});
  }

  // f(const absl::Status&), or f(const E&) for an E. Gives what makes a T.
  template <class E = void, class F>
  Future Catch(F&& f) && {
    return Chain(internal::Inline(),
                 internal::CatchStep<T, E, std::decay_t<F>>{std::forward<F>(f)});
  }
  template <class E = void, Executor Where, class F>
  Future Catch(Where& executor, F&& f) && {
    return Chain(internal::On<Where>{&executor},
                 internal::CatchStep<T, E, std::decay_t<F>>{std::forward<F>(f)});
  }

  // f(), which gives nothing, a Status or a Future<void>.
  template <class F>
  Future Finally(F&& f) && {
    return Chain(internal::Inline(), internal::FinallyStep<T, std::decay_t<F>>{std::forward<F>(f)});
  }
  template <Executor E, class F>
  Future Finally(E& executor, F&& f) && {
    return Chain(internal::On<E>{&executor},
                 internal::FinallyStep<T, std::decay_t<F>>{std::forward<F>(f)});
  }

  // f(Outcome<T>), whatever it is: what the others are made of.
  template <class F>
  auto ThenOutcome(F&& f) && {
    return Chain(internal::Inline(), internal::OutcomeStep<T, std::decay_t<F>>{std::forward<F>(f)});
  }
  template <Executor E, class F>
  auto ThenOutcome(E& executor, F&& f) && {
    return Chain(internal::On<E>{&executor},
                 internal::OutcomeStep<T, std::decay_t<F>>{std::forward<F>(f)});
  }

  // For several readers; include shared_future.h.
  SharedFuture<T> Share() &&;

  // co_await gives what Get gives. The coroutine goes on where the outcome comes from.
  FutureAwaiter<T> operator co_await() { return FutureAwaiter<T>(std::move(*this)); }

 private:
  friend internal::FutureAccess;
  friend FutureAwaiter<T>;
  friend SharedFuture<T>;

  // A pointer alone would be a value where T is bool.
  Future(internal::FutureAccess, Block* block) : block_(block) {}

  void Drop() noexcept {
    if (block_ != nullptr) internal::Abandon(std::exchange(block_, nullptr));
  }

  // Of a ready one.
  Outcome<T> TakeOutcome() {
    ASHLAR_CHECK(IsReady(), "the future is not ready");
    const absl::Cleanup done = [this] { Drop(), outcome_.Clear(); };
    return std::move(block_ == nullptr ? outcome_ : block_->outcome());
  }

  template <class Where, class Step>
  auto Chain(Where where, Step&& step) {
    if (block_ != nullptr) {
      if (!block_->Ready()) return Attach(where, std::move(step));
      const absl::Cleanup drop = [this] { Drop(); };
      outcome_ = std::move(block_->outcome());
    }
    return Begin(where, std::move(step));
  }

  // The outcome is here.
  template <class Where, class Step>
  auto Begin(Where where, Step&& step) {
    ASHLAR_CHECK(!outcome_.empty(), kReadTwice);
    if constexpr (std::is_same_v<Where, internal::Inline>) {
      const absl::Cleanup clear = [this] { outcome_.Clear(); };
      return step(std::move(outcome_));
    } else {
      using U = typename Step::U;
      using Stage = internal::Stage<U, internal::OwnInput<T>, Step, Where>;
      auto stage = std::make_unique<Stage>(std::move(step), where);
      stage->input().Set(std::move(outcome_));
      outcome_.Clear();
      return internal::PostStage<U>(std::move(stage));
    }
  }

  // The outcome is to come, into the block.
  template <class Where, class Step>
  auto Attach(Where where, Step&& step) {
    using U = typename Step::U;
    using Stage = internal::Stage<U, internal::BlockInput<T>, Step, Where>;
    auto* const stage = new Stage(std::move(step), where);
    if (block_->cancellation) stage->cancellation = block_->cancellation;
    stage->input().Set(block_);
    auto result = internal::FutureAccess::Of<U>(stage);
    if (std::exchange(block_, nullptr)->Leave(stage)) internal::RunChain(stage);
    return result;
  }

  Outcome<T> outcome_;      // if it is here
  Block* block_ = nullptr;  // or where it is, or will be
};

// A ready future. Also: Future<T>(value).
template <class V>
Future<std::decay_t<V>> MakeFuture(V&& value) {
  return Future<std::decay_t<V>>(std::forward<V>(value));
}
inline Future<void> MakeFuture() { return Future<void>(absl::OkStatus()); }

// Runs f() on the executor. An f that takes a CancellationToken is told when the future is
// cancelled, and does not run if that is before it begins.
template <Executor E, class F>
auto Async(E& executor, F&& f);
// The same with a source of the caller's, for any f.
template <Executor E, class F>
auto Async(E& executor, CancellationSource source, F&& f);

template <class T>
class Promise {
  using Block = internal::FutureBlock<T>;

 public:
  Promise() : unset_(new Block), unclaimed_(unset_) {}
  // Cancel() of its future, and of what is made of that, cancels the source.
  explicit Promise(CancellationSource source) : Promise() {
    unset_->cancellation = std::move(source);
  }
  Promise(Promise&& other) noexcept
      : unset_(std::exchange(other.unset_, nullptr)),
        unclaimed_(std::exchange(other.unclaimed_, nullptr)) {}
  Promise& operator=(Promise&& other) noexcept {
    Promise taken(std::move(other));
    std::swap(unset_, taken.unset_);
    std::swap(unclaimed_, taken.unclaimed_);
    return *this;
  }
  ~Promise() {
    if (unset_ != nullptr) Break();
    // Both sides were here.
    delete unclaimed_;
  }

  // Whether it is still to be set.
  bool valid() const { return unset_ != nullptr; }

  // Once.
  Future<T> GetFuture() {
    ASHLAR_CHECK(unclaimed_ != nullptr, "the promise has given its future before");
    return internal::FutureAccess::Of<T>(std::exchange(unclaimed_, nullptr));
  }

  // Asks whether to stop. Without a source, and when it is set: a token that never is cancelled.
  CancellationToken token() const {
    return unset_ != nullptr && unset_->cancellation ? unset_->cancellation->token()
                                                     : CancellationToken();
  }

  // One of them, once. What is attached to the future runs before they return.
  template <class V = typename Outcome<T>::Value>
  requires std::constructible_from<typename Outcome<T>::Value, V>
  void SetValue(V&& value = {}) { Set(typename Outcome<T>::Value(std::forward<V>(value))); }
  void SetError(absl::Status error) {
    ASHLAR_CHECK(!error.ok(), "OK is no error");
    Set(std::move(error));
  }
  void SetException(std::exception_ptr exception) { Set(std::move(exception)); }
  void SetCancelled() { Set(absl::CancelledError("cancelled")); }
  void SetOutcome(Outcome<T> outcome) {
    ASHLAR_CHECK(!outcome.empty(), "an empty outcome is none");
    Set(std::move(outcome));
  }

 private:
  void Set(Outcome<T>&& outcome) {
    ASHLAR_CHECK(unset_ != nullptr, "the promise was set before");
    unset_->outcome() = std::move(outcome);
    internal::RunChain(internal::Publish(std::exchange(unset_, nullptr)));
  }

  [[gnu::noinline]] void Break() noexcept {
    const absl::Status cancelled = token().status();
    unset_->outcome() = cancelled.ok() ? internal::BrokenPromise() : cancelled;
    internal::RunChain(internal::Publish(std::exchange(unset_, nullptr)));
  }

  Block* unset_;
  Block* unclaimed_;
};

// What co_await waits with. A coroutine that is suspended here must not be destroyed.
template <class T>
class [[nodiscard]] FutureAwaiter final : public internal::Continuation {
 public:
  explicit FutureAwaiter(Future<T>&& future) : future_(std::move(future)) {}

  bool await_ready() const { return future_.IsReady(); }
  bool await_suspend(std::coroutine_handle<> coroutine) {
    coroutine_ = coroutine;
    owned_ = internal::FutureAccess::Release(future_);
    return !owned_->Leave(this);
  }
  typename Outcome<T>::Result await_resume() { return TakeOutcome().TakeResult(); }

  // In place of await_resume, for awaiters that make something else of it.
  Outcome<T> TakeOutcome() {
    if (owned_ == nullptr) return future_.TakeOutcome();
    const std::unique_ptr<internal::FutureBlock<T>> owned(std::exchange(owned_, nullptr));
    return std::move(owned->outcome());
  }

 private:
  Continuation* Run() noexcept override {
    coroutine_.resume();
    return nullptr;
  }

  Future<T> future_;
  internal::FutureBlock<T>* owned_ = nullptr;  // once it is ready
  std::coroutine_handle<> coroutine_;
};

namespace internal {

// f(token) or f(), as a step on nothing.
template <class F>
struct AsyncStep {
  static constexpr bool kSkippedIfCancelled = true;
  using U = FutureValue<typename AsyncResult<F>::type>;

  Future<U> operator()(Outcome<void>&&) {
    if constexpr (std::is_invocable_v<F, CancellationToken>) {
      return Call<U>(std::move(f), std::move(token));
    } else {
      return Call<U>(std::move(f));
    }
  }

  F f;
  CancellationToken token;
};

}  // namespace internal

template <Executor E, class F>
auto Async(E& executor, CancellationSource source, F&& f) {
  using Step = internal::AsyncStep<std::decay_t<F>>;
  using U = typename Step::U;
  using Stage = internal::Stage<U, internal::OwnInput<void>, Step, internal::On<E>>;
  auto stage =
      std::make_unique<Stage>(Step{std::forward<F>(f), source.token()}, internal::On<E>{&executor});
  stage->input().Set(Outcome<void>(std::monostate()));
  stage->cancellation = std::move(source);
  return internal::PostStage<U>(std::move(stage));
}

template <Executor E, class F>
auto Async(E& executor, F&& f) {
  if constexpr (std::is_invocable_v<std::decay_t<F>, CancellationToken>) {
    return Async(executor, CancellationSource(), std::forward<F>(f));
  } else {
    return MakeFuture().Then(executor, std::forward<F>(f));
  }
}

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_FUTURE_H_
