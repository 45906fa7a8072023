#include "ashlar/scheduling/task_group.h"

#include <atomic>
#include <cstddef>
#include <list>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/inline_executor.h"
#include "ashlar/scheduling/manual_executor.h"
#include "ashlar/scheduling/manual_timer_service.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/spawn.h"
#include "ashlar/scheduling/task.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using absl::StatusCode;

// An executor of one thread.
class OneThread {
 public:
  OneThread()
      : thread_([this] {
          while (!ends_) {
            if (!executor_.RunOne()) std::this_thread::yield();
          }
        }) {}
  ~OneThread() {
    ends_ = true;
    thread_.join();
  }
  ManualExecutor& executor() { return executor_; }

 private:
  ManualExecutor executor_;
  std::atomic<bool> ends_{false};
  std::thread thread_;
};

TEST(TaskGroupTest, WhatItSpawnsHasEndedWhenItHas) {
  ManualExecutor executor;
  int count = 0;
  {
    TaskGroup group(executor);
    EXPECT_EQ(group.Spawn([&] { ++count; }), 0u);
    EXPECT_EQ(group.Spawn([&] { ++count; }), 1u);
    EXPECT_EQ(count, 0);
    executor.RunOne();
    EXPECT_EQ(count, 1);
  }
  EXPECT_EQ(count, 2);
  // The second runner comes when the group is long over.
  EXPECT_EQ(executor.pending(), 1u);
  executor.RunAll();
  EXPECT_EQ(count, 2);
}

TEST(TaskGroupTest, TasksRunInsideOfTheCallOnAnInlineExecutor) {
  InlineExecutor executor;
  TaskGroup group(executor);
  std::vector<int> order;
  group.Spawn([&] {
    order.push_back(1);
    group.Spawn([&] { order.push_back(2); });
    order.push_back(3);
  });
  EXPECT_EQ(order, (std::vector{1, 2, 3}));
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_EQ(group.counts().completed, 2u);
}

