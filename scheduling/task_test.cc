#include "ashlar/scheduling/task.h"

#include <coroutine>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/inline_executor.h"
#include "ashlar/scheduling/manual_executor.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/spawn.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Log = std::vector<std::string>;

// Writes down that a scope ended.
struct Ends {
  Ends(Log& to, std::string text) : log(to), name(std::move(text)) {}
  Ends(const Ends&) = delete;
  ~Ends() { log.push_back(name); }
  Log& log;
  std::string name;
};

Task<int> Value(int value) { co_return value; }
Task<void> Nothing() { co_return; }
Task<int> Throws() {
  throw std::out_of_range("thrown");
  co_return 0;
}
Task<int> Fails() { co_return absl::NotFoundError("no such thing"); }
Task<int> IsCancelled() { co_return absl::CancelledError(); }
Task<absl::Status> FailsAsStatus() { co_return absl::NotFoundError("no such thing"); }

Task<int> Sum(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) sum += co_await Value(i);
  co_return sum;
}

TEST(TaskTest, GivesItsValue) {
  EXPECT_EQ(BlockOn(Sum(10)).value(), 45);
  EXPECT_TRUE(BlockOn(Nothing()).ok());
}

Task<void> Notes(Log& log, std::string text) {
  log.push_back(text);
  co_return;
}

TEST(TaskTest, DoesNotBeginBeforeItIsAwaited) {
  Log log;
  {
    const Task<void> never = Notes(log, "never begun");
    EXPECT_TRUE(never.valid());
  }
  Task<void> task = Notes(log, "begun");
  EXPECT_EQ(log, Log());
  EXPECT_TRUE(BlockOn(std::move(task)).ok());
  EXPECT_EQ(log, Log{"begun"});
  EXPECT_FALSE(Task<int>().valid());
}

TEST(TaskDeathTest, IsAwaitedOnce) {
  Task<int> task = Value(1);
  EXPECT_TRUE(BlockOn(std::move(task)).ok());
  EXPECT_DEATH((void)BlockOn(std::move(task)), "awaited before");
}

Task<std::unique_ptr<int>> Moves(std::unique_ptr<int> value) { co_return std::move(value); }
Task<int> PassesTemporaries() {
  // Arguments with destructors, in the expression that is awaited.
  const std::unique_ptr<int> one = co_await Moves(std::make_unique<int>(1));
  std::string text = std::string(40, 'x') + "y";
  Log log;
  co_await Notes(log, text + std::string(40, 'z'));
  co_return *one + static_cast<int>(log.at(0).size());
}

TEST(TaskTest, MovesValuesAndArguments) { EXPECT_EQ(BlockOn(PassesTemporaries()).value(), 82); }

struct NeverCopied {
  explicit NeverCopied(int v) : value(v) {}
  NeverCopied(NeverCopied&& other) : value(other.value) {  // may throw
    if (value < 0) throw std::runtime_error("negative");
  }
  int value;
};
Task<NeverCopied> Negative() { co_return NeverCopied(-1); }

TEST(TaskTest, AValueWhoseMoveThrowsIsAnException) {
  EXPECT_THROW((void)BlockOn(Negative()), std::runtime_error);
}

// ---- Exceptions and errors

Task<std::string> CatchesException() {
  try {
    co_await Throws();
  } catch (const std::out_of_range& error) {
    co_return error.what();
  }
  co_return "none";
}

TEST(TaskTest, RethrowsExceptions) {
  EXPECT_EQ(BlockOn(CatchesException()).value(), "thrown");
  EXPECT_THROW((void)BlockOn(Throws()), std::out_of_range);
}

Task<int> OnTopOf(Log& log, Task<int> task, int levels) {
  const Ends end(log, std::to_string(levels));
  if (levels > 0) co_return co_await OnTopOf(log, std::move(task), levels - 1);
  try {
    co_return co_await std::move(task);
  } catch (...) {
    log.push_back("caught");
    throw;
  }
}

TEST(TaskTest, AnErrorEndsThoseWhoAwaitValues) {
  Log log;
  const absl::StatusOr<int> result = BlockOn(OnTopOf(log, Fails(), 2));
  EXPECT_EQ(result.status(), absl::NotFoundError("no such thing"));
  EXPECT_EQ(log, (Log{"0", "1", "2"}));
}

