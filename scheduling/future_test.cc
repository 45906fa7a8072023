#include "ashlar/scheduling/future.h"

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/memory/poison.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/inline_executor.h"
#include "ashlar/scheduling/manual_executor.h"
#include "ashlar/scheduling/outcome.h"
#include "gtest/gtest.h"

// How often this thread has allocated.
static thread_local int allocations = 0;

void* operator new(std::size_t size) {
  ++allocations;
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace ashlar {
namespace {

constexpr int kMillion = 1'000'000;
constexpr int kManyDeep = 100'000;  // more than any stack would bear

struct Odd : std::runtime_error {
  explicit Odd(int number) : std::runtime_error("odd"), number(number) {}
  int number;
};
int Half(int number) {
  if (number % 2 != 0) throw Odd(number);
  return number / 2;
}

// Ready futures.

TEST(FutureTest, IsMadeOfWhatAFunctionMayGive) {
  EXPECT_EQ(*Future<int>(42).Get(), 42);
  EXPECT_EQ(*Future<std::string>("text").Get(), "text");
  EXPECT_EQ(*Future<int>(absl::StatusOr<int>(7)).Get(), 7);
  EXPECT_EQ(Future<int>(absl::NotFoundError("x")).Get().status(), absl::NotFoundError("x"));
  EXPECT_TRUE(Future<void>(absl::OkStatus()).Get().ok());
  EXPECT_TRUE(MakeFuture().Get().ok());
  EXPECT_EQ(**MakeFuture(std::make_unique<int>(5)).Get(), 5);
  EXPECT_THROW((void)Future<int>(std::make_exception_ptr(Odd(1))).Get(), Odd);
}

TEST(FutureTest, ThenPassesTheValueOn) {
  EXPECT_EQ(
      *MakeFuture(20).Then([](int n) { return n + 1; }).Then([](int n) { return 2 * n; }).Get(),
      42);
  int calls = 0;
  EXPECT_TRUE(MakeFuture().Then([&] { ++calls; }).Then([&] { ++calls; }).Get().ok());
  EXPECT_EQ(calls, 2);
}

TEST(FutureTest, WhatAFunctionGivesPassesThrough) {
  const auto status = [](absl::Status s) { return MakeFuture().Then([s] { return s; }); };
  static_assert(std::is_same_v<decltype(status(absl::OkStatus())), Future<void>>);
  EXPECT_TRUE(status(absl::OkStatus()).Get().ok());
  EXPECT_EQ(status(absl::AbortedError("no")).Get(), absl::AbortedError("no"));

  auto result = MakeFuture(1).Then([](int n) -> absl::StatusOr<long> { return n + 1; });
  static_assert(std::is_same_v<decltype(result), Future<long>>);
  EXPECT_EQ(*result.Get(), 2);

  auto nested = MakeFuture(1).Then([](int n) { return MakeFuture(std::string(3, 'a' + n)); });
  static_assert(std::is_same_v<decltype(nested), Future<std::string>>);
  EXPECT_EQ(*nested.Get(), "bbb");
}

TEST(FutureTest, ErrorsAndCancellationsPassBy) {
  bool called = false;
  const auto call = [&](int n) { return called = true, n; };
  EXPECT_EQ(Future<int>(absl::DataLossError("lost")).Then(call).Get().status(),
            absl::DataLossError("lost"));
  EXPECT_TRUE(Future<int>(absl::CancelledError()).Then(call).WaitForOutcome().cancelled());
  EXPECT_FALSE(called);
}

TEST(FutureTest, ExceptionsKeepTheirType) {
  auto future = MakeFuture(7).Then(Half).Then([](int n) { return std::to_string(n); });
  try {
    (void)future.Get();
    FAIL() << "nothing was thrown";
  } catch (const Odd& odd) {
    EXPECT_EQ(odd.number, 7);
  }
}

TEST(FutureTest, CatchPutsSomethingInItsPlace) {
  const auto instead = [](const absl::Status& status) { return static_cast<int>(status.code()); };
  EXPECT_EQ(*Future<int>(absl::NotFoundError("")).Catch(instead).Get(), 5);
  EXPECT_EQ(*Future<int>(1234).Catch(instead).Get(), 1234);
  EXPECT_EQ(*MakeFuture(3).Then(Half).Catch(instead).Get(), 2) << "an exception is Unknown";
  EXPECT_TRUE(Future<int>(absl::CancelledError()).Catch(instead).WaitForOutcome().cancelled());
  EXPECT_EQ(MakeFuture(3)
                .Then(Half)
                .Catch([](const absl::Status& s) -> absl::StatusOr<int> { return s; })
                .Get()
                .status(),
            absl::UnknownError("exception: odd"));
  EXPECT_EQ(*Future<int>(absl::NotFoundError(""))
                 .Catch([](const absl::Status&) { return MakeFuture(9); })
                 .Get(),
            9);
}

TEST(FutureTest, CatchOfATypeLeavesOthers) {
  const auto number = [](const Odd& odd) { return odd.number; };
  EXPECT_EQ(*MakeFuture(3).Then(Half).Catch<Odd>(number).Get(), 3);
  EXPECT_EQ(Future<int>(absl::NotFoundError("x")).Catch<Odd>(number).Get().status(),
            absl::NotFoundError("x"));
  EXPECT_THROW((void)MakeFuture(3)
                   .Then(Half)
                   .Catch<std::logic_error>([](const std::logic_error&) { return 1; })
                   .Get(),
               Odd);
  EXPECT_EQ(*MakeFuture(3)
                 .Then(Half)
                 .Catch<std::exception>([](const std::exception&) { return 1; })
                 .Get(),
            1)
      << "of a base";
}

TEST(FutureTest, FinallyRunsInAnyCase) {
  int calls = 0;
  const auto count = [&] { ++calls; };
  EXPECT_EQ(*MakeFuture(1).Finally(count).Get(), 1);
  EXPECT_EQ(Future<int>(absl::NotFoundError("x")).Finally(count).Get().status(),
            absl::NotFoundError("x"));
  EXPECT_TRUE(Future<int>(absl::CancelledError()).Finally(count).WaitForOutcome().cancelled());
  EXPECT_EQ(calls, 3);
}

TEST(FutureTest, TheFirstFailureCountsInFinally) {
  const auto fail = [] { return absl::DataLossError("clean-up"); };
  EXPECT_EQ(MakeFuture(1).Finally(fail).Get().status(), absl::DataLossError("clean-up"));
  EXPECT_EQ(Future<int>(absl::NotFoundError("x")).Finally(fail).Get().status(),
            absl::NotFoundError("x"));
  EXPECT_THROW((void)MakeFuture(1).Finally([] { throw Odd(1); }).Get(), Odd);
}

TEST(FutureTest, FinallyAwaitsAFuture) {
  Promise<void> cleaned;
  auto future = MakeFuture(1).Finally([&] { return cleaned.GetFuture(); });
  EXPECT_FALSE(future.IsReady());
  cleaned.SetValue();
  EXPECT_EQ(*future.Get(), 1);
}

TEST(FutureTest, ReadyFuturesDoNotAllocate) {
  const int before = allocations;
  auto future = MakeFuture(1)
                    .Then([](int n) { return n + 1; })
                    .Then([](int n) { return MakeFuture(n + 1); })
                    .Finally([] {})
                    .Catch([](const absl::Status&) { return 0; });
  const bool ready = future.IsReady();
  const int value = *future.Get();
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(ready);
  EXPECT_EQ(value, 3);
}

// Promises.

// Of a pool, which asks the heap for none, or of the heap where AddressSanitizer watches that.
TEST(PromiseTest, OneAllocationForItAndOneForEachContinuation) {
  constexpr int kOne = kPoisons ? 1 : 0;
  int before = allocations;
  Promise<int> promise;
  auto future = promise.GetFuture();
  EXPECT_EQ(allocations, before + kOne);
  before = allocations;
  auto next = std::move(future).Then([](int n) { return n + 1; });
  EXPECT_EQ(allocations, before + kOne);
  before = allocations;
  promise.SetValue(1);
  EXPECT_EQ(*next.Get(), 2);
  EXPECT_EQ(allocations, before);
}

TEST(PromiseTest, GivesTheOutcomeBeforeAndAfterAttaching) {
  for (const bool set_first : {false, true}) {
    Promise<std::unique_ptr<int>> promise;
    auto future = promise.GetFuture();
    EXPECT_TRUE(promise.valid());
    if (set_first) promise.SetValue(std::make_unique<int>(3));
    auto next = std::move(future).Then([](std::unique_ptr<int> n) { return *n + 1; });
    EXPECT_FALSE(future.valid());
    EXPECT_EQ(next.IsReady(), set_first);
    if (!set_first) promise.SetValue(std::make_unique<int>(3));
    EXPECT_FALSE(promise.valid());
    EXPECT_EQ(*next.Get(), 4);
  }
}

TEST(PromiseTest, MayBeSetBeforeItGivesItsFuture) {
  Promise<int> promise;
  promise.SetValue(5);
  EXPECT_EQ(*promise.GetFuture().Get(), 5);
  Promise<int> nobody_asks;
  nobody_asks.SetValue(5);
  Promise<int> never_used;
}

TEST(PromiseTest, EveryOutcomeCanBeSet) {
  Promise<int> error;
  error.SetError(absl::NotFoundError("x"));
  EXPECT_EQ(error.GetFuture().Get().status(), absl::NotFoundError("x"));
  Promise<int> exception;
  exception.SetException(std::make_exception_ptr(Odd(3)));
  EXPECT_EQ(exception.GetFuture().WaitForOutcome().kind(), OutcomeKind::kException);
  Promise<void> cancelled;
  cancelled.SetCancelled();
  EXPECT_TRUE(cancelled.GetFuture().WaitForOutcome().cancelled());
  Promise<void> done;
  done.SetValue();
  EXPECT_TRUE(done.GetFuture().Get().ok());
}

TEST(PromiseTest, DroppedItIsAnError) {
  Future<int> future;
  Future<int> next;
  {
    Promise<int> promise;
    next = promise.GetFuture().Then([](int n) { return n; });
    Promise<int> other;
    future = other.GetFuture();
    other = std::move(promise);
  }
  EXPECT_EQ(future.Get().status(), absl::InternalError("a promise was dropped without an outcome"));
  EXPECT_EQ(next.Get().status().code(), absl::StatusCode::kInternal);
}

TEST(PromiseTest, NobodyNeedsToWait) {
  Promise<int> promise;
  {
    auto dropped = promise.GetFuture().Then([](int n) { return n; });
  }
  promise.SetValue(1);
}

TEST(PromiseTest, AFunctionLetsGoBeforeItsOutcomeIsKnown) {
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = held;
  Promise<int> promise;
  auto gone = promise.GetFuture()
                  .Then([held = std::move(held)](int n) { return *held + n; })
                  .Then([&](int) { return watched.expired(); });
  promise.SetValue(1);
  EXPECT_TRUE(*gone.Get());
}

TEST(PromiseTest, APointerIsNoOutcome) {
  Promise<bool> promise;
  Future<bool> future = promise.GetFuture();
  EXPECT_FALSE(future.IsReady());
  auto next = std::move(future).Then([](bool b) { return b; });
  EXPECT_FALSE(next.IsReady());
  promise.SetValue(false);
  EXPECT_FALSE(*next.Get());
}

TEST(PromiseTest, PendingFuturesOfFunctionsAreAwaited) {
  Promise<int> outer, inner;
  auto future = outer.GetFuture().Then([&](int) { return inner.GetFuture(); });
  outer.SetValue(1);
  EXPECT_FALSE(future.IsReady());
  inner.SetValue(2);
  EXPECT_EQ(*future.Get(), 2);
}

struct alignas(256) Aligned {
  bool IsAligned() const { return reinterpret_cast<std::uintptr_t>(this) % 256 == 0; }
};

TEST(PromiseTest, ValuesAreAlignedAsTheyWant) {
  Promise<Aligned> promise;
  auto future = promise.GetFuture().Then([](Aligned value) { return value; });
  promise.SetValue(Aligned());
  future.Wait().IgnoreError();
  EXPECT_TRUE(std::move(future).WaitForOutcome().value().IsAligned());
  Promise<std::array<char, 4096>> large;
  auto last = large.GetFuture().Then([](const std::array<char, 4096>& value) { return value[9]; });
  large.SetValue({1});
  EXPECT_EQ(*last.Get(), 0);
}

struct ThrowsWhenMoved {
  ThrowsWhenMoved() = default;
  ThrowsWhenMoved(ThrowsWhenMoved&& other) : moves(other.moves - 1) {
    if (moves < 0) throw Odd(1);
  }
  int moves = 100;
};

TEST(PromiseTest, AMoveMayThrow) {
  for (int moves = 0; moves < 12; ++moves) {
    Promise<int> start;
    auto future = start.GetFuture().Then([moves](int) {
      ThrowsWhenMoved value;
      value.moves = moves;
      return value;
    });
    start.SetValue(1);
    try {
      (void)future.Get();
    } catch (const Odd&) {
    }
    EXPECT_FALSE(future.valid()) << moves;
  }
}

// Waiting.

TEST(FutureTest, ZeroDoesNotBlock) {
  Promise<int> promise;
  auto future = promise.GetFuture();
  EXPECT_TRUE(absl::IsDeadlineExceeded(future.Wait(absl::ZeroDuration())));
  EXPECT_TRUE(absl::IsDeadlineExceeded(future.Get(-absl::InfiniteDuration()).status()));
  EXPECT_TRUE(future.valid());
  promise.SetValue(3);
  EXPECT_TRUE(future.Wait(absl::ZeroDuration()).ok());
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), 3);
}

TEST(FutureTest, AWaitEndsWhenItsTimeIsUp) {
  Promise<int> promise;
  auto future = promise.GetFuture();
  EXPECT_TRUE(absl::IsDeadlineExceeded(future.Wait(absl::Milliseconds(1))));
  EXPECT_TRUE(absl::IsDeadlineExceeded(future.Get(absl::Nanoseconds(1)).status()));
  auto next = std::move(future).Then([](int n) { return n + 1; });
  EXPECT_TRUE(absl::IsDeadlineExceeded(next.Wait(absl::Milliseconds(1))));
  promise.SetValue(1);
  EXPECT_EQ(*next.Get(), 2);
}

// Depth.

TEST(FutureChainTest, AMillionAttachedBefore) {
  Promise<int> promise;
  Future<int> future = promise.GetFuture();
  for (int i = 0; i < kMillion; ++i) future = std::move(future).Then([](int n) { return n + 1; });
  promise.SetValue(0);
  EXPECT_EQ(*future.Get(), kMillion);
}

TEST(FutureChainTest, AMillionAttachedAfter) {
  Promise<int> promise;
  Future<int> future = promise.GetFuture();
  promise.SetValue(0);
  for (int i = 0; i < kMillion; ++i) future = std::move(future).Then([](int n) { return n + 1; });
  EXPECT_EQ(*future.Get(), kMillion);
}

TEST(FutureChainTest, ManyAreDropped) {
  Promise<int> promise;
  Future<int> future = promise.GetFuture();
  for (int i = 0; i < kManyDeep; ++i) future = std::move(future).Then([](int n) { return n + 1; });
  Promise<int> dropped = std::move(promise);
  dropped = Promise<int>();
  EXPECT_EQ(future.Get().status().code(), absl::StatusCode::kInternal);
}

TEST(FutureChainTest, ManyPromisesThatSetEachOther) {
  std::vector<Promise<int>> promises(kManyDeep);
  std::vector<Future<void>> done;
  for (int i = 0; i + 1 < kManyDeep; ++i) {
    done.push_back(
        promises[i].GetFuture().Then([&, i](int n) { promises[i + 1].SetValue(n + 1); }));
  }
  auto last = promises.back().GetFuture();
  promises[0].SetValue(1);
  EXPECT_EQ(*last.Get(absl::ZeroDuration()), kManyDeep);
}

TEST(FutureChainTest, ManyOnAnInlineExecutor) {
  InlineExecutor executor;
  Promise<int> promise;
  Future<int> future = promise.GetFuture();
  for (int i = 0; i < kManyDeep; ++i) {
    future = std::move(future).Then(executor, [](int n) { return n + 1; });
  }
  promise.SetValue(0);
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), kManyDeep);
}

