#include "ashlar/scheduling/async_scope.h"

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/manual_executor.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/spawn.h"
#include "ashlar/scheduling/task.h"
#include "ashlar/scheduling/task_group.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Log = std::vector<std::string>;

Task<void> Writes(Log& log, std::string text) {
  log.push_back(std::move(text));
  co_return;
}

// Goes on when it is told to.
Task<void> Waits(Log& log, std::string name, Future<void> signal) {
  struct Ends {
    ~Ends() { log.push_back(name + " ends"); }
    Log& log;
    std::string name;
  } const ends{log, name};
  const absl::Status status = co_await signal;
  log.push_back(name + " was signalled " + std::string(absl::StatusCodeToString(status.code())));
}
Task<absl::Status> FailsAfter(Future<void> signal) {
  (void)co_await signal;
  co_return absl::NotFoundError("failed");
}
Task<void> ThrowsAfter(Future<void> signal) {
  (void)co_await signal;
  throw std::out_of_range("thrown");
}

// A producer that ends when it is asked to stop.
class Signal {
 public:
  Future<void> GetFuture() { return promise_->GetFuture(); }
  void Set() { promise_->SetValue(); }

 private:
  struct Stop {
    Signal& signal;
    void operator()() const noexcept { signal.promise_->SetCancelled(); }
  };
  CancellationSource source_;
  std::optional<Promise<void>> promise_{std::in_place, source_};
  CancellationCallback<Stop> stop_{source_.token(), Stop{*this}};
};

TEST(AsyncScopeTest, EndsWhenItsTasksHaveEnded) {
  Log log;
  Signal one, two;
  Future<int> scope = Spawn(WithScope([&](AsyncScope& in) -> Task<int> {
    in.Spawn(Waits(log, "one", one.GetFuture()));
    in.Spawn(Waits(log, "two", two.GetFuture()));
    co_await Writes(log, "body");
    co_return 5;
  }));
  EXPECT_EQ(log, Log{"body"});
  one.Set();
  EXPECT_FALSE(scope.IsReady());
  two.Set();
  EXPECT_EQ(scope.Get().value(), 5);
  EXPECT_EQ(log,
            (Log{"body", "one was signalled OK", "one ends", "two was signalled OK", "two ends"}));
}

TEST(AsyncScopeTest, NothingSpawnedIsNothingToWaitFor) {
  EXPECT_TRUE(BlockOn(WithScope([](AsyncScope&) -> Task<void> { co_return; })).ok());
  const AsyncScope never_joined;
}

TEST(AsyncScopeTest, TheFirstFailureCancelsTheOthers) {
  Log log;
  Signal fails, waits, body;
  Future<void> scope = Spawn(WithScope([&](AsyncScope& in) -> Task<void> {
    in.Spawn(FailsAfter(fails.GetFuture()));
    in.Spawn(Waits(log, "other", waits.GetFuture()));
    co_await Waits(log, "body", body.GetFuture());
  }));
  EXPECT_EQ(log, Log());
  fails.Set();
  EXPECT_EQ(scope.Get(), absl::NotFoundError("failed"));
  EXPECT_EQ(log, (Log{"body ends", "other ends"}));
}

TEST(AsyncScopeTest, AnExceptionIsAFailureAndKeepsItsType) {
  Log log;
  Signal throws, waits;
  Future<void> scope = Spawn(WithScope([&](AsyncScope& in) -> Task<void> {
    in.Spawn(ThrowsAfter(throws.GetFuture()));
    in.Spawn(Waits(log, "other", waits.GetFuture()));
    co_return;
  }));
  throws.Set();
  EXPECT_THROW((void)scope.Get(), std::out_of_range);
  EXPECT_EQ(log, Log{"other ends"});
}

TEST(AsyncScopeTest, OrTheOthersGoOn) {
  Log log;
  Signal fails, waits;
  Future<int> scope = Spawn(WithScope(
      [&](AsyncScope& in) -> Task<int> {
        in.Spawn(FailsAfter(fails.GetFuture()));
        in.Spawn(Waits(log, "other", waits.GetFuture()));
        co_return 1;
      },
      OnFailure::kGoOn));
  fails.Set();
  EXPECT_FALSE(scope.IsReady());
  waits.Set();
  EXPECT_EQ(scope.Get().status(), absl::NotFoundError("failed"));
  EXPECT_EQ(log, (Log{"other was signalled OK", "other ends"}));
}

