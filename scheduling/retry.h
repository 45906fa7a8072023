// retry.h
// -------
// Retry: calls a function until it succeeds, with growing pauses in between.
//
//   Future<Reply> reply = Retry(engine, timers, {.attempts = 4}, [&] { return Ask(server); });
//
// The function gives what any function of a future gives, and may take a CancellationToken. It runs
// on the executor. What it gives in the end is the outcome, be it a value or the last failure.
// Failures that are not worth a second attempt, as options.is_worth_it says, end it at once, and so
// does a cancellation.
//
// Pauses grow from first_pause by the factor up to longest_pause; each is shortened by a random
// part of it, up to `jitter` of the whole, so that many who failed together do not come back
// together. A server that is overloaded wants that, and few attempts.
//
// Cancel() of the future cancels the attempt under way, or ends the pause.
// Thread safety: that of futures. Executor and service live until the outcome is there.
// Cost: four allocations and a timer for each attempt.
// Errors: options that make no sense are a failed check.
#ifndef ASHLAR_SCHEDULING_RETRY_H_
#define ASHLAR_SCHEDULING_RETRY_H_

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/delay.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/future_block.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {

// Unavailable, ResourceExhausted, Aborted and DeadlineExceeded.
bool IsWorthARetry(const absl::Status& failure);

struct RetryOptions {
  int attempts = 5;  // at most, with the first one; 1 or more
  absl::Duration first_pause = absl::Milliseconds(10);
  absl::Duration longest_pause = absl::Seconds(10);
  double factor = 2;    // 1 or more
  double jitter = 0.5;  // 0 to 1
  // Of the jitter; 0: from the clock.
  std::uint64_t seed = 0;
  // Of a failure. Exceptions are Unknown.
  std::function<bool(const absl::Status&)> is_worth_it = IsWorthARetry;
};

namespace internal {

// The pauses of a retry, in their order.
class Backoffs {
 public:
  explicit Backoffs(const RetryOptions& options);
  // Nothing is left of the attempts: a negative one.
  absl::Duration Next();

 private:
  const absl::Duration longest_;
  const double factor_;
  const double jitter_;
  int left_;
  absl::Duration next_;
  std::uint64_t random_;
};

template <class T, class E, class F>
class Retrying {
 public:
  static Future<T> Start(E& executor, TimerService& timers, RetryOptions options, F f) {
    auto self = std::make_shared<Retrying>(executor, timers, std::move(options), std::move(f));
    auto future = self->promise_.GetFuture();
    Attempt(std::move(self));
    return future;
  }

  Retrying(E& executor, TimerService& timers, RetryOptions options, F f)
      : executor_(executor),
        timers_(timers),
        pauses_(options),
        is_worth_it_(std::move(options.is_worth_it)),
        f_(std::move(f)) {}

 private:
  using Self = std::shared_ptr<Retrying>;

  // Each step is let go of: it keeps all alive until it has ended, and is cancelled by the source.
  static void Attempt(Self self) {
    Retrying& r = *self;
    auto attempt = Async(r.executor_, r.source_, std::ref(r.f_));
    (void)std::move(attempt).ThenOutcome([self = std::move(self)](Outcome<T>&& outcome) mutable {
      Ended(std::move(self), std::move(outcome));
    });
  }

  static void Ended(Self self, Outcome<T>&& outcome) {
    Retrying& r = *self;
    if (outcome.failed() && !r.source_.IsCancelled() && r.is_worth_it_(outcome.status())) {
      const absl::Duration pause = r.pauses_.Next();
      if (pause >= absl::ZeroDuration()) {
        auto delay = Delay(r.timers_, std::max(pause, r.timers_.tick()), r.source_);
        (void)std::move(delay).ThenOutcome([self = std::move(self)](Outcome<void>&& end) mutable {
          if (end.ok()) return Attempt(std::move(self));
          self->promise_.SetOutcome(std::move(end).FailureAs<T>());
        });
        return;
      }
    }
    r.promise_.SetOutcome(std::move(outcome));
  }

  E& executor_;
  TimerService& timers_;
  Backoffs pauses_;
  const std::function<bool(const absl::Status&)> is_worth_it_;
  F f_;
  CancellationSource source_;
  Promise<T> promise_{source_};
};

}  // namespace internal

template <Executor E, class F>
auto Retry(E& executor, TimerService& timers, RetryOptions options, F f) {
  using T = internal::FutureValue<typename internal::AsyncResult<F&>::type>;
  return internal::Retrying<T, E, F>::Start(executor, timers, std::move(options), std::move(f));
}

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_RETRY_H_
