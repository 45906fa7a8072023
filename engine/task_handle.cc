#include "ashlar/engine/task_handle.h"

#include <sched.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "absl/strings/str_cat.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/engine/internal/root_call.h"
#include "ashlar/engine/trace.h"
#include "ashlar/engine/work_stealing_scheduler.h"

namespace ashlar::internal {
namespace {

// A thread that is no worker spins that long before it sleeps: about as long as it takes
// to wake a worker, or else both would sleep over each round trip.
constexpr int64_t kSpinNs = 50'000;
// After that long it lets other threads have the core between two looks.
constexpr int64_t kYieldAfterNs = 5'000;

bool SpinForEnd(const TaskWord<>& word) {
  int64_t begin = 0;
  for (std::uint32_t turn = 1; !word.finished(); ++turn) {
    StdPlatform::SpinWait();
    if (turn % 16 != 0) continue;
    const int64_t now = TraceLog::NowNs();
    if (begin == 0) begin = now;
    if (now - begin > kSpinNs) return false;
    if (now - begin > kYieldAfterNs) sched_yield();
  }
  return true;
}

// `deadline_ns`: by TraceLog::NowNs; negative: none. False when it has passed.
bool SleepUntilEnd(TaskWord<>& word, int64_t deadline_ns) {
  if (SpinForEnd(word)) return true;
  while (word.AnnounceWaiter()) {
    std::optional<std::chrono::nanoseconds> left;
    if (deadline_ns >= 0) {
      left = std::chrono::nanoseconds(deadline_ns - TraceLog::NowNs());
      if (left->count() <= 0) return word.finished();
    }
    word.Sleep(left);
  }
  return true;
}

}  // namespace

bool WaitForEnd(WorkStealingScheduler& scheduler, TaskBlock& block, const WaitOptions& options) {
  TaskWord<>& state = block.state;
  if (state.finished()) return true;
  Worker* const worker = scheduler.CurrentWorker();
  const bool impatient = options.timeout <= absl::ZeroDuration();
  if (impatient) return false;
  const std::uint32_t runner =
      worker != nullptr ? static_cast<std::uint32_t>(worker->index()) : TaskWord<>::kOutsider;
  if ((worker != nullptr || options.help) && state.TryClaim(runner)) {
    // The queue keeps its hold until it comes to this task; this one is for Execute.
    state.AddHolder();
    TypeOf(block).execute(&block);
    return true;
  }
  int64_t deadline_ns = -1;
  if (options.timeout < absl::Hours(24 * 365 * 100)) {
    deadline_ns = TraceLog::NowNs() + absl::ToInt64Nanoseconds(options.timeout);
  }
  if (worker != nullptr) return worker->Await(state, block.floor, deadline_ns);
  return SleepUntilEnd(state, deadline_ns);
}

void WaitOutside(TaskWord<>& word) { SleepUntilEnd(word, -1); }

absl::Status RejectionStatus(Rejection rejection) {
  switch (rejection) {
    case Rejection::kShutDown:
      return absl::FailedPreconditionError(
          "the engine has been shut down and accepts no more tasks");
    case Rejection::kNullTask:
      return absl::InvalidArgumentError("the submitted function is null");
    case Rejection::kNoMemory:
      return absl::ResourceExhaustedError("no memory for a task; submit again later");
    case Rejection::kNone:
      break;
  }
  return absl::OkStatus();
}

absl::Status NotInTime(absl::Duration timeout) {
  return absl::DeadlineExceededError(
      absl::StrCat("the task has not ended within ", absl::FormatDuration(timeout)));
}

}  // namespace ashlar::internal
