// shared_future.h
// ---------------
// SharedFuture<T>: an outcome that any number of readers look at.
//
//   SharedFuture<Config> config = Async(engine, ReadConfig).Share();
//   Future<Server> server = config.Then([](const Config& c) { return Start(c); });
//   Future<Client> client = config.Then([](const Config& c) { return Connect(c); });
//
// When to use: several want the same outcome, or one wants it several times. When not: for one
// reader a Future is cheaper, and gives the value away.
//
// Its functions do what those of Future (future.h) do, but that the value is shown, as a const T&,
// and stays: Then gives a Future, and leaves the shared one as it was. Fork() gives a Future with
// a copy of the outcome, for all else that futures can. Copies are the same shared future. What is
// attached runs in the order of attaching. Cancel() asks the producer to stop, for all readers.
//
// Thread safety: as shared_ptr: one object belongs to one thread, copies to others.
// Progress: setting is wait-free, attaching lock-free but for allocation.
// Cost: sharing is one allocation, also of what is ready; each function attached is one as well,
// unless it runs at once. Get copies the value.
#ifndef ASHLAR_SCHEDULING_SHARED_FUTURE_H_
#define ASHLAR_SCHEDULING_SHARED_FUTURE_H_

#include <concepts>
#include <coroutine>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/future_block.h"
#include "ashlar/scheduling/internal/shared_future_block.h"
#include "ashlar/scheduling/outcome.h"

namespace ashlar {

template <class T>
class [[nodiscard]] SharedFuture {
  using Block = internal::SharedFutureBlock<T>;
  static constexpr char kInvalid[] = "this shared future never had an outcome, or was moved from";

 public:
  using value_type = T;

  // Of nothing: not valid().
  SharedFuture() = default;
  // The same as Share().
  explicit SharedFuture(Future<T>&& future) : block_(Block::Make(std::move(future))) {}
  SharedFuture(const SharedFuture& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->Hold();
  }
  SharedFuture(SharedFuture&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedFuture& operator=(SharedFuture other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedFuture() {
    if (block_ != nullptr) block_->Drop();
  }

  bool valid() const { return block_ != nullptr; }
  bool IsReady() const { return block().Ready(); }

  // OK, or DeadlineExceeded.
  absl::Status Wait(absl::Duration timeout = absl::InfiniteDuration()) const {
    if (IsReady()) return absl::OkStatus();
    return internal::WaitForBlock(block(), timeout);
  }

  // A copy of the value. What is no value as Future::Get gives it.
  typename Outcome<T>::Result Get(absl::Duration timeout = absl::InfiniteDuration())
      const requires std::copy_constructible<typename Outcome<T>::Value> {
    if (absl::Status waited = Wait(timeout); !waited.ok()) return waited;
    return Outcome<T>(block().outcome()).TakeResult();
  }

  // The outcome itself, which lives as long as any copy of this shared future.
  const Outcome<T>& WaitForOutcome() const {
    (void)Wait();
    return block().outcome();
  }

  void Cancel(CancellationReason reason = CancellationReason::kCancelled) const {
    if (!block().cancellation) return;
    CancellationSource source = *block().cancellation;
    source.Cancel(reason);
  }

  // f(const T&), or f() for void.
  template <class F>
  auto Then(F&& f) const {
    return Chain(internal::Inline(),
                 internal::SharedThenStep<T, std::decay_t<F>>{std::forward<F>(f)});
  }
  template <Executor E, class F>
  auto Then(E& executor, F&& f) const {
    return Chain(internal::On<E>{&executor},
                 internal::SharedThenStep<T, std::decay_t<F>>{std::forward<F>(f)});
  }

  // A future of a copy of the outcome, for one more reader.
  Future<T> Fork() const requires std::copy_constructible<typename Outcome<T>::Value> {
    return Chain(internal::Inline(), internal::CopyStep<T>());
  }

  // co_await gives what Get gives.
  FutureAwaiter<T> operator co_await() const { return Fork().operator co_await(); }

 private:
  Block& block() const {
    ASHLAR_CHECK(block_ != nullptr, kInvalid);
    return *block_;
  }

  template <class Where, class Step>
  auto Chain(Where where, Step step) const {
    using U = typename Step::U;
    if constexpr (std::is_same_v<Where, internal::Inline>) {
      if (IsReady()) return step(block().outcome());
    }
    using Stage = internal::Stage<U, internal::SharedInput<T>, Step, Where>;
    auto stage = std::make_unique<Stage>(std::move(step), where);
    stage->cancellation = block().cancellation;
    stage->input().Set(block_);
    auto* const attached = stage.release();
    auto result = internal::FutureAccess::Of<U>(attached);
    if (!block().Attach(attached)) internal::RunChain(attached);
    return result;
  }

  Block* block_ = nullptr;
};

template <class T>
SharedFuture<T> Future<T>::Share() && {
  return SharedFuture<T>(std::move(*this));
}

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_SHARED_FUTURE_H_
