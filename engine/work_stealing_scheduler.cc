#include "ashlar/engine/work_stealing_scheduler.h"

#include <pthread.h>

#include <string>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "ashlar/base/check.h"

namespace ashlar {

using internal::QueuedTask;
using internal::Worker;

absl::StatusOr<std::unique_ptr<WorkStealingScheduler>> WorkStealingScheduler::Start(
    Options options) {
  if (options.workers < 1 || options.workers > kMaxWorkers) {
    return absl::InvalidArgumentError(
        absl::StrCat("a scheduler has 1 to ", kMaxWorkers, " workers, not ", options.workers));
  }
  std::unique_ptr<WorkStealingScheduler> scheduler(new WorkStealingScheduler(options.workers));
  // All workers first: each one looks at all the others.
  for (int i = 0; i < options.workers; ++i) {
    TraceLog::Track* const track =
        options.trace != nullptr ? options.trace->AddTrack(absl::StrCat("worker ", i)) : nullptr;
    scheduler->workers_.push_back(std::make_unique<Worker>(*scheduler, i, track));
  }
  for (int i = 0; i < options.workers; ++i) {
    Worker* const worker = scheduler->workers_[static_cast<std::size_t>(i)].get();
    try {
      scheduler->threads_.emplace_back([worker] { worker->Main(); });
    } catch (const std::system_error& error) {
      scheduler->Begin(Beginning::kAbandoned);
      return absl::ResourceExhaustedError(
          absl::StrCat("no thread for worker ", i, " of ", options.workers, ": ", error.what()));
    }
    // At most 15 bytes, says Linux.
    const std::string name = absl::StrCat(options.name.substr(0, 8), "/", i);
    pthread_setname_np(scheduler->threads_.back().native_handle(), name.c_str());
  }
  scheduler->Begin(Beginning::kStarted);
  return scheduler;
}

void WorkStealingScheduler::Begin(Beginning beginning) {
  // Release: pairs with AwaitStart; the workers see all their fellows.
  beginning_.store(static_cast<std::uint32_t>(beginning), std::memory_order_release);
  StdPlatform::WakeAll(beginning_);
}

bool WorkStealingScheduler::AwaitStart() {
  for (;;) {
    const auto beginning = static_cast<Beginning>(beginning_.load(std::memory_order_acquire));
    if (beginning != Beginning::kPending) return beginning == Beginning::kStarted;
    StdPlatform::Wait(beginning_, static_cast<std::uint32_t>(Beginning::kPending));
  }
}

WorkStealingScheduler::~WorkStealingScheduler() { Stop(StopMode::kDrain); }

bool WorkStealingScheduler::Post(QueuedTask* first, QueuedTask* last) {
  if (Worker* const worker = CurrentWorker()) {
    worker->Post(first);
    return true;
  }
  if (!inbox_.Push(first, last)) return false;
  idle_.WakeOneIfNeeded();
  return true;
}

void WorkStealingScheduler::Stop(StopMode mode) {
  ASHLAR_CHECK(CurrentWorker() == nullptr, "a task cannot stop the scheduler that runs it");
  std::lock_guard<std::mutex> lock(stop_mutex_);
  if (mode == StopMode::kCancel) cancelling_.store(true, std::memory_order_relaxed);
  inbox_.Close();
  // Release: pairs with Worker::Sleep; who sees it sees the inbox closed.
  idle_.Stop();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace ashlar
