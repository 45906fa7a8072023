// work_stealing_scheduler.h
// -------------------------
// WorkStealingScheduler: worker threads, each with deques of its own, that take work
// from each other. Engine (engine.h) is what programs use; this is the part below it,
// without results, handles or types.
//
// Protocols (life cycle, sleeping and waking, helping) are in engine/README.md.
#ifndef ASHLAR_ENGINE_WORK_STEALING_SCHEDULER_H_
#define ASHLAR_ENGINE_WORK_STEALING_SCHEDULER_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/engine/internal/idle_workers.h"
#include "ashlar/engine/internal/inbox.h"
#include "ashlar/engine/internal/queued_task.h"
#include "ashlar/engine/internal/worker.h"
#include "ashlar/engine/trace.h"

namespace ashlar {

class WorkStealingScheduler {
 public:
  static constexpr int kMaxWorkers = 1024;

  struct Options {
    int workers = 1;              // 1 to kMaxWorkers
    std::string name = "ashlar";  // of the threads: the first 8 bytes and the index
    TraceLog* trace = nullptr;    // outlives the scheduler
  };

  // What happens to tasks that have not begun.
  enum class StopMode { kDrain, kCancel };

  // Starts the threads. InvalidArgument for a bad number, ResourceExhausted where the
  // system gives no more threads.
  static absl::StatusOr<std::unique_ptr<WorkStealingScheduler>> Start(Options options);

  // Stops and drains.
  ~WorkStealingScheduler();

  // Any thread. Takes over a chain of tasks, newest first, linked by `next`. False
  // after Stop began, unless the caller is one of the workers; the chain is then the
  // caller's still. Lock-free.
  bool Post(internal::QueuedTask* first, internal::QueuedTask* last);

  // Any thread but a worker. Refuses what is posted from now on, lets the workers run
  // (or cancel) what was accepted and what that posts in turn, and ends them. Later
  // calls only wait for the end.
  void Stop(StopMode mode);

  int worker_count() const { return static_cast<int>(workers_.size()); }
  internal::Worker& worker(int index) { return *workers_[static_cast<std::size_t>(index)]; }

  // The calling thread's worker if it belongs to this scheduler, else null.
  internal::Worker* CurrentWorker() const {
    internal::Worker* const worker = internal::Worker::Current();
    return worker != nullptr && &worker->scheduler() == this ? worker : nullptr;
  }

 private:
  friend class internal::Worker;

  explicit WorkStealingScheduler(int workers) : idle_(workers) {}

  // Workers begin together, once all threads exist, or not at all.
  enum class Beginning : std::uint32_t { kPending, kStarted, kAbandoned };
  void Begin(Beginning beginning);
  bool AwaitStart();

  internal::Inbox<internal::QueuedTask> inbox_;
  internal::IdleWorkers<> idle_;
  std::vector<std::unique_ptr<internal::Worker>> workers_;
  std::vector<std::thread> threads_;

  std::atomic<std::uint32_t> beginning_{static_cast<std::uint32_t>(Beginning::kPending)};
  std::atomic<bool> cancelling_{false};
  std::mutex stop_mutex_;  // Stop runs once
};

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORK_STEALING_SCHEDULER_H_
