// timeout.h
// ---------
// Timeout: a future that gives up after some time.
//
//   Future<Reply> reply = Timeout(Ask(server), timers, absl::Milliseconds(50));
//
// It gives the outcome of the future if that is ready in time. Otherwise it is DeadlineExceeded as
// soon as the time is up, and the future is cancelled, for that reason, and let go: what it does
// then, and uses, goes on until it ends. Where that must have ended first, let it race a Delay
// (combinators.h), which waits for the loser. With no time, or less, only what is ready is in time.
// Cancel() cancels the future.
//
// What is attached without an executor runs where the future's outcome comes from, or on the
// service's thread. The service outlives the future that it was given, also where that is let go.
// Thread safety: that of futures.
// Cost: two allocations, a timer, and some locked instructions; one allocation more if the future
// listens to its cancellation. None if it is ready.
#ifndef ASHLAR_SCHEDULING_TIMEOUT_H_
#define ASHLAR_SCHEDULING_TIMEOUT_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/future_block.h"
#include "ashlar/scheduling/internal/gather_state.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {
namespace internal {

absl::Status TimeIsUp(absl::Duration time);

// Waits for the future's block and for a timer; who comes first sets the result, which is a block
// of its own, since it may be gone long before the other one comes.
template <class T>
class TimeoutBlock final : public Continuation {
 public:
  static Future<T> Start(Future<T> future, TimerService& timers, absl::Duration time) {
    auto result = std::make_unique<FutureBlock<T>>();
    auto* const self = new TimeoutBlock(timers, time);
    self->source_ = FutureAccess::Release(future);
    if (self->source_->cancellation) {
      // The result has one of its own, which is not cancelled because the time is up: what is
      // attached to it goes on from there.
      self->cancellation_ = self->source_->cancellation;
      result->cancellation.emplace();
      self->link_.emplace(result->cancellation->token(), CancelSource{*self->cancellation_});
    }
    self->result_ = result.release();
    auto gives = FutureAccess::Of<T>(self->result_);
    self->timer_.StartAfter(time);
    if (self->source_->Leave(self)) RunChain(self);
    return gives;
  }

 private:
  struct OnTime {
    TimeoutBlock* self;
    void operator()() noexcept { self->End(); }
  };

  TimeoutBlock(TimerService& timers, absl::Duration time)
      : time_(time), timer_(timers, OnTime{this}) {}

  // The future is ready.
  Continuation* Run() noexcept override {
    const std::unique_ptr<FutureBlock<T>> source(std::exchange(source_, nullptr));
    if (!timer_.Cancel()) {
      LetGo();
      return nullptr;
    }
    result_->Keep([&]() -> Outcome<T>&& { return std::move(source->outcome()); });
    FutureBlock<T>* const result = result_;
    delete this;
    return Publish(result);
  }

  // The time is up.
  void End() noexcept {
    result_->outcome() = Outcome<T>(TimeIsUp(time_));
    RunChain(Publish(result_));
    if (cancellation_) cancellation_->Cancel(CancellationReason::kDeadlineExceeded);
    LetGo();
  }

  void LetGo() noexcept {
    if (holders_.LetGo()) delete this;
  }

  const absl::Duration time_;
  FutureBlock<T>* source_ = nullptr;
  FutureBlock<T>* result_ = nullptr;
  std::optional<CancellationSource> cancellation_;  // the future's
  std::optional<CancellationCallback<CancelSource>> link_;
  GatherState<> holders_{2};  // where both come, after all
  CallbackTimer<OnTime> timer_;
};

}  // namespace internal

template <class T>
Future<T> Timeout(Future<T> future, TimerService& timers, absl::Duration time) {
  if (future.IsReady() || time == absl::InfiniteDuration()) return future;
  if (time <= absl::ZeroDuration()) {
    future.Cancel(CancellationReason::kDeadlineExceeded);
    return Future<T>(internal::TimeIsUp(time));
  }
  return internal::TimeoutBlock<T>::Start(std::move(future), timers, time);
}

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_TIMEOUT_H_