TEST(AsyncScopeTest, AFailureOfItsOwnCancelsWhatItSpawned) {
  Log log;
  Signal waits;
  const absl::Status status = BlockOn(WithScope([&](AsyncScope& in) -> Task<absl::Status> {
    in.Spawn(Waits(log, "spawned", waits.GetFuture()));
    co_return absl::NotFoundError("of its own");
  }));
  EXPECT_EQ(status, absl::NotFoundError("of its own"));
  EXPECT_EQ(log, Log{"spawned ends"});

  Signal more;
  EXPECT_THROW((void)BlockOn(WithScope([&](AsyncScope& in) -> Task<void> {
                 in.Spawn(Waits(log, "again", more.GetFuture()));
                 throw std::out_of_range("before there is a task");
               })),
               std::out_of_range);
  EXPECT_EQ(log, (Log{"spawned ends", "again ends"}));
}

TEST(AsyncScopeTest, IsCancelledWithWhoOpenedItAndStillJoins) {
  Log log;
  Promise<void> stubborn;  // does not listen
  Signal waits;
  Future<void> scope = Spawn(WithScope([&](AsyncScope& in) -> Task<void> {
    in.Spawn(Waits(log, "stubborn", stubborn.GetFuture()));
    in.Spawn(Waits(log, "other", waits.GetFuture()));
    co_return;
  }));
  scope.Cancel();
  EXPECT_EQ(log, Log{"other ends"});
  EXPECT_FALSE(scope.IsReady());
  stubborn.SetCancelled();
  EXPECT_EQ(log, (Log{"other ends", "stubborn ends"}));
  EXPECT_TRUE(scope.Get().ok());  // it had come to its end; who opened it ends at his next wait
}

Task<void> Multiplies(AsyncScope& scope, ManualExecutor& executor, int levels, int& ended) {
  for (int i = 0; i < 2 && levels > 0; ++i) {
    scope.Spawn(executor, Multiplies(scope, executor, levels - 1, ended));
  }
  ++ended;
  co_return;
}

TEST(AsyncScopeTest, TasksSpawnMoreOfThem) {
  ManualExecutor executor;
  int ended = 0;
  Future<void> scope = Spawn(WithScope(
      [&](AsyncScope& in) -> Task<void> { co_await Multiplies(in, executor, 5, ended); }));
  for (std::size_t i = 0; executor.pending() > 0; ++i) {
    EXPECT_FALSE(scope.IsReady());
    executor.RunAt(i % executor.pending());
  }
  EXPECT_TRUE(scope.Get().ok());
  EXPECT_EQ(ended, 63);
}

TEST(AsyncScopeTest, ARefusedTaskIsAFailure) {
  ManualExecutor executor;
  executor.Refuse();
  Log log;
  EXPECT_TRUE(absl::IsFailedPrecondition(BlockOn(WithScope([&](AsyncScope& in) -> Task<void> {
    in.Spawn(executor, Writes(log, "never"));
    co_return;
  }))));
  EXPECT_EQ(log, Log());
}

Task<int> OpensManyScopes(int count) {
  int ended = 0;
  for (int i = 0; i < count; ++i) {
    AsyncScope scope(co_await CurrentToken());
    Promise<void> signal;
    Log log;
    scope.Spawn(Waits(log, "", signal.GetFuture()));
    scope.Spawn([](Promise<void> sets) -> Task<void> {
      sets.SetValue();
      co_return;
    }(std::move(signal)));
    co_await OrFail(co_await scope.Join());
    ended += static_cast<int>(log.size());
  }
  co_return ended;
}