TEST(TaskGroupTest, ResultsAndErrorsAreThereByIndex) {
  ManualExecutor executor;
  TaskGroup group(executor, {.cancel_on_error = false});
  group.Spawn([] { return 42; });
  group.Spawn([] { return std::make_unique<std::string>("moved"); });
  group.Spawn([]() -> absl::StatusOr<int> { return 7; });
  group.Spawn([]() -> absl::StatusOr<int> { return absl::NotFoundError("nothing"); });
  group.Spawn([] { return absl::InternalError("broken"); });
  group.Spawn([]() -> int { throw std::out_of_range("thrown"); });
  group.Spawn([] {});
  EXPECT_EQ(group.state(0), GroupTaskState::kPending);
  EXPECT_EQ(group.status(0).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(group.Wait().code(), StatusCode::kNotFound);
  EXPECT_EQ(*group.TakeResult<int>(0), 42);
  EXPECT_EQ(**group.TakeResult<std::unique_ptr<std::string>>(1), "moved");
  EXPECT_EQ(*group.TakeResult<int>(2), 7);
  EXPECT_EQ(group.TakeResult<int>(3).status().code(), StatusCode::kNotFound);
  EXPECT_EQ(group.status(4).code(), StatusCode::kInternal);
  EXPECT_THROW((void)group.TakeResult<int>(5), std::out_of_range);
  EXPECT_EQ(group.state(5), GroupTaskState::kFailed);
  EXPECT_TRUE(group.status(6).ok());
  EXPECT_EQ(group.status(7).code(), StatusCode::kNotFound);
  EXPECT_EQ(group.state(1000), std::nullopt);
}

TEST(TaskGroupTest, TheFirstFailureLeadsAndExceptionsKeepTheirType) {
  ManualExecutor executor;
  TaskGroup group(executor, {.cancel_on_error = false});
  group.Spawn([] {});
  group.SpawnNamed("thrower", [] { throw std::out_of_range("far away"); });
  group.Spawn([] { return absl::DataLossError("lost"); });
  group.Spawn([] { throw 5; });
  const absl::Status status = group.Wait();
  EXPECT_EQ(status.code(), StatusCode::kUnknown);
  EXPECT_EQ(status.message(), "task 1 \"thrower\" threw: far away (and 2 more failed)");
  const std::vector<TaskFailure> failures = group.failures();
  ASSERT_EQ(failures.size(), 3u);
  EXPECT_EQ(failures[0].index, 1u);
  EXPECT_EQ(failures[0].name, "thrower");
  EXPECT_THROW(std::rethrow_exception(failures[0].exception), std::out_of_range);
  EXPECT_EQ(failures[1].status, absl::DataLossError("lost"));
  EXPECT_EQ(failures[1].exception, nullptr);
  EXPECT_THROW(std::rethrow_exception(failures[2].exception), int);
  EXPECT_EQ(group.counts().failed, 3u);
  EXPECT_EQ(group.counts().completed, 1u);
}

TEST(TaskGroupTest, TheFirstFailureCancelsTheOthers) {
  ManualExecutor executor;
  TaskGroup group(executor);
  int ran = 0;
  group.Spawn([&](const CancellationToken& token) {
    group.Spawn([] { return absl::InternalError("broken"); });
    EXPECT_FALSE(token.IsCancelled());
    executor.RunAt(1);  // what was just spawned comes after the next one
    EXPECT_FALSE(token.IsCancelled());
    executor.RunAll();
    EXPECT_TRUE(token.IsCancelled());
    return token.status();
  });
  group.Spawn([&] { ++ran; });
  group.Spawn([&] { ++ran; });
  executor.RunOne();
  EXPECT_EQ(group.Spawn([&] { ++ran; }), std::nullopt);
  EXPECT_EQ(group.Wait(), absl::InternalError("broken"));
  EXPECT_EQ(ran, 2);
  EXPECT_EQ(group.state(0), GroupTaskState::kCancelled);
}

TEST(TaskGroupTest, WhatHasNotBegunNeverRunsAfterACancellation) {
  ManualExecutor executor;
  TaskGroup group(executor);
  auto kept = std::make_shared<int>(0);
  group.Spawn([kept] { ++*kept; });
  EXPECT_TRUE(group.Cancel());
  EXPECT_FALSE(group.Cancel());
  EXPECT_EQ(group.Wait(absl::ZeroDuration()).code(), StatusCode::kCancelled);
  EXPECT_EQ(*kept, 0);
  EXPECT_EQ(group.state(0), GroupTaskState::kCancelled);
  EXPECT_EQ(group.status(0).code(), StatusCode::kCancelled);
}

TEST(TaskGroupTest, TheFunctionOfACancelledTaskIsDestroyed) {
  ManualExecutor executor;
  TaskGroup group(executor);
  auto held = std::make_shared<int>(0);
  group.Spawn([held] {});
  EXPECT_EQ(held.use_count(), 2);
  group.CancelRemaining();
  EXPECT_EQ(held.use_count(), 1);
  group.Spawn([held] {});
  EXPECT_EQ(held.use_count(), 1);
}

TEST(TaskGroupTest, CancelRemainingLeavesThoseThatRunAlone) {
  ManualExecutor executor;
  TaskGroup group(executor);
  group.Spawn([&](const CancellationToken& token) {
    group.CancelRemaining();
    EXPECT_FALSE(token.IsCancelled());
    return 1;
  });
  group.Spawn([] { return 2; });
  executor.RunAll();
  EXPECT_EQ(group.Spawn([] {}), std::nullopt);
  EXPECT_EQ(group.Wait().code(), StatusCode::kCancelled);
  EXPECT_EQ(*group.TakeResult<int>(0), 1);
  EXPECT_EQ(group.counts().cancelled, 1u);
}

TEST(TaskGroupTest, ACancellationThatFoundNothingToCancelIsNoError) {
  ManualExecutor executor;
  TaskGroup group(executor);
  group.Spawn([&] { group.Cancel(); });
  EXPECT_TRUE(group.Wait().ok());
}

TEST(TaskGroupTest, NothingIsAdmittedAfterTheEnd) {
  ManualExecutor executor;
  TaskGroup group(executor);
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_EQ(group.Spawn([] {}), std::nullopt);
  EXPECT_TRUE(group.Wait().ok());
}

TEST(TaskGroupTest, AWaitInTimeIsAnErrorAndTheGroupGoesOn) {
  OneThread thread;
  std::atomic<bool> go_on = false;
  TaskGroup group(thread.executor());
  group.Spawn([&] {
    while (!go_on) std::this_thread::yield();
  });
  while (group.state(0) != GroupTaskState::kRunning) std::this_thread::yield();
  group.Spawn([] {});
  EXPECT_EQ(group.Wait(absl::ZeroDuration()).code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(group.Wait(-absl::InfiniteDuration()).code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(group.Wait(absl::Milliseconds(1)).code(), StatusCode::kDeadlineExceeded);
  go_on = true;
  EXPECT_TRUE(group.Wait().ok());
}

TEST(TaskGroupTest, AWaitOnTheOnlyThreadRunsTheTasks) {
  OneThread thread;
  int sum = 0;
  auto handle = thread.executor().Submit([&] {
    TaskGroup group(thread.executor());
    for (int i = 1; i <= 10; ++i) {
      group.Spawn([&sum, i, &thread] {
        TaskGroup inner(thread.executor());
        inner.Spawn([&sum, i] { sum += i; });
        EXPECT_TRUE(inner.Wait().ok());
      });
    }
    EXPECT_TRUE(group.Wait().ok());
  });
  EXPECT_TRUE(handle.Wait().ok());
  EXPECT_EQ(sum, 55);
}

TEST(TaskGroupTest, NoMoreThanTheLimitRunAtTheSameTime) {
  ManualExecutor executor;
  TaskGroup group(executor, {.max_concurrency = 2});
  int running = 0;
  int most = 0;
  for (int i = 0; i < 10; ++i) {
    group.Spawn([&] {
      most = std::max(most, ++running);
      executor.RunOne();  // on top of it, if there is a runner
      --running;
    });
  }
  EXPECT_EQ(executor.pending(), 2u);
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_EQ(most, 2);
  EXPECT_EQ(group.counts().completed, 10u);
}

TEST(TaskGroupTest, ALimitHoldsOnAnInlineExecutorTooWithoutDepth) {
  InlineExecutor executor;
  TaskGroup group(executor, {.max_concurrency = 1});
  int count = 0;
  group.Spawn([&] {
    for (int i = 0; i < 100000; ++i) group.Spawn([&] { ++count; });
    EXPECT_EQ(count, 0);
  });
  EXPECT_EQ(count, 100000);
}

TEST(TaskGroupTest, AChildEndsBeforeItsParent) {
  OneThread thread;
  TaskGroup parent(thread.executor(), {.name = "parent"});
  std::optional<TaskGroup> child(std::in_place, thread.executor(),
                                 TaskGroupConfig{.name = "child", .parent = &parent});
  EXPECT_EQ(parent.Wait(absl::ZeroDuration()).code(), StatusCode::kDeadlineExceeded);
  std::atomic<bool> child_ended = false;
  std::thread waiter([&] {
    EXPECT_TRUE(parent.Wait().ok());
    EXPECT_TRUE(child_ended);
  });
  child->Spawn([&] { child_ended = true; });
  EXPECT_TRUE(child->Wait().ok());
  waiter.join();
  child.reset();
}

TEST(TaskGroupTest, AParentsCancellationCancelsItsChildrenAndNotTheOtherWayRound) {
  ManualExecutor executor;
  TaskGroup parent(executor);
  TaskGroup one(executor, {.parent = &parent});
  TaskGroup other(executor, {.parent = &parent});
  one.Spawn([] {});
  other.Spawn([] {});
  one.Cancel();
  EXPECT_FALSE(parent.token().IsCancelled());
  EXPECT_FALSE(other.token().IsCancelled());
  parent.Cancel(CancellationReason::kDeadlineExceeded);
  EXPECT_EQ(one.Wait().code(), StatusCode::kCancelled);
  EXPECT_EQ(other.Wait().code(), StatusCode::kDeadlineExceeded);
  TaskGroup late(executor, {.parent = &parent});
  EXPECT_TRUE(late.token().IsCancelled());
  EXPECT_EQ(late.Spawn([] {}), std::nullopt);
}

TEST(TaskGroupTest, AChildOfAGroupThatHasEndedIsCancelled) {
  ManualExecutor executor;
  TaskGroup parent(executor);
  EXPECT_TRUE(parent.Wait().ok());
  TaskGroup child(executor, {.parent = &parent});
  EXPECT_EQ(child.Spawn([] {}), std::nullopt);
  EXPECT_EQ(child.Wait().code(), StatusCode::kCancelled);
  EXPECT_TRUE(parent.Wait().ok());
}

TEST(TaskGroupTest, AChildsFailureIsTheParents) {
  for (const bool cancel_on_error : {true, false}) {
    ManualExecutor executor;
    TaskGroup parent(executor, {.cancel_on_error = cancel_on_error});
    {
      TaskGroup child(executor, {.name = "child", .parent = &parent});
      child.Spawn([] { throw std::runtime_error("thrown"); });
    }
    EXPECT_EQ(parent.token().IsCancelled(), cancel_on_error);
    EXPECT_EQ(parent.Wait().code(), StatusCode::kUnknown);
    const auto failures = parent.failures();
    ASSERT_EQ(failures.size(), 1u);
    EXPECT_EQ(failures[0].index, TaskFailure::kGroup);
    EXPECT_EQ(failures[0].name, "child");
    EXPECT_THROW(std::rethrow_exception(failures[0].exception), std::runtime_error);
  }
}

TEST(TaskGroupTest, ADeadlineOrATokenCancelsIt) {
  ManualExecutor executor;
  ManualTimerService timers;
  CancellationSource source;
  TaskGroup late(executor, {.timers = &timers, .timeout = absl::Seconds(1)});
  TaskGroup asked(executor, {.token = source.token()});
  late.Spawn([] {});
  asked.Spawn([] {});
  timers.Advance(absl::Seconds(1));
  source.Cancel();
  EXPECT_EQ(late.Wait().code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(asked.Wait().code(), StatusCode::kCancelled);
}

TEST(TaskGroupTest, AnExceptionThatLeavesTheScopeCancels) {
  ManualExecutor executor;
  int ran = 0;
  EXPECT_THROW(
      {
        TaskGroup group(executor);
        group.Spawn([&] { ++ran; });
        throw std::runtime_error("leaves");
      },
      std::runtime_error);
  EXPECT_EQ(ran, 0);
}

TEST(TaskGroupTest, WhatAnExecutorRefusesFails) {
  for (const std::size_t limit : {0, 1}) {
    ManualExecutor executor;
    TaskGroup group(executor, {.max_concurrency = limit});
    group.Spawn([] { return 1; });
    executor.Refuse();
    group.Spawn([] { return 2; });
    executor.RunAll();
    const absl::Status status = group.Wait();
    if (limit == 0) {
      EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
      EXPECT_EQ(group.state(1), GroupTaskState::kCancelled);
    } else {
      // It waits for the first one, which was accepted, and needs no runner.
      EXPECT_TRUE(status.ok());
    }
  }
}

// Accepts, and runs nothing, as one that is shut down.
struct Dropper {
  struct Handle {
    absl::Status Wait() { return absl::CancelledError("dropped"); }
  };
  template <class F>
  absl::Status Post(F&& f) {
    const auto dropped = std::forward<F>(f);
    return absl::OkStatus();
  }
  template <class Range>
  absl::Status PostAll(Range&&) {
    return absl::OkStatus();
  }
  template <class F>
  Handle Submit(F&&) {
    return {};
  }
  bool RunsOnThisThread() const { return false; }
};

TEST(TaskGroupTest, WhatAnExecutorDropsIsCancelled) {
  Dropper executor;
  TaskGroup group(executor);
  group.Spawn([] { return 1; });
  EXPECT_EQ(group.Wait().code(), StatusCode::kCancelled);
  EXPECT_EQ(group.state(0), GroupTaskState::kCancelled);
}

TEST(TaskGroupTest, ResultsThatAreNotKeptTakeNoMemory) {
  InlineExecutor executor;
  TaskGroup group(executor, {.keep_results = false});
  auto kept = std::make_shared<int>(0);
  group.Spawn([kept] { return kept; });
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(group.state(0), std::nullopt);
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_EQ(group.counts().completed, 1u);
}

TEST(TaskGroupTest, AFunctionIsDestroyedWhenItHasRun) {
  InlineExecutor executor;
  TaskGroup group(executor);
  auto kept = std::make_shared<int>(0);
  group.Spawn([kept] {});
  EXPECT_EQ(kept.use_count(), 1);
}

// ---- Join

Task<absl::Status> Joins(ManualExecutor& executor, int& ran, int fails) {
  TaskGroup group(executor, {.cancel_on_error = false});
  for (int i = 0; i < 3; ++i) {
    group.Spawn([&ran, i, fails] {
      ++ran;
      return i < fails ? absl::NotFoundError("not there") : absl::OkStatus();
    });
  }
  absl::Status status = co_await group.Join();
  EXPECT_EQ(group.Spawn([] {}), std::nullopt);
  EXPECT_EQ(group.counts().completed + group.counts().failed, 3u);
  co_return status;
}

TEST(TaskGroupTest, JoinSuspendsACoroutineUntilTheEnd) {
  ManualExecutor executor;
  int ran = 0;
  Future<void> joins = Spawn(Joins(executor, ran, 0));
  EXPECT_EQ(executor.pending(), 3u);
  EXPECT_TRUE(executor.RunOne());
  EXPECT_TRUE(executor.RunOne());
  EXPECT_FALSE(joins.IsReady());
  EXPECT_TRUE(executor.RunOne());
  ASSERT_TRUE(joins.IsReady());
  EXPECT_TRUE(joins.Get().ok());
  EXPECT_EQ(ran, 3);
}

TEST(TaskGroupTest, JoinGivesWhatWaitGives) {
  ManualExecutor executor;
  int ran = 0;
  Future<void> joins = Spawn(Joins(executor, ran, 2));
  executor.RunAll();
  EXPECT_EQ(joins.Get(), absl::NotFoundError("not there (and 1 more failed)"));
}

TEST(TaskGroupTest, AnEmptyGroupIsJoinedAtOnceAndEnds) {
  InlineExecutor executor;
  TaskGroup group(executor);
  EXPECT_TRUE(group.Join().IsReady());
  EXPECT_EQ(group.Spawn([] {}), std::nullopt);
  EXPECT_TRUE(group.Join().Get().ok());
  EXPECT_TRUE(group.Wait().ok());
}

TEST(TaskGroupTest, ACancelledCoroutineCancelsTheGroupAndStillJoins) {
  ManualExecutor executor;
  // Nothing has begun: the scope of the group ends inside of the cancellation.
  int ran = 0;
  Future<void> joins = Spawn(Joins(executor, ran, 0));
  joins.Cancel();
  ASSERT_TRUE(joins.IsReady());
  EXPECT_EQ(joins.WaitForOutcome().kind(), OutcomeKind::kCancelled);
  EXPECT_EQ(executor.RunAll(), 3u);  // which finds nothing to do
  EXPECT_EQ(ran, 0);

  // One has ended.
  joins = Spawn(Joins(executor, ran, 0));
  EXPECT_TRUE(executor.RunOne());
  joins.Cancel();
  EXPECT_TRUE(joins.IsReady());
  executor.RunAll();
  EXPECT_EQ(ran, 1);
}

TEST(TaskGroupTest, JoinWaitsForTheTaskThatRuns) {
  ManualExecutor executor;
  TaskGroup group(executor);
  Future<void> joined;
  group.Spawn([&](const CancellationToken& token) {
    joined = group.Join();
    joined.Cancel();
    EXPECT_TRUE(token.IsCancelled());
    EXPECT_FALSE(joined.IsReady());
  });
  group.Spawn([] { FAIL(); });
  EXPECT_TRUE(executor.RunOne());
  ASSERT_TRUE(joined.IsReady());
  EXPECT_TRUE(absl::IsCancelled(joined.Get()));
}

TEST(TaskGroupTest, AJoinThatIsDroppedDoesNotKeepTheGroup) {
  ManualExecutor executor;
  int ran = 0;
  Future<void> kept;
  {
    TaskGroup group(executor);
    group.Spawn([&] { ++ran; });
    (void)group.Join();
    kept = group.Join();
    EXPECT_FALSE(kept.IsReady());
  }
  EXPECT_EQ(ran, 1);
  EXPECT_TRUE(kept.Get().ok());
}

TEST(TaskGroupTest, AParentThatIsJoinedWaitsForTheGroupInside) {
  ManualExecutor executor;
  std::optional<TaskGroup> parent(std::in_place, executor);
  std::optional<TaskGroup> child(std::in_place, executor, TaskGroupConfig{.parent = &*parent});
  child->Spawn([] { return absl::NotFoundError("inside"); });
  Future<void> of_parent = parent->Join();
  Future<void> of_child = child->Join();
  EXPECT_FALSE(of_parent.IsReady());
  EXPECT_TRUE(executor.RunOne());
  ASSERT_TRUE(of_parent.IsReady());
  EXPECT_EQ(of_child.Get(), absl::NotFoundError("inside"));
  EXPECT_EQ(of_parent.Get(), absl::NotFoundError("inside"));
  // The parent's scope may be over first.
  parent.reset();
  child.reset();
}

// Threads run the tasks and cancel while coroutines join.
TEST(TaskGroupStressTest, JoinersGoOnOnceAndTheirGroupsEnd) {
  OneThread one, two;
  for (int round = 0; round < 200; ++round) {
    int ran = 0;
    std::atomic<int> also = 0;
    Future<void> joins = Spawn(Joins(one.executor(), ran, 0));
    Future<void> nested = Spawn([](ManualExecutor& first, ManualExecutor& second,
                                   std::atomic<int>& count) -> Task<absl::Status> {
      TaskGroup parent(first);
      TaskGroup child(second, {.parent = &parent});
      for (int i = 0; i < 3; ++i) child.Spawn([&count] { ++count; });
      parent.Spawn([&count] { ++count; });
      absl::Status inner = co_await child.Join();
      absl::Status outer = co_await parent.Join();
      co_return inner.ok() ? outer : inner;
    }(one.executor(), two.executor(), also));
    if (round % 2 == 1) {
      joins.Cancel();
      nested.Cancel();
    }
    const absl::Status status = joins.Get();
    EXPECT_TRUE(status.ok() || (round % 2 == 1 && absl::IsCancelled(status))) << status;
    EXPECT_TRUE(nested.Get().ok() || round % 2 == 1);
    if (round % 2 == 0) {
      EXPECT_EQ(ran, 3);
      EXPECT_EQ(also, 4);
    }
  }
}

TEST(TaskGroupTest, DumpTasksPrintsTheTree) {
  ManualExecutor executor;
  TaskGroup root(executor, {.name = "root"});
  std::string dump;
  root.SpawnNamed("reader", [&] { dump = DumpTasks(root); });
  root.Spawn([] {});
  root.Spawn([] {});
  TaskGroup child(executor, {.name = "child", .parent = &root});
  child.Spawn([] {});
  child.Cancel();
  executor.RunOne();
  EXPECT_EQ(dump,
            "group \"root\": open, 2 pending, 1 running, 0 completed, 0 failed, 0 cancelled\n"
            "  task 0 \"reader\": running\n"
            "  task 1: pending\n"
            "  task 2: pending\n"
            "  group \"child\": cancelled, 0 pending, 0 running, 0 completed, 0 failed, "
            "1 cancelled\n");
}

TEST(TaskGroupDeathTest, MisuseIsChecked) {
  InlineExecutor executor;
  EXPECT_DEATH(TaskGroup(executor, {.timeout = absl::Seconds(1)}), "a timeout needs timers");
  TaskGroup group(executor);
  group.Spawn([] { return 1; });
  EXPECT_TRUE(group.Wait().ok());
  EXPECT_DEATH((void)group.TakeResult<double>(0), "returns another type");
  EXPECT_TRUE(group.TakeResult<int>(0).ok());
  EXPECT_DEATH((void)group.TakeResult<int>(0), "was taken before");
}

std::vector<int> UpTo(int end) {
  std::vector<int> numbers(static_cast<std::size_t>(end));
  for (int i = 0; i < end; ++i) numbers[static_cast<std::size_t>(i)] = i;
  return numbers;
}

TEST(ParallelForEachTest, EveryElementOnce) {
  OneThread thread;
  std::vector<int> numbers(1000, 0);
  for (const std::size_t grain :
       {std::size_t{0}, std::size_t{1}, std::size_t{7}, ~std::size_t{0}}) {
    for (const std::size_t tasks : {0, 1, 3, 5000}) {
      EXPECT_TRUE(ParallelForEach(thread.executor(), numbers, [](int& n) { ++n; },
                                  {.max_concurrency = tasks, .grain = grain})
                      .ok());
    }
  }
  EXPECT_EQ(numbers, std::vector<int>(1000, 16));
}

TEST(ParallelForEachTest, AnyForwardRange) {
  InlineExecutor executor;
  std::list<int> numbers = {1, 2, 3};
  int sum = 0;
  EXPECT_TRUE(ParallelForEach(executor, numbers, [&](int n) { sum += n; }).ok());
  EXPECT_EQ(sum, 6);
  EXPECT_TRUE(ParallelForEach(executor, std::vector<int>(), [&](int n) { sum += n; }).ok());
  EXPECT_TRUE(ParallelForEach(executor, UpTo(5), [&](int n) { sum += n; }).ok());
  EXPECT_EQ(sum, 16);
}

TEST(ParallelForEachTest, TheFirstFailureEndsIt) {
  InlineExecutor executor;
  int count = 0;
  const auto fails = [&](int n) {
    ++count;
    return n == 10 ? absl::OutOfRangeError("ten") : absl::OkStatus();
  };
  EXPECT_EQ(ParallelForEach(executor, UpTo(100), fails, {.grain = 1}),
            absl::OutOfRangeError("ten"));
  EXPECT_EQ(count, 11);
  const auto throws = [](int) { throw std::runtime_error("thrown"); };
  EXPECT_THROW((void)ParallelForEach(executor, UpTo(100), throws), std::runtime_error);
  CancellationSource source;
  source.Cancel();
  EXPECT_EQ(ParallelForEach(executor, UpTo(100), fails, {.token = source.token()}).code(),
            StatusCode::kCancelled);
  EXPECT_EQ(count, 11);
}

TEST(ScopedTaskTest, IsCancelledAndJoinedAndThenCleanedUp) {
  OneThread thread;
  std::atomic<bool> begun = false;
  int stage = 0;
  {
    const ScopedTask task(
        thread.executor(),
        [&](const CancellationToken& token) {
          begun = true;
          while (!token.IsCancelled()) std::this_thread::yield();
          stage = 1;
        },
        [&] {
          EXPECT_EQ(stage, 1);
          stage = 2;
        });
    while (!begun) std::this_thread::yield();
  }
  EXPECT_EQ(stage, 2);
}

TEST(ScopedTaskTest, CleansUpWhatNeverRan) {
  ManualExecutor executor;
  int ran = 0;
  int cleaned = 0;
  {
    const ScopedTask task(
        executor, [&] { ++ran; }, [&] { ++cleaned; });
  }
  EXPECT_EQ(ran, 0);
  EXPECT_EQ(cleaned, 1);
  ScopedTask task(executor, [&] { ++ran; });
  EXPECT_TRUE(task.Wait().ok());
  EXPECT_EQ(ran, 1);
}

// A random tree of groups, on an executor that is stepped in random order: failures, exceptions,
// cancellations, deadlines. Each spawned task ends once, and before its scope does.
class RandomTree {
 public:
  explicit RandomTree(unsigned seed) : random_(seed) {}

  void Run() {
    {
      Scope root(*this, nullptr, 0);
      for (int step = 0; step < 30; ++step) Step();
      root.End();
    }
    executor_.RunAll();
    EXPECT_EQ(alive_, 0);
  }

 private:
  // A function's life: the number of those that are there, running or not.
  class Life {
   public:
    Life(RandomTree& tree, int& in_scope) : tree_(&tree), in_scope_(&in_scope) {
      ++tree_->alive_;
      ++*in_scope_;
    }
    Life(Life&& other) noexcept
        : tree_(std::exchange(other.tree_, nullptr)), in_scope_(other.in_scope_) {}
    ~Life() {
      if (tree_ == nullptr) return;
      --tree_->alive_;
      --*in_scope_;
    }

   private:
    RandomTree* tree_;
    int* in_scope_;
  };

  struct Scope {
    Scope(RandomTree& its_tree, TaskGroup* parent, int its_depth)
        : tree(its_tree), depth(its_depth), group(its_tree.executor_, its_tree.Config(parent)) {}
    ~Scope() { EXPECT_EQ(alive, 0); }

    void End() {
      const absl::Status status = group.Wait();
      EXPECT_EQ(alive, 0);
      const GroupTaskCounts counts = group.counts();
      EXPECT_EQ(counts.pending + counts.running, 0u);
      EXPECT_EQ(counts.completed + counts.failed + counts.cancelled, spawned);
      EXPECT_EQ(status.ok(),
                group.failures().empty() && counts.cancelled == 0 && counts.refused == 0);
      EXPECT_LE(counts.failed, group.failures().size());
      EXPECT_EQ(counts.completed + counts.failed, ended);
    }
    void Spawn() {
      if (group.Spawn([this, life = Life(tree, alive)](const CancellationToken& token) {
            return tree.Task(*this, token);
          })) {
        ++spawned;
      }
    }

    RandomTree& tree;
    const int depth;
    std::size_t spawned = 0;
    std::size_t ended = 0;  // that completed or failed
    int alive = 0;
    TaskGroup group;
  };

  int Dice(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }

  TaskGroupConfig Config(TaskGroup* parent) {
    TaskGroupConfig config;
    config.max_concurrency = static_cast<std::size_t>(Dice(2) * (1 + Dice(3)));
    config.cancel_on_error = Dice(2) == 0;
    config.parent = parent;
    config.keep_results = Dice(2) == 0;
    if (Dice(4) == 0) {
      config.timers = &timers_;
      config.timeout = absl::Milliseconds(1 + Dice(20));
    }
    return config;
  }

  void Step() {
    if (Dice(3) == 0) timers_.Advance(absl::Milliseconds(Dice(4)));
    if (executor_.pending() > 0)
      executor_.RunAt(static_cast<std::size_t>(Dice(static_cast<int>(executor_.pending()))));
  }

  absl::Status Task(Scope& scope, const CancellationToken& token) {
    const absl::Status status = Act(scope, token);
    // Those that are cancelled say so.
    if (!absl::IsCancelled(status) && !(absl::IsDeadlineExceeded(status) && token.IsCancelled())) {
      ++scope.ended;
    }
    if (absl::IsUnknown(status)) throw std::runtime_error("thrown");
    return status;
  }

  absl::Status Act(Scope& scope, const CancellationToken& token) {
    if (--budget_ > 0) {
      for (int i = Dice(4); i > 0; --i) scope.Spawn();
      if (scope.depth < 4 && Dice(3) == 0) {
        Scope inner(*this, Dice(4) == 0 ? nullptr : &scope.group, scope.depth + 1);
        for (int i = Dice(5); i > 0; --i) inner.Spawn();
        for (int i = Dice(5); i > 0; --i) Step();
        if (Dice(2) == 0) inner.End();
      }
      if (Dice(20) == 0) scope.group.Cancel();
      if (Dice(20) == 0) scope.group.CancelRemaining();
    }
    if (token.IsCancelled() && Dice(2) == 0) return token.status();
    switch (Dice(12)) {
      case 0:
        return absl::InternalError("fails");
      case 1:
        return absl::UnknownError("throws");
      default:
        return absl::OkStatus();
    }
  }

  std::mt19937 random_;
  ManualExecutor executor_;
  ManualTimerService timers_;
  int alive_ = 0;
  int budget_ = 100;  // of tasks that spawn others
};

TEST(TaskGroupPropertyTest, EveryTaskOfARandomTreeEndsOnceBeforeItsScope) {
  for (unsigned seed = 0; seed < 2000; ++seed) {
    SCOPED_TRACE(seed);
    RandomTree(seed).Run();
    if (testing::Test::HasFailure()) return;
  }
}

// Threads that run, spawn, cancel and wait at the same time.
TEST(TaskGroupStressTest, EveryTaskEndsOnce) {
  OneThread one;
  ManualExecutor& executor = one.executor();
  std::atomic<bool> ends = false;
  std::thread runner([&] {
    while (!ends) {
      if (!executor.RunOne()) std::this_thread::yield();
    }
  });
  for (int round = 0; round < 300; ++round) {
    std::atomic<std::size_t> ran = 0;
    std::size_t spawned = 0;
    {
      TaskGroup group(executor, {.max_concurrency = static_cast<std::size_t>(round % 3)});
      std::atomic<std::size_t> inner = 0;
      for (int i = 0; i < 10; ++i) {
        spawned += group
                       .Spawn([&] {
                         ++ran;
                         inner += group.Spawn([&ran] { ++ran; }).has_value();
                       })
                       .has_value();
      }
      if (round % 2 == 1) group.Cancel();
      (void)group.Wait();
      const GroupTaskCounts counts = group.counts();
      EXPECT_EQ(counts.completed, ran);
      EXPECT_EQ(counts.completed + counts.cancelled, spawned + inner);
    }
  }
  ends = true;
  runner.join();
}

}  // namespace
}  // namespace ashlar
