#include "ashlar/concurrency/split_deque.h"

#include <atomic>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Deque = SplitDeque<int>;
using Outcome = StealOutcome;
constexpr auto kIgnore = [] {};

// A thief comes by and asks; the owner's next operation answers.
void Ask(Deque& deque) { EXPECT_EQ(deque.Steal().outcome, Outcome::kEmpty); }

TEST(SplitDequeTest, PopsInReverseOrder) {
  Deque deque(8);
  Deque::Place* places[3];
  for (int i = 0; i < 3; ++i) places[i] = deque.Push(i, kIgnore);
  for (int i = 2; i >= 0; --i) {
    EXPECT_EQ(places[i]->Read(), i);
    EXPECT_TRUE(deque.Pop(places[i], kIgnore));
  }
}

TEST(SplitDequeTest, NothingIsPublicUnlessAThiefAsked) {
  Deque deque(8);
  deque.Push(1, kIgnore);
  deque.Push(2, kIgnore);
  EXPECT_EQ(deque.PublicSize(), 0u);
  Ask(deque);
  EXPECT_EQ(deque.PublicSize(), 0u);  // asking alone moves nothing
}

TEST(SplitDequeTest, PushAnswersARequestWithTheOlderHalf) {
  Deque deque(8);
  for (int i = 0; i < 4; ++i) deque.Push(i, kIgnore);
  Ask(deque);
  int published = 0;
  deque.Push(4, [&] { ++published; });
  EXPECT_EQ(published, 1);
  EXPECT_EQ(deque.PublicSize(), 3u);
  for (int i = 0; i < 3; ++i) {
    const auto stolen = deque.Steal();
    ASSERT_EQ(stolen.outcome, Outcome::kSuccess);
    EXPECT_EQ(stolen.item, i);
  }
  Ask(deque);
}

TEST(SplitDequeTest, PopAnswersARequestFromWhatLiesBelow) {
  Deque deque(8);
  deque.Push(0, kIgnore);
  deque.Push(1, kIgnore);
  auto* newest = deque.Push(2, kIgnore);
  Ask(deque);
  int published = 0;
  EXPECT_TRUE(deque.Pop(newest, [&] { ++published; }));
  EXPECT_EQ(published, 1);
  EXPECT_EQ(deque.PublicSize(), 1u);
}

TEST(SplitDequeTest, RequestStandsUntilThereIsSomethingToGive) {
  Deque deque(8);
  auto* place = deque.Push(0, kIgnore);
  Ask(deque);
  int published = 0;
  EXPECT_TRUE(deque.Pop(place, [&] { ++published; }));
  EXPECT_EQ(published, 0);
  deque.Push(1, [&] { ++published; });
  EXPECT_EQ(published, 1);
  EXPECT_EQ(deque.Steal().item, 1);
}

TEST(SplitDequeTest, OwnerTakesPublicItemsBackByHalves) {
  Deque deque(16);
  std::vector<Deque::Place*> places;
  for (int i = 0; i < 7; ++i) places.push_back(deque.Push(i, kIgnore));
  Ask(deque);
  places.push_back(deque.Push(7, kIgnore));
  EXPECT_EQ(deque.PublicSize(), 4u);
  for (int i = 7; i >= 4; --i) EXPECT_TRUE(deque.Pop(places[i], kIgnore));
  EXPECT_EQ(deque.PublicSize(), 4u);  // all private ones are gone
  EXPECT_TRUE(deque.Pop(places[3], kIgnore));
  EXPECT_EQ(deque.PublicSize(), 1u);
  EXPECT_EQ(deque.Steal().item, 0);
  EXPECT_TRUE(deque.Pop(places[2], kIgnore));
  EXPECT_TRUE(deque.Pop(places[1], kIgnore));
  EXPECT_FALSE(deque.Pop(places[0], kIgnore));
}

TEST(SplitDequeTest, StolenItemIsReportedAndItsPlaceReleased) {
  Deque deque(4);
  Ask(deque);
  auto* place = deque.Push(7, kIgnore);
  EXPECT_EQ(deque.Steal().item, 7);
  EXPECT_FALSE(deque.Pop(place, kIgnore));
  // While the owner waits it may push above the stolen place.
  auto* above = deque.Push(8, kIgnore);
  EXPECT_EQ(above, place + 1);
  EXPECT_TRUE(deque.Pop(above, kIgnore));
  deque.Release(place);
  EXPECT_EQ(deque.Push(9, kIgnore), place);
  EXPECT_TRUE(deque.Pop(place, kIgnore));
}

TEST(SplitDequeTest, PushFailsWhenFullAndLosesNothing) {
  Deque deque(2);
  auto* first = deque.Push(1, kIgnore);
  auto* second = deque.Push(2, kIgnore);
  EXPECT_EQ(deque.Push(3, kIgnore), nullptr);
  Ask(deque);
  EXPECT_EQ(deque.Push(3, kIgnore), nullptr);
  EXPECT_TRUE(deque.Pop(second, kIgnore));
  EXPECT_EQ(deque.PublicSize(), 1u);
  EXPECT_TRUE(deque.Pop(first, kIgnore));
  EXPECT_EQ(deque.PublicSize(), 0u);
}

TEST(SplitDequeTest, CapacityOfOneWorks) {
  Deque deque(1);
  for (int i = 0; i < 3; ++i) {
    auto* place = deque.Push(i, kIgnore);
    EXPECT_EQ(deque.Push(99, kIgnore), nullptr);
    EXPECT_TRUE(deque.Pop(place, kIgnore));
  }
}

