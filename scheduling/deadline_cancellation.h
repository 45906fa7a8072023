// deadline_cancellation.h
// -----------------------
// Deadlines as cancellations.
//
//   DeadlineCancellation deadline(timers, absl::Milliseconds(50), outer);
//   Fetch(url, deadline.token());  // cancelled after 50 ms, or when `outer` is
//
//   CancelAfter alarm(timers, source, absl::Seconds(1));  // while it lives; or a given source
//
// When to use: to bound how long something takes that looks at a token. When not: for a wait that
// takes a timeout itself, which costs less.
//
// Contract: those of timer_service.h and cancellation.h. The reason is kDeadlineExceeded, unless
// something else came first. A delay of zero or less has passed: it cancels in the constructor. An
// infinite one never does. After the destructor the deadline has no effect; it waits for callbacks
// that the cancellation is running on another thread.
// Thread safety: that of the parts. Cost: theirs.
#ifndef ASHLAR_SCHEDULING_DEADLINE_CANCELLATION_H_
#define ASHLAR_SCHEDULING_DEADLINE_CANCELLATION_H_

#include <utility>

#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {

class [[nodiscard]] CancelAfter {
 public:
  CancelAfter(TimerService& timers, CancellationSource source, absl::Duration delay)
      : timer_(timers, Expire{std::move(source)}) {
    Restart(delay);
  }

  // From now on anew, if it has not expired.
  void Restart(absl::Duration delay) {
    if (delay > absl::ZeroDuration()) return timer_.StartAfter(delay);
    timer_.Cancel();
    timer_.f().source.Cancel(CancellationReason::kDeadlineExceeded);
  }
  // True if it was to expire and now will not.
  bool Dismiss() noexcept { return timer_.Cancel(); }

 private:
  struct Expire {
    CancellationSource source;
    void operator()() noexcept { source.Cancel(CancellationReason::kDeadlineExceeded); }
  };

  CallbackTimer<Expire> timer_;
};

class [[nodiscard]] DeadlineCancellation {
 public:
  // Also cancelled when any of the tokens is, which LinkedCancellation takes.
  template <class... Tokens>
  DeadlineCancellation(TimerService& timers, absl::Duration delay, const Tokens&... tokens)
      : source_(tokens...), alarm_(timers, source_.source(), delay) {}

  CancellationToken token() const noexcept { return source_.token(); }
  bool IsCancelled() const noexcept { return source_.IsCancelled(); }
  bool Cancel(CancellationReason reason = CancellationReason::kCancelled) noexcept {
    return source_.Cancel(reason);
  }
  void Restart(absl::Duration delay) { alarm_.Restart(delay); }

 private:
  LinkedCancellation source_;
  CancelAfter alarm_;
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_DEADLINE_CANCELLATION_H_
