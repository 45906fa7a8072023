#include "ashlar/engine/internal/task_word.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Word = TaskWord<>;

// Sole and shared holders take different ways through the code.
class TaskWordTest : public testing::TestWithParam<std::uint32_t> {};

TEST_P(TaskWordTest, IsClaimedOnce) {
  Word word(GetParam());
  EXPECT_EQ(word.phase(), TaskPhase::kPending);
  EXPECT_EQ(word.runner(), std::nullopt);
  EXPECT_TRUE(word.TryClaim(7));
  EXPECT_EQ(word.phase(), TaskPhase::kRunning);
  EXPECT_EQ(word.runner(), 7u);
  EXPECT_FALSE(word.finished());
  EXPECT_FALSE(word.TryClaim(8));
  EXPECT_FALSE(word.TryCancel());
  EXPECT_EQ(word.runner(), 7u);
}

TEST_P(TaskWordTest, ACancelledTaskCannotBeClaimed) {
  Word word(GetParam());
  EXPECT_TRUE(word.TryCancel());
  EXPECT_FALSE(word.TryClaim(1));
  EXPECT_EQ(word.runner(), Word::kOutsider);
  EXPECT_EQ(word.Finish(TaskPhase::kCancelled).last, GetParam() == 1);
  EXPECT_EQ(word.phase(), TaskPhase::kCancelled);
}

TEST_P(TaskWordTest, FinishLetsGoOfOneHold) {
  for (const TaskPhase phase : {TaskPhase::kCompleted, TaskPhase::kFailed}) {
    Word word(GetParam());
    EXPECT_TRUE(word.TryClaim(Word::kMaxWorkers - 1));
    EXPECT_EQ(word.runner(), Word::kMaxWorkers - 1);
    const Word::Finished finished = word.Finish(phase);
    EXPECT_FALSE(finished.waiters);
    EXPECT_EQ(finished.last, GetParam() == 1);
    EXPECT_EQ(word.phase(), phase);
    EXPECT_TRUE(word.finished());
    EXPECT_EQ(word.runner(), std::nullopt);
    EXPECT_FALSE(word.TryClaim(1));
    for (std::uint32_t left = GetParam() - 1; left > 0; --left) {
      EXPECT_EQ(word.SoleHolder(), left == 1);
      EXPECT_EQ(word.DropHolder(), left == 1);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Holders, TaskWordTest, testing::Values(1, 2, 3));

TEST(TaskWordWaitTest, FinishReportsAnnouncedWaiters) {
  Word word(2);
  EXPECT_TRUE(word.AnnounceWaiter());
  EXPECT_TRUE(word.TryClaim(0));
  EXPECT_EQ(word.runner(), 0u);  // the waiters' mark is no part of it
  EXPECT_TRUE(word.AnnounceWaiter());
  EXPECT_TRUE(word.Finish(TaskPhase::kCompleted).waiters);
  EXPECT_FALSE(word.AnnounceWaiter());
  word.Sleep(std::nullopt);  // finished: returns at once
}

TEST(TaskWordWaitTest, SleepReturnsAtOnceUnlessAnnounced) {
  Word word(2);
  word.Sleep(std::nullopt);
}

TEST(TaskWordWaitTest, TimedSleepEnds) {
  Word word(2);
  EXPECT_TRUE(word.AnnounceWaiter());
  const auto begin = steady_clock::now();
  // A signal may end a sleep early.
  while (steady_clock::now() - begin < milliseconds(3)) word.Sleep(milliseconds(1));
  word.Sleep(milliseconds(0));
  word.Sleep(milliseconds(-1));
  EXPECT_FALSE(word.finished());
}

// A task with a plain result and a plain note by another holder, for TSan to watch.
struct Task {
  explicit Task(std::uint32_t holders) : word(holders) {}
  Word word;
  int result = 0;
  int notes[2] = {};
};

void LetGo(Task* task, bool last, std::atomic<int>& cleared) {
  if (!last) return;
  EXPECT_EQ(task->word.phase(), TaskPhase::kCompleted);
  EXPECT_EQ(task->result, 7);
  task->result = 0;
  task->notes[0] = task->notes[1] = 0;
  ++cleared;
}

// Two race to run it, one sleeps for it; the last one clears it away.
TEST(TaskWordStressTest, ATaskRunsOnceAndIsClearedOnce) {
  constexpr int kTasks = 3000;
  std::vector<std::unique_ptr<Task>> tasks;
  for (int i = 0; i < kTasks; ++i) tasks.push_back(std::make_unique<Task>(3));
  std::atomic<int> runs{0};
  std::atomic<int> cleared{0};
  std::atomic<int> begun[3] = {};

  const auto keep_step = [&](std::size_t self, int i) {
    begun[self].store(i + 1, std::memory_order_relaxed);
    for (int spins = 0; begun[(self + 1) % 3].load(std::memory_order_relaxed) < i; ++spins) {
      if (spins > 100) std::this_thread::yield();
    }
  };
  std::vector<std::thread> threads;
  for (std::uint32_t self = 0; self < 2; ++self) {
    threads.emplace_back([&, self] {
      for (int i = 0; i < kTasks; ++i) {
        keep_step(self, i);
        Task* const task = tasks[i].get();
        task->notes[self] = i;
        if (task->word.TryClaim(self)) {
          ++runs;
          task->result = 7;
          const Word::Finished finished = task->word.Finish(TaskPhase::kCompleted);
          if (finished.waiters) task->word.Wake();
          LetGo(task, finished.last, cleared);
        } else {
          LetGo(task, task->word.DropHolder(), cleared);
        }
      }
    });
  }
  threads.emplace_back([&] {
    for (int i = 0; i < kTasks; ++i) {
      keep_step(2, i);
      Task* const task = tasks[i].get();
      while (task->word.AnnounceWaiter()) task->word.Sleep(std::nullopt);
      EXPECT_EQ(task->result, 7);
      LetGo(task, task->word.DropHolder(), cleared);
    }
  });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, kTasks);
  EXPECT_EQ(cleared, kTasks);
}

TEST(TaskWordStressTest, ClaimAndCancelExcludeEachOther) {
  constexpr int kTasks = 5000;
  std::vector<std::unique_ptr<Task>> tasks;
  for (int i = 0; i < kTasks; ++i) tasks.push_back(std::make_unique<Task>(2));
  std::atomic<int> claimed{0};
  std::atomic<int> cancelled{0};
  std::atomic<int> last{0};
  std::atomic<int> begun{0};
  std::thread other([&] {
    for (int i = 0; i < kTasks; ++i) {
      while (begun.load(std::memory_order_relaxed) < i) std::this_thread::yield();
      Word& word = tasks[i]->word;
      if (word.TryCancel()) {
        ++cancelled;
        last += word.Finish(TaskPhase::kCancelled).last;
      } else {
        last += word.DropHolder();
      }
    }
  });
  for (int i = 0; i < kTasks; ++i) {
    begun.store(i, std::memory_order_relaxed);
    Word& word = tasks[i]->word;
    if (word.TryClaim(3)) {
      ++claimed;
      last += word.Finish(TaskPhase::kCompleted).last;
    } else {
      last += word.DropHolder();
    }
  }
  begun.store(kTasks, std::memory_order_relaxed);
  other.join();
  EXPECT_EQ(claimed + cancelled, kTasks);
  EXPECT_EQ(last, kTasks);
}

}  // namespace
}  // namespace ashlar::internal
