#include "ashlar/concurrency/priority_queue.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/concurrency/platform.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Queue = PriorityQueue<int, int>;
using Participant = Queue::Participant;

TEST(PriorityQueueTest, TheLeastComesFirst) {
  Queue queue;
  Participant self(queue);
  std::mt19937 random(1);
  std::multiset<int> model;
  for (int i = 0; i < 5000; ++i) {
    if (random() % 2 == 0) {
      const int priority = static_cast<int>(random() % 1000) - 500;
      self.Push(priority, -priority);
      model.insert(priority);
    } else {
      const auto entry = self.TryPop();
      ASSERT_EQ(entry.has_value(), !model.empty());
      if (!entry) continue;
      ASSERT_EQ(entry->priority, *model.begin());
      ASSERT_EQ(entry->item, -entry->priority);
      model.erase(model.begin());
    }
    ASSERT_EQ(queue.SizeApprox(), model.size());
  }
}

TEST(PriorityQueueTest, OfEqualsTheOldestComesFirst) {
  Queue queue;
  Participant first(queue), second(queue);
  for (int i = 0; i < 1000; ++i) (i % 2 == 0 ? first : second).Push(i % 3, i);
  int last[3] = {-1, -1, -1};
  int previous = 0;
  while (const auto entry = second.TryPop()) {
    ASSERT_LE(previous, entry->priority);
    previous = entry->priority;
    ASSERT_LT(last[entry->priority], entry->item);
    last[entry->priority] = entry->item;
  }
}

TEST(PriorityQueueTest, PrioritiesAtTheLimits) {
  using Limits = std::numeric_limits<int>;
  Queue queue;
  Participant self(queue);
  for (const int priority : {0, Limits::max(), Limits::min(), -1}) self.Push(priority, 0);
  for (const int priority : {Limits::min(), -1, 0, Limits::max()}) {
    EXPECT_EQ(self.TryPop()->priority, priority);
  }
  EXPECT_FALSE(self.TryPop().has_value());
}

TEST(PriorityQueueTest, ItemsMoveAndAreDestroyed) {
  const auto item = std::make_shared<int>();
  {
    PriorityQueue<int, std::shared_ptr<int>> queue;
    PriorityQueue<int, std::shared_ptr<int>>::Participant self(queue);
    for (int i = 0; i < 100; ++i) self.Push(i, item);
    EXPECT_EQ(item.use_count(), 101);
    for (int i = 0; i < 30; ++i) self.TryPop();
    EXPECT_EQ(item.use_count(), 71);
  }
  EXPECT_EQ(item.use_count(), 1);
}

// Memory that comes to an end.
struct NoMemory : StdPlatform {
  static inline std::atomic<int> allocations_left = 0;
  static void Allocate() {
    if (allocations_left.fetch_sub(1) <= 0) throw std::bad_alloc();
  }
  template <class T, class... Args>
  static T* Create(Args&&... args) {
    Allocate();
    return StdPlatform::Create<T>(std::forward<Args>(args)...);
  }
  template <class T>
  static T* CreateArray(std::size_t count) {
    Allocate();
    return StdPlatform::CreateArray<T>(count);
  }
};
using Small = PriorityQueue<int, std::unique_ptr<int>, NoMemory>;

// Pushes until it fails, from 0 on. How many were pushed.
int PushUntilNoMemory(Small::Participant& self) {
  for (int pushed = 0;; ++pushed) {
    auto item = std::make_unique<int>(pushed);
    try {
      self.Push(pushed, std::move(item));
    } catch (const std::bad_alloc&) {
      EXPECT_EQ(*item, pushed);  // still there
      return pushed;
    }
  }
}

