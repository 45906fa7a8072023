// What shared futures share, and the steps of what is attached to them.
#ifndef ASHLAR_SCHEDULING_INTERNAL_SHARED_FUTURE_BLOCK_H_
#define ASHLAR_SCHEDULING_INTERNAL_SHARED_FUTURE_BLOCK_H_

#include <exception>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/future_block.h"
#include "ashlar/scheduling/internal/shared_future_state.h"
#include "ashlar/scheduling/outcome.h"

namespace ashlar::internal {

// Takes the outcome from a future's block, as its continuation.
template <class T>
class SharedFutureBlock final : public SharedFutureState<Outcome<T>, Continuation>,
                                public Continuation,
                                public Pooled {
 public:
  // Held by the caller.
  static SharedFutureBlock* Make(Future<T>&& future) {
    ASHLAR_CHECK(future.valid(), "a future that was read before cannot be shared");
    auto* const block = new SharedFutureBlock();
    if (future.IsReady()) {
      block->Keep([&] { return future.WaitForOutcome(); });
      (void)block->Set();
      block->Drop();
      return block;
    }
    block->source_ = FutureAccess::Release(future);
    block->cancellation = block->source_->cancellation;
    if (block->source_->Leave(block)) RunChain(block);
    return block;
  }

  void Drop() noexcept {
    if (this->LetGo()) delete this;
  }

  std::optional<CancellationSource> cancellation;

 private:
  // By the first reader, and by the producer.
  SharedFutureBlock() : SharedFutureState<Outcome<T>, Continuation>(2) {}

  // What make() gives. What it throws, or a move does, becomes the outcome.
  template <class Make>
  void Keep(const Make& make) noexcept {
    try {
      this->NewOutcome() = make();
    } catch (...) {
      this->NewOutcome() = Outcome<T>(std::current_exception());
    }
  }

  Continuation* Run() noexcept override {
    Keep([&]() -> Outcome<T>&& { return std::move(source_->outcome()); });
    delete std::exchange(source_, nullptr);
    Continuation* reader = this->Set();
    while (reader != nullptr) {
      Continuation* const next = reader->next.Read();
      if (next == nullptr) break;
      RunChain(reader);
      reader = next;
    }
    Drop();
    // The last one in the loop that we are in.
    return reader;
  }

  FutureBlock<T>* source_ = nullptr;
};

// What a stage works on.
template <class T>
class SharedInput {
 public:
  SharedInput() = default;
  SharedInput(const SharedInput&) = delete;
  SharedInput& operator=(const SharedInput&) = delete;
  ~SharedInput() {
    if (block_ != nullptr) block_->Drop();
  }

  void Set(SharedFutureBlock<T>* block) noexcept {
    block->Hold();
    block_ = block;
  }
  const Outcome<T>& outcome() const { return block_->outcome(); }

 private:
  SharedFutureBlock<T>* block_ = nullptr;
};

template <class T, class F>
struct SharedThenResult {
  using type = std::invoke_result_t<F, const T&>;
};
template <class F>
struct SharedThenResult<void, F> {
  using type = std::invoke_result_t<F>;
};

template <class T, class F>
struct SharedThenStep {
  static constexpr bool kSkippedIfCancelled = true;
  using U = FutureValue<typename SharedThenResult<T, F>::type>;

  Future<U> operator()(const Outcome<T>& in) {
    if (!in.ok()) return in.template FailureAs<U>();
    if constexpr (std::is_void_v<T>) {
      return Call<U>(std::move(f));
    } else {
      return Call<U>(std::move(f), in.value());
    }
  }
  F f;
};

template <class T>
struct CopyStep {
  static constexpr bool kSkippedIfCancelled = false;
  using U = T;

  Future<T> operator()(const Outcome<T>& in) { return Future<T>(in); }
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_SHARED_FUTURE_BLOCK_H_