TEST(AsyncScopeTest, AScopeIsJoinedByHand) {
  EXPECT_EQ(BlockOn(OpensManyScopes(3'000)).value(), 6'000);
}

TEST(AsyncScopeDeathTest, IsJoinedBeforeItsEnd) {
  Promise<void> signal;
  Log log;
  EXPECT_DEATH(
      {
        AsyncScope scope;
        scope.Spawn(Waits(log, "", signal.GetFuture()));
      },
      "ended before its tasks");
}

TEST(AsyncScopeTest, TasksEndOnManyThreads) {
  constexpr int kThreads = 4;
  for (int round = 0; round < 50; ++round) {
    std::vector<Promise<void>> signals(kThreads);
    std::atomic<int> ended = 0;
    Future<void> scope = Spawn(WithScope([&](AsyncScope& in) -> Task<void> {
      for (Promise<void>& signal : signals) {
        in.Spawn([](Future<void> set, std::atomic<int>& count) -> Task<void> {
          co_await OrFail(co_await set);
          ++count;
        }(signal.GetFuture(), ended));
      }
      co_return;
    }));
    std::vector<std::thread> threads;
    for (Promise<void>& signal : signals) {
      threads.emplace_back([&signal, cancels = &signal == &signals[0] && round % 2 == 0] {
        if (cancels) {
          signal.SetError(absl::NotFoundError("fails"));
        } else {
          signal.SetValue();
        }
      });
    }
    EXPECT_EQ(scope.Get().ok(), round % 2 != 0);
    EXPECT_GE(ended, 0);
    EXPECT_LE(ended, kThreads - (round % 2 == 0));
    for (std::thread& thread : threads) thread.join();
  }
}

// ---- DumpTasks

// A line each, so that it is known where they wait.
Task<void> Sleeps(Future<void> signal) { (void)co_await signal; }
constexpr int kSleeps = __LINE__ - 1;
Task<int> Calls(Task<void> task) {
  co_await std::move(task);
  co_return 1;
}
constexpr int kCalls = __LINE__ - 3;
Task<void> Shields(Task<void> task) { co_await Shielded(std::move(task)); }
constexpr int kShields = __LINE__ - 1;
Task<void> Catches(Task<void> task, CancellationToken token) {
  (void)co_await AsOutcome(std::move(task), token);
}
constexpr int kCatches = __LINE__ - 2;
Task<void> Switches(ManualExecutor& executor) { co_await SwitchTo(executor); }
constexpr int kSwitches = __LINE__ - 1;

std::string At(int line) { return " at " + std::string(__FILE__) + ":" + std::to_string(line); }

Task<void> Dumps(AsyncScope& scope, std::string& dump) {
  dump = DumpTasks(scope);
  co_return;
}

TEST(AsyncScopeTest, DumpTasksTellsWhereEachTaskWaits) {
  ManualExecutor executor;
  Promise<void> signal;
  AsyncScope* scope = nullptr;
  std::string dump;
  Log log;
  Future<void> end = Spawn(WithScope({.name = "page"}, [&](AsyncScope& in) -> Task<void> {
    scope = &in;
    in.SpawnNamed("text", Calls(Sleeps(signal.GetFuture())));
    in.SpawnNamed("later", executor, Writes(log, "begun"));
    in.Spawn(Dumps(in, dump));
    in.Spawn(Switches(executor));
    co_return;
  }));
  const std::string text = "  task 0 \"text\": suspended\n    waits for a future" + At(kSleeps) +
                           "\n    awaited" + At(kCalls) + "\n";
  EXPECT_EQ(dump, "scope \"page\": open, 3 spawned\n" + text +
                      "  task 1 \"later\": pending\n"
                      "  task 2: running\n");
  EXPECT_EQ(DumpTasks(*scope), "scope \"page\": open, 4 spawned\n" + text +
                                   "  task 1 \"later\": pending\n"
                                   "  task 3: suspended\n    waits for an executor" +
                                   At(kSwitches) + "\n");
  EXPECT_EQ(executor.RunAll(), 2U);
  EXPECT_EQ(DumpTasks(*scope), "scope \"page\": open, 4 spawned\n" + text);
  scope->Cancel();
  EXPECT_EQ(DumpTasks(*scope), "scope \"page\": cancelled, 4 spawned\n" + text);
  signal.SetValue();
  EXPECT_TRUE(end.Get().ok());
  EXPECT_EQ(log, Log{"begun"});
}

TEST(AsyncScopeTest, DumpTasksFollowsTasksThatHaveATokenOfTheirOwn) {
  Promise<void> shielded, caught;
  CancellationSource source;
  std::string dump;
  Future<void> end = Spawn(WithScope({.name = "page"}, [&](AsyncScope& in) -> Task<void> {
    in.Spawn(Shields(Sleeps(shielded.GetFuture())));
    in.Spawn(Catches(Sleeps(caught.GetFuture()), source.token()));
    dump = DumpTasks(in);
    co_return;
  }));
  const std::string sleeps = ": suspended\n    waits for a future" + At(kSleeps) + "\n";
  EXPECT_EQ(dump, "scope \"page\": open, 2 spawned\n  task 0" + sleeps + "    awaited" +
                      At(kShields) + "\n  task 1" + sleeps + "    awaited" + At(kCatches) + "\n");
  shielded.SetValue();
  caught.SetValue();
  EXPECT_TRUE(end.Get().ok());
}

TEST(AsyncScopeTest, DumpTasksShowsTheScopesInside) {
  Promise<void> signal;
  std::string dump;
  Future<void> end = Spawn(
      WithScope({.name = "with a name that is on the heap"}, [&](AsyncScope& in) -> Task<void> {
        // One without a name, but in one that has records.
        in.Spawn(Calls(WithScope([&](AsyncScope& inner) -> Task<void> {
          inner.Spawn(Sleeps(signal.GetFuture()));
          co_return;
        })));
        dump = DumpTasks(in);
        co_await WithScope({.name = std::string("another name that is on the heap")},
                           [&](AsyncScope& inner) -> Task<void> {
                             EXPECT_EQ(DumpTasks(inner),
                                       "scope \"another name that is on the heap\": open, "
                                       "0 spawned\n");
                             co_return;
                           });
      }));
  EXPECT_EQ(dump,
            "scope \"with a name that is on the heap\": open, 1 spawned\n"
            "  task 0: suspended\n"
            "    waits for a scope\n"
            "    awaited" +
                At(kCalls) +
                "\n"
                "    scope: open, 1 spawned\n"
                "      task 0: suspended\n"
                "        waits for a future" +
                At(kSleeps) + "\n");
  signal.SetValue();
  EXPECT_TRUE(end.Get().ok());
}

TEST(AsyncScopeTest, AGroupShowsAScope) {
  ManualExecutor executor;
  const TaskGroup group(executor, {.name = "root"});
  Promise<void> signal;
  const std::string open =
      "group \"root\": open, 0 pending, 0 running, 0 completed, 0 failed, 0 cancelled\n";
  Future<void> end = Spawn(WithScope({.shown_in = &group}, [&](AsyncScope& in) -> Task<void> {
    in.Spawn(Sleeps(signal.GetFuture()));
    co_return;
  }));
  EXPECT_EQ(DumpTasks(group), open + "  scope: open, 1 spawned\n    task 0: suspended\n" +
                                  "      waits for a future" + At(kSleeps) + "\n");
  signal.SetValue();
  EXPECT_TRUE(end.Get().ok());
  EXPECT_EQ(DumpTasks(group), open);
}

TEST(AsyncScopeTest, WithoutANameThereAreNoRecords) {
  EXPECT_TRUE(BlockOn(WithScope([](AsyncScope& in) -> Task<void> {
                std::string dump = "something";
                in.SpawnNamed("dropped", Dumps(in, dump));
                EXPECT_EQ(dump, "");
                co_return;
              })).ok());
}

struct ThrowsInSuspend {
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<>) const { throw std::out_of_range("thrown"); }
  void await_resume() const {}
};
struct KeepsHandle {
  std::coroutine_handle<>& waiting;
  bool await_ready() const { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) const { waiting = coroutine; }
  void await_resume() const {}
};
Task<void> AwaitsForeign(AsyncScope& scope, std::coroutine_handle<>& waiting, Log& dumps) {
  try {
    co_await ThrowsInSuspend();
  } catch (const std::out_of_range&) {
    dumps.push_back(DumpTasks(scope));
  }
  co_await KeepsHandle{waiting};
  dumps.push_back(DumpTasks(scope));
}
constexpr int kAwaitsForeign = __LINE__ - 3;

TEST(AsyncScopeTest, DumpTasksKnowsWhenAForeignWaitEnds) {
  std::coroutine_handle<> waiting;
  Log dumps;
  Future<void> end = Spawn(WithScope({.name = "page"}, [&](AsyncScope& in) -> Task<void> {
    in.Spawn(AwaitsForeign(in, waiting, dumps));
    dumps.push_back(DumpTasks(in));
    co_return;
  }));
  waiting.resume();
  const std::string scope = "scope \"page\": open, 1 spawned\n  task 0: ";
  EXPECT_EQ(dumps,
            (Log{scope + "running\n", scope + "suspended\n    waits" + At(kAwaitsForeign) + "\n",
                 scope + "running\n"}));
  EXPECT_TRUE(end.Get().ok());
}

Task<int> Deep(Task<void> task, int levels) {
  if (levels > 0) co_return co_await Deep(std::move(task), levels - 1);
  co_await std::move(task);
  co_return 0;
}

TEST(AsyncScopeTest, DumpTasksDoesNotShowAllOfADeepTask) {
  Promise<void> signal;
  std::string dump;
  Future<void> end = Spawn(WithScope({.name = "page"}, [&](AsyncScope& in) -> Task<void> {
    in.Spawn(Deep(Sleeps(signal.GetFuture()), 1'000));
    dump = DumpTasks(in);
    co_return;
  }));
  EXPECT_NE(dump.find("\n    and so on, 969 more\n"), std::string::npos) << dump;
  signal.SetValue();
  EXPECT_TRUE(end.Get().ok());
}

Task<void> Hops(ManualExecutor& executor, int levels, int hops) {
  for (int i = 0; i < hops; ++i) co_await SwitchTo(executor);
  if (levels > 0) {
    co_await WithScope([&](AsyncScope& in) -> Task<void> {
      for (int i = 0; i < 2; ++i) in.Spawn(executor, Hops(executor, levels - 1, hops));
      co_await Calls(Hops(executor, levels - 1, hops));
    });
  }
  co_await Checkpoint();
}

// Threads run tasks while others look at them.
TEST(AsyncScopeTest, DumpTasksLooksAtTasksThatGoOn) {
  ManualExecutor executor;
  std::atomic<bool> ends = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!ends) {
        if (!executor.RunOne()) std::this_thread::yield();
      }
    });
  }
  for (int round = 0; round < 20; ++round) {
    std::size_t shown = 0;
    const absl::Status status =
        BlockOn(WithScope({.name = "root"}, [&](AsyncScope& in) -> Task<void> {
          for (int i = 0; i < 3; ++i) in.Spawn(executor, Hops(executor, 2, 3));
          for (int i = 0; i < 20; ++i) {
            const std::string dump = DumpTasks(in);
            EXPECT_EQ(dump.rfind("scope \"root\": open, 3 spawned\n", 0), 0U) << dump;
            shown += dump.size();
          }
          if (round % 2 == 0) in.Cancel();
          shown += DumpTasks(in).size();
          co_return;
        }));
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_GT(shown, 0U);
  }
  ends = true;
  for (std::thread& thread : threads) thread.join();
}

