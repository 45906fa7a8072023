// engine.h
// --------
// Engine: runs tasks on worker threads that take work from each other.
//
//   auto engine = Engine::Create();                       // as many workers as usable CPUs
//   if (!engine.ok()) return engine.status();
//   auto answer = (*engine)->Submit([] { return 6 * 7; });
//   std::cout << *answer.Get() << "\n";                   // 42
//
//   auto [left, right] = (*engine)->Join([&] { return Sum(a); }, [&] { return Sum(b); });
//   (*engine)->ParallelFor(0, n, [&](int i) { out[i] = f(in[i]); });
//
// Submit is for independent tasks whose results are waited for somewhere else; Join and
// the loops are for splitting one computation, and cost a few nanoseconds a fork where
// nobody steals. Everything may be called from any thread, also from tasks; Join and
// the loops called outside of the engine run on it while the caller waits.
//
// Scheduling. A forked half is stolen oldest first by idle workers. A worker that waits
// for a stolen half runs what the thief forked, never anything unrelated, so that a
// task may hold a lock over a Join as long as its descendants do not take it. Tasks
// submitted from outside begin in the order of submission, those submitted by a task in
// reverse order; both orders are relaxed by stealing. Tasks that submit others for ever
// keep neither kind waiting for ever. Idle workers sleep within a millisecond and cost
// nothing.
//
// Errors. Submission never throws on its own account: what goes wrong stands in the
// handle (task_handle.h). What a callable's own copy or move throws goes to the caller.
//
// Shutting down. Shutdown(kDrain) and the destructor run every task that was accepted;
// Shutdown(kCancel) lets running tasks end and cancels those that have not begun.
// Submission is refused from then on, but for what running tasks submit, and every
// handle tells how its task ended. A task cannot shut down its own engine. Join and the
// loops from outside after the shutdown are a failed check: they have no way to say so.
//
// Several engines live side by side; nothing is shared but memory for task blocks.
#ifndef ASHLAR_ENGINE_ENGINE_H_
#define ASHLAR_ENGINE_ENGINE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <new>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/engine/internal/fork_join.h"
#include "ashlar/engine/internal/loops.h"
#include "ashlar/engine/internal/result_shelf.h"
#include "ashlar/engine/internal/root_call.h"
#include "ashlar/engine/internal/task_block.h"
#include "ashlar/engine/task_handle.h"
#include "ashlar/engine/trace.h"
#include "ashlar/engine/work_stealing_scheduler.h"
#include "ashlar/scheduling/executor.h"

namespace ashlar {

struct EngineConfig {
  // Threads, up to 1024. 0: as many as the process may use (affinity and cgroup quota).
  int workers = 0;
  // Of the threads; the system shows its first 8 bytes.
  std::string name = "ashlar";
  // Results by id: an id can be asked for until that many others have been made.
  std::size_t kept_results = 65536;
  // Records what each worker does; must outlive the engine. Null: nothing.
  TraceLog* trace = nullptr;
};

// What the workers have done since the engine was created.
struct EngineStats {
  struct Worker {
    int64_t tasks = 0;      // submitted tasks that it ran
    int64_t steals = 0;     // forked halves and tasks that it took from others
    int64_t sleeps = 0;     // times that it went to sleep
    double busy_share = 0;  // of the time, 0 to 1, that it did not search, wait or sleep
  };
  std::vector<Worker> workers;
  absl::Duration uptime;

  int64_t tasks() const;
  int64_t steals() const;
};

class Engine {
 public:
  static constexpr int kMaxWorkers = WorkStealingScheduler::kMaxWorkers;

  enum class ShutdownMode { kDrain, kCancel };

  // InvalidArgument for a bad config, ResourceExhausted without threads.
  static absl::StatusOr<std::unique_ptr<Engine>> Create(EngineConfig config = {});

  // Drains. Not on one of the engine's own threads.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  int worker_count() const { return scheduler_->worker_count(); }

  // True on one of the engine's workers.
  bool RunsOnThisThread() const { return scheduler_->CurrentWorker() != nullptr; }