Future<int> CountDown(ManualExecutor& executor, int n) {
  if (n == 0) return 0;
  return Async(executor, [] {}).Then([&executor, n] { return CountDown(executor, n - 1); });
}

TEST(FutureChainTest, ManyFuturesInsideOfEachOther) {
  ManualExecutor executor;
  auto future = CountDown(executor, kManyDeep);
  while (executor.RunOne()) {
  }
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), 0);
}

// Deeper than what is set runs at once.
int SetInside(int depth) {
  Promise<int> promise;
  auto future = promise.GetFuture().Then(
      [depth](int n) { return depth == 0 ? n : SetInside(depth - 1) + n; });
  promise.SetValue(1);
  return *future.Get();
}

TEST(FutureChainTest, AWaitRunsWhatIsPutOff) { EXPECT_EQ(SetInside(100), 101); }

// Executors.

TEST(FutureExecutorTest, FunctionsRunWhereTheyAreSent) {
  ManualExecutor first, second;
  auto future =
      Async(first, [] { return 1; }).Then(second, [](int n) { return n + 1; }).Then([](int n) {
        return n + 1;
      });
  EXPECT_EQ(first.pending(), 1u);
  EXPECT_TRUE(first.RunOne());
  EXPECT_EQ(second.pending(), 1u);
  EXPECT_FALSE(future.IsReady());
  EXPECT_TRUE(second.RunOne());
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), 3);
}

