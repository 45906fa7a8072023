// task_handle.h
// -------------
// TaskHandle<R>: a submitted task whose callable gives an R; TaskId: its name.
//
//   TaskHandle<int> answer = engine->Submit([] { return 42; });
//   absl::StatusOr<int> value = answer.Get();
//
// A handle owns the task's result. Dropping it lets go of the result; the task runs all
// the same. Converted to a TaskId (`TaskId id = std::move(handle)`) the result is kept
// by the engine until it is taken by id; see Engine::WaitForResult.
//
// What Get gives, for a task that gives an
//
//   R             absl::StatusOr<R>
//   void          absl::Status
//   absl::Status, absl::StatusOr<T>   the same: they pass through
//
// and the error is DeadlineExceeded (not ready in time; the handle stays good),
// Cancelled (the engine was shut down before the task began), or why the task was not
// accepted at all: FailedPrecondition (the engine has been shut down), InvalidArgument
// (a null function), ResourceExhausted (no memory). An exception that the task threw is
// rethrown by Get, as std::future does. Taking a result twice, or from a handle without
// a task, is a failed check.
//
// Waiting on one of the engine's own threads never blocks what is waited for: a task
// that has not begun is run on the spot, and of one that another worker runs the waiter
// runs what it forks; never anything unrelated. A thread that is no worker sleeps,
// after a short spin; with WaitOptions::help it runs the task itself if it has not begun.
//
// Thread safety: one thread at a time, as any value; state() may be asked by others
// while the handle lives. Waiting is blocking.
#ifndef ASHLAR_ENGINE_TASK_HANDLE_H_
#define ASHLAR_ENGINE_TASK_HANDLE_H_

#include <cstdint>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/engine/internal/task_block.h"

namespace ashlar {

class Engine;
class WorkStealingScheduler;
namespace internal {
class ResultShelf;
}  // namespace internal

enum class TaskState {
  kPending,
  kRunning,
  kCompleted,
  kFailed,     // threw, or was not accepted
  kCancelled,  // the engine was shut down before it began
};

// Names a task whose result the engine keeps. Never reused within an engine.
struct TaskId {
  std::uint64_t value = 0;  // 0: no task
  friend bool operator==(TaskId a, TaskId b) { return a.value == b.value; }
};

struct WaitOptions {
  // Zero or less: do not wait. Infinite: until the end.
  absl::Duration timeout = absl::InfiniteDuration();
  // Run the task on the calling thread if nobody has begun it. Workers always do.
  bool help = false;
};

namespace internal {

template <class R>
struct ResultOfImpl {
  using type = absl::StatusOr<R>;
};
template <>
struct ResultOfImpl<void> {
  using type = absl::Status;
};
template <>
struct ResultOfImpl<absl::Status> {
  using type = absl::Status;
};
template <class T>
struct ResultOfImpl<absl::StatusOr<T>> {
  using type = absl::StatusOr<T>;
};

enum class Rejection : std::uint8_t { kNone, kShutDown, kNullTask, kNoMemory };
absl::Status RejectionStatus(Rejection rejection);

// Waits for the end of a task of `scheduler`. False when the time is up.
bool WaitForEnd(WorkStealingScheduler& scheduler, TaskBlock& block, const WaitOptions& options);
absl::Status NotInTime(absl::Duration timeout);

}  // namespace internal

// What a task that gives an R is waited for as.
template <class R>
using ResultOf = typename internal::ResultOfImpl<R>::type;

namespace internal {

// The result of a finished task, moved out; throws what the task threw.
template <class R>
ResultOf<R> TakeResult(TaskBlock& block) {
  switch (block.state.phase()) {
    case TaskPhase::kCompleted:
      if constexpr (std::is_void_v<R>) {
        return absl::OkStatus();
      } else {
        return std::move(Room<R>::Get(&block));
      }
    case TaskPhase::kFailed:
      std::rethrow_exception(Room<std::exception_ptr>::Get(&block));
    default:
      return absl::CancelledError("the engine was shut down before the task began");
  }
}

}  // namespace internal

template <class R>
class [[nodiscard]] TaskHandle {
 public:
  // A handle without a task.
  TaskHandle() = default;
  TaskHandle(TaskHandle&& other) noexcept
      : scheduler_(other.scheduler_),
        shelf_(other.shelf_),
        block_(std::exchange(other.block_, nullptr)),
        rejection_(std::exchange(other.rejection_, internal::Rejection::kNone)) {}
  TaskHandle& operator=(TaskHandle&& other) noexcept {
    TaskHandle(std::move(other)).Swap(*this);
    return *this;
  }
  ~TaskHandle() {
    if (block_ != nullptr) internal::LetGo(block_);
  }

  // True if there is a result to take, now or later; a refused submission counts.
  bool valid() const { return block_ != nullptr || rejection_ != internal::Rejection::kNone; }

  TaskState state() const {
    if (block_ == nullptr) {
      ASHLAR_CHECK(valid(), "a handle without a task has no state");
      return TaskState::kFailed;
    }
    return static_cast<TaskState>(block_->state.phase());
  }

  // Waits for the end and leaves the result in place: OK, or DeadlineExceeded, or why
  // the task was refused.
  absl::Status Wait(WaitOptions options = {}) {
    if (block_ == nullptr) {
      ASHLAR_CHECK(valid(), "the result was taken before");
      return internal::RejectionStatus(rejection_);
    }
    return WaitForBlock(options);
  }

  // Waits for the end and takes the result. After DeadlineExceeded the handle is as it
  // was; otherwise it has no task any more.
  ResultOf<R> Get(WaitOptions options = {}) {
    if (block_ == nullptr) {
      absl::Status refused = Wait();
      rejection_ = internal::Rejection::kNone;
      return refused;
    }
    if (absl::Status waited = WaitForBlock(options); !waited.ok()) return waited;
    TaskHandle taken = std::move(*this);
    return internal::TakeResult<R>(*taken.block_);
  }

  // Gives the result to the engine to keep. The id of a refused submission is 0.
  operator TaskId() &&;  // NOLINT: a conversion on purpose; defined in engine.h

 private:
  friend class Engine;
  TaskHandle(WorkStealingScheduler* scheduler, internal::ResultShelf* shelf,
             internal::TaskBlock* block)
      : scheduler_(scheduler), shelf_(shelf), block_(block) {}
  explicit TaskHandle(internal::Rejection rejection) : rejection_(rejection) {}

  absl::Status WaitForBlock(const WaitOptions& options);

  void Swap(TaskHandle& other) noexcept {
    std::swap(scheduler_, other.scheduler_);
    std::swap(shelf_, other.shelf_);
    std::swap(block_, other.block_);
    std::swap(rejection_, other.rejection_);
  }

  WorkStealingScheduler* scheduler_ = nullptr;
  internal::ResultShelf* shelf_ = nullptr;
  internal::TaskBlock* block_ = nullptr;
  internal::Rejection rejection_ = internal::Rejection::kNone;
};

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_TASK_HANDLE_H_
