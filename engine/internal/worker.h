// Worker: one thread of the scheduler with its two deques.
//
// `forks` holds the halves that this worker forked and has not joined: stack jobs, in
// stack order. `tasks` holds submitted tasks, which are independent of each other.
#ifndef ASHLAR_ENGINE_INTERNAL_WORKER_H_
#define ASHLAR_ENGINE_INTERNAL_WORKER_H_

#include <atomic>
#include <cstdint>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/engine/internal/forks.h"
#include "ashlar/engine/internal/queued_task.h"
#include "ashlar/engine/internal/stack_job.h"
#include "ashlar/engine/internal/task_word.h"
#include "ashlar/engine/trace.h"

namespace ashlar {
class WorkStealingScheduler;
}  // namespace ashlar

namespace ashlar::internal {

// Forks that one worker can have open before it runs them on the spot.
inline constexpr std::size_t kMaxOpenForks = 8192;

class Worker {
 public:
  Worker(WorkStealingScheduler& scheduler, int index, TraceLog::Track* track);

  // The calling thread's worker, null if it is none.
  static Worker* Current() { return current_; }

  WorkStealingScheduler& scheduler() const { return scheduler_; }
  int index() const { return index_; }
  Forks<>::Deque& forks() { return forks_.deque(); }

  // The thread's whole life.
  void Main();

  // ---- For the thread itself ----

  // A thief's request was met: items of forks() became public.
  void OnPublished();

  // Waits until the thief of `job`, which was stolen from this worker, is done, and
  // helps it meanwhile with what it forks; never with anything else.
  void Await(const StackJob<>& job);

  // The same for a submitted task that another thread runs. `floor`: see TaskBlock.
  // False if `deadline_ns` (TraceLog::NowNs, or no deadline if negative) has passed.
  bool Await(TaskWord<>& task, const std::atomic<std::uint32_t>& floor, int64_t deadline_ns);

  // Takes over a chain of tasks, newest first, that this worker submits.
  void Post(QueuedTask* first);

  // ---- For everybody ----

  struct Stats {
    int64_t tasks;   // submitted tasks run
    int64_t steals;  // stolen, forks and tasks
    int64_t sleeps;
    int64_t idle_ns;  // searched, waited or slept
  };
  Stats stats() const;

 private:
  struct Work {
    StackJob<>* job = nullptr;
    QueuedTask* task = nullptr;
    explicit operator bool() const { return job != nullptr || task != nullptr; }
  };

  // Counts written by this thread alone.
  class Counter {
   public:
    void Add(int64_t n) {
      value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
    int64_t value() const { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<int64_t> value_{0};
  };

  // For the time accounts.
  class SearchScope;
  class AwaitScope;
  // What Forks::Await asks of its caller.
  class JobWaiter;
  // When to stop spinning.
  class Patience;

  QueuedTask* NextTask();
  QueuedTask* OverdueTask();
  QueuedTask* NextFromOutside();
  QueuedTask* TakeInbox();
  Work Search();
  Work KeepLooking();
  int64_t SearchBudget() const;
  Work Look();
  Work StealFrom(Worker& victim);
  bool WorkInSight();
  bool Sleep();
  void Run(Work work);
  void Run(QueuedTask* task);
  void Run(StackJob<>* job);
  std::uint32_t Random();

  static thread_local constinit Worker* current_ [[gnu::tls_model("initial-exec")]];

  // First, so that one register holds the address of both on a fork's path.
  Forks<> forks_;
  WorkStealingScheduler& scheduler_;
  const int index_;
  TraceLog::Track* const track_;
  std::uint32_t random_;
  std::uint32_t turns_ = 0;
  Worker* last_victim_ = nullptr;
  bool slept_briefly_ = true;
  Counter tasks_run_;
  Counter steals_;
  Counter sleeps_;
  Counter idle_ns_;
  std::atomic<int64_t> idle_since_;  // 0 while busy

  // What came from outside, and what its own tasks submitted: apart, since the former keep
  // their order, while of the latter the newest comes first.
  ChaseLevDeque<QueuedTask*> from_outside_;
  ChaseLevDeque<QueuedTask*> own_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_WORKER_H_
