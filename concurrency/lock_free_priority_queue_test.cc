#include "ashlar/concurrency/lock_free_priority_queue.h"

#include <atomic>
#include <cstddef>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <queue>
#include <random>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Queue = LockFreePriorityQueue<int, int>;

// Grows to some thousands, so that there are many chunks, and shrinks to nothing, with few
// priorities or many, pushed evenly, or mostly as the least or as the greatest.
void ComparedToAModel(int priorities, int drift) {
  Queue queue;
  std::mt19937 random(1);
  std::map<int, std::queue<int>> model;
  std::size_t size = 0;
  int base = 0;
  for (int i = 0; i < 20000 || size > 0; ++i) {
    if (random() % 16 < (i / 5000 % 2 == 0 ? 12u : 4u) && i < 20000) {
      const int priority = base + static_cast<int>(random() % static_cast<unsigned>(priorities));
      base += drift;
      queue.Push(priority, i);
      model[priority].push(i);
      ++size;
    } else {
      const auto entry = queue.TryPop();
      ASSERT_EQ(entry.has_value(), size > 0);
      if (!entry) continue;
      const auto least = model.begin();
      ASSERT_EQ(entry->priority, least->first);
      ASSERT_EQ(entry->item, least->second.front());
      least->second.pop();
      if (least->second.empty()) model.erase(least);
      --size;
    }
    if (i % 64 == 0) {
      ASSERT_EQ(queue.SizeApprox(), size);
    }
  }
}

TEST(LockFreePriorityQueueTest, TheLeastComesFirst) { ComparedToAModel(100000, 0); }
TEST(LockFreePriorityQueueTest, OfEqualsTheOldestComesFirst) {
  ComparedToAModel(1, 0);
  ComparedToAModel(3, 0);
}
TEST(LockFreePriorityQueueTest, EachIsLessThanThoseBefore) { ComparedToAModel(1, -1); }
TEST(LockFreePriorityQueueTest, EachIsGreaterThanThoseBefore) { ComparedToAModel(1, 1); }
TEST(LockFreePriorityQueueTest, MostAreLess) { ComparedToAModel(100, -1); }
TEST(LockFreePriorityQueueTest, MostAreGreater) { ComparedToAModel(100, 1); }

TEST(LockFreePriorityQueueTest, PrioritiesAtTheLimits) {
  using Limits = std::numeric_limits<int>;
  Queue queue;
  for (int round = 0; round < 3; ++round) {
    for (const int priority : {0, Limits::max(), Limits::min(), -1}) queue.Push(priority, 0);
    for (const int priority : {Limits::min(), -1, 0, Limits::max()}) {
      EXPECT_EQ(queue.TryPop()->priority, priority);
    }
    EXPECT_FALSE(queue.TryPop().has_value());
    EXPECT_FALSE(queue.TryPop().has_value());
  }
}

TEST(LockFreePriorityQueueTest, ItemsMoveAndAreDestroyed) {
  const auto item = std::make_shared<int>();
  {
    LockFreePriorityQueue<unsigned char, std::shared_ptr<int>> queue;
    for (int i = 0; i < 200; ++i) queue.Push(static_cast<unsigned char>(i), item);
    EXPECT_EQ(item.use_count(), 201);
    for (int i = 0; i < 30; ++i) EXPECT_EQ(queue.TryPop()->priority, i);
    EXPECT_EQ(item.use_count(), 171);
  }
  EXPECT_EQ(item.use_count(), 1);
}

// Only the default domain has participants that come by themselves.
using Fenced = LockFreePriorityQueue<int, int, StdPlatform, FullFencePolicy>;
static_assert(std::is_default_constructible_v<Queue>);
static_assert(!std::is_default_constructible_v<Fenced>);

TEST(LockFreePriorityQueueTest, ADomainOfItsOwn) {
  Fenced::Epochs epochs;
  Fenced::Participant self(epochs);
  Fenced queue(epochs);
  queue.Push(self, 1, 2);
  EXPECT_EQ(queue.SizeApprox(self), 1u);
  EXPECT_EQ(queue.TryPop(self)->item, 2);
}

TEST(LockFreePriorityQueueDeathTest, AParticipantOfAnotherDomain) {
  EpochReclamation epochs;
  EpochReclamation::Participant stranger(epochs);
  Queue queue;
  EXPECT_DEATH(queue.Push(stranger, 0, 0), "another domain");
  EXPECT_DEATH((void)queue.TryPop(stranger), "another domain");
}

// ---- Memory that is counted, and comes to an end.

struct ScarcePlatform : StdPlatform {
  static inline int left = 0;  // calls that succeed
  static inline int used = 0;  // and were not undone

  static void Take() {
    if (left <= 0) throw std::bad_alloc();
    --left;
    ++used;
  }
  template <class T, class... Args>
  static T* Create(Args&&... args) {
    Take();
    try {
      return StdPlatform::Create<T>(std::forward<Args>(args)...);
    } catch (...) {
      --used;
      throw;
    }
  }
  template <class T>
  static void Destroy(T* pointer) noexcept {
    --used;
    StdPlatform::Destroy(pointer);
  }
  template <class T>
  static T* CreateArray(std::size_t count) {
    Take();
    return StdPlatform::CreateArray<T>(count);
  }
  template <class T>
  static void DestroyArray(T* pointer, std::size_t count) noexcept {
    --used;
    StdPlatform::DestroyArray(pointer, count);
  }
};