TEST(SplitDequeDeathTest, AbsurdCapacityIsRefused) {
  EXPECT_DEATH(Deque(0), "capacity of a SplitDeque");
  EXPECT_DEATH(Deque(Deque::kMaxCapacity + 1), "capacity of a SplitDeque");
}

TEST(SplitDequeTest, StealIfFailsWithoutTheCondition) {
  Deque deque(4);
  Ask(deque);
  deque.Push(1, kIgnore);
  EXPECT_EQ(deque.StealIf([](auto) { return false; }).outcome, Outcome::kEmpty);
  EXPECT_EQ(deque.StealIf([](auto index) { return index == 0; }).outcome, Outcome::kSuccess);
}

TEST(SplitDequeTest, SizeCountsPrivateAndPublicItemsButNotStolenOnes) {
  Deque deque(4);
  EXPECT_EQ(deque.Size(), 0u);
  auto* place = deque.Push(1, kIgnore);
  EXPECT_EQ(deque.Size(), 1u);
  EXPECT_EQ(deque.NextIndex(), 1u);
  EXPECT_TRUE(deque.Pop(place, kIgnore));
  EXPECT_EQ(deque.Size(), 0u);
  Ask(deque);
  deque.Push(2, kIgnore);
  deque.Push(3, kIgnore);
  EXPECT_EQ(deque.Size(), 2u);
  deque.Steal();
  EXPECT_EQ(deque.Size(), 1u);
}

TEST(SplitDequeTest, AStealThatIsUnderWayDoesNotTakeAnotherItemAtTheSamePlace) {
  Deque deque(4);
  Ask(deque);
  auto* place = deque.Push(1, kIgnore);
  const auto stolen = deque.StealIf([&](auto) {
    EXPECT_TRUE(deque.Pop(place, kIgnore));
    Ask(deque);
    EXPECT_EQ(deque.Push(2, kIgnore), place);  // public again, at the same place
    return true;
  });
  EXPECT_EQ(stolen.outcome, Outcome::kRetry);
}

TEST(SplitDequeTest, LargestCapacityCanBeUsedUpInPublic) {
  Deque deque(Deque::kMaxCapacity);
  std::vector<Deque::Place*> places;
  for (std::size_t i = 0; i < Deque::kMaxCapacity; ++i) {
    deque.Request();
    places.push_back(deque.Push(static_cast<int>(i), kIgnore));
    ASSERT_NE(places.back(), nullptr);
  }
  EXPECT_EQ(deque.Push(0, kIgnore), nullptr);
  EXPECT_EQ(deque.PublicSize(), Deque::kMaxCapacity);
  for (std::size_t i = 0; i + 1 < Deque::kMaxCapacity; ++i) {
    ASSERT_EQ(deque.Steal().item, static_cast<int>(i));
  }
  EXPECT_TRUE(deque.Pop(places.back(), kIgnore));
  EXPECT_EQ(deque.Push(7, kIgnore), places.back());
  deque.Request();
  EXPECT_TRUE(deque.Pop(places.back(), kIgnore));
  for (std::size_t i = Deque::kMaxCapacity - 1; i-- > 0;) {
    ASSERT_FALSE(deque.Pop(places[i], kIgnore));
    deque.Release(places[i]);
  }
  EXPECT_EQ(deque.Size(), 0u);
}

// One owner forks and joins a tree of tasks on its stack, as the scheduler does, while
// thieves take what they can get. Each leaf has to run exactly once.
struct Fork {
  int leaves;
  std::atomic<bool> done{false};
};

class StressTest : public ::testing::TestWithParam<int> {};

TEST_P(StressTest, EveryItemRunsExactlyOnce) {
  SplitDeque<Fork*> deque(64);
  std::atomic<bool> stop{false};
  std::atomic<long> stolen{0};
  std::atomic<int> twice{0};
  std::vector<std::thread> thieves;
  for (int i = 0; i < GetParam(); ++i) {
    thieves.emplace_back([&] {
      while (!stop.load(std::memory_order_relaxed)) {
        const auto result = deque.Steal();
        if (result.outcome != StealOutcome::kSuccess) {
          std::this_thread::yield();
          continue;
        }
        stolen.fetch_add(result.item->leaves, std::memory_order_relaxed);
        if (result.item->done.exchange(true, std::memory_order_release)) ++twice;
      }
    });
  }
  long kept = 0;
  long forked = 0;
  auto run = [&](auto& self, int depth) -> void {
    if (depth == 0) return;
    Fork fork{depth, {}};
    forked += depth;
    auto* place = deque.Push(&fork, kIgnore);
    ASSERT_NE(place, nullptr);
    self(self, depth - 1);
    if (deque.Pop(place, kIgnore)) {
      kept += fork.leaves;
      if (fork.done.load(std::memory_order_relaxed)) ++twice;
      self(self, depth - 1);
    } else {
      while (!fork.done.load(std::memory_order_acquire)) std::this_thread::yield();
      deque.Release(place);
    }
  };
  for (int round = 0; round < 200; ++round) run(run, 10);
  stop = true;
  for (auto& thief : thieves) thief.join();
  EXPECT_EQ(kept + stolen.load(), forked);
  EXPECT_EQ(twice, 0);
  RecordProperty("stolen", static_cast<int>(stolen.load()));
}

INSTANTIATE_TEST_SUITE_P(Thieves, StressTest, ::testing::Values(1, 3));

}  // namespace
}  // namespace ashlar
