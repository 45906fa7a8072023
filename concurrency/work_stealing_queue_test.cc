#include "ashlar/concurrency/work_stealing_queue.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Queue = WorkStealingQueue<int>;

constexpr Queue::Index kLastIndex = std::numeric_limits<Queue::Index>::max() / 2;

TEST(WorkStealingQueueTest, OwnItemsComeNewestFirstThenOthersOldestFirst) {
  Queue queue;
  queue.Push(1);
  queue.Push(2);
  for (int i = 3; i <= 5; ++i) EXPECT_TRUE(queue.TryPushExternal(i));
  EXPECT_EQ(queue.SizeApprox(), 5u);
  for (const int expected : {2, 1, 3, 4, 5}) EXPECT_EQ(queue.Pop(), expected);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(WorkStealingQueueTest, ThievesTakeTheOldestOfTheDequeThenOfTheInbox) {
  Queue queue;
  queue.TryPushExternal(3);
  queue.TryPushExternal(4);
  queue.Push(1);
  queue.Push(2);
  for (int expected = 1; expected <= 4; ++expected) {
    const StealResult<int> stolen = queue.Steal();
    EXPECT_EQ(stolen.outcome, StealOutcome::kSuccess);
    EXPECT_EQ(stolen.item, expected);
  }
  EXPECT_EQ(queue.Steal().outcome, StealOutcome::kEmpty);
}

TEST(WorkStealingQueueTest, ABatchGoesOverAtOnce) {
  Queue queue(2, 64);  // room for two, and one in the owner's hand
  for (int i = 0; i < 5; ++i) queue.TryPushExternal(i);
  EXPECT_EQ(queue.Pop(), 0);
  EXPECT_EQ(queue.SizeApprox(), 4u);
  EXPECT_EQ(queue.Steal().item, 2);  // from the deque
  EXPECT_EQ(queue.Steal().item, 1);
  EXPECT_EQ(queue.Steal().item, 3);  // from the inbox
  EXPECT_EQ(queue.Pop(), 4);
}

TEST(WorkStealingQueueTest, ThievesTakeBatches) {
  Queue queue(4, 16);
  for (int i = 0; i < 4; ++i) queue.Push(i);
  for (int i = 4; i < 10; ++i) queue.TryPushExternal(i);
  int items[8];
  EXPECT_EQ(queue.StealBatch({}).outcome, StealOutcome::kEmpty);
  int next = 0;
  for (const std::size_t expected : {2u, 1u, 1u, 4u, 2u}) {
    const StealBatchResult stolen = queue.StealBatch(items);
    EXPECT_EQ(stolen.outcome, StealOutcome::kSuccess);
    EXPECT_EQ(stolen.count, expected);
    for (std::size_t i = 0; i < stolen.count; ++i) EXPECT_EQ(items[i], next++);
  }
  EXPECT_EQ(queue.StealBatch(items).outcome, StealOutcome::kEmpty);
}

TEST(WorkStealingQueueTest, OwnerLooksIntoTheInboxFirstIfItWants) {
  Queue queue;
  queue.Push(1);
  EXPECT_EQ(queue.PopExternal(), std::nullopt);
  queue.TryPushExternal(2);
  EXPECT_EQ(queue.PopExternal(), 2);
  EXPECT_EQ(queue.Pop(), 1);
}

TEST(WorkStealingQueueTest, InboxIsBoundedAndTheDequeIsNot) {
  Queue queue(1, 3);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.TryPushExternal(i));
  EXPECT_FALSE(queue.TryPushExternal(4));
  for (int i = 0; i < 1000; ++i) queue.Push(i);
  EXPECT_EQ(queue.SizeApprox(), 1004u);
}

