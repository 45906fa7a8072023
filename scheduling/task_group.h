// task_group.h
// ------------
// TaskGroup: a scope for tasks: what it spawns has ended when the scope ends.
//
//   TaskGroup group(*engine, {.name = "fetch"});
//   for (const Url& url : urls) group.Spawn([&](const CancellationToken& token) {
//     return Fetch(url, token);  // absl::Status
//   });
//   if (absl::Status status = group.Wait(); !status.ok()) return status;
//   absl::Status status = co_await group.Join();  // the same in a coroutine (task.h)
//
// ParallelForEach: a loop over a range on an executor. ScopedTask: one task, joined at the end of
// the scope.
//
// When to use: wherever several things are done at the same time. When not: to split a computation
// into pieces of some nanoseconds; an engine's Join and ParallelFor do that.
//
// Tasks. A task is a function, called once, without arguments or with the group's token. It
// returns nothing, a value, an absl::Status or an absl::StatusOr; what it throws is kept. It ends
// once: completed, failed (an error, an exception), or cancelled (an error of the code Cancelled;
// or it never ran). Tasks begin in the order in which they were spawned, as far as the executor
// runs things in order. A task may spawn others, also by SpawnNamed from other threads.
//
// Errors. With cancel_on_error (fail-fast, the default) the first failure cancels the group; else
// the others go on (a supervisor). Wait gives the first failure's status, with a word on how many
// more there were; failures() gives all, the first one leading, exceptions with their type. Without
// failures it gives the token's status if something was cancelled, or not admitted, OK if all
// completed.
//
// Cancellation. Cancel cancels the token, which running tasks look at; those that have not begun
// never run, and later ones are not admitted. CancelRemaining does the same without the token. A
// group is cancelled by its parent, by the token of its config, by its deadline, by a failure.
//
// Groups in groups. A child counts as one of the parent's tasks until it has ended, that is, until
// its Wait has returned or its scope has ended, which so comes before the parent's end. A parent's
// cancellation cancels it; its failures are failures of the parent, whose cancel_on_error says what
// that means. Its cancellation does not concern the parent. A child of a group that has ended is
// cancelled from the start.
//
// The end. A group ends when a Wait, a Join or the destructor finds nothing unfinished, or when the
// last task ends after a Join; afterwards it admits nothing. The destructor waits; if an exception
// leaves the scope, it cancels before. A thread of the executor that waits runs tasks of the group
// meanwhile, but nothing else, so that one thread is enough. A thread outside has the executor run
// them (executor.h, Submit and Wait) if it waits without a timeout, and sleeps. Waiting for a group
// in one of its own tasks never ends.
// Join waits without a thread: who joined goes on where the last task ended, and may end the scope
// there. Cancel() of the future, and so the cancellation of a coroutine that awaits it, cancels the
// group; the end is waited for all the same. A coroutine should join its groups in any case: the
// destructor of one that has not ended blocks the thread.
//
// Parameters (TaskGroupConfig): max_concurrency: no more of its tasks run at the same time; 0: no
// limit. One that runs many tasks goes from one to the next without the executor's seeing it.
// keep_results: states and results can be asked for by index, until the group is destroyed; false
// for groups that live long, whose ended tasks then take no memory.
//
// Executors: any (executor.h) that takes functions that can only be moved, and outlives the group's
// scope. What an executor drops without running it, as in a shutdown, ends as cancelled.
// Thread safety: Spawn, Cancel and all that asks, from any thread during the group's life.
// Progress: blocking. Cost: a task is an allocation and three short locks.
// Errors of the group itself: std::bad_alloc.
#ifndef ASHLAR_SCHEDULING_TASK_GROUP_H_
#define ASHLAR_SCHEDULING_TASK_GROUP_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/deadline_cancellation.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/group_core.h"
#include "ashlar/scheduling/internal/group_state.h"
#include "ashlar/scheduling/timer_service.h"

