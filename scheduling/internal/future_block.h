// What a future and its producer share, and the stages that Then and its like put between them.
//
// A FutureBlock has the outcome. A Stage is a block whose outcome a function makes from that of
// another block, and the continuation of that other block: one allocation for both.
#ifndef ASHLAR_SCHEDULING_INTERNAL_FUTURE_BLOCK_H_
#define ASHLAR_SCHEDULING_INTERNAL_FUTURE_BLOCK_H_

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/memory/poison.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/frame_pool.h"
#include "ashlar/scheduling/internal/future_state.h"
#include "ashlar/scheduling/outcome.h"

namespace ashlar {

template <class T>
class Future;

namespace internal {

// What futures let their own kind do.
struct FutureAccess {
  // The block, if the outcome is not in the future itself; its consumer is the caller then.
  template <class T>
  static auto* Release(Future<T>& future) {
    return std::exchange(future.block_, nullptr);
  }
  // Of one without a block.
  template <class T>
  static Outcome<T>&& TakeOutcome(Future<T>& future) {
    return std::move(future.outcome_);
  }
  // Of a block whose consumer has not left.
  template <class T, class Block>
  static Future<T> Of(Block* block) {
    return Future<T>(FutureAccess(), block);
  }
  template <class T>
  static auto* Block(const Future<T>& future) {
    return future.block_;
  }
};

// Lies where coroutine frames do. In the heap if AddressSanitizer watches that, which finds there
// what nobody frees, and what is used after.
class Pooled {
 public:
  static void* operator new(std::size_t bytes) {
    return kPoisons ? ::operator new(bytes) : AllocateFrame(bytes);
  }
  static void* operator new(std::size_t bytes, std::align_val_t alignment) {
    return ::operator new(bytes, alignment);
  }
  static void operator delete(void* block, std::size_t bytes) noexcept {
    kPoisons ? ::operator delete(block) : FreeFrame(block, bytes);
  }
  static void operator delete(void* block, std::size_t, std::align_val_t alignment) noexcept {
    ::operator delete(block, alignment);
  }
};

template <class T>
class FutureBlock : public FutureState<Outcome<T>, Continuation>, public Pooled {
 public:
  virtual ~FutureBlock() = default;

  // Of the producer, if it listens to one. Set before anybody else knows the block.
  std::optional<CancellationSource> cancellation;

  // The producer's: keeps what make() gives. What it throws, or a move does, becomes the outcome.
  template <class Make>
  void Keep(const Make& make) noexcept {
    try {
      this->outcome() = make();
    } catch (...) {
      this->outcome() = Outcome<T>(std::current_exception());
    }
  }
};

// Producer: makes known the outcome that is in the block. Gives what is due because of it.
template <class T>
[[nodiscard]] Continuation* Publish(FutureBlock<T>* block) noexcept {
  if (!block->Set()) return nullptr;
  Continuation* const continuation = block->continuation();
  if (continuation == nullptr) delete block;
  return continuation;
}

// Consumer: does without it.
template <class T>
void Abandon(FutureBlock<T>* block) noexcept {
  if (block->Owned() || block->Leave(nullptr)) delete block;
}

absl::Status BrokenPromise();
absl::Status NotReadyInTime(absl::Duration timeout);

// Consumer, before it is ready.
template <class Block>
absl::Status WaitForBlock(Block& block, absl::Duration timeout) {
  if (timeout <= absl::ZeroDuration()) return NotReadyInTime(timeout);
  RunPutOff();
  if (timeout >= absl::Hours(24 * 365 * 100)) {
    block.Wait();
  } else if (!block.WaitFor(absl::ToChronoNanoseconds(timeout))) {
    return NotReadyInTime(timeout);
  }
  return absl::OkStatus();
}

// What runs on an executor.
class Dispatched : public Continuation {
 public:
  // One of both, once; may destroy this. They give what is due next.
  virtual Continuation* RunHere() noexcept = 0;
  virtual Continuation* Refuse(absl::Status why) noexcept = 0;

 protected:
  ~Dispatched() = default;
};

// The function that is posted. Destroyed without having been called, by an executor that has been
// shut down, it tells so: whoever waits must not wait for ever.
class Posted {
 public:
  explicit Posted(Dispatched* what) : what_(what) {}
  Posted(Posted&& other) noexcept : what_(std::exchange(other.what_, nullptr)) {}
  Posted& operator=(Posted&&) = delete;
  ~Posted() {
    if (what_ != nullptr) Drop(what_);
  }
  void operator()() { RunChain(std::exchange(what_, nullptr)->RunHere()); }