  // Runs f() on a worker. f: movable, called once. Lock-free; no allocation for
  // callables and results of up to 32 bytes.
  template <class F>
  auto Submit(F&& f) {
    using Fn = std::decay_t<F>;
    using R = std::decay_t<std::invoke_result_t<Fn>>;
    if (IsNull(f)) return TaskHandle<R>(internal::Rejection::kNullTask);
    internal::TaskBlock* const block = NewBlock<Fn, R>(std::forward<F>(f), kQueueAndHandle);
    if (block == nullptr) return TaskHandle<R>(internal::Rejection::kNoMemory);
    if (!scheduler_->Post(block, block)) {
      TakeBack<Fn>(block);
      return TaskHandle<R>(internal::Rejection::kShutDown);
    }
    return TaskHandle<R>(scheduler_.get(), shelf_.get(), block);
  }

  // Runs f() on a worker, without a handle, which is cheaper. f must not throw; if it
  // does, the program ends, as it does for std::thread.
  template <class F>
  absl::Status Post(F&& f) {
    if (IsNull(f)) return internal::RejectionStatus(internal::Rejection::kNullTask);
    internal::TaskBlock* const block = NewPosted(std::forward<F>(f));
    if (block == nullptr) return internal::RejectionStatus(internal::Rejection::kNoMemory);
    if (!scheduler_->Post(block, block)) {
      block->type->cancel(block);
      return internal::RejectionStatus(internal::Rejection::kShutDown);
    }
    return absl::OkStatus();
  }

  // Posts every callable of a range, with one synchronization for all of them: all are
  // accepted or none. Callables are moved from a container that is given up, PostAll(
  // std::move(tasks)), and copied from others.
  template <class Range>
  absl::Status PostAll(Range&& callables) {
    internal::TaskBlock* newest = nullptr;
    internal::TaskBlock* oldest = nullptr;
    const auto refuse = [&](internal::Rejection rejection) {
      for (internal::QueuedTask* task = newest; task != nullptr;) {
        internal::QueuedTask* const next = task->next;
        task->type->cancel(task);
        task = next;
      }
      return internal::RejectionStatus(rejection);
    };
    for (auto&& f : callables) {
      if (IsNull(f)) return refuse(internal::Rejection::kNullTask);
      internal::TaskBlock* const block = NewPosted(Element<Range>(f));
      if (block == nullptr) return refuse(internal::Rejection::kNoMemory);
      block->next = newest;
      newest = block;
      if (oldest == nullptr) oldest = block;
    }
    if (newest == nullptr || scheduler_->Post(newest, oldest)) return absl::OkStatus();
    return refuse(internal::Rejection::kShutDown);
  }

  // Submits every callable of a range, as PostAll, but each is accepted or not. The
  // handles are in the range's order.
  template <class Range>
  auto SubmitAll(Range&& callables) {
    using Fn = std::decay_t<decltype(*std::begin(callables))>;
    using R = std::decay_t<std::invoke_result_t<Fn>>;
    std::vector<TaskHandle<R>> handles;
    handles.reserve(
        static_cast<std::size_t>(std::distance(std::begin(callables), std::end(callables))));
    internal::TaskBlock* newest = nullptr;
    internal::TaskBlock* oldest = nullptr;
    for (auto&& f : callables) {
      internal::TaskBlock* const block =
          IsNull(f) ? nullptr : NewBlock<Fn, R>(Element<Range>(f), kQueueAndHandle);
      if (block == nullptr) {
        handles.push_back(TaskHandle<R>(IsNull(f) ? internal::Rejection::kNullTask
                                                  : internal::Rejection::kNoMemory));
        continue;
      }
      block->next = newest;
      newest = block;
      if (oldest == nullptr) oldest = block;
      handles.push_back(TaskHandle<R>(scheduler_.get(), shelf_.get(), block));
    }
    if (newest != nullptr && !scheduler_->Post(newest, oldest)) {
      for (auto& handle : handles) {
        if (handle.block_ == nullptr) continue;
        TakeBack<Fn>(std::exchange(handle.block_, nullptr));
        handle = TaskHandle<R>(internal::Rejection::kShutDown);
      }
    }
    return handles;
  }

