#include "ashlar/engine/internal/worker.h"

#include <sched.h>

#include <chrono>
#include <new>
#include <optional>

#include "ashlar/concurrency/platform.h"
#include "ashlar/engine/work_stealing_scheduler.h"

namespace ashlar::internal {
namespace {

// How long a worker searches before it sleeps, in nanoseconds. Where somebody is at work,
// that one is likely to have something soon. Where all others are idle too, just long
// enough for a caller that submits, waits and submits again, and not at all if the last sleep
// was no short one: tasks that come now and then cost no search each.
constexpr int64_t kSearchBesideBusyNs = 200'000;
constexpr int64_t kSearchAloneNs = 2'000;
constexpr int64_t kShortSleepNs = 100'000;
// How long a worker that waits for a result spins before it sleeps.
constexpr int64_t kAwaitNs = 50'000;
// After that long it lets other threads have the core between two looks.
constexpr int64_t kYieldAfterNs = 20'000;
// One in so many tasks is one that the usual order keeps waiting.
constexpr std::uint32_t kOverdueTurn = 64;
// A worker fetches the task that it will run after so many others.
constexpr std::uint32_t kPrefetchedTasks = 6;

}  // namespace

thread_local constinit Worker* Worker::current_ = nullptr;

// Counts the time that it lives as idle.
class Worker::SearchScope {
 public:
  explicit SearchScope(Worker& worker) : worker_(worker), since_(TraceLog::NowNs()) {
    worker_.idle_since_.store(since_, std::memory_order_relaxed);
  }
  ~SearchScope() {
    worker_.idle_ns_.Add(TraceLog::NowNs() - since_);
    worker_.idle_since_.store(0, std::memory_order_relaxed);
  }

 private:
  Worker& worker_;
  const int64_t since_;
};

// Counts the time that it lives as idle, less what goes into Work.
class Worker::AwaitScope {
 public:
  explicit AwaitScope(Worker& worker) : worker_(worker), since_(TraceLog::NowNs()) {}
  ~AwaitScope() { worker_.idle_ns_.Add(TraceLog::NowNs() - since_ - worked_); }

  template <class F>
  void Work(F&& f) {
    const int64_t begin = TraceLog::NowNs();
    f();
    worked_ += TraceLog::NowNs() - begin;
  }

 private:
  Worker& worker_;
  const int64_t since_;
  int64_t worked_ = 0;
};

class Worker::Patience {
 public:
  // Pauses for a moment. False when `budget_ns` have passed since the first pause.
  bool Pause(int64_t budget_ns) {
    StdPlatform::SpinWait();
    if (++pauses_ % 8 != 0) return true;
    const int64_t now = TraceLog::NowNs();
    if (begin_ == 0) begin_ = now;
    const int64_t passed = now - begin_;
    if (passed > kYieldAfterNs) sched_yield();
    return passed < budget_ns;
  }
  void Renew() { begin_ = 0; }

