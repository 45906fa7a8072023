#include "ashlar/concurrency/relaxed_priority_queue.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Queue = RelaxedPriorityQueue<std::uint64_t, int>;
using Participant = Queue::Participant;
using Options = RelaxedPriorityQueueOptions;

TEST(RelaxedPriorityQueueTest, OneInternalQueueIsExact) {
  Queue queue(Options{.threads = 1, .queues_per_thread = 1});
  Participant self(queue);
  std::mt19937 random(1);
  std::multiset<std::uint64_t> model;
  for (int i = 0; i < 5000; ++i) {
    if (random() % 2 == 0) {
      const std::uint64_t priority = random() % 1000;
      self.Push(priority, static_cast<int>(priority));
      model.insert(priority);
    } else {
      const auto entry = self.TryPop();
      ASSERT_EQ(entry.has_value(), !model.empty());
      if (!entry) continue;
      ASSERT_EQ(entry->priority, *model.begin());
      ASSERT_EQ(entry->item, static_cast<int>(entry->priority));
      model.erase(model.begin());
    }
    ASSERT_EQ(queue.SizeApprox(), model.size());
  }
}

TEST(RelaxedPriorityQueueTest, WhatIsPushedComesOutOnceWhoeverPops) {
  Queue queue(Options{.threads = 4});
  Participant first(queue), second(queue);
  for (int i = 0; i < 1000; ++i) first.Push(static_cast<std::uint64_t>(i), i);
  std::vector<int> times(1000);
  while (const auto entry = second.TryPop()) ++times[entry->item];
  for (const int taken : times) EXPECT_EQ(taken, 1);
  EXPECT_FALSE(first.TryPop().has_value());
}

// The last item is found wherever it is, by any participant, though two internal queues of 32 are
// looked at first.
TEST(RelaxedPriorityQueueTest, EmptyIsNeverSaidOfAnItemThatIsThere) {
  Queue queue(Options{.threads = 8});
  for (int round = 0; round < 100; ++round) {
    Participant pusher(queue), popper(queue);
    pusher.Push(7, round);
    EXPECT_EQ(popper.TryPop()->item, round);
    EXPECT_FALSE(pusher.TryPop().has_value());
  }
}

// The greatest priority is also what an empty internal queue shows.
TEST(RelaxedPriorityQueueTest, PrioritiesAtTheLimits) {
  RelaxedPriorityQueue<int, int> queue(Options{.threads = 2});
  RelaxedPriorityQueue<int, int>::Participant self(queue);
  for (int i = 0; i < 50; ++i) self.Push(std::numeric_limits<int>::max(), i);
  for (int i = 0; i < 50; ++i) self.Push(std::numeric_limits<int>::min(), i);
  int least = 0, greatest = 0;
  while (const auto entry = self.TryPop()) {
    (entry->priority < 0 ? least : greatest) += 1;
  }
  EXPECT_EQ(least, 50);
  EXPECT_EQ(greatest, 50);
}

TEST(RelaxedPriorityQueueTest, ItemsMoveAndAreDestroyed) {
  const auto item = std::make_shared<int>();
  {
    RelaxedPriorityQueue<int, std::shared_ptr<int>> shared(Options{});
    RelaxedPriorityQueue<int, std::shared_ptr<int>>::Participant self(shared);
    for (int i = 0; i < 100; ++i) self.Push(i, item);
    EXPECT_EQ(item.use_count(), 101);
    for (int i = 0; i < 30; ++i) self.TryPop();
    EXPECT_EQ(item.use_count(), 71);
  }
  EXPECT_EQ(item.use_count(), 1);

  RelaxedPriorityQueue<int, std::unique_ptr<int>> unique(Options{});
  RelaxedPriorityQueue<int, std::unique_ptr<int>>::Participant self(unique);
  self.Push(1, std::make_unique<int>(2));
  EXPECT_EQ(*self.TryPop()->item, 2);
}