 private:
  static void Drop(Dispatched* what);

  Dispatched* what_;
};

// While a thread is in Post: what is dropped meanwhile was refused, and why is known after it.
class Posting {
 public:
  explicit Posting(Dispatched* what);
  ~Posting();
  Posting(const Posting&) = delete;
  Posting& operator=(const Posting&) = delete;

  // Gives what is due because of a refusal.
  Continuation* End(absl::Status status) noexcept;

 private:
  friend Posted;
  Dispatched* const what_;
  bool dropped_ = false;
  Posting* const outer_;
};

template <class E>
Continuation* PostTo(E& executor, Dispatched* what) noexcept {
  Posting posting(what);
  absl::Status status;
  try {
    status = executor.Post(Posted(what));
  } catch (const std::bad_alloc&) {
    status = absl::ResourceExhaustedError("no memory for posting a continuation");
  }
  return posting.End(std::move(status));
}

// Where a stage runs.
struct Inline {};
template <class E>
struct On {
  E* executor;
};

// What a stage works on, from when it is known: the outcome of a block, which the stage owns by the
// time it runs, or one of its own.
template <class T>
class BlockInput {
 public:
  BlockInput() = default;
  BlockInput(const BlockInput&) = delete;
  BlockInput& operator=(const BlockInput&) = delete;
  ~BlockInput() { delete block_; }

  void Set(FutureBlock<T>* block) noexcept { block_ = block; }
  Outcome<T>&& outcome() { return std::move(block_->outcome()); }

 private:
  FutureBlock<T>* block_ = nullptr;
};

template <class T>
class OwnInput {
 public:
  void Set(Outcome<T>&& outcome) { outcome_ = std::move(outcome); }
  Outcome<T>&& outcome() { return std::move(outcome_); }

 private:
  Outcome<T> outcome_;
};

// step(input.outcome()) is a Future<U>, and is called once.
template <class U, class Input, class Step, class Where>
class Stage final : public FutureBlock<U>, public Dispatched {
 public:
  Stage(Step&& step, Where where) : work_(std::in_place, std::move(step)), where_(where) {}

  Input& input() { return work_->input; }

  Continuation* Run() noexcept override {
    if (inner_ != nullptr) return Forward();
    if constexpr (std::is_same_v<Where, Inline>) {
      return RunHere();
    } else {
      return Post();
    }
  }

  Continuation* Post() noexcept { return PostTo(*where_.executor, this); }

  Continuation* RunHere() noexcept override {
    if constexpr (Step::kSkippedIfCancelled) {
      if (this->cancellation && this->cancellation->IsCancelled() && work_->input.outcome().ok()) {
        return Refuse(this->cancellation->token().status());
      }
    }
    Future<U> result = MakeResult();
    // What the function holds on to is let go before its outcome is known.
    work_.reset();
    inner_ = FutureAccess::Release(result);
    if (inner_ == nullptr) {
      this->Keep([&]() -> Outcome<U>&& { return FutureAccess::TakeOutcome(result); });
      return Publish<U>(this);
    }
    if (this->cancellation && inner_->cancellation) {
      link_.emplace(this->cancellation->token(), CancelSource{*inner_->cancellation});
    }
    // From here on another thread may finish this stage.
    return inner_->Owned() || inner_->Leave(this) ? Forward() : nullptr;
  }

  Continuation* Refuse(absl::Status why) noexcept override {
    work_.reset();
    this->outcome() = Outcome<U>(std::move(why));
    return Publish<U>(this);
  }

 private:
  struct Work {
    explicit Work(Step&& function) : step(std::move(function)) {}
    Input input;
    Step step;
  };

  Future<U> MakeResult() noexcept {
    try {
      return work_->step(work_->input.outcome());
    } catch (...) {  // a move of the value
      return Future<U>(std::current_exception());
    }
  }

  // The future that the function gave is ready.
  Continuation* Forward() noexcept {
    link_.reset();
    this->Keep([&]() -> Outcome<U>&& { return std::move(inner_->outcome()); });
    delete inner_;
    return Publish<U>(this);
  }