namespace ashlar {

class TaskGroup;

struct TaskGroupConfig {
  std::string name = {};                              // for DumpTasks and failures
  std::size_t max_concurrency = 0;                    // 0: no limit
  bool cancel_on_error = true;                        // fail-fast; false: a supervisor
  TaskGroup* parent = nullptr;                        // ends later
  CancellationToken token = {};                       // cancels the group
  TimerService* timers = nullptr;                     // for a deadline; outlives the group
  absl::Duration timeout = absl::InfiniteDuration();  // from the constructor on; needs timers
  bool keep_results = true;
};

using GroupTaskState = internal::MemberState;    // kPending, kRunning, kCompleted, ...
using GroupTaskCounts = internal::MemberCounts;  // pending, running, completed, ...

namespace internal {

// What a task that returns an R keeps.
template <class R>
struct TaskResult {
  using Type = R;
};
template <class T>
struct TaskResult<absl::StatusOr<T>> {
  using Type = T;
};
struct NoResult {};
template <>
struct TaskResult<void> {
  using Type = NoResult;
};
template <>
struct TaskResult<absl::Status> {
  using Type = NoResult;
};

// One address for each type.
template <class T>
inline constexpr char kTaskResultType = 0;

template <class F>
class FunctionTask : public GroupTask {
  static constexpr bool kTakesToken = std::is_invocable_v<F&, const CancellationToken&>;
  static auto Call(F& f, const CancellationToken& token) -> decltype(auto) {
    if constexpr (kTakesToken) {
      return f(token);
    } else {
      return f();
    }
  }
  using Returned =
      std::decay_t<decltype(Call(std::declval<F&>(), std::declval<const CancellationToken&>()))>;
  using Kept = typename TaskResult<Returned>::Type;

 public:
  template <class G>
  explicit FunctionTask(G&& f) : function_(std::in_place, std::forward<G>(f)) {}

  absl::Status Run(const CancellationToken& token) override {
    // Also if it throws.
    struct Destroy {
      std::optional<F>& function;
      ~Destroy() { function.reset(); }
    } const destroy{function_};
    if constexpr (std::is_void_v<Returned>) {
      Call(*function_, token);
      return absl::OkStatus();
    } else if constexpr (std::is_same_v<Returned, absl::Status>) {
      return Call(*function_, token);
    } else if constexpr (std::is_same_v<Returned, Kept>) {
      result_.emplace(Call(*function_, token));
      return absl::OkStatus();
    } else {
      Returned returned = Call(*function_, token);
      if (!returned.ok()) return returned.status();
      result_.emplace(*std::move(returned));
      return absl::OkStatus();
    }
  }
  void Drop() override { function_.reset(); }
  void* result(const void* type) override {
    if constexpr (!std::is_same_v<Kept, NoResult>) {
      if (type == &kTaskResultType<Kept> && result_) return &*result_;
    }
    return nullptr;
  }

 private:
  std::optional<F> function_;
  [[no_unique_address]] std::conditional_t<std::is_same_v<Kept, NoResult>, NoResult,
                                           std::optional<Kept>>
      result_;
};

template <class F>
class NamedTask : public FunctionTask<F> {
 public:
  template <class G>
  NamedTask(std::string name, G&& f)
      : FunctionTask<F>(std::forward<G>(f)), name_(std::move(name)) {}
  std::string_view name() const override { return name_; }

 private:
  const std::string name_;
};

// Whether it runs functions inside of the call, and says so.
template <class E>
concept RunsInside = E::kRunsInside;

template <class E>
GroupExecutor GroupExecutorOf(E& executor) {
  return {
      &executor,
      RunsInside<E>,
      [](void* e, GroupCore* core) { return static_cast<E*>(e)->Post(GroupRunner(core)); },
      [](void* e, GroupCore* core) -> absl::Status {
        return static_cast<E*>(e)->Submit([core] { core->Help(); }).Wait();
      },
      [](const void* e) { return static_cast<const E*>(e)->RunsOnThisThread(); },
  };
}

}  // namespace internal

class TaskGroup {
 public:
  template <Executor E>
  explicit TaskGroup(E& executor, TaskGroupConfig config = {})
      : TaskGroup(internal::GroupExecutorOf(executor), std::move(config)) {}
  ~TaskGroup();
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;

