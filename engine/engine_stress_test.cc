// Everything at once, from several threads, with workers that fall asleep in between and a
// shutdown at any moment: what was accepted runs once or is cancelled, every wait ends with
// the right result, and the engine comes to its end.
//
// A few seconds by default; ASHLAR_STRESS_SECONDS asks for more, ASHLAR_STRESS_SEED for
// the same choices again:
//   bazel test --config=tsan //engine:engine_stress_test --test_env=ASHLAR_STRESS_SECONDS=600
//     --test_timeout=3600

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/engine/engine.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Random = std::mt19937;

int Choose(Random& random, int count) {
  return static_cast<int>(random() % static_cast<std::uint32_t>(count));
}

// What became of tasks without a result.
struct Tally {
  std::atomic<int64_t> accepted{0};
  std::atomic<int64_t> ended{0};  // destroyed, after the run or without one
  std::atomic<int64_t> run{0};
};

// A callable whose end can be seen, however it ends.
class Task {
 public:
  Task(Tally& tally, std::function<void()> body) : tally_(&tally), body_(std::move(body)) {}
  Task(Task&& other) noexcept
      : tally_(std::exchange(other.tally_, nullptr)), body_(std::move(other.body_)) {}
  ~Task() {
    if (tally_ != nullptr) ++tally_->ended;
  }
  void operator()() {
    ++tally_->run;
    body_();
  }

 private:
  Tally* tally_;
  std::function<void()> body_;
};

int64_t Fib(Engine& engine, int n) {
  if (n < 2) return n;
  const auto [a, b] =
      engine.Join([&] { return Fib(engine, n - 1); }, [&] { return Fib(engine, n - 2); });
  return a + b;
}

class Submitter {
 public:
  // `alone`: nobody shuts the engine down meanwhile.
  Submitter(Engine& engine, Tally& tally, std::uint32_t seed, bool alone)
      : engine_(engine), tally_(tally), random_(seed), alone_(alone) {}

  // On a thread of its own.
  void Run(int operations) {
    for (int i = 0; i < operations; ++i) Step();
  }

 private:
  void Step() {
    switch (Choose(random_, alone_ ? 12 : 9)) {
      case 0:  // nobody waits
        Accept([&] { return engine_.Post(MakeTask()); });
        break;
      case 1:
        Accept([&] { return Dropped(engine_.Submit(MakeTask())); });
        break;
      case 2: {
        auto handle = engine_.Submit([] { return 42; });
        Expect42(handle.Get({.help = Choose(random_, 2) == 0}));
        break;
      }
      case 3: {
        const TaskId id = engine_.Submit([] { return 42; });
        if (id.value != 0) Expect42(engine_.WaitForResult<int>(id));
        break;
      }
      case 4: {  // gives up, asks again
        auto handle = engine_.Submit([] { return 42; });
        const auto early = handle.Get({.timeout = absl::Microseconds(Choose(random_, 50))});
        if (absl::IsDeadlineExceeded(early.status())) Expect42(handle.Get());
        break;
      }
      case 5: {
        std::vector<Task> tasks;
        for (int i = Choose(random_, 20); i > 0; --i) tasks.push_back(MakeTask());
        const auto count = static_cast<int64_t>(tasks.size());
        if (engine_.PostAll(std::move(tasks)).ok()) tally_.accepted += count;
        break;
      }
      case 6: {
        auto handle = engine_.Submit([&]() -> int { throw std::runtime_error("thrown"); });
        try {
          EXPECT_FALSE(handle.Get().ok());  // refused or cancelled
        } catch (const std::runtime_error&) {
        }
        break;
      }
      case 7: {  // a task that forks, and one that waits for another
        auto handle = engine_.Submit([this] {
          const auto inner = engine_.Submit([] { return 102; }).Get();
          EXPECT_TRUE(inner.ok() || !alone_) << inner.status();
          return Fib(engine_, 12) - inner.value_or(102);
        });
        Expect42(handle.Get());
        break;
      }
      case 8:
        if (Choose(random_, 4) == 0) {
          std::this_thread::sleep_for(std::chrono::microseconds(Choose(random_, 1500)));
        }
        break;
      case 9:
        EXPECT_EQ(Fib(engine_, 10), 55);
        break;
      case 10: {
        std::atomic<int> calls{0};
        const int count = Choose(random_, 300);
        engine_.ParallelFor(0, count, [&](int) { calls.fetch_add(1, std::memory_order_relaxed); });
        EXPECT_EQ(calls.load(), count);
        break;
      }
      case 11:
        EXPECT_EQ(engine_.ParallelReduce(
                      0, 100, 0, [](int i) { return i; }, std::plus<int>()),
                  4950);
        break;
    }
  }