  std::optional<Work> work_;
  FutureBlock<U>* inner_ = nullptr;  // what the function gave, if it is not ready
  std::optional<CancellationCallback<CancelSource>> link_;
  [[no_unique_address]] Where where_;
};

// Has a stage run that waits for nothing.
template <class U, class Stage>
Future<U> PostStage(std::unique_ptr<Stage> stage) {
  auto future = FutureAccess::Of<U>(stage.get());
  RunChain(stage.release()->Post());
  return future;
}

// The type of the future of what a function gives.
template <class R>
struct FutureValueImpl {
  using type = R;
};
template <>
struct FutureValueImpl<absl::Status> {
  using type = void;
};
template <class T>
struct FutureValueImpl<absl::StatusOr<T>> {
  using type = T;
};
template <class T>
struct FutureValueImpl<Future<T>> {
  using type = T;
};
template <class R>
using FutureValue = typename FutureValueImpl<std::decay_t<R>>::type;

// What f gives or throws, as a future.
template <class U, class F, class... Args>
Future<U> Call(F&& f, Args&&... args) {
  using R = std::decay_t<std::invoke_result_t<F, Args...>>;
  static_assert(std::is_void_v<U> || !std::is_same_v<R, absl::Status>,
                "gives a Status where a value is needed: let it give an absl::StatusOr");
  try {
    if constexpr (std::is_void_v<R>) {
      static_assert(std::is_void_v<U>, "gives nothing where a value is needed");
      std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
      return Future<U>(std::monostate());
    } else if constexpr (std::is_same_v<R, Future<U>>) {
      Future<U> result(std::invoke(std::forward<F>(f), std::forward<Args>(args)...));
      ASHLAR_CHECK(result.valid(), "a function gave a future that was read before");
      return result;
    } else {
      return Future<U>(std::invoke(std::forward<F>(f), std::forward<Args>(args)...));
    }
  } catch (...) {
    return Future<U>(std::current_exception());
  }
}

// The steps of Then and its like.
template <class T, class F>
struct ThenResult {
  using type = std::invoke_result_t<F, T>;
};
template <class F>
struct ThenResult<void, F> {
  using type = std::invoke_result_t<F>;
};

template <class T, class F>
struct ThenStep {
  static constexpr bool kSkippedIfCancelled = true;
  using U = FutureValue<typename ThenResult<T, F>::type>;

  Future<U> operator()(Outcome<T>&& in) {
    if (!in.ok()) return std::move(in).template FailureAs<U>();
    if constexpr (std::is_void_v<T>) {
      return Call<U>(std::move(f));
    } else {
      return Call<U>(std::move(f), std::move(in).value());
    }
  }
  F f;
};

// E: the type of exception, or void for every failure, as a Status.
template <class T, class E, class F>
struct CatchStep {
  static constexpr bool kSkippedIfCancelled = false;
  using U = T;

  Future<T> operator()(Outcome<T>&& in) {
    if constexpr (std::is_void_v<E>) {
      if (in.failed()) return Call<T>(std::move(f), in.status());
    } else if (in.kind() == OutcomeKind::kException) {
      try {
        std::rethrow_exception(in.exception());
      } catch (const E& error) {
        return Call<T>(std::move(f), error);
      } catch (...) {
      }
    }
    return Future<T>(std::move(in));
  }
  F f;
};

template <class T, class F>
struct OutcomeStep {
  static constexpr bool kSkippedIfCancelled = false;
  using U = FutureValue<std::invoke_result_t<F, Outcome<T>>>;

  Future<U> operator()(Outcome<T>&& in) { return Call<U>(std::move(f), std::move(in)); }
  F f;
};

// The first failure counts.
template <class T, class F>
struct FinallyStep {
  static constexpr bool kSkippedIfCancelled = false;
  using U = T;

  Future<T> operator()(Outcome<T>&& in) {
    return Call<void>(std::move(f))
        .ThenOutcome([in = std::move(in)](Outcome<void>&& end) mutable -> Future<T> {
          if (!in.ok() || end.ok()) return Future<T>(std::move(in));
          return std::move(end).template FailureAs<T>();
        });
  }
  F f;
};

template <class F>
struct AsyncResult {
  using type = std::invoke_result_t<F>;
};
template <class F>
requires std::is_invocable_v<F, CancellationToken>
struct AsyncResult<F> {
  using type = std::invoke_result_t<F, CancellationToken>;
};

}  // namespace internal
}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_INTERNAL_FUTURE_BLOCK_H_
