// RootCall: a call that a thread outside of the engine makes on a worker, and waits for.
// It lives on the caller's stack.
#ifndef ASHLAR_ENGINE_INTERNAL_ROOT_CALL_H_
#define ASHLAR_ENGINE_INTERNAL_ROOT_CALL_H_

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "ashlar/engine/internal/queued_task.h"
#include "ashlar/engine/internal/task_word.h"
#include "ashlar/engine/internal/worker.h"

namespace ashlar::internal {

// Waits, spinning and then asleep, for a task that no waiter may run itself.
void WaitOutside(TaskWord<>& word);

// F: called with the worker that it runs on.
template <class F>
class RootCall : public QueuedTask {
  using R = std::invoke_result_t<F&, Worker&>;
  static constexpr bool kVoid = std::is_void_v<R>;

 public:
  explicit RootCall(F& f) : f_(f), word_(2) { type = &kType; }

  // After it was posted: waits, and gives what f gave or throws what it threw.
  R Wait() {
    WaitOutside(word_);
    if (error_) std::rethrow_exception(error_);
    if constexpr (!kVoid) return std::move(*result_);
  }

 private:
  static void RunOnWorker(QueuedTask* task) {
    auto* const self = static_cast<RootCall*>(task);
    Worker& worker = *Worker::Current();
    self->word_.TryClaim(static_cast<std::uint32_t>(worker.index()));
    try {
      if constexpr (kVoid) {
        self->f_(worker);
      } else {
        self->result_.emplace(self->f_(worker));
      }
    } catch (...) {
      self->error_ = std::current_exception();
    }
    // The caller may be gone as soon as it sees the end; a wake-up too many on what was
    // its stack is harmless.
    if (self->word_.Finish(TaskPhase::kCompleted).waiters) self->word_.Wake();
  }

  // Cancelling would leave the caller without a result: what was accepted is run.
  static constexpr TaskType kType = {.run = &RunOnWorker, .cancel = &RunOnWorker};

  F& f_;
  TaskWord<> word_;  // held by the queue and by the caller
  std::optional<std::conditional_t<kVoid, std::monostate, R>> result_;
  std::exception_ptr error_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_ROOT_CALL_H_