constexpr LockFreePriorityQueueOptions kSmall = {.least_chunk = 2, .collect_bytes = 1024};
using Scarce =
    LockFreePriorityQueue<int, std::unique_ptr<int>, ScarcePlatform, AsymmetricFencePolicy, kSmall>;

// Whatever the allocation at which memory ends, a call that throws changes nothing.
TEST(LockFreePriorityQueueTest, WithoutMemoryNothingChanges) {
  for (int memory = 0; memory < 40; ++memory) {
    ScarcePlatform::left = 1000;
    {
      Scarce::Epochs epochs;
      Scarce::Participant self(epochs);
      Scarce queue(epochs);
      std::vector<int> expected;
      std::mt19937 random(static_cast<unsigned>(memory));
      ScarcePlatform::left = memory;
      const auto push = [&](int priority) {
        auto item = std::make_unique<int>(priority);
        try {
          queue.Push(self, priority, std::move(item));
        } catch (const std::bad_alloc&) {
          ASSERT_EQ(*item, priority);  // still there
          ScarcePlatform::left = memory;
          return;
        }
        expected.push_back(priority);
      };
      for (int i = 0; i < 50; ++i) {
        push(static_cast<int>(random() % 1000 * 64) + i);  // all differ
        if (i % 4 != 0) continue;
        try {
          const auto entry = queue.TryPop(self);
          if (!entry) continue;
          std::erase(expected, entry->priority);
        } catch (const std::bad_alloc&) {
          ScarcePlatform::left = memory;
        }
      }
      ScarcePlatform::left = 1000;
      int previous = -1;
      while (const auto entry = queue.TryPop(self)) {
        EXPECT_LT(previous, entry->priority);
        EXPECT_EQ(*entry->item, entry->priority);
        previous = entry->priority;
        EXPECT_EQ(std::erase(expected, entry->priority), 1u);
      }
      EXPECT_TRUE(expected.empty());
    }
    ASSERT_EQ(ScarcePlatform::used, 0);
  }
}

TEST(LockFreePriorityQueueTest, MemoryComesBackAfterABurst) {
  ScarcePlatform::left = std::numeric_limits<int>::max();
  {
    using Counted = LockFreePriorityQueue<int, int, ScarcePlatform>;
    Counted::Epochs epochs;
    Counted::Participant self(epochs);
    Counted queue(epochs);
    std::mt19937 random(1);
    for (int i = 0; i < 50000; ++i) queue.Push(self, static_cast<int>(random() % 10000), i);
    while (queue.TryPop(self)) {
    }
    EXPECT_LT(epochs.Garbage(), 200u);
    for (int i = 0; i < 3; ++i) self.Collect();
    EXPECT_EQ(epochs.Garbage(), 0u);
    EXPECT_LT(ScarcePlatform::used, 20);
  }
  EXPECT_EQ(ScarcePlatform::used, 0);
}

// ---- Several threads. Under TSan these also show what happens before what: items own memory.

struct Item {
  int thread;
  int number;
};

// Threads push and pop until all has come out, once; equals of one thread in its order.
template <LockFreePriorityQueueOptions kOptions>
void EveryItemOnce(std::size_t threads, int count) {
  using Boxes = LockFreePriorityQueue<int, std::unique_ptr<Item>, StdPlatform,
                                      AsymmetricFencePolicy, kOptions>;
  constexpr int kPriorities = 3;
  typename Boxes::Epochs epochs;
  Boxes queue(epochs);
  std::atomic<int> left{static_cast<int>(threads) * count};
  std::vector<std::vector<int>> times(threads, std::vector<int>(static_cast<std::size_t>(count)));
  std::vector<std::thread> workers;
  for (std::size_t thread = 0; thread < threads; ++thread) {
    workers.emplace_back([&, thread] {
      std::vector<int> last(threads * kPriorities, -1);
      std::optional<typename Boxes::Participant> self;
      for (int i = 0; i < count || left.load(std::memory_order_relaxed) > 0; ++i) {
        if (i % 16 == 0) self.emplace(epochs);
        if (i < count) {
          queue.Push(*self, i % kPriorities,
                     std::make_unique<Item>(Item{static_cast<int>(thread), i}));
        }
        if (i < count && i % 2 == 0) continue;
        if (const auto entry = queue.TryPop(*self)) {
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
}

TEST(LockFreePriorityQueueStressTest, EveryItemComesOnceAndInOrder) {
  EveryItemOnce<LockFreePriorityQueueOptions{}>(2, 5000);
}

TEST(LockFreePriorityQueueStressTest, EveryItemComesOnceThroughSmallChunks) {
  EveryItemOnce<kSmall>(3, 2000);
}

// Threads are stopped in the middle of calls.
TEST(LockFreePriorityQueueStressTest, ManyMoreThreadsThanProcessors) {
  EveryItemOnce<LockFreePriorityQueueOptions{}>(8, 500);
}

// Each thread pushes before it pops, so there is an item for each.
TEST(LockFreePriorityQueueStressTest, NoneIsToldEmptyForOthersInItsWay) {
  Queue queue;
  std::atomic<int> refused{0};
  std::vector<std::thread> workers;
  for (int thread = 0; thread < 4; ++thread) {
    workers.emplace_back([&] {
      for (int i = 0; i < 5000; ++i) {
        queue.Push(i, i);
        if (!queue.TryPop()) ++refused;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace ashlar