// ---- Random trees of scopes, on an executor that runs things in any order: whatever fails or is
// cancelled, what began has ended once, and before its scope did.

struct World {
  explicit World(std::uint32_t seed) : random(seed) {}
  std::uint32_t Below(std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); }

  std::minstd_rand random;
  ManualExecutor executor;
  int begun = 0;
  int ended = 0;
};

struct Alive {
  Alive(World& w, int& in) : world(w), scope(in) {
    ++world.begun;
    ++scope;
  }
  ~Alive() {
    ++world.ended;
    --scope;
  }
  World& world;
  int& scope;
};

Task<void> Grows(World& world, int levels, int& in_scope);

Task<void> Branches(World& world, int levels, int& alive, AsyncScope& scope) {
  for (std::uint32_t i = world.Below(4); i > 0; --i) {
    if (world.Below(2) == 0) {
      scope.Spawn(world.executor, Grows(world, levels, alive));
    } else {
      scope.Spawn(Grows(world, levels, alive));
    }
    if (world.Below(8) == 0) scope.Cancel();
  }
  if (world.Below(2) == 0) co_await Grows(world, levels, alive);
}

Task<void> Grows(World& world, int levels, int& in_scope) {
  const Alive here(world, in_scope);
  for (std::uint32_t steps = 1 + world.Below(3); steps > 0; --steps) {
    switch (world.Below(16)) {
      case 0:
        co_await OrFail(absl::NotFoundError("failed"));
        break;
      case 1:
        throw std::out_of_range("thrown");
      case 2:
      case 3:
      case 4:
      case 5:
      case 6:
        co_await SwitchTo(world.executor);
        break;
      default:
        if (levels == 0) break;
        int alive = 0;
        const auto on_failure = world.Below(2) == 0 ? OnFailure::kCancel : OnFailure::kGoOn;
        auto branches = [&](AsyncScope& scope) {
          return Branches(world, levels - 1, alive, scope);
        };
        Outcome<void> outcome = co_await AsOutcome(WithScope(branches, on_failure));
        EXPECT_EQ(alive, 0);
        if (world.Below(4) == 0) co_await OrFail(std::move(outcome));
        break;
    }
  }
}

TEST(AsyncScopeTest, WhatBeganHasEndedBeforeItsScope) {
  std::set<OutcomeKind> kinds;
  int begun = 0;
  for (std::uint32_t seed = 1; seed <= 800; ++seed) {
    World world(seed);
    int alive = 0;
    Future<void> tree = Spawn(Grows(world, 4, alive));
    while (world.executor.pending() > 0) {
      if (world.Below(200) == 0) tree.Cancel();
      world.executor.RunAt(world.random() % world.executor.pending());
    }
    ASSERT_TRUE(tree.IsReady()) << seed;
    kinds.insert(tree.WaitForOutcome().kind());
    ASSERT_EQ(alive, 0) << seed;
    ASSERT_EQ(world.begun, world.ended) << seed;
    begun += world.begun;
  }
  EXPECT_EQ(kinds.size(), 4U);  // all that there are
  EXPECT_GT(begun, 5'000);
}

}  // namespace
}  // namespace ashlar
