// delay.h
// -------
// Delay: a future that is ready when some time has passed.
//
//   Future<void> later = Delay(timers, absl::Milliseconds(50)).Then([] { Retry(); });
//
// It is ready at the first tick of the service that is not before the time is up: never early.
// A delay of zero or less is ready at once, an infinite one never. Cancel() ends it early: it is
// Cancelled then, within the call.
//
// What is attached without an executor runs on the service's thread, and should be short.
// Thread safety: that of futures. The service outlives the delay, which ends when it is ready.
// Cost: two allocations, and a timer; none if there is no time to wait.
#ifndef ASHLAR_SCHEDULING_DELAY_H_
#define ASHLAR_SCHEDULING_DELAY_H_

#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {

Future<void> Delay(TimerService& timers, absl::Duration time);

// The same, cancelled with others: by `source`, as well as by Cancel(), which cancels them.
Future<void> Delay(TimerService& timers, absl::Duration time, CancellationSource source);

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_DELAY_H_