 private:
  std::uint32_t pauses_ = 0;
  int64_t begin_ = 0;
};

Worker::Worker(WorkStealingScheduler& scheduler, int index, TraceLog::Track* track)
    : forks_(kMaxOpenForks),
      scheduler_(scheduler),
      index_(index),
      track_(track),
      random_(static_cast<std::uint32_t>(index) * 2654435761u + 1),
      idle_since_(TraceLog::NowNs()) {}

void Worker::Main() {
  current_ = this;
  if (!scheduler_.AwaitStart()) return;
  idle_ns_.Add(TraceLog::NowNs() - idle_since_.load(std::memory_order_relaxed));
  idle_since_.store(0, std::memory_order_relaxed);
  for (;;) {
    Work work = {.task = NextTask()};
    if (!work && last_victim_ != nullptr) work = StealFrom(*last_victim_);
    if (!work) work = Search();
    if (!work) break;
    Run(work);
  }
  current_ = nullptr;
}

QueuedTask* Worker::NextTask() {
  if (++turns_ % kOverdueTurn == 0) {
    if (QueuedTask* task = OverdueTask()) return task;
  }
  if (const auto task = own_.Pop()) return *task;
  return NextFromOutside();
}

// Its own tasks may go on submitting for ever: their oldest, and what comes from outside,
// run nevertheless, by turns.
QueuedTask* Worker::OverdueTask() {
  if (turns_ / kOverdueTurn % 2 == 0) return NextFromOutside();
  const auto oldest = own_.Steal();
  return oldest.outcome == StealOutcome::kSuccess ? oldest.item : nullptr;
}

QueuedTask* Worker::NextFromOutside() {
  // In a long queue that is no longer in the cache.
  __builtin_prefetch(from_outside_.Upcoming(kPrefetchedTasks), 1);
  if (const auto task = from_outside_.Pop()) return *task;
  return TakeInbox();
}

// Only when from_outside_ is empty: what comes later is run later.
QueuedTask* Worker::TakeInbox() {
  QueuedTask* task = scheduler_.inbox_.TakeAll();
  if (task == nullptr) return nullptr;
  // Newest first, so that this worker, which pops what it pushed last, keeps the order
  // of submission; the last of the chain need not go through the deque.
  while (QueuedTask* const older = task->next) {
    __builtin_prefetch(task->ahead, 1);
    try {
      from_outside_.Push(task);
    } catch (const std::bad_alloc&) {
      // No memory for a larger deque. The others get at the rest through the inbox.
      QueuedTask* last = task;
      while (last->next->next != nullptr) last = last->next;
      QueuedTask* const oldest = last->next;
      last->next = nullptr;
      scheduler_.inbox_.Return(task, last);
      return oldest;
    }
    task = older;
  }
  return task;
}

void Worker::Post(QueuedTask* first) {
  while (first != nullptr) {
    QueuedTask* const next = first->next;
    try {
      own_.Push(first);
    } catch (const std::bad_alloc&) {
      first->next = nullptr;
      scheduler_.inbox_.Return(first, first);
    }
    first = next;
  }
  FullFence();  // for WakeOneIfNeeded
  scheduler_.idle_.WakeOneIfNeeded();
}

// Searches until there is work or the scheduler has ended.
Worker::Work Worker::Search() {
  scheduler_.idle_.BeginSearch();
  Work work = Look();
  if (!work) {
    // Only now: reading the clock costs more than most searches.
    SearchScope scope(*this);
    work = KeepLooking();
  }
  scheduler_.idle_.EndSearch();
  // Whoever published while this worker searched woke nobody; pass it on.
  if (work && scheduler_.idle_.AnySleeping() && WorkInSight()) {
    FullFence();
    scheduler_.idle_.WakeOneIfNeeded();
  }
  return work;
}

Worker::Work Worker::KeepLooking() {
  Patience patience;
  for (;;) {
    const int64_t budget = SearchBudget();
    if (budget == 0 || !patience.Pause(budget)) {
      if (!Sleep()) return {};
      patience.Renew();
    }
    if (Work work = Look()) return work;
  }
}

int64_t Worker::SearchBudget() const {
  if (scheduler_.idle_.Busy() > 0) return kSearchBesideBusyNs;
  return slept_briefly_ ? kSearchAloneNs : 0;
}

// Once through all places where there might be work.
Worker::Work Worker::Look() {
  if (QueuedTask* task = TakeInbox()) return {.task = task};
  if (last_victim_ != nullptr) {
    if (Work work = StealFrom(*last_victim_)) return work;
    last_victim_ = nullptr;
  }
  const int count = scheduler_.worker_count();
  const int start = static_cast<int>(Random() % static_cast<std::uint32_t>(count));
  for (int i = 0; i < count; ++i) {
    Worker& victim = scheduler_.worker((start + i) % count);
    if (&victim == this) continue;
    if (Work work = StealFrom(victim)) {
      last_victim_ = &victim;
      return work;
    }
  }
  return {};
}

Worker::Work Worker::StealFrom(Worker& victim) {
  Work work;
  if (const auto fork = victim.forks().Steal(); fork.outcome == StealOutcome::kSuccess) {
    work.job = fork.item;
  } else if (const auto task = victim.from_outside_.Steal();
             task.outcome == StealOutcome::kSuccess) {
    work.task = task.item;
  } else if (const auto own = victim.own_.Steal(); own.outcome == StealOutcome::kSuccess) {
    work.task = own.item;
  } else {
    return {};
  }
  steals_.Add(1);
  // Others are hungry still: the victim's next fork shall be public, and wake one.
  if (scheduler_.idle_.AnySleeping()) victim.forks().Request();
  return work;
}

bool Worker::WorkInSight() {
  FullFence();
  if (!scheduler_.inbox_.Empty()) return true;
  for (int i = 0; i < scheduler_.worker_count(); ++i) {
    Worker& other = scheduler_.worker(i);
    if (other.from_outside_.SizeApprox() > 0 || other.own_.SizeApprox() > 0 ||
        other.forks().PublicSize() > 0) {
      return true;
    }
    if (&other != this) other.forks().Request();
  }
  return false;
}

// False if the scheduler has ended.
bool Worker::Sleep() {
  using Rest = IdleWorkers<>::Rest;
  const int64_t begin = TraceLog::NowNs();
  const Rest rest = scheduler_.idle_.Sleep(index_, [this] {
    if (WorkInSight()) return true;
    sleeps_.Add(1);
    return false;
  });
  if (rest == Rest::kSawWork) return true;
  const int64_t end = TraceLog::NowNs();
  slept_briefly_ = end - begin < kShortSleepNs;
  if (track_ != nullptr) track_->Span("sleep", begin, end);
  return rest == Rest::kSlept;
}

void Worker::Run(Work work) {
  if (work.job != nullptr) {
    Run(work.job);
  } else {
    Run(work.task);
  }
}

void Worker::Run(QueuedTask* task) {
  tasks_run_.Add(1);
  const int64_t begin = track_ != nullptr ? TraceLog::NowNs() : 0;
  if (!scheduler_.cancelling_.load(std::memory_order_relaxed)) [[likely]] {
    task->type->run(task);
  } else {
    task->type->cancel(task);
  }
  if (track_ != nullptr) track_->Span("task", begin, TraceLog::NowNs());
}

void Worker::Run(StackJob<>* job) {
  const int64_t begin = track_ != nullptr ? TraceLog::NowNs() : 0;
  forks_.Run(job, static_cast<std::uint32_t>(index_));
  if (track_ != nullptr) track_->Span("steal", begin, TraceLog::NowNs());
}

void Worker::OnPublished() {
  FullFence();  // for WakeOneIfNeeded
  scheduler_.idle_.WakeOneIfNeeded();
  forks_.OnPublished();
}

class Worker::JobWaiter {
 public:
  explicit JobWaiter(Worker& worker) : worker_(worker), scope_(worker) {}