TEST(TaskTest, ACancellationIsNoExceptionThatCouldBeCaught) {
  Log log;
  EXPECT_TRUE(absl::IsCancelled(BlockOn(OnTopOf(log, IsCancelled(), 2)).status()));
  EXPECT_EQ(log, (Log{"0", "1", "2"}));
}

TEST(TaskTest, AnExceptionPassesThroughAllOfThem) {
  Log log;
  EXPECT_THROW((void)BlockOn(OnTopOf(log, Throws(), 2)), std::out_of_range);
  EXPECT_EQ(log, (Log{"caught", "0", "1", "2"}));
}

Task<absl::StatusOr<int>> Halves(int value) {
  if (value % 2 != 0) co_return absl::InvalidArgumentError("odd");
  co_return value / 2;
}
Task<int> HalvesOrNegates(int value) {
  const absl::StatusOr<int> half = co_await Halves(value);
  co_return half.ok() ? *half : -value;
}

TEST(TaskTest, AStatusOrIsGivenToWhoAwaitsIt) {
  EXPECT_EQ(BlockOn(HalvesOrNegates(10)).value(), 5);
  EXPECT_EQ(BlockOn(HalvesOrNegates(11)).value(), -11);
  EXPECT_EQ(BlockOn(Halves(3)).status(), absl::InvalidArgumentError("odd"));
  EXPECT_EQ(BlockOn(FailsAsStatus()), absl::NotFoundError("no such thing"));
}

// Awaits something that fails below it.
Task<absl::Status> FailsBelow() {
  co_await Fails();
  co_return absl::OkStatus();
}
Task<bool> SeesNotFound() { co_return absl::IsNotFound(co_await FailsBelow()); }

TEST(TaskTest, AStatusIsWhatFailedBelowIt) { EXPECT_TRUE(BlockOn(SeesNotFound()).value()); }

Task<absl::Status> IsCancelledBelow() {
  co_await IsCancelled();
  co_return absl::OkStatus();
}
Task<int> AwaitsStatus(Log& log) {
  const Ends end(log, "left");
  const absl::Status status = co_await IsCancelledBelow();
  log.push_back("went on");
  co_return status.ok();
}

TEST(TaskTest, ACancellationIsNotGivenAsAStatus) {
  Log log;
  EXPECT_TRUE(absl::IsCancelled(BlockOn(AwaitsStatus(log)).status()));
  EXPECT_EQ(log, Log{"left"});
}

Task<int> Needs(absl::StatusOr<int> number, absl::Status status) {
  co_await OrFail(status);
  co_return 1 + co_await OrFail(number);
}

TEST(TaskTest, OrFailGivesTheValueOrEndsTheTask) {
  EXPECT_EQ(BlockOn(Needs(1, absl::OkStatus())).value(), 2);
  EXPECT_EQ(BlockOn(Needs(absl::NotFoundError("a"), absl::OkStatus())).status(),
            absl::NotFoundError("a"));
  EXPECT_EQ(BlockOn(Needs(1, absl::NotFoundError("b"))).status(), absl::NotFoundError("b"));
}

Task<std::vector<OutcomeKind>> Kinds() {
  std::vector<OutcomeKind> kinds;
  Log log;
  const Outcome<int> value = co_await AsOutcome(Value(1));
  kinds.push_back(value.kind());
  const Outcome<int> exception = co_await AsOutcome(OnTopOf(log, Throws(), 1));
  kinds.push_back(exception.kind());
  const Outcome<int> error = co_await AsOutcome(OnTopOf(log, Fails(), 1));
  kinds.push_back(error.kind());
  const Outcome<void> status = co_await AsOutcome(FailsAsStatus());
  kinds.push_back(status.kind());
  const Outcome<int> cancelled = co_await AsOutcome(OnTopOf(log, IsCancelled(), 1));
  kinds.push_back(cancelled.kind());
  co_return kinds;
}

TEST(TaskTest, AsOutcomeGoesOnInAnyCase) {
  using Kind = OutcomeKind;
  EXPECT_EQ(BlockOn(Kinds()).value(), (std::vector{Kind::kValue, Kind::kException, Kind::kError,
                                                   Kind::kError, Kind::kCancelled}));
}

