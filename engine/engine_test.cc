#include "ashlar/engine/engine.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

std::unique_ptr<Engine> MakeEngine(int workers) {
  auto engine = Engine::Create({.workers = workers});
  EXPECT_TRUE(engine.ok()) << engine.status();
  return *std::move(engine);
}

// A gate that tasks wait at: it holds workers busy for as long as a test needs. Declared
// before the engine, whose tasks may still leave it when the test ends.
class Gate {
 public:
  void Open() { open_.store(true); }
  void Wait() {
    waiting_.fetch_add(1);
    while (!open_.load()) std::this_thread::yield();
  }
  void AwaitWaiting(int n) {
    while (waiting_.load() < n) std::this_thread::yield();
  }

 private:
  std::atomic<bool> open_{false};
  std::atomic<int> waiting_{0};
};

// ---- Creation ----

TEST(EngineTest, DefaultUsesWhatTheProcessMayUse) {
  auto engine = Engine::Create();
  ASSERT_TRUE(engine.ok());
  EXPECT_GE((*engine)->worker_count(), 1);
}

TEST(EngineTest, AbsurdConfigurationsAreInvalidArguments) {
  for (int workers : {-1, -1000000, Engine::kMaxWorkers + 1, 1 << 30}) {
    auto engine = Engine::Create({.workers = workers});
    EXPECT_EQ(engine.status().code(), absl::StatusCode::kInvalidArgument) << workers;
    EXPECT_NE(engine.status().message().find(std::to_string(workers)), std::string_view::npos);
  }
  EXPECT_EQ(Engine::Create({.workers = 1, .kept_results = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(EngineTest, ManyMoreWorkersThanCoresWork) {
  auto engine = MakeEngine(64);
  std::atomic<int> sum{0};
  engine->ParallelFor(0, 1000, [&](int i) { sum += i; });
  EXPECT_EQ(sum, 499500);
}

TEST(EngineTest, EnginesLiveSideBySide) {
  auto a = MakeEngine(1);
  auto b = MakeEngine(2);
  // A task of one engine waits for a task of the other.
  auto outer = a->Submit([&] { return *b->Submit([] { return 20; }).Get() + 1; });
  EXPECT_EQ(*outer.Get(), 21);
  auto joined = a->Submit([&] {
    auto [x, y] = b->Join([] { return 1; }, [] { return 2; });
    return x + y;
  });
  EXPECT_EQ(*joined.Get(), 3);
}

// ---- Submit ----

TEST(EngineTest, SubmitGivesTheResult) {
  auto engine = MakeEngine(2);
  EXPECT_EQ(*engine->Submit([] { return 42; }).Get(), 42);
  EXPECT_TRUE(engine->Submit([] {}).Get().ok());
}

TEST(EngineTest, AnyCallableAndAnyResult) {
  auto engine = MakeEngine(2);
  auto moved = std::make_unique<int>(7);
  auto handle = engine->Submit([p = std::move(moved)]() mutable { return std::move(p); });
  EXPECT_EQ(**handle.Get(), 7);

  std::array<char, 1000> large{};  // neither the callable nor the result fits a block
  large[999] = 'x';
  auto big = engine->Submit([large] { return large; }).Get();
  EXPECT_EQ((*big)[999], 'x');

  std::function<int()> wrapped = [] { return 3; };
  EXPECT_EQ(*engine->Submit(wrapped).Get(), 3);
  EXPECT_EQ(*engine->Submit(+[] { return 4; }).Get(), 4);

  struct alignas(64) Aligned {
    int value = 5;
  };
  EXPECT_EQ(engine->Submit([] { return Aligned(); }).Get()->value, 5);
}

TEST(EngineTest, StatusResultsPassThrough) {
  auto engine = MakeEngine(1);
  absl::Status status = engine->Submit([] { return absl::NotFoundError("no such key"); }).Get();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  absl::StatusOr<int> value = engine->Submit([]() -> absl::StatusOr<int> { return 5; }).Get();
  EXPECT_EQ(*value, 5);
}

TEST(EngineTest, ExceptionsAreRethrownWhereTheResultIsTaken) {
  auto engine = MakeEngine(2);
  auto handle = engine->Submit([]() -> int { throw std::out_of_range("too far"); });
  EXPECT_TRUE(handle.Wait().ok());
  EXPECT_EQ(handle.state(), TaskState::kFailed);
  EXPECT_THROW((void)handle.Get(), std::out_of_range);
  EXPECT_FALSE(handle.valid());
  // The worker goes on.
  EXPECT_EQ(*engine->Submit([] { return 1; }).Get(), 1);
}

TEST(EngineTest, DroppedResultsAndExceptionsAreDestroyed) {
  auto counted = std::make_shared<int>(0);
  {
    auto engine = MakeEngine(2);
    for (int i = 0; i < 100; ++i) {
      (void)engine->Submit([counted] { return counted; });
      (void)engine->Submit([counted]() -> int { throw counted; });
      auto kept = engine->Submit([counted] { return counted; });
      TaskId id = std::move(kept);
      (void)id;
    }
  }
  EXPECT_EQ(counted.use_count(), 1);
}

TEST(EngineTest, NullFunctionsAreRefused) {
  auto engine = MakeEngine(1);
  std::function<int()> empty;
  auto handle = engine->Submit(empty);
  EXPECT_EQ(handle.state(), TaskState::kFailed);
  EXPECT_EQ(handle.Get().status().code(), absl::StatusCode::kInvalidArgument);
  void (*none)() = nullptr;
  EXPECT_EQ(engine->Submit(none).Get().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(engine->Run(none).code(), absl::StatusCode::kInvalidArgument);
}

TEST(EngineTest, OutOfMemoryIsRefusedAndNothingIsLost) {
  Gate gate;
  auto engine = MakeEngine(1);
  std::vector<TaskHandle<int>> accepted;
  (void)engine->Submit([&] { gate.Wait(); });
  internal::TaskPool::SetExhaustedForTesting(true);
  absl::Status refused;
  while (refused.ok()) {
    auto handle = engine->Submit([] { return 1; });
    if (handle.state() == TaskState::kFailed) {
      refused = handle.Get().status();
    } else {
      accepted.push_back(std::move(handle));
    }
  }
  internal::TaskPool::SetExhaustedForTesting(false);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  gate.Open();
  for (auto& handle : accepted) EXPECT_EQ(*handle.Get(), 1);
  EXPECT_EQ(*engine->Submit([] { return 2; }).Get(), 2);
}

struct ThrowsOnCopy {
  ThrowsOnCopy() = default;
  ThrowsOnCopy(const ThrowsOnCopy&) { throw std::runtime_error("copied"); }
  int operator()() const { return 1; }
};

TEST(EngineTest, ACallableThatCannotBeCopiedThrowsToTheSubmitter) {
  auto engine = MakeEngine(1);
  ThrowsOnCopy f;
  EXPECT_THROW((void)engine->Submit(f), std::runtime_error);
  EXPECT_EQ(*engine->Submit([] { return 2; }).Get(), 2);
}

TEST(EngineTest, SubmitAllKeepsTheOrder) {
  auto engine = MakeEngine(2);
  std::vector<std::function<int()>> functions;
  for (int i = 0; i < 100; ++i) functions.push_back([i] { return i; });
  functions[50] = nullptr;
  auto handles = engine->SubmitAll(functions);
  ASSERT_EQ(handles.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    auto result = handles[static_cast<std::size_t>(i)].Get();
    if (i == 50) {
      EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
    } else {
      EXPECT_EQ(*result, i);
    }
  }
  EXPECT_TRUE(engine->SubmitAll(std::vector<std::function<void()>>()).empty());
}

TEST(EngineTest, OneWorkerRunsOutsideTasksInTheOrderOfSubmission) {
  constexpr int kTasks = 20000;
  auto engine = MakeEngine(1);
  std::vector<int> order;
  // It runs the first ones while more come in.
  for (int i = 0; i < kTasks; ++i) {
    (void)engine->Submit([&order, i] { order.push_back(i); });
  }
  engine->Shutdown();
  ASSERT_EQ(order.size(), std::size_t{kTasks});
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(EngineTest, PostRunsWithoutAHandle) {
  auto engine = MakeEngine(2);
  std::atomic<int> ran{0};
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(engine->Post([&ran] { ++ran; }).ok());
  }
  std::function<void()> empty;
  EXPECT_EQ(engine->Post(empty).code(), absl::StatusCode::kInvalidArgument);
  engine->Shutdown();
  EXPECT_EQ(ran, 1000);
  EXPECT_EQ(engine->Post([&ran] { ++ran; }).code(), absl::StatusCode::kFailedPrecondition);
}

TEST(EngineTest, TasksThatSubmitForEverKeepNobodyWaiting) {
  for (const bool from_outside : {false, true}) {
    SCOPED_TRACE(from_outside);
    std::atomic<bool> ran{false};
    std::atomic<bool> in_vain{false};
    Gate gate;
    auto engine = MakeEngine(1);
    // Submits itself until the other task has run.
    std::function<void(int)> again = [&](int rounds) {
      if (ran.load()) return;
      if (rounds == 100'000) return in_vain.store(true);
      EXPECT_TRUE(engine->Post([&again, rounds] { again(rounds + 1); }).ok());
    };
    const auto other = [&ran] { ran.store(true); };
    ASSERT_TRUE(engine
                    ->Post([&] {
                      gate.Wait();
                      if (!from_outside) {
                        EXPECT_TRUE(engine->Post(other).ok());
                      }
                      again(0);
                      again(0);
                    })
                    .ok());
    gate.AwaitWaiting(1);
    if (from_outside) {
      EXPECT_TRUE(engine->Post(other).ok());
    }
    gate.Open();
    engine->Shutdown(Engine::ShutdownMode::kDrain);
    EXPECT_TRUE(ran.load());
    EXPECT_FALSE(in_vain.load());
  }
}

TEST(EngineTest, PostAllAcceptsAllOrNone) {
  auto engine = MakeEngine(2);
  std::atomic<int> ran{0};
  std::vector<std::function<void()>> functions(100, [&ran] { ++ran; });
  EXPECT_TRUE(engine->PostAll(functions).ok());
  functions[99] = nullptr;
  EXPECT_EQ(engine->PostAll(functions).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(engine->PostAll(std::vector<std::function<void()>>()).ok());
  engine->Shutdown();
  functions.pop_back();
  EXPECT_EQ(engine->PostAll(functions).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ran, 100);
}

TEST(EngineTest, BatchesMoveFromContainersThatAreGivenUpAlone) {
  auto engine = MakeEngine(2);
  std::atomic<int> sum{0};
  std::vector<absl::AnyInvocable<void()>> unique;  // moves only
  for (int i = 1; i <= 10; ++i) {
    unique.push_back([&sum, number = std::make_unique<int>(i)] { sum += *number; });
  }
  ASSERT_TRUE(engine->PostAll(std::move(unique)).ok());
  const std::vector<std::function<int()>> kept(3, [] { return 1; });
  for (int i = 0; i < 2; ++i) {
    for (auto& handle : engine->SubmitAll(std::span(kept))) EXPECT_EQ(*handle.Get(), 1);
    for (auto& handle : engine->SubmitAll(kept)) EXPECT_EQ(*handle.Get(), 1);
  }
  std::vector<std::function<int()>> given = kept;
  for (auto& handle : engine->SubmitAll(std::span(given))) EXPECT_EQ(*handle.Get(), 1);
  EXPECT_NE(given[0], nullptr);  // a span does not own what it shows
  for (auto& handle : engine->SubmitAll(std::move(given))) EXPECT_EQ(*handle.Get(), 1);
  engine->Shutdown();
  EXPECT_EQ(sum, 55);
}

TEST(EngineTest, KnowsItsOwnThreads) {
  auto engine = MakeEngine(1);
  auto other = MakeEngine(1);
  EXPECT_FALSE(engine->RunsOnThisThread());
  EXPECT_TRUE(*engine->Run([&] { return engine->RunsOnThisThread(); }));
  EXPECT_FALSE(*engine->Run([&] { return other->RunsOnThisThread(); }));
}

TEST(EngineDeathTest, APostedFunctionMustNotThrow) {
  EXPECT_DEATH(
      {
        auto engine = MakeEngine(1);
        (void)engine->Post([] { throw 1; });
        engine->Shutdown();
      },
      "");
}

// ---- Waiting ----

TEST(EngineTest, ZeroTimeoutDoesNotWait) {
  Gate gate;
  auto engine = MakeEngine(1);
  auto handle = engine->Submit([&] {
    gate.Wait();
    return 1;
  });
  for (absl::Duration timeout :
       {absl::ZeroDuration(), -absl::Seconds(1), -absl::InfiniteDuration()}) {
    EXPECT_EQ(handle.Get({.timeout = timeout}).status().code(),
              absl::StatusCode::kDeadlineExceeded);
  }
  EXPECT_TRUE(handle.valid());
  gate.Open();
  EXPECT_EQ(*handle.Get(), 1);
}

TEST(EngineTest, PositiveTimeoutGivesUpAndLeavesTheHandle) {
  Gate gate;
  auto engine = MakeEngine(1);
  auto handle = engine->Submit([&] { gate.Wait(); });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(handle.Wait({.timeout = absl::Milliseconds(20)}).code(),
            absl::StatusCode::kDeadlineExceeded);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(20));
  gate.Open();
  EXPECT_TRUE(handle.Get({.timeout = absl::Hours(1000000)}).ok());
}

TEST(EngineTest, AReadyResultNeedsNoTime) {
  auto engine = MakeEngine(1);
  auto handle = engine->Submit([] { return 1; });
  while (handle.state() != TaskState::kCompleted) std::this_thread::yield();
  EXPECT_EQ(*handle.Get({.timeout = absl::ZeroDuration()}), 1);
}

TEST(EngineTest, AWaiterThatHelpsRunsThePendingTaskItself) {
  Gate gate;
  auto engine = MakeEngine(1);
  (void)engine->Submit([&] { gate.Wait(); });
  gate.AwaitWaiting(1);  // the only worker is busy
  auto handle = engine->Submit([] { return std::this_thread::get_id(); });
  EXPECT_EQ(*handle.Get({.help = true}), std::this_thread::get_id());
  gate.Open();
}

TEST(EngineTest, AWorkerThatWaitsRunsWhatItWaitsFor) {
  auto engine = MakeEngine(1);
  auto outer = engine->Submit([&] {
    auto inner = engine->Submit([&] { return *engine->Submit([] { return 1; }).Get() + 1; });
    return *inner.Get() + 1;
  });
  EXPECT_EQ(*outer.Get(), 3);
}

TEST(EngineTest, AWorkerWaitsForATaskThatAnotherOneRuns) {
  Gate gate;
  auto engine = MakeEngine(2);
  auto slow = engine->Submit([&] {
    gate.Wait();
    return 5;
  });
  gate.AwaitWaiting(1);
  auto waiter = engine->Submit([&] {
    EXPECT_EQ(slow.Wait({.timeout = absl::Milliseconds(5)}).code(),
              absl::StatusCode::kDeadlineExceeded);
    gate.Open();
    return *slow.Get() + 1;
  });
  EXPECT_EQ(*waiter.Get(), 6);
}

TEST(EngineDeathTest, TakingAResultTwiceIsAFailedCheck) {
  auto engine = MakeEngine(1);
  auto handle = engine->Submit([] { return 1; });
  EXPECT_EQ(*handle.Get(), 1);
  EXPECT_DEATH((void)handle.Get(), "taken before");
}

// ---- By id ----

TEST(EngineTest, ResultsAreKeptUnderTheirIds) {
  auto engine = MakeEngine(2);
  TaskId a = engine->Submit([] { return 1; });
  TaskId b = engine->Submit([] { return std::string("two"); });
  EXPECT_FALSE(a == b);
  EXPECT_EQ(*engine->WaitForResult<std::string>(b), "two");
  EXPECT_EQ(*engine->WaitForResult<int>(a), 1);
}

TEST(EngineTest, AnIdIsGoodForOneResultOfItsType) {
  auto engine = MakeEngine(1);
  TaskId id = engine->Submit([] { return 1; });
  EXPECT_EQ(engine->WaitForResult<long>(id).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(*engine->WaitForResult<int>(id), 1);
  EXPECT_EQ(engine->WaitForResult<int>(id).status().code(), absl::StatusCode::kNotFound);
}

TEST(EngineTest, UnknownIdsAreNotFound) {
  auto engine = MakeEngine(1);
  for (std::uint64_t value : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
    EXPECT_EQ(engine->WaitForResult<int>(TaskId{value}).status().code(),
              absl::StatusCode::kNotFound);
  }
}

TEST(EngineTest, KeptResultsAreBounded) {
  auto engine = *Engine::Create({.workers = 1, .kept_results = 4});
  std::vector<TaskId> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(engine->Submit([i] { return i; }));
  EXPECT_EQ(engine->WaitForResult<int>(ids[0]).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(engine->WaitForResult<int>(ids[1]).status().code(), absl::StatusCode::kNotFound);
  for (int i = 2; i < 6; ++i) {
    EXPECT_EQ(*engine->WaitForResult<int>(ids[static_cast<std::size_t>(i)]), i);
  }
}

TEST(EngineTest, WaitingByIdKeepsTheTimeoutRules) {
  Gate gate;
  auto engine = MakeEngine(1);
  TaskId id = engine->Submit([&] { gate.Wait(); });
  EXPECT_EQ(engine->WaitForResult<void>(id, {.timeout = absl::ZeroDuration()}).code(),
            absl::StatusCode::kDeadlineExceeded);
  gate.Open();
  EXPECT_TRUE(engine->WaitForResult<void>(id).ok());
}

TEST(EngineTest, OfManyWaitersForAnIdOneGetsTheResult) {
  Gate gate;
  auto engine = MakeEngine(2);
  TaskId id = engine->Submit([&] {
    gate.Wait();
    return 9;
  });
  std::atomic<int> got{0}, missed{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      auto result = engine->WaitForResult<int>(id);
      if (result.ok()) {
        EXPECT_EQ(*result, 9);
        ++got;
      } else {
        EXPECT_EQ(result.status().code(), absl::StatusCode::kNotFound);
        ++missed;
      }
    });
  }
  gate.Open();
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(got, 1);
  EXPECT_EQ(missed, 3);
}

// ---- Run, Join, loops ----

TEST(EngineTest, RunGivesResultErrorAndException) {
  auto engine = MakeEngine(2);
  EXPECT_EQ(*engine->Run([] { return 1; }), 1);
  EXPECT_EQ(engine->Run([] { return absl::AbortedError("a"); }).code(), absl::StatusCode::kAborted);
  EXPECT_THROW((void)engine->Run([]() -> int { throw 1; }), int);
  EXPECT_EQ(*engine->Run([&] { return *engine->Run([] { return 2; }); }), 2);
}

long Fib(Engine& engine, int n) {
  if (n < 2) return n;
  auto [a, b] = engine.Join([&] { return Fib(engine, n - 1); }, [&] { return Fib(engine, n - 2); });
  return a + b;
}

class JoinTest : public ::testing::TestWithParam<int> {};

TEST_P(JoinTest, ComputesFibonacciNumbers) {
  auto engine = MakeEngine(GetParam());
  EXPECT_EQ(Fib(*engine, 24), 46368);
  EXPECT_EQ(*engine->Run([&] { return Fib(*engine, 22); }), 17711);
}

TEST_P(JoinTest, TakesFunctionsWithoutResultAndWithMoveOnlyOnes) {
  auto engine = MakeEngine(GetParam());
  int a = 0;
  engine->Join([&] { a = 1; }, [] {});
  EXPECT_EQ(a, 1);
  auto [p, nothing] = engine->Join([] { return std::make_unique<int>(3); }, [] {});
  EXPECT_EQ(*p, 3);
  static_assert(std::is_same_v<decltype(nothing), std::monostate>);
}

TEST_P(JoinTest, TheFirstFunctionsExceptionGoesFirstAndTheSecondHasEnded) {
  auto engine = MakeEngine(GetParam());
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> running{0};
    auto second = [&] {
      ++running;
      std::this_thread::yield();
      --running;
      throw std::runtime_error("second");
    };
    try {
      engine->Join([&]() { engine->Join([] {}, [] { throw std::logic_error("first"); }); }, second);
      FAIL() << "no exception";
    } catch (const std::logic_error&) {
    }
    EXPECT_EQ(running, 0);
    EXPECT_THROW(engine->Join([] {}, second), std::runtime_error);
  }
}

INSTANTIATE_TEST_SUITE_P(Workers, JoinTest, ::testing::Values(1, 2, 4));

TEST(EngineTest, ParallelForCallsEachIndexOnce) {
  for (int workers : {1, 2, 5}) {
    auto engine = MakeEngine(workers);
    for (int n : {0, 1, 2, 3, 1000, 100000}) {
      std::vector<std::atomic<int>> calls(static_cast<std::size_t>(n));
      engine->ParallelFor(0, n, [&](int i) { calls[static_cast<std::size_t>(i)]++; });
      for (auto& c : calls) EXPECT_EQ(c, 1);
    }
  }
}

TEST(EngineTest, ParallelForTakesEmptyReversedAndExtremeRanges) {
  auto engine = MakeEngine(2);
  int calls = 0;
  engine->ParallelFor(5, 5, [&](int) { ++calls; });
  engine->ParallelFor(5, -5, [&](int) { ++calls; });
  EXPECT_EQ(calls, 0);
  std::atomic<long> sum{0};
  const auto max = std::numeric_limits<std::size_t>::max();
  engine->ParallelFor(max - 3, max, [&](std::size_t) { ++sum; });
  EXPECT_EQ(sum, 3);
}

TEST(EngineTest, ParallelForNests) {
  auto engine = MakeEngine(2);
  std::atomic<int> sum{0};
  engine->ParallelFor(0, 100,
                      [&](int i) { engine->ParallelFor(0, 100, [&](int j) { sum += (i == j); }); });
  EXPECT_EQ(sum, 100);
}

TEST(EngineTest, ParallelForRethrows) {
  auto engine = MakeEngine(2);
  EXPECT_THROW(engine->ParallelFor(0, 1000,
                                   [](int i) {
                                     if (i == 777) throw std::runtime_error("777");
                                   }),
               std::runtime_error);
}

TEST(EngineTest, ParallelReduceKeepsTheOrder) {
  auto engine = MakeEngine(3);
  auto digits = engine->ParallelReduce(
      0, 200, std::string(), [](int i) { return std::to_string(i % 10); },
      [](std::string a, const std::string& b) { return a + b; });
  std::string expected;
  for (int i = 0; i < 200; ++i) expected += std::to_string(i % 10);
  EXPECT_EQ(digits, expected);
  EXPECT_EQ(engine->ParallelReduce(
                0L, 1000000L, 0L, [](long i) { return i; }, std::plus<>()),
            499999500000L);
}

// ---- Helping ----

// While a worker waits for its stolen half it must not run an unrelated task: the lock
// that it holds over the Join would deadlock.
TEST(EngineTest, ALockHeldOverAJoinDoesNotDeadlock) {
  auto engine = MakeEngine(2);
  std::mutex mutex;
  std::atomic<int> done{0};
  for (int i = 0; i < 300; ++i) {
    (void)engine->Submit([&] {
      std::lock_guard<std::mutex> lock(mutex);
      engine->Join([] { std::this_thread::sleep_for(std::chrono::microseconds(20)); },
                   [] { std::this_thread::sleep_for(std::chrono::microseconds(50)); });
      ++done;
    });
  }
  engine->Shutdown();
  EXPECT_EQ(done, 300);
}

// ---- Shutdown ----

TEST(EngineTest, DrainRunsWhatWasAcceptedAndWhatThatSubmits) {
  auto engine = MakeEngine(2);
  std::atomic<int> ran{0};
  for (int i = 0; i < 500; ++i) {
    (void)engine->Submit([&] {
      ++ran;
      (void)engine->Submit([&] { ++ran; });
    });
  }
  engine->Shutdown(Engine::ShutdownMode::kDrain);
  EXPECT_EQ(ran, 1000);
}

TEST(EngineTest, CancelEndsRunningTasksAndCancelsTheOthers) {
  Gate gate;
  auto engine = MakeEngine(1);
  auto running = engine->Submit([&] {
    gate.Wait();
    return 1;
  });
  gate.AwaitWaiting(1);
  std::vector<TaskHandle<int>> pending;
  for (int i = 0; i < 100; ++i) pending.push_back(engine->Submit([] { return 2; }));
  std::thread opener([&] {
    while (engine->Submit([] {}).state() != TaskState::kFailed) std::this_thread::yield();
    gate.Open();
  });
  engine->Shutdown(Engine::ShutdownMode::kCancel);
  opener.join();
  EXPECT_EQ(*running.Get(), 1);
  for (auto& handle : pending) {
    EXPECT_EQ(handle.state(), TaskState::kCancelled);
    EXPECT_EQ(handle.Get().status().code(), absl::StatusCode::kCancelled);
  }
}

TEST(EngineTest, SubmissionAfterShutdownIsRefused) {
  auto engine = MakeEngine(2);
  engine->Shutdown();
  engine->Shutdown();  // again is fine
  auto handle = engine->Submit([] { return 1; });
  EXPECT_EQ(handle.state(), TaskState::kFailed);
  EXPECT_EQ(handle.Get().status().code(), absl::StatusCode::kFailedPrecondition);
  TaskId id = engine->Submit([] { return 1; });
  EXPECT_EQ(id.value, 0u);
  for (auto& refused : engine->SubmitAll(std::vector<int (*)()>(3, [] { return 1; }))) {
    EXPECT_EQ(refused.Get().status().code(), absl::StatusCode::kFailedPrecondition);
  }
}

TEST(EngineTest, ResultsSurviveTheShutdown) {
  auto engine = MakeEngine(2);
  auto handle = engine->Submit([] { return 1; });
  TaskId id = engine->Submit([] { return 2; });
  engine->Shutdown();
  EXPECT_EQ(*handle.Get(), 1);
  EXPECT_EQ(*engine->WaitForResult<int>(id), 2);
}

TEST(EngineTest, NothingIsLostWhenSubmittersRaceWithShutdown) {
  for (int round = 0; round < 50; ++round) {
    auto engine = MakeEngine(2);
    std::atomic<int> ran{0};
    std::atomic<int> accepted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([&] {
        for (;;) {
          auto handle = engine->Submit([&] { ++ran; });
          if (handle.state() == TaskState::kFailed) return;
          ++accepted;
        }
      });
    }
    std::this_thread::sleep_for(std::chrono::microseconds(100 * (round % 10)));
    engine->Shutdown();
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(ran, accepted);
  }
}

TEST(EngineDeathTest, ATaskCannotShutDownItsOwnEngine) {
  EXPECT_DEATH(
      {
        auto engine = MakeEngine(1);
        (void)engine->Submit([&] { engine->Shutdown(); }).Get();
      },
      "a task cannot stop");
}

TEST(EngineDeathTest, JoinFromOutsideAfterShutdownIsAFailedCheck) {
  EXPECT_DEATH(
      {
        auto engine = MakeEngine(1);
        engine->Shutdown();
        engine->Join([] {}, [] {});
      },
      "has been shut down");
}

// ---- Sleeping ----

TEST(EngineTest, SleepingWorkersWakeForEachTask) {
  auto engine = MakeEngine(3);
  for (int round = 0; round < 300; ++round) {
    if (round % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(*engine->Submit([round] { return round; }).Get(), round);
  }
}

TEST(EngineTest, IdleWorkersSleepAndStaySo) {
  auto engine = MakeEngine(2);
  engine->ParallelFor(0, 100000, [](int) {});
  const auto sleeps = [&] {
    int64_t sum = 0;
    for (const auto& worker : engine->Stats().workers) sum += worker.sleeps;
    return sum;
  };
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const int64_t before = sleeps();
  EXPECT_GE(before, 2);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(sleeps(), before);  // nobody woke
}

TEST(EngineTest, StatsCountTasksAndTime) {
  auto engine = MakeEngine(1);
  for (int i = 0; i < 10; ++i) (void)engine->Run([] {});
  const EngineStats stats = engine->Stats();
  EXPECT_EQ(stats.tasks(), 10);
  EXPECT_EQ(stats.steals(), 0);
  EXPECT_GT(stats.uptime, absl::ZeroDuration());
  EXPECT_GE(stats.workers[0].busy_share, 0.0);
  EXPECT_LT(stats.workers[0].busy_share, 1.0);
}

TEST(EngineTest, WorkerThatNeverRanIsNotBusy) {
  for (const auto& worker : MakeEngine(3)->Stats().workers) EXPECT_LT(worker.busy_share, 1.0);
}

}  // namespace
}  // namespace ashlar