  // Runs f() on a worker and waits: what Submit(f).Get() gives. On a worker, calls f.
  template <class F>
  auto Run(F&& f, WaitOptions options = {}) {
    using R = std::decay_t<std::invoke_result_t<std::decay_t<F>>>;
    if (scheduler_->CurrentWorker() == nullptr || IsNull(f)) {
      return Submit(std::forward<F>(f)).Get(options);
    }
    if constexpr (std::is_void_v<R>) {
      std::invoke(std::forward<F>(f));
      return absl::OkStatus();
    } else {
      return ResultOf<R>(std::invoke(std::forward<F>(f)));
    }
  }

  // Waits for a task by its handle; the same as handle.Get(options).
  template <class R>
  ResultOf<R> WaitForResult(TaskHandle<R>& handle, WaitOptions options = {}) {
    return handle.Get(options);
  }

  // Waits for a task by its id and takes the result, which gives an R. NotFound: no such
  // id, or its result was taken or had to make room for newer ones. InvalidArgument: the
  // task gives another type. DeadlineExceeded: not ready in time; ask again.
  template <class R>
  ResultOf<R> WaitForResult(TaskId id, WaitOptions options = {}) {
    absl::StatusOr<internal::TaskBlock*> block = shelf_->Find(id.value, &internal::kResultTag<R>);
    if (!block.ok()) return block.status();
    internal::HeldBlock held(*block);
    if (!internal::WaitForEnd(*scheduler_, **block, options)) {
      return internal::NotInTime(options.timeout);
    }
    // Of several threads that wait for one id, one gets the result.
    if (absl::Status taken = shelf_->Remove(id.value); !taken.ok()) return taken;
    return internal::TakeResult<R>(**block);
  }

  // Runs f() and g(), perhaps at the same time, and gives both results as a pair, with
  // std::monostate for void. If f throws, g is skipped unless another worker has begun
  // it, and has ended in any case; f's exception goes first.
  template <class F, class G>
  [[gnu::always_inline]] auto Join(F&& f, G&& g)
      -> std::pair<internal::JoinPart<F>, internal::JoinPart<G>> {
    if (internal::Worker* const worker = scheduler_->CurrentWorker()) [[likely]] {
      return internal::ForkJoin(*worker, f, g);
    }
    return JoinFromOutside<F, G>(std::forward<F>(f), std::forward<G>(g));
  }

  // Calls f(i) once for each i of [begin, end), in no particular order, and returns when
  // all calls have ended. Work is split when somebody is hungry, down to single calls,
  // so that uneven calls spread well. The first exception goes to the caller; calls that
  // have not begun by then may be skipped.
  template <class Index, class F>
  void ParallelFor(Index begin, Index end, F&& f) {
    if (!(begin < end)) return;
    const auto loop = [&](internal::Worker& worker) {
      internal::ForEach(worker, begin, end, f, internal::PieceSize(begin, end, worker_count()));
    };
    OnWorker(loop);
  }

  // combine(... combine(identity, map(begin)) ..., map(end - 1)), in any grouping but in
  // this order: combine has to be associative, and identity neutral. identity is copied
  // once a piece.
  template <class Index, class T, class Map, class Combine>
  T ParallelReduce(Index begin, Index end, T identity, Map&& map, Combine&& combine) {
    if (!(begin < end)) return identity;
    const auto loop = [&](internal::Worker& worker) {
      return internal::Reduce<T>(worker, begin, end, identity, map, combine,
                                 internal::PieceSize(begin, end, worker_count()));
    };
    return OnWorker(loop);
  }

  // Refuses new tasks, ends the accepted ones as `mode` says, and ends the threads.
  // Results stay where they are. Later calls only wait for the end.
  void Shutdown(ShutdownMode mode = ShutdownMode::kDrain);