// Memory that comes to an end.
struct NoMemory : StdPlatform {
  static inline int allocations_left = 0;
  static void Allocate() {
    if (allocations_left-- == 0) throw std::bad_alloc();
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

TEST(RelaxedPriorityQueueTest, PushThatFailsPushesNothing) {
  using Small = RelaxedPriorityQueue<int, std::unique_ptr<int>, NoMemory>;
  constexpr RelaxedPriorityQueueOptions kOne{.threads = 1, .queues_per_thread = 1};
  NoMemory::allocations_left = 0;
  EXPECT_THROW(Small{kOne}, std::bad_alloc);
  for (int allocations = 1; allocations < 20; ++allocations) {
    NoMemory::allocations_left = allocations;
    Small queue(kOne);
    Small::Participant self(queue);
    int pushed = 0;
    auto item = std::make_unique<int>(0);
    try {
      for (;; ++pushed) {
        self.Push(-pushed, std::move(item));
        item = std::make_unique<int>(pushed + 1);
      }
    } catch (const std::bad_alloc&) {
    }
    ASSERT_NE(item, nullptr);
    EXPECT_EQ(*item, pushed);  // still there
    EXPECT_EQ(queue.SizeApprox(), static_cast<std::size_t>(pushed));
    for (int i = pushed - 1; i >= 0; --i) EXPECT_EQ(*self.TryPop()->item, i);
    EXPECT_FALSE(self.TryPop().has_value());
  }
}

// ---- How far from the least.

// The mean rank of what pops give, when each of `threads` participants in turn pops and pushes
// something greater again. The random choices are the same in each run.
double MeanRank(std::size_t threads, std::size_t queues_per_thread, unsigned stickiness) {
  constexpr int kItems = 2000, kPops = 8000;
  Queue queue(Options{
      .threads = threads, .queues_per_thread = queues_per_thread, .stickiness = stickiness});
  std::vector<std::unique_ptr<Participant>> participants;
  for (std::size_t i = 0; i < threads; ++i) {
    participants.push_back(std::make_unique<Participant>(queue));
  }
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> present;  // in order
  const auto push = [&](Participant& self, std::uint64_t priority) {
    self.Push(priority, 0);
    present.insert(std::upper_bound(present.begin(), present.end(), priority), priority);
  };
  for (int i = 0; i < kItems; ++i) {
    push(*participants[static_cast<std::size_t>(i) % threads], random() % 1000000);
  }
  double sum = 0;
  for (int i = 0; i < kPops; ++i) {
    Participant& self = *participants[static_cast<std::size_t>(i) % threads];
    const std::uint64_t priority = self.TryPop()->priority;
    const auto at = std::lower_bound(present.begin(), present.end(), priority);
    sum += static_cast<double>(at - present.begin());
    present.erase(at);
    push(self, priority + random() % 1000000);
  }
  return sum / kPops;
}

TEST(RelaxedPriorityQueueTest, MeanRankIsAsPromised) {
  EXPECT_EQ(MeanRank(1, 1, 8), 0);
  const struct {
    std::size_t threads;
    unsigned stickiness;
    double promised;  // in the header
  } cases[] = {{1, 1, 1.4}, {2, 1, 4.6}, {4, 1, 11}, {1, 8, 6.9}, {2, 8, 22}, {4, 8, 53}};
  for (const auto& c : cases) {
    const double mean = MeanRank(c.threads, 4, c.stickiness);
    EXPECT_LT(mean, 1.5 * c.promised) << c.threads << " " << c.stickiness;
    EXPECT_GT(mean, 0.5 * c.promised) << c.threads << " " << c.stickiness;
  }
}

// ---- Several threads. Under TSan these also show what happens before what: items own memory.

// Threads push and pop until all has come out, once.
void EveryItemOnce(std::size_t threads, Options options, int count) {
  using Boxes = RelaxedPriorityQueue<std::uint64_t, std::unique_ptr<int>>;
  Boxes queue(options);
  std::atomic<int> left{static_cast<int>(threads) * count};
  std::vector<std::vector<int>> taken(threads);
  std::vector<std::thread> workers;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&, thread] {
      Boxes::Participant self(queue);
      std::mt19937_64 random(thread);
      for (int i = 0; i < count || left.load(std::memory_order_relaxed) > 0; ++i) {
        if (i < count) {
          self.Push(random() % 1000, std::make_unique<int>(static_cast<int>(thread) * count + i));
        }
        if (i < count && i % 2 == 0) continue;
        if (auto entry = self.TryPop()) {
          taken[thread].push_back(*entry->item);
          left.fetch_sub(1, std::memory_order_relaxed);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::vector<int> times(threads * static_cast<std::size_t>(count));
  for (const std::vector<int>& of_one : taken) {
    for (const int item : of_one) ++times[static_cast<std::size_t>(item)];
  }
  for (const int n : times) ASSERT_EQ(n, 1);
  EXPECT_EQ(queue.SizeApprox(), 0u);
}

TEST(RelaxedPriorityQueueStressTest, EveryItemComesOnce) {
  EveryItemOnce(2, Options{.threads = 2}, 5000);
  EveryItemOnce(2, Options{.threads = 1, .queues_per_thread = 2, .stickiness = 1}, 5000);
}

// Threads are stopped while they hold locks.
TEST(RelaxedPriorityQueueStressTest, ManyMoreThreadsThanProcessors) {
  EveryItemOnce(8, Options{.threads = 8}, 1000);
  EveryItemOnce(8, Options{.threads = 1, .queues_per_thread = 1}, 500);
}

// Each thread pushes before it pops, so there is an item for each.
TEST(RelaxedPriorityQueueStressTest, NoneIsToldEmptyForOthersInItsWay) {
  Queue queue(Options{.threads = 2, .queues_per_thread = 2});
  std::atomic<int> refused{0};
  std::vector<std::thread> workers;
  for (int thread = 0; thread < 4; ++thread) {
    workers.emplace_back([&] {
      Participant self(queue);
      for (int i = 0; i < 20000; ++i) {
        self.Push(static_cast<std::uint64_t>(i), i);
        if (!self.TryPop()) ++refused;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace ashlar