  Forks<>& ForksOf(std::uint32_t thief) {
    return worker_.scheduler_.worker(static_cast<int>(thief)).forks_;
  }
  bool Pause() {
    if (patience_.Pause(kAwaitNs)) return true;
    patience_.Renew();
    return false;
  }
  void Help(StackJob<>* job) {
    worker_.steals_.Add(1);
    scope_.Work([&] { worker_.Run(job); });
    patience_.Renew();
  }

 private:
  Worker& worker_;
  AwaitScope scope_;
  Patience patience_;
};

void Worker::Await(const StackJob<>& job) { Forks<>::Await(job, JobWaiter(*this)); }

bool Worker::Await(TaskWord<>& task, const std::atomic<std::uint32_t>& floor, int64_t deadline_ns) {
  JobWaiter waiter(*this);
  for (;;) {
    const std::optional<std::uint32_t> runner = task.runner();
    if (!runner.has_value()) return true;  // it was claimed before the caller came here
    if (deadline_ns >= 0 && TraceLog::NowNs() >= deadline_ns) return false;
    // With forks of its own open a worker does not help: whoever waits for what it
    // would run could then be handed one of them, which is no descendant.
    const bool may_help = *runner != TaskWord<>::kOutsider &&
                          *runner != static_cast<std::uint32_t>(index_) && forks().Size() == 0;
    if (may_help) {
      const auto fork = waiter.ForksOf(*runner).deque().StealIf([&](std::uint32_t index) {
        return !task.finished() && index >= floor.load(std::memory_order_relaxed);
      });
      if (fork.outcome == StealOutcome::kSuccess) {
        waiter.Help(fork.item);
        continue;
      }
    }
    if (waiter.Pause()) continue;
    if (!task.AnnounceWaiter()) return true;
    std::optional<std::chrono::nanoseconds> timeout;
    if (deadline_ns >= 0) timeout = std::chrono::nanoseconds(deadline_ns - TraceLog::NowNs());
    task.Sleep(timeout);
  }
}

Worker::Stats Worker::stats() const {
  const int64_t since = idle_since_.load(std::memory_order_relaxed);
  return {.tasks = tasks_run_.value(),
          .steals = steals_.value(),
          .sleeps = sleeps_.value(),
          .idle_ns = idle_ns_.value() + (since != 0 ? TraceLog::NowNs() - since : 0)};
}

std::uint32_t Worker::Random() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 17;
  random_ ^= random_ << 5;
  return random_;
}

}  // namespace ashlar::internal