TEST(WorkStealingQueueTest, OthersPushBatches) {
  Queue queue(4, 8);
  std::vector<int> items(12);
  std::iota(items.begin(), items.end(), 0);
  EXPECT_EQ(queue.TryPushExternalBatch(items.begin(), items.size()), 8u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(queue.Pop(), i);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(WorkStealingQueueTest, ClosedInboxDrains) {
  Queue queue;
  queue.TryPushExternal(1);
  EXPECT_TRUE(queue.CloseExternal());
  EXPECT_FALSE(queue.CloseExternal());
  EXPECT_FALSE(queue.TryPushExternal(2));
  queue.Push(3);  // the owner may
  EXPECT_EQ(queue.Pop(), 3);
  EXPECT_EQ(queue.Pop(), 1);
  EXPECT_EQ(queue.Pop(), std::nullopt);
}

TEST(WorkStealingQueueTest, AbsurdCapacityIsOutOfMemory) {
  const std::size_t max = std::numeric_limits<std::size_t>::max();
  EXPECT_THROW(Queue(max, 1), std::bad_alloc);
  EXPECT_THROW(Queue(1, max), std::bad_alloc);
}

// Random calls of one thread, across the wrap-around of the indices: each item comes once.
TEST(WorkStealingQueueTest, AnyIndexMayBeTheFirst) {
  for (Queue::Index before = 0; before < 40; ++before) {
    Queue queue(1, 8, kLastIndex - before);
    std::mt19937 random(static_cast<unsigned>(before));
    std::vector<int> times;
    std::size_t inside = 0;
    const auto taken = [&](int item) {
      ++times[static_cast<std::size_t>(item)];
      --inside;
    };
    for (int i = 0; i < 300; ++i) {
      const int next = static_cast<int>(times.size());
      switch (random() % 5) {
        case 0:
          queue.Push(next);
          times.push_back(0);
          ++inside;
          break;
        case 1:
        case 2:
          if (!queue.TryPushExternal(next)) break;
          times.push_back(0);
          ++inside;
          break;
        case 3:
          if (const auto item = queue.Pop()) taken(*item);
          break;
        default:
          if (const auto stolen = queue.Steal(); stolen.outcome == StealOutcome::kSuccess) {
            taken(stolen.item);
          }
      }
      ASSERT_EQ(queue.SizeApprox(), inside);
    }
    while (const auto item = queue.Pop()) taken(*item);
    for (const int taken_times : times) ASSERT_EQ(taken_times, 1);
  }
}

// ---- Several threads. Under TSan these also show what happens before what: items own memory.

// The owner, thieves and those who push from outside at once: every item is taken once.
template <class FencePolicy>
void AllAtOnce(int outsiders, int thieves, int count, std::size_t inbox_capacity) {
  struct Item {
    int number;
  };
  WorkStealingQueue<Item*, StdPlatform, FencePolicy> queue(2, inbox_capacity, kLastIndex - 50);
  const int all = (outsiders + 1) * count;
  std::vector<std::atomic<int>> times(static_cast<std::size_t>(all));
  std::atomic<int> left{all};
  const auto take = [&](Item* item) {
    const std::unique_ptr<Item> owned(item);
    times[static_cast<std::size_t>(owned->number)].fetch_add(1, std::memory_order_relaxed);
    left.fetch_sub(1, std::memory_order_relaxed);
  };
  std::vector<std::thread> threads;
  for (int outsider = 1; outsider <= outsiders; ++outsider) {
    threads.emplace_back([&, outsider] {
      for (int i = 0; i < count; ++i) {
        auto item = std::make_unique<Item>(Item{outsider * count + i});
        while (!queue.TryPushExternal(item.get())) std::this_thread::yield();
        (void)item.release();
      }
    });
  }
  for (int thief = 0; thief < thieves; ++thief) {
    threads.emplace_back([&] {
      while (left.load(std::memory_order_relaxed) > 0) {
        const StealResult<Item*> stolen = queue.Steal();
        if (stolen.outcome == StealOutcome::kSuccess) take(stolen.item);
        if (stolen.outcome == StealOutcome::kEmpty) std::this_thread::yield();
      }
    });
  }
  threads.emplace_back([&] {
    for (int pushed = 0; left.load(std::memory_order_relaxed) > 0;) {
      if (pushed < count) queue.Push(std::make_unique<Item>(Item{pushed++}).release());
      if (pushed % 16 == 0) {
        if (const std::optional<Item*> item = queue.PopExternal()) take(*item);
      }
      if (pushed % 2 == 0) {
        if (const std::optional<Item*> item = queue.Pop()) {
          take(*item);
        } else {
          std::this_thread::yield();
        }
      }
    }
  });
  for (std::thread& thread : threads) thread.join();
  for (const std::atomic<int>& taken : times) ASSERT_EQ(taken, 1);
}

TEST(WorkStealingQueueStressTest, EveryItemIsTakenOnce) {
  for (const std::size_t inbox_capacity : {2, 64}) {
    AllAtOnce<FullFencePolicy>(2, 2, 4000, inbox_capacity);
    AllAtOnce<FullFencePolicy>(1, 0, 4000, inbox_capacity);
    AllAtOnce<AsymmetricFencePolicy>(1, 1, 500, inbox_capacity);
  }
}

TEST(WorkStealingQueueStressTest, ManyMoreThreadsThanProcessors) {
  AllAtOnce<FullFencePolicy>(6, 6, 500, 8);
}

}  // namespace
}  // namespace ashlar