TEST(FutureExecutorTest, CatchAndFinallyToo) {
  ManualExecutor executor;
  int calls = 0;
  auto future = Async(executor, [] {
                  return Half(3);
                }).Catch<Odd>(executor, [](const Odd& odd) {
                    return odd.number;
                  }).Finally(executor, [&] { ++calls; });
  EXPECT_EQ(executor.RunAll(), 3u);
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), 3);
}

TEST(FutureExecutorTest, WaitingRunsNothing) {
  ManualExecutor executor;
  auto future = Async(executor, [] { return 1; });
  (void)executor.Post(
      [&] { EXPECT_TRUE(absl::IsDeadlineExceeded(future.Wait(absl::Milliseconds(1)))); });
  EXPECT_TRUE(executor.RunAt(1));
  EXPECT_TRUE(executor.RunOne());
  EXPECT_EQ(*future.Get(absl::ZeroDuration()), 1);
}

TEST(FutureExecutorTest, ARefusalIsTheOutcome) {
  ManualExecutor executor;
  executor.Refuse();
  auto future = Async(executor, [] { return 1; }).Then([](int n) { return n; });
  EXPECT_EQ(future.Get(absl::ZeroDuration()).status().code(),
            absl::StatusCode::kFailedPrecondition);
  Promise<int> promise;
  auto next =
      promise.GetFuture().Then(executor, [](int n) { return n; }).Then([](int n) { return n; });
  promise.SetValue(1);
  EXPECT_EQ(next.Get(absl::ZeroDuration()).status().code(), absl::StatusCode::kFailedPrecondition);
}