Task<int> Passes(Outcome<int> outcome) { co_return std::move(outcome); }

TEST(TaskTest, AnOutcomeIsReturnedAsWhatItIs) {
  EXPECT_EQ(BlockOn(Passes(3)).value(), 3);
  EXPECT_EQ(Spawn(Passes(absl::NotFoundError("x"))).WaitForOutcome().kind(), OutcomeKind::kError);
  EXPECT_EQ(Spawn(Passes(absl::CancelledError())).WaitForOutcome().kind(), OutcomeKind::kCancelled);
  const auto exception = std::make_exception_ptr(std::out_of_range("x"));
  EXPECT_EQ(Spawn(Passes(exception)).WaitForOutcome().exception(), exception);
}

// ---- Depth

Task<int> Depth(int levels) {
  if (levels == 0) co_return 0;
  co_return 1 + co_await Depth(levels - 1);
}
Task<int> FailsAtDepth(int levels) {
  if (levels == 0) co_return absl::NotFoundError("at the bottom");
  co_return 1 + co_await FailsAtDepth(levels - 1);
}
Task<int> SwitchesOften(InlineExecutor& executor, int count) {
  for (int i = 0; i < count; ++i) co_await SwitchTo(executor);
  co_return count;
}
Task<int> CatchesOften(int count) {
  int caught = 0;
  for (int i = 0; i < count; ++i) caught += (co_await AsOutcome(Fails())).failed();
  co_return caught;
}

