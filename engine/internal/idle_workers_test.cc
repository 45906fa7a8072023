#include "ashlar/engine/internal/idle_workers.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

using Rest = IdleWorkers<>::Rest;

TEST(IdleWorkersTest, CountsWhoIsBusy) {
  IdleWorkers<> idle(3);
  EXPECT_EQ(idle.Busy(), 3u);
  EXPECT_FALSE(idle.AnySleeping());
  idle.BeginSearch();
  idle.BeginSearch();
  EXPECT_EQ(idle.Busy(), 1u);
  idle.EndSearch();
  EXPECT_EQ(idle.Busy(), 2u);
}

TEST(IdleWorkersTest, ASleepIsAnnouncedBeforeTheLookAroundAndWithdrawnAfterwards) {
  IdleWorkers<> idle(1);
  idle.BeginSearch();
  const Rest rest = idle.Sleep(0, [&] {
    EXPECT_TRUE(idle.AnySleeping());
    EXPECT_EQ(idle.Busy(), 0u);
    return true;
  });
  EXPECT_EQ(rest, Rest::kSawWork);
  EXPECT_FALSE(idle.AnySleeping());
  idle.EndSearch();
  EXPECT_EQ(idle.Busy(), 1u);
}

TEST(IdleWorkersTest, WhoIsWokenWhileItLooksAroundDoesNotSleep) {
  IdleWorkers<> idle(1);
  idle.BeginSearch();
  EXPECT_EQ(idle.Sleep(0, [&] { return idle.WakeOneIfNeeded(), false; }), Rest::kSlept);
  EXPECT_EQ(idle.Sleep(0, [&] { return idle.WakeOneIfNeeded(), true; }), Rest::kSawWork);
  EXPECT_FALSE(idle.AnySleeping());
  idle.EndSearch();
  EXPECT_EQ(idle.Busy(), 1u);
}

TEST(IdleWorkersTest, NobodyIsWokenWhileSomebodySearches) {
  IdleWorkers<> idle(2);
  idle.BeginSearch();  // one
  idle.BeginSearch();  // and the other, which nearly sleeps
  const Rest rest = idle.Sleep(1, [&] {
    idle.WakeOneIfNeeded();
    EXPECT_TRUE(idle.AnySleeping());
    idle.EndSearch();  // of the first one
    idle.WakeOneIfNeeded();
    EXPECT_FALSE(idle.AnySleeping());
    return false;
  });
  EXPECT_EQ(rest, Rest::kSlept);
}

TEST(IdleWorkersTest, TheLastWorkerToBeIdleAfterStopEndsAll) {
  IdleWorkers<> idle(1);
  idle.Stop();
  idle.BeginSearch();
  EXPECT_EQ(idle.Sleep(0, [] { return true; }), Rest::kSawWork);
  EXPECT_EQ(idle.Sleep(0, [] { return false; }), Rest::kEnd);
  EXPECT_EQ(idle.Sleep(0, [] { return true; }), Rest::kEnd);
}

// Workers with one counter in place of queues, told to stop at any moment. A lost wake-up is
// a test that hangs.
class Pool {
 public:
  explicit Pool(int workers) : idle_(workers) {
    for (int worker = 0; worker < workers; ++worker) {
      threads_.emplace_back([this, worker] { Main(worker); });
    }
  }

  void Publish(int count) {
    work_.fetch_add(count, std::memory_order_seq_cst);
    idle_.WakeOneIfNeeded();
  }
  // How much was done. All that was published is.
  int Stop() {
    idle_.Stop();
    for (std::thread& thread : threads_) thread.join();
    EXPECT_EQ(work_.load(), 0);
    return done_.load();
  }
  int done() const { return done_.load(std::memory_order_relaxed); }

 private:
  void Main(int worker) {
    for (;;) {
      idle_.BeginSearch();
      while (!TryTake()) {
        if (idle_.Sleep(worker, [this] { return WorkInSight(); }) == Rest::kEnd) return;
      }
      idle_.EndSearch();
      if (idle_.AnySleeping() && WorkInSight()) idle_.WakeOneIfNeeded();
      done_.fetch_add(1, std::memory_order_relaxed);
    }
  }
  bool TryTake() {
    int work = work_.load(std::memory_order_relaxed);
    while (work > 0) {
      if (work_.compare_exchange_weak(work, work - 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  bool WorkInSight() const { return work_.load(std::memory_order_seq_cst) > 0; }

  IdleWorkers<> idle_;
  std::atomic<int> work_{0};
  std::atomic<int> done_{0};
  std::vector<std::thread> threads_;
};

class IdleWorkersStressTest : public testing::TestWithParam<int> {};

TEST_P(IdleWorkersStressTest, WorkIsDoneWithoutAStop) {
  Pool pool(GetParam());
  constexpr int kRounds = 2000;
  for (int round = 1; round <= kRounds; ++round) {
    pool.Publish(1);
    // So that they fall asleep between two rounds, or nearly.
    if (round % 4 != 0) continue;
    while (pool.done() < round) std::this_thread::yield();
  }
  EXPECT_EQ(pool.Stop(), kRounds);
}

TEST_P(IdleWorkersStressTest, SeveralPublishers) {
  Pool pool(GetParam());
  constexpr int kPublishers = 3;
  constexpr int kEach = 2000;
  std::vector<std::thread> publishers;
  for (int p = 0; p < kPublishers; ++p) {
    publishers.emplace_back([&pool] {
      for (int i = 0; i < kEach; ++i) {
        pool.Publish(1);
        if (i % 16 == 0) std::this_thread::yield();
      }
    });
  }
  for (std::thread& publisher : publishers) publisher.join();
  while (pool.done() < kPublishers * kEach) std::this_thread::yield();
  EXPECT_EQ(pool.Stop(), kPublishers * kEach);
}

// The stop comes at each stage of falling asleep.
TEST_P(IdleWorkersStressTest, StopEndsAllWheneverItComes) {
  const int rounds = GetParam() > 8 ? 50 : 300;
  for (int round = 0; round < rounds; ++round) {
    Pool pool(GetParam());
    pool.Publish(round % 3);
    for (std::atomic<int> delay{round % 50 * 100}; delay > 0;) --delay;
    EXPECT_EQ(pool.Stop(), round % 3);
  }
}

// 70: more than one word of sleepers.
INSTANTIATE_TEST_SUITE_P(Workers, IdleWorkersStressTest, testing::Values(1, 2, 5, 70));

}  // namespace
}  // namespace ashlar::internal