  // The task's index, by order of spawning, from 0. Nothing, and f is destroyed, if the group has
  // ended or been cancelled.
  template <class F>
  std::optional<std::size_t> Spawn(F&& f) {
    return Add(new internal::FunctionTask<std::decay_t<F>>(std::forward<F>(f)));
  }
  template <class F>
  std::optional<std::size_t> SpawnNamed(std::string name, F&& f) {
    return Add(new internal::NamedTask<std::decay_t<F>>(std::move(name), std::forward<F>(f)));
  }

  // Until the group has ended, at most for so long: DeadlineExceeded, and the group goes on. A
  // thread of the executor helps, which may take as long as a task in addition, unless it is not
  // to block, with a timeout of zero or less.
  absl::Status Wait(absl::Duration timeout = absl::InfiniteDuration()) {
    return core_->Wait(timeout);
  }
  // What Wait gives, when the group has ended. The future may be dropped.
  Future<void> Join() { return core_->Join(); }

  // False if it was cancelled before.
  bool Cancel(CancellationReason reason = CancellationReason::kCancelled) noexcept {
    return core_->source().Cancel(reason);
  }
  void CancelRemaining() { core_->Refuse(); }

  const CancellationToken& token() const { return core_->token(); }
  const std::string& name() const { return core_->config().name; }

  GroupTaskCounts counts() const { return core_->state().Counts(); }
  // Those so far; the first one leads.
  std::vector<TaskFailure> failures() const { return core_->Failures(); }

  // Nothing if there is no such task, or it has ended and its result is not kept.
  std::optional<GroupTaskState> state(std::size_t index) const;
  // Of a task that has ended; FailedPrecondition if it has not, NotFound if there is none.
  absl::Status status(std::size_t index) const;
  // The same, and the result of one that returned a T or an absl::StatusOr<T>, once. Rethrows what
  // the task threw.
  template <class T>
  absl::StatusOr<T> TakeResult(std::size_t index) {
    void* result = nullptr;
    if (absl::Status status = FindResult(index, &internal::kTaskResultType<T>, &result);
        !status.ok()) {
      return status;
    }
    return std::move(*static_cast<T*>(result));
  }

 private:
  friend class AsyncScope;  // which it shows
  friend std::string DumpTasks(const TaskGroup& group);

  struct RefuseAll {
    internal::GroupCore* core;
    void operator()() noexcept { core->Refuse(); }
  };

  TaskGroup(internal::GroupExecutor executor, TaskGroupConfig config);

  std::optional<std::size_t> Add(internal::GroupTask* task) {
    const std::size_t index = core_->Spawn(task);
    return index != internal::GroupCore::kRefused ? std::optional(index) : std::nullopt;
  }
  absl::Status FindResult(std::size_t index, const void* type, void** result) const;