TEST(TaskTest, TheStackDoesNotGrow) {
  EXPECT_EQ(BlockOn(Depth(30'000)).value(), 30'000);
  EXPECT_EQ(BlockOn(FailsAtDepth(30'000)).status(), absl::NotFoundError("at the bottom"));
  EXPECT_TRUE(BlockOn(Sum(60'000)).ok());
  InlineExecutor executor;
  EXPECT_EQ(BlockOn(SwitchesOften(executor, 30'000)).value(), 30'000);
  EXPECT_EQ(BlockOn(CatchesOften(30'000)).value(), 30'000);
}

Task<std::size_t> HasALargeFrame(std::size_t byte) {
  char large[5000] = {};
  large[byte] = 'x';
  co_await Nothing();
  co_return std::string_view(large, sizeof(large)).find('x');
}

TEST(TaskTest, AFrameMayBeLarge) { EXPECT_EQ(BlockOn(HasALargeFrame(4321)).value(), 4321U); }

TEST(TaskTest, FramesAreMadeAndFreedByDifferentThreads) {
  for (int round = 0; round < 3; ++round) {
    std::vector<Task<int>> tasks;
    std::thread([&] {
      for (int i = 0; i < 200; ++i) tasks.push_back(Sum(i));
    }).join();
    std::thread([&] {
      for (Task<int>& task : tasks) EXPECT_TRUE(BlockOn(std::move(task)).ok());
      tasks.clear();
    }).join();
  }
}

// ---- Futures

Task<std::string> Waits(Log& log, Future<std::string> future) {
  const Ends end(log, "end");
  log.push_back("waits");
  absl::StatusOr<std::string> text = co_await future;
  log.push_back(text.ok() ? *text : text.status().ToString());
  co_return text.value_or("none");
}

TEST(TaskTest, WaitsForAFuture) {
  Log log;
  Promise<std::string> promise;
  Future<std::string> task = Spawn(Waits(log, promise.GetFuture()));
  EXPECT_EQ(log, Log{"waits"});
  EXPECT_FALSE(task.IsReady());
  promise.SetValue("text");
  EXPECT_EQ(log, (Log{"waits", "text", "end"}));
  EXPECT_EQ(task.Get().value(), "text");
  EXPECT_EQ(BlockOn(Waits(log, Future<std::string>("ready"))).value(), "ready");
}

TEST(TaskTest, SeesWhatAFutureFailsWith) {
  Log log;
  EXPECT_EQ(BlockOn(Waits(log, absl::NotFoundError("x"))).value(), "none");
  // The future was cancelled, not the task.
  EXPECT_EQ(BlockOn(Waits(log, absl::CancelledError("x"))).value(), "none");
  EXPECT_EQ(log, (Log{"waits", "NOT_FOUND: x", "end", "waits", "CANCELLED: x", "end"}));
  const auto exception = std::make_exception_ptr(std::out_of_range("x"));
  EXPECT_THROW((void)BlockOn(Waits(log, exception)), std::out_of_range);
}

TEST(TaskTest, ACancelledTaskStopsWhatItWaitsFor) {
  Log log;
  const CancellationSource producer;
  Promise<std::string> promise(producer);
  Future<std::string> task = Spawn(Waits(log, promise.GetFuture()));
  task.Cancel();
  EXPECT_TRUE(producer.IsCancelled());
  EXPECT_FALSE(task.IsReady());  // not before that has ended
  promise.SetCancelled();
  EXPECT_EQ(log, (Log{"waits", "end"}));
  EXPECT_EQ(task.WaitForOutcome().kind(), OutcomeKind::kCancelled);
}

TEST(TaskTest, AProducerMayEndInsideOfTheCancellation) {
  Log log;
  const CancellationSource producer;
  std::optional<Promise<std::string>> promise(std::in_place, producer);
  Future<std::string> future = promise->GetFuture();
  const CancellationCallback stops(producer.token(), [&] { promise.reset(); });
  Future<std::string> task = Spawn(Waits(log, std::move(future)));
  task.Cancel();
  EXPECT_EQ(log, (Log{"waits", "end"}));
  EXPECT_TRUE(absl::IsCancelled(task.Get().status()));
}

TEST(TaskTest, AValueThatComesAfterTheCancellationIsNotLost) {
  Log log;
  Promise<std::string> promise;
  Future<std::string> task = Spawn(Waits(log, promise.GetFuture()));
  task.Cancel();
  promise.SetValue("text");
  EXPECT_EQ(task.Get().value(), "text");
}

Task<int> WaitsTwice(Future<int> first, Future<int> second) {
  const absl::StatusOr<int> one = co_await first;
  const absl::StatusOr<int> two = co_await std::move(second);
  co_return one.value_or(0) + two.value_or(0);
}

TEST(TaskTest, ACancelledTaskDoesNotBeginAnotherWait) {
  for (const bool ready : {false, true}) {
    Promise<int> first;
    const CancellationSource producer;
    Promise<int> second(producer);
    Future<int> task = Spawn(WaitsTwice(first.GetFuture(), second.GetFuture()));
    if (ready) second.SetValue(2);
    task.Cancel();
    first.SetValue(1);
    EXPECT_EQ(producer.IsCancelled(), !ready);
    if (!ready) second.SetValue(2);
    EXPECT_TRUE(absl::IsCancelled(task.Get().status()));
  }
}

// ---- Executors

Task<bool> IsOn(ManualExecutor& executor) {
  co_await SwitchTo(executor);
  co_return executor.RunsOnThisThread();
}

TEST(TaskTest, SwitchToGoesOnOnTheExecutor) {
  ManualExecutor executor;
  Future<bool> task = Spawn(IsOn(executor));
  EXPECT_EQ(executor.pending(), 1U);
  EXPECT_FALSE(task.IsReady());
  EXPECT_TRUE(executor.RunOne());
  EXPECT_TRUE(task.Get().value());
}

TEST(TaskTest, AnExecutorThatRefusesFailsTheTask) {
  ManualExecutor executor;
  executor.Refuse();
  EXPECT_TRUE(absl::IsFailedPrecondition(BlockOn(IsOn(executor)).status()));
  EXPECT_TRUE(absl::IsFailedPrecondition(Spawn(executor, Value(1)).Get().status()));
}

TEST(TaskTest, ATaskThatIsCancelledInAQueueDoesNotGoOn) {
  ManualExecutor executor;
  Log log;
  Future<void> task = Spawn(executor, Notes(log, "begun"));
  Future<bool> other = Spawn(IsOn(executor));
  task.Cancel();
  other.Cancel();
  EXPECT_EQ(executor.RunAll(), 2U);
  EXPECT_TRUE(absl::IsCancelled(task.Get()));
  EXPECT_TRUE(absl::IsCancelled(other.Get().status()));
  EXPECT_EQ(log, Log());
}

TEST(TaskTest, GoesFromThreadToThread) {
  Promise<int> first;
  Promise<int> second;
  Future<int> task = Spawn(WaitsTwice(first.GetFuture(), second.GetFuture()));
  std::thread one([promise = std::move(first)]() mutable { promise.SetValue(1); });
  std::thread two([promise = std::move(second)]() mutable { promise.SetValue(2); });
  EXPECT_EQ(task.Get().value(), 3);
  one.join();
  two.join();
}

// ---- Cancellation

Task<int> Checks(Log& log) {
  const Ends end(log, "end");
  const CancellationToken token = co_await CurrentToken();
  log.push_back(token.IsCancelled() ? "cancelled" : "not cancelled");
  co_await Checkpoint();
  log.push_back("went on");
  co_return 1;
}
Task<int> ChecksBelow(Log& log) { co_return co_await Checks(log); }

TEST(TaskTest, TasksHandTheirTokenDown) {
  Log log;
  CancellationSource source;
  EXPECT_EQ(BlockOn(ChecksBelow(log), source.token()).value(), 1);
  source.Cancel();
  EXPECT_TRUE(absl::IsCancelled(BlockOn(ChecksBelow(log), source.token()).status()));
  EXPECT_EQ(log, (Log{"not cancelled", "went on", "end", "cancelled", "end"}));
}

Task<void> CleansUp(Log& log) {
  const Outcome<int> outcome = co_await AsOutcome(Checks(log));
  log.push_back(outcome.cancelled() ? "cleans up" : "?");
  co_await Shielded(Checks(log));
  co_await Checkpoint();  // still cancelled
  log.push_back("not here");
}

TEST(TaskTest, AShieldedTaskCleansUp) {
  Log log;
  CancellationSource source;
  source.Cancel();
  EXPECT_TRUE(absl::IsCancelled(BlockOn(CleansUp(log), source.token())));
  EXPECT_EQ(log, (Log{"cancelled", "end", "cleans up", "not cancelled", "went on", "end"}));
}

Task<std::vector<absl::StatusCode>> HasScopes(Log& log, CancellationToken token) {
  std::vector<absl::StatusCode> codes;
  const Outcome<int> inner = co_await AsOutcome(Checks(log), token);
  codes.push_back(inner.status().code());
  const Outcome<int> shielded = co_await AsOutcome(WithToken({}, Checks(log)));
  codes.push_back(shielded.status().code());
  co_return codes;
}

TEST(TaskTest, AScopeHasATokenOfItsOwn) {
  Log log;
  CancellationSource source;
  source.Cancel(CancellationReason::kDeadlineExceeded);
  EXPECT_EQ(BlockOn(HasScopes(log, source.token())).value(),
            (std::vector{absl::StatusCode::kDeadlineExceeded, absl::StatusCode::kOk}));
  EXPECT_EQ(log, (Log{"cancelled", "end", "not cancelled", "went on", "end"}));
  EXPECT_TRUE(absl::IsDeadlineExceeded(BlockOn(Checks(log), source.token()).status()));
}

// ---- Foreign awaitables

struct Resumes {
  std::coroutine_handle<>* waiting;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) const { *waiting = coroutine; }
  int await_resume() const { return 5; }
};
struct DoesNotSuspend {
  bool await_ready() const { return false; }
  bool await_suspend(std::coroutine_handle<>) const { return false; }
  std::unique_ptr<int> await_resume() const { return std::make_unique<int>(6); }
};
struct Convertible {
  DoesNotSuspend operator co_await() const { return {}; }
};

Task<int> AwaitsForeign(std::coroutine_handle<>* waiting) {
  const int five = co_await Resumes{waiting};
  const std::unique_ptr<int> six = co_await DoesNotSuspend();
  Convertible lvalue;
  const std::unique_ptr<int> again = co_await lvalue;
  co_return 100 * five + 10 * *six + *again;
}

TEST(TaskTest, AwaitsWhatKnowsNothingOfTasks) {
  std::coroutine_handle<> waiting;
  Future<int> task = Spawn(AwaitsForeign(&waiting));
  EXPECT_FALSE(task.IsReady());
  waiting.resume();
  EXPECT_EQ(task.Get().value(), 566);

  task = Spawn(AwaitsForeign(&waiting));
  task.Cancel();
  waiting.resume();  // its value is there, but the next one does not begin
  EXPECT_TRUE(absl::IsCancelled(task.Get().status()));
}

}  // namespace
}  // namespace ashlar
