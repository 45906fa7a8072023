#include "ashlar/scheduling/async_scope.h"

#include <atomic>
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