// Accepts functions and drops them when it is destroyed, as an engine that is shut down.
class Dropper {
 public:
  struct Handle {
    absl::Status Wait() { return absl::OkStatus(); }
  };
  template <class F>
  absl::Status Post(F&& f) {
    if constexpr (std::is_same_v<std::decay_t<F>, internal::Posted>) {
      kept_.push_back(std::make_unique<internal::Posted>(std::forward<F>(f)));
    }
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

 private:
  std::vector<std::unique_ptr<internal::Posted>> kept_;
};

TEST(FutureExecutorTest, WhatAnExecutorDropsIsCancelled) {
  auto executor = std::make_unique<Dropper>();
  auto future = Async(*executor, [] { return 1; }).Then([](int n) { return n; });
  EXPECT_FALSE(future.IsReady());
  executor.reset();
  EXPECT_TRUE(future.WaitForOutcome().cancelled());
}

// Cancelling.

TEST(FutureCancelTest, ReachesTheProducerThroughAChain) {
  Promise<int> promise{CancellationSource()};
  const CancellationToken token = promise.token();
  auto future = promise.GetFuture().Then([](int n) { return n; }).Catch([](const absl::Status&) {
    return 0;
  });
  EXPECT_FALSE(token.IsCancelled());
  future.Cancel();
  EXPECT_TRUE(token.IsCancelled());
  EXPECT_FALSE(future.IsReady());
  promise.SetCancelled();
  EXPECT_TRUE(future.WaitForOutcome().cancelled());
}

TEST(FutureCancelTest, APromiseThatIsDroppedThenIsCancelled) {
  Future<int> future;
  {
    Promise<int> promise{CancellationSource()};
    future = promise.GetFuture();
    future.Cancel();
  }
  EXPECT_TRUE(future.WaitForOutcome().cancelled());
}

TEST(FutureCancelTest, WithoutASourceNobodyListens) {
  Promise<int> promise;
  auto future = promise.GetFuture();
  future.Cancel();
  EXPECT_FALSE(promise.token().CanBeCancelled());
  promise.SetValue(1);
  EXPECT_EQ(*future.Get(), 1);
  auto ready = MakeFuture(1);
  ready.Cancel();
  EXPECT_EQ(*ready.Get(), 1);
}

TEST(FutureCancelTest, WhatHasNotBegunIsSkipped) {
  ManualExecutor executor;
  int then = 0, finally = 0;
  Promise<int> promise{CancellationSource()};
  auto future =
      promise.GetFuture().Then(executor, [&](int) { ++then; }).Finally([&] { ++finally; });
  promise.SetValue(1);
  future.Cancel();
  EXPECT_EQ(executor.RunAll(), 1u);
  EXPECT_TRUE(future.WaitForOutcome().cancelled());
  EXPECT_EQ(then, 0);
  EXPECT_EQ(finally, 1);
}

TEST(FutureCancelTest, AReasonIsTheOutcome) {
  ManualExecutor executor;
  CancellationSource source;
  Promise<int> promise{source};
  auto future = promise.GetFuture().Then(executor, [](int n) { return n; });
  promise.SetValue(1);
  source.Cancel(CancellationReason::kDeadlineExceeded);
  executor.RunAll();
  EXPECT_TRUE(absl::IsDeadlineExceeded(future.Get().status()));
}

TEST(FutureCancelTest, ReachesTheFutureThatAFunctionGave) {
  Promise<int> outer{CancellationSource()}, inner{CancellationSource()};
  const CancellationToken token = inner.token();
  auto future = outer.GetFuture().Then([&](int) { return inner.GetFuture(); });
  outer.SetValue(1);
  future.Cancel();
  EXPECT_TRUE(token.IsCancelled());
  inner.SetCancelled();
  EXPECT_TRUE(future.WaitForOutcome().cancelled());
}

TEST(FutureCancelTest, AsyncGivesATokenToThoseWhoTakeOne) {
  ManualExecutor executor;
  const auto ask = [](CancellationToken token) { return token.IsCancelled() ? 1 : 2; };
  auto runs = Async(executor, ask);
  auto skipped = Async(executor, ask);
  skipped.Cancel();
  executor.RunAll();
  EXPECT_EQ(*runs.Get(), 2);
  EXPECT_TRUE(skipped.WaitForOutcome().cancelled());
}

// The producer answers inside of Cancel, and with that the future is gone.
TEST(FutureCancelTest, AProducerMayAnswerAtOnce) {
  auto promise = std::make_unique<Promise<int>>(CancellationSource());
  CancellationCallback answer(promise->token(), [&] { promise->SetCancelled(); });
  bool cancelled = false;
  auto future = promise->GetFuture();
  future.Cancel();
  auto end = std::move(future).Finally([&] { cancelled = true; });
  EXPECT_TRUE(cancelled);
  EXPECT_TRUE(end.WaitForOutcome().cancelled());
}

// Coroutines.

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached AddInto(Future<int> a, Future<int> b, Promise<int> sum) {
  const absl::StatusOr<int> left = co_await a;
  const absl::StatusOr<int> right = co_await std::move(b);
  if (!left.ok() || !right.ok()) {
    sum.SetError(left.ok() ? right.status() : left.status());
  } else {
    sum.SetValue(*left + *right);
  }
}

TEST(FutureCoroutineTest, CoAwaitGivesWhatGetGives) {
  for (const int set_first : {0, 1, 2, 3}) {
    Promise<int> a, b, sum;
    auto future = sum.GetFuture();
    if ((set_first & 1) != 0) a.SetValue(1);
    if ((set_first & 2) != 0) b.SetValue(2);
    AddInto(a.GetFuture(), b.GetFuture(), std::move(sum));
    if (b.valid()) b.SetValue(2);
    if (a.valid()) a.SetValue(1);
    EXPECT_EQ(*future.Get(absl::ZeroDuration()), 3);
  }
  Promise<int> sum;
  auto future = sum.GetFuture();
  AddInto(absl::NotFoundError("x"), 2, std::move(sum));
  EXPECT_EQ(future.Get().status(), absl::NotFoundError("x"));
}

// Misuse.

TEST(FutureDeathTest, ReadTwice) {
  auto future = MakeFuture(1);
  (void)future.Get();
  EXPECT_DEATH((void)future.Get(), "read before");
  EXPECT_DEATH((void)std::move(future).Then([](int n) { return n; }), "read before");
  EXPECT_DEATH((void)Future<int>().IsReady(), "never had an outcome");
}

TEST(PromiseDeathTest, SetTwice) {
  Promise<int> promise;
  promise.SetValue(1);
  EXPECT_DEATH(promise.SetValue(2), "set before");
  EXPECT_DEATH(promise.SetError(absl::OkStatus()), "OK is no error");
  (void)promise.GetFuture();
  EXPECT_DEATH((void)promise.GetFuture(), "given its future before");
}

}  // namespace
}  // namespace ashlar