  internal::GroupCore* const core_;
  const int exceptions_;  // that were under way in the constructor
  std::optional<CancellationCallback<RefuseAll>> refuse_;
  std::optional<CancellationCallback<CancelSource>> parent_;
  std::optional<CancellationCallback<CancelSource>> token_;
  std::optional<CancelAfter> deadline_;
};

// The group, its tasks that have not ended, and the groups and scopes (async_scope.h) inside, a
// line each, with their states.
std::string DumpTasks(const TaskGroup& group);

struct ParallelForEachConfig {
  std::string name = "ParallelForEach";
  std::size_t max_concurrency = 0;  // 0: as many as there are processors
  std::size_t grain = 0;            // elements that a task takes at once; 0: some fraction
  CancellationToken token = {};
};

// f(element) for each element of a range, on the executor; returns when all is done. f returns
// nothing or an absl::Status. After the first failure, or a cancellation, no more elements are
// taken; its status is given, or what f threw rethrown. A range that is no random-access one is
// walked once before.
template <Executor E, std::ranges::forward_range Range, class F>
absl::Status ParallelForEach(E& executor, Range&& range, F f, ParallelForEachConfig config = {}) {
  if constexpr (!std::ranges::random_access_range<Range> || !std::ranges::sized_range<Range>) {
    std::vector<std::ranges::iterator_t<Range>> places;
    for (auto it = std::ranges::begin(range); it != std::ranges::end(range); ++it) {
      places.push_back(it);
    }
    return ParallelForEach(
        executor, places, [&f](auto it) { return f(*it); }, std::move(config));
  } else {
    const auto first = std::ranges::begin(range);
    const auto size = static_cast<std::size_t>(std::ranges::size(range));
    if (size == 0) return absl::OkStatus();
    std::size_t tasks = config.max_concurrency;
    if (tasks == 0) tasks = std::max(1u, std::thread::hardware_concurrency());
    tasks = std::min(tasks, size);
    const std::size_t share = (size + tasks - 1) / tasks;
    const std::size_t grain =
        config.grain == 0 ? std::max<std::size_t>(1, share / 8) : std::min(config.grain, share);
    std::atomic<std::size_t> next = 0;
    TaskGroup group(executor, {.name = std::move(config.name), .token = std::move(config.token)});
    for (std::size_t i = 0; i < tasks; ++i) {
      group.Spawn([&](const CancellationToken& token) -> absl::Status {
        // relaxed: it only shares out the elements.
        for (std::size_t begin; !token.IsCancelled();) {
          begin = next.fetch_add(grain, std::memory_order_relaxed);
          if (begin >= size) return absl::OkStatus();
          const std::size_t end = std::min(size, begin + grain);
          for (std::size_t at = begin; at < end; ++at) {
            auto&& element = first[static_cast<std::ranges::range_difference_t<Range>>(at)];
            if constexpr (std::is_void_v<decltype(f(element))>) {
              f(element);
            } else if (absl::Status status = f(element); !status.ok()) {
              return status;
            }
          }
        }
        return absl::CancelledError("cancelled");
      });
    }
    absl::Status status = group.Wait();
    if (const auto failures = group.failures(); !failures.empty() && failures[0].exception) {
      std::rethrow_exception(failures[0].exception);
    }
    return status;
  }
}

// One task, which is cancelled and joined when the scope ends; then, whether it ran or not,
// cleanup() is called, once.
//
//   ScopedTask log(*engine, [&](const CancellationToken& token) { Follow(file, token); },
//                  [&] { file.Close(); });
template <class Cleanup = void (*)()>
class [[nodiscard]] ScopedTask {
 public:
  template <Executor E, class F>
  ScopedTask(
      E& executor, F&& f, Cleanup cleanup = [] {})
      : cleanup_(std::move(cleanup)), group_(std::in_place, executor) {
    group_->Spawn(std::forward<F>(f));
  }
  ~ScopedTask() {
    group_->Cancel();
    group_.reset();
    cleanup_();
  }
  ScopedTask(const ScopedTask&) = delete;
  ScopedTask& operator=(const ScopedTask&) = delete;

  absl::Status Wait(absl::Duration timeout = absl::InfiniteDuration()) {
    return group_->Wait(timeout);
  }
  bool Cancel() noexcept { return group_->Cancel(); }

 private:
  Cleanup cleanup_;
  std::optional<TaskGroup> group_;
};
template <class E, class F>
ScopedTask(E&, F&&) -> ScopedTask<>;
template <class E, class F, class Cleanup>
ScopedTask(E&, F&&, Cleanup) -> ScopedTask<Cleanup>;

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_TASK_GROUP_H_