  template <class Submit>
  void Accept(Submit&& submit) {
    if (submit().ok()) ++tally_.accepted;
  }
  // A refused handle says so at once; another one is let go of.
  static absl::Status Dropped(TaskHandle<void> handle) {
    return handle.state() == TaskState::kFailed ? handle.Get() : absl::OkStatus();
  }

  // Some fork, some submit more.
  Task MakeTask() {
    switch (Choose(random_, 4)) {
      case 0:
        return Task(tally_, [this] { EXPECT_EQ(Fib(engine_, 8), 21); });
      case 1:
        return Task(tally_, [this] {
          // While the engine drains a task may still submit.
          if (engine_.Post(Task(tally_, [] {})).ok()) ++tally_.accepted;
        });
      default:
        return Task(tally_, [] {});
    }
  }

  void Expect42(const absl::StatusOr<int64_t>& result) {
    if (result.ok()) {
      EXPECT_EQ(*result, 42);
    } else {
      EXPECT_FALSE(alone_) << result.status();
    }
  }

  Engine& engine_;
  Tally& tally_;
  Random random_;
  const bool alone_;
};

void Round(Random& random) {
  Tally tally;
  const bool alone = Choose(random, 2) == 0;
  auto engine = *Engine::Create({.workers = 1 + Choose(random, 4)});
  std::vector<std::unique_ptr<Submitter>> submitters;
  std::vector<std::thread> threads;
  for (int i = 1 + Choose(random, 3); i > 0; --i) {
    submitters.push_back(std::make_unique<Submitter>(*engine, tally, random(), alone));
    threads.emplace_back(&Submitter::Run, submitters.back().get(), Choose(random, 150));
  }
  if (!alone) {
    std::this_thread::sleep_for(std::chrono::microseconds(Choose(random, 3000)));
    engine->Shutdown(Choose(random, 2) == 0 ? Engine::ShutdownMode::kDrain
                                            : Engine::ShutdownMode::kCancel);
  }
  for (std::thread& thread : threads) thread.join();
  engine.reset();
  EXPECT_LE(tally.run, tally.accepted);
  if (alone) {
    EXPECT_EQ(tally.run, tally.accepted);
  }
  EXPECT_GE(tally.ended, tally.accepted);  // refused ones ended too
}

int64_t FromEnvironment(const char* name, int64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoll(value);
}

TEST(EngineStressTest, NothingIsLostAndAllComesToAnEnd) {
  const int64_t seed = FromEnvironment("ASHLAR_STRESS_SEED", std::random_device()());
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::seconds(FromEnvironment("ASHLAR_STRESS_SECONDS", 3));
  std::printf("seed %lld\n", static_cast<long long>(seed));
  std::fflush(stdout);  // even if a round aborts
  Random random(static_cast<std::uint32_t>(seed));
  int rounds = 0;
  do {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(rounds));
    Round(random);
    ++rounds;
  } while (!HasFailure() && std::chrono::steady_clock::now() < end);
  RecordProperty("rounds", rounds);
  std::printf("%d rounds\n", rounds);
}

class DeepJoinTest : public ::testing::TestWithParam<int> {};

TEST_P(DeepJoinTest, RecursionDeeperThanTheDequeIsRunOnTheSpot) {
  auto engine = *Engine::Create({.workers = GetParam()});
  std::atomic<int> count{0};
  std::function<void(int)> descend = [&](int depth) {
    if (depth == 0) return;
    engine->Join([&] { descend(depth - 1); }, [&] { ++count; });
  };
  const int depth = static_cast<int>(internal::kMaxOpenForks) + 500;
  descend(depth);
  EXPECT_EQ(count, depth);
}

INSTANTIATE_TEST_SUITE_P(Workers, DeepJoinTest, ::testing::Values(1, 2, 4));

}  // namespace
}  // namespace ashlar