  EngineStats Stats() const;

 private:
  Engine(std::unique_ptr<WorkStealingScheduler> scheduler, std::size_t kept_results);

  // Function pointers and wrappers like std::function can be empty.
  template <class F>
  static bool IsNull(const F& f) {
    if constexpr (std::is_pointer_v<F> || std::is_member_pointer_v<F> ||
                  (std::is_class_v<F> && std::is_constructible_v<F, std::nullptr_t> &&
                   requires { f == nullptr; })) {
      return f == nullptr;
    } else {
      return false;
    }
  }

  // What `f`, an element of a Range&&, is to be taken as.
  template <class Range, class F>
  static decltype(auto) Element(F& f) {
    if constexpr (std::is_lvalue_reference_v<Range> ||
                  (std::ranges::view<std::remove_cv_t<Range>> &&
                   std::is_lvalue_reference_v<std::ranges::range_reference_t<Range>>)) {
      return static_cast<F&>(f);
    } else {
      return std::move(f);
    }
  }

  // Who holds a new task.
  static constexpr std::uint32_t kQueueOnly = 1;
  static constexpr std::uint32_t kQueueAndHandle = 2;

  // Null without memory.
  template <class Fn, class R, class F>
  static internal::TaskBlock* NewBlock(F&& f, std::uint32_t holders) {
    void* const memory = internal::TaskPool::Allocate();
    if (memory == nullptr) return nullptr;
    auto* const block =
        ::new (memory) internal::TaskBlock(&internal::BlockOf<Fn, R>::kType, holders);
    try {
      internal::Room<Fn>::Put(block, std::forward<F>(f));
    } catch (const std::bad_alloc&) {
      internal::FreeBlock(block);
      return nullptr;
    } catch (...) {
      internal::FreeBlock(block);
      throw;
    }
    return block;
  }

  template <class F>
  static internal::TaskBlock* NewPosted(F&& f) {
    auto run = [fn = std::forward<F>(f)]() mutable noexcept { std::invoke(std::move(fn)); };
    return NewBlock<decltype(run), void>(std::move(run), kQueueOnly);
  }

  // Undoes NewBlock for a task that was not accepted.
  template <class Fn>
  static void TakeBack(internal::TaskBlock* block) {
    internal::Room<Fn>::Clear(block);
    internal::FreeBlock(block);
  }

  template <class F>
  auto OnWorker(F& f) -> std::invoke_result_t<F&, internal::Worker&> {
    if (internal::Worker* const worker = scheduler_->CurrentWorker()) return f(*worker);
    return RunRoot(f);
  }

  // By value where the caller gave values: taking their address here would keep them in
  // memory on the fast path too.
  template <class F, class G>
  [[gnu::noinline, gnu::cold]] auto JoinFromOutside(F f, G g) {
    const auto join = [&](internal::Worker& worker) { return internal::ForkJoin(worker, f, g); };
    return RunRoot(join);
  }

  // Runs f on some worker, with the caller's stack as its memory.
  template <class F>
  auto RunRoot(F&& f) {
    internal::RootCall<F> call(f);
    ASHLAR_CHECK(scheduler_->Post(&call, &call), "the engine has been shut down");
    return call.Wait();
  }

  const std::unique_ptr<WorkStealingScheduler> scheduler_;
  const std::unique_ptr<internal::ResultShelf> shelf_;
  const int64_t created_ns_;  // by TraceLog::NowNs
};

static_assert(Executor<Engine>);

template <class R>
absl::Status TaskHandle<R>::WaitForBlock(const WaitOptions& options) {
  if (internal::WaitForEnd(*scheduler_, *block_, options)) return absl::OkStatus();
  return internal::NotInTime(options.timeout);
}

template <class R>
TaskHandle<R>::operator TaskId() && {
  if (block_ == nullptr) {
    rejection_ = internal::Rejection::kNone;
    return TaskId{};
  }
  const TaskId id{shelf_->Put(block_)};
  block_ = nullptr;
  return id;
}

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_ENGINE_H_
