#include "ashlar/scheduling/delay.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/continuation.h"
#include "ashlar/scheduling/internal/future_block.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {
namespace {

// Ended by the timer or by a cancellation, whichever the timer says.
class DelayBlock final : public internal::FutureBlock<void> {
 public:
  static Future<void> Start(TimerService& timers, absl::Duration time, CancellationSource source) {
    auto* const block = new DelayBlock(timers);
    auto future = internal::FutureAccess::Of<void>(block);
    block->cancellation = std::move(source);
    block->link_.emplace(block->cancellation->token(), OnCancel{block});
    // An infinite one would not be started, and could not be stopped.
    block->timer_.StartAfter(std::min(time, absl::Hours(24 * 365 * 100)));
    // A cancellation that came before the timer was started had nothing to stop.
    if (block->cancellation->IsCancelled()) block->Stop();
    return future;
  }

 private:
  struct OnCancel {
    DelayBlock* block;
    void operator()() noexcept { block->Stop(); }
  };
  struct OnTime {
    DelayBlock* block;
    void operator()() noexcept { block->End(absl::OkStatus()); }
  };

  explicit DelayBlock(TimerService& timers) : timer_(timers, OnTime{this}) {}

  void Stop() noexcept {
    if (timer_.Cancel()) End(cancellation->token().status());
  }
  void End(absl::Status status) noexcept {
    link_.reset();
    outcome() = Outcome<void>(std::move(status));
    internal::RunChain(internal::Publish<void>(this));
  }

  std::optional<CancellationCallback<OnCancel>> link_;
  CallbackTimer<OnTime> timer_;
};

}  // namespace

Future<void> Delay(TimerService& timers, absl::Duration time) {
  if (time <= absl::ZeroDuration()) return MakeFuture();
  return DelayBlock::Start(timers, time, CancellationSource());
}

Future<void> Delay(TimerService& timers, absl::Duration time, CancellationSource source) {
  if (source.IsCancelled()) return Future<void>(source.token().status());
  if (time <= absl::ZeroDuration()) return MakeFuture();
  return DelayBlock::Start(timers, time, std::move(source));
}

}  // namespace ashlar