TEST(PriorityQueueTest, PushThatFailsPushesNothing) {
  for (int allocations = 0; allocations < 20; ++allocations) {
    NoMemory::allocations_left = 1;
    Small queue;
    Small::Participant self(queue);
    EXPECT_THROW(Small::Participant{queue}, std::bad_alloc);
    NoMemory::allocations_left = allocations;
    const int pushed = PushUntilNoMemory(self);
    EXPECT_EQ(queue.SizeApprox(), static_cast<std::size_t>(pushed));
    for (int i = 0; i < pushed; ++i) EXPECT_EQ(*self.TryPop()->item, i);
    EXPECT_FALSE(self.TryPop().has_value());
  }
}

// Also where another thread would have done it.
TEST(PriorityQueueStressTest, PushThatFailsIsToldToWhoAsked) {
  for (int round = 0; round < 50; ++round) {
    NoMemory::allocations_left = 2;
    Small queue;
    Small::Participant first(queue), second(queue);
    NoMemory::allocations_left = round % 20;
    int pushed[2];
    std::thread other([&] { pushed[1] = PushUntilNoMemory(second); });
    pushed[0] = PushUntilNoMemory(first);
    other.join();
    EXPECT_EQ(queue.SizeApprox(), static_cast<std::size_t>(pushed[0] + pushed[1]));
  }
}

using PriorityQueueDeathTest = testing::Test;

TEST(PriorityQueueDeathTest, ParticipantOutlivesItsQueue) {
  EXPECT_DEATH(
      {
        auto queue = std::make_unique<Queue>();
        Participant self(*queue);
        queue.reset();
      },
      "a Participant outlives its PriorityQueue");
}

// ---- Several threads. Under TSan these also show what happens before what: items own memory.

struct Item {
  int thread;
  int number;
};

// Threads push and pop until all has come out, once; equals of one thread in its order.
void EveryItemOnce(std::size_t threads, int count) {
  using Boxes = PriorityQueue<int, std::unique_ptr<Item>>;
  constexpr int kPriorities = 3;
  Boxes queue;
  std::atomic<int> left{static_cast<int>(threads) * count};
  std::vector<std::vector<int>> times(threads, std::vector<int>(static_cast<std::size_t>(count)));
  std::vector<std::thread> workers;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&, thread] {
      std::vector<int> last(threads * kPriorities, -1);
      for (int i = 0; i < count || left.load(std::memory_order_relaxed) > 0; ++i) {
        Boxes::Participant self(queue);
        if (i < count) {
          self.Push(i % kPriorities, std::make_unique<Item>(Item{static_cast<int>(thread), i}));
        }
        if (i < count && i % 2 == 0) continue;
        if (const auto entry = self.TryPop()) {
          const auto of = static_cast<std::size_t>(entry->item->thread);
          int& before = last[of * kPriorities + static_cast<std::size_t>(entry->priority)];
          EXPECT_LT(before, entry->item->number);
          before = entry->item->number;
          ++times[of][static_cast<std::size_t>(entry->item->number)];  // nobody else's
          left.fetch_sub(1, std::memory_order_relaxed);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  for (const std::vector<int>& of_one : times) {
    for (const int n : of_one) ASSERT_EQ(n, 1);
  }
  EXPECT_EQ(queue.SizeApprox(), 0u);
}

TEST(PriorityQueueStressTest, EveryItemComesOnceAndInOrder) { EveryItemOnce(2, 5000); }

// Threads are stopped while they work for all.
TEST(PriorityQueueStressTest, ManyMoreThreadsThanProcessors) { EveryItemOnce(8, 500); }

// Each thread pushes before it pops, so there is an item for each.
TEST(PriorityQueueStressTest, NoneIsToldEmptyForOthersInItsWay) {
  Queue queue;
  std::atomic<int> refused{0};
  std::vector<std::thread> workers;
  for (int thread = 0; thread < 4; ++thread) {
    workers.emplace_back([&] {
      Participant self(queue);
      for (int i = 0; i < 10000; ++i) {
        self.Push(i, i);
        if (!self.TryPop()) ++refused;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace ashlar
