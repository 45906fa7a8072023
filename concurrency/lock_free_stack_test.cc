#include "ashlar/concurrency/lock_free_stack.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/concurrency/platform.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Stack = LockFreeStack<int>;
constexpr Stack::Tag kLastTag = std::numeric_limits<Stack::Tag>::max();

template <class Chain>
std::vector<int> Drain(Chain&& chain) {
  std::vector<int> items;
  while (std::optional<int> item = chain.TryPop()) items.push_back(*item);
  return items;
}

TEST(LockFreeStackTest, TheNewestComesFirst) {
  Stack stack(3);
  EXPECT_FALSE(stack.TryPop().has_value());
  for (int i = 1; i <= 3; ++i) EXPECT_TRUE(stack.TryPush(i));
  EXPECT_FALSE(stack.TryPush(4));
  EXPECT_EQ(stack.TryPop(), 3);
  EXPECT_TRUE(stack.TryPush(5));
  EXPECT_EQ(stack.TryPop(), 5);
  EXPECT_EQ(stack.TryPop(), 2);
  EXPECT_EQ(stack.TryPop(), 1);
  EXPECT_FALSE(stack.TryPop().has_value());
}

TEST(LockFreeStackTest, CapacitiesAreAsGivenAndAtLeastOne) {
  for (const std::size_t capacity : {0, 1, 2, 3, 4, 5, 7, 8, 100}) {
    Stack stack(capacity);
    ASSERT_EQ(stack.Capacity(), capacity == 0 ? 1 : capacity);
    for (int round = 0; round < 2; ++round) {
      for (std::size_t i = 0; i < stack.Capacity(); ++i) ASSERT_TRUE(stack.TryPush(1));
      ASSERT_FALSE(stack.TryPush(1));
      for (std::size_t i = 0; i < stack.Capacity(); ++i) ASSERT_TRUE(stack.TryPop().has_value());
      ASSERT_FALSE(stack.TryPop().has_value());
    }
  }
}

TEST(LockFreeStackTest, CapacitiesThatNoMemoryHoldsThrow) {
  struct Large {
    char bytes[1 << 20];
  };
  constexpr std::size_t kMax = std::numeric_limits<std::size_t>::max();
  for (const std::size_t capacity : {kMax, kMax / 2, std::size_t{1} << 32}) {
    EXPECT_THROW(Stack stack(capacity), std::bad_alloc);
    EXPECT_THROW(LockFreeStack<Large> stack(capacity), std::bad_alloc);
  }
}

struct NoMemoryPlatform : StdPlatform {
  template <class T>
  static T* CreateArray(std::size_t) {
    throw std::bad_alloc();
  }
};

TEST(LockFreeStackTest, WithoutMemoryTheConstructorThrows) {
  using Scarce = LockFreeStack<int, NoMemoryPlatform>;
  EXPECT_THROW(Scarce stack(4), std::bad_alloc);
}

TEST(LockFreeStackTest, ItemsThatCanOnlyBeMoved) {
  LockFreeStack<std::unique_ptr<int>> stack(1);
  EXPECT_TRUE(stack.TryPush(std::make_unique<int>(1)));
  auto refused = std::make_unique<int>(2);
  EXPECT_FALSE(stack.TryPush(std::move(refused)));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(**stack.TryPop(), 1);
  EXPECT_TRUE(stack.TryPush(std::move(refused)));
  EXPECT_EQ(**stack.PopAll().TryPop(), 2);
}

TEST(LockFreeStackTest, ItemsAreMadeInPlace) {
  struct Fixed {
    Fixed(int a, int b) : sum(a + b) {}
    Fixed(Fixed&& other) noexcept : sum(other.sum) {}
    int sum;
  };
  LockFreeStack<Fixed> stack(1);
  EXPECT_TRUE(stack.TryEmplace(1, 2));
  EXPECT_FALSE(stack.TryEmplace(3, 4));
  EXPECT_EQ(stack.TryPop()->sum, 3);
}

// ---- All at once.

TEST(LockFreeStackTest, PopAllTakesAllTheNewestFirst) {
  Stack stack(4);
  EXPECT_TRUE(stack.PopAll().IsEmpty());
  for (int i = 1; i <= 3; ++i) stack.TryPush(i);
  auto all = stack.PopAll();
  EXPECT_FALSE(stack.TryPop().has_value());
  EXPECT_FALSE(all.IsEmpty());
  EXPECT_EQ(Drain(all), (std::vector<int>{3, 2, 1}));
  EXPECT_TRUE(all.IsEmpty());
  EXPECT_FALSE(all.TryPop().has_value());
}

TEST(LockFreeStackTest, AChainHoldsItsPlacesUntilItsEnd) {
  Stack stack(3);
  for (int i = 1; i <= 3; ++i) stack.TryPush(i);
  {
    auto all = stack.PopAll();
    EXPECT_EQ(all.TryPop(), 3);
    EXPECT_FALSE(stack.TryPush(4));
    auto moved = std::move(all);
    EXPECT_TRUE(all.IsEmpty());
    EXPECT_EQ(moved.TryPop(), 2);
    EXPECT_FALSE(stack.TryPush(4));
  }
  for (int i = 4; i <= 6; ++i) EXPECT_TRUE(stack.TryPush(i));
  EXPECT_FALSE(stack.TryPush(7));
  EXPECT_EQ(Drain(stack.PopAll()), (std::vector<int>{6, 5, 4}));
}

TEST(LockFreeStackTest, WhatIsLeftIsDestroyed) {
  const auto alive = std::make_shared<int>(0);
  {
    LockFreeStack<std::shared_ptr<int>> stack(10);
    for (int i = 0; i < 6; ++i) stack.TryPush(alive);
    stack.TryPop();
    EXPECT_EQ(alive.use_count(), 6);
    {
      auto all = stack.PopAll();
      all.TryPop();
    }
    EXPECT_EQ(alive.use_count(), 1);
    for (int i = 0; i < 5; ++i) stack.TryPush(alive);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

// ---- Exceptions.

int alive = 0;
int throw_after = -1;  // so many constructions; never if negative

// Throws when it is made or moved.
struct Moody {
  explicit Moody(int value) : number(value) { Throw(); }
  Moody(Moody&& other) : number(other.number) { Throw(); }
  ~Moody() { --alive; }
  void Throw() {
    if (throw_after-- == 0) throw std::runtime_error("moody");
    ++alive;
  }
  int number;
};

TEST(LockFreeStackTest, APushThatThrowsLeavesItAsItWas) {
  {
    LockFreeStack<Moody> stack(2);
    EXPECT_TRUE(stack.TryEmplace(1));
    throw_after = 0;
    EXPECT_THROW(stack.TryEmplace(2), std::runtime_error);
    EXPECT_TRUE(stack.TryEmplace(3));
    EXPECT_FALSE(stack.TryEmplace(4));
    Moody moody(5);
    throw_after = 0;
    EXPECT_FALSE(stack.TryPush(std::move(moody)));  // there is no room: nothing is moved
    throw_after = -1;
    EXPECT_EQ(stack.TryPop()->number, 3);
    EXPECT_EQ(stack.TryPop()->number, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(LockFreeStackTest, APopThatThrowsLeavesItAsItWas) {
  {
    LockFreeStack<Moody> stack(2);
    EXPECT_TRUE(stack.TryEmplace(1));
    EXPECT_TRUE(stack.TryEmplace(2));
    throw_after = 0;
    EXPECT_THROW((void)stack.TryPop(), std::runtime_error);
    EXPECT_EQ(alive, 2);
    EXPECT_FALSE(stack.TryEmplace(3));
    EXPECT_EQ(stack.TryPop()->number, 2);
    EXPECT_EQ(stack.TryPop()->number, 1);
    EXPECT_FALSE(stack.TryPop().has_value());
  }
  EXPECT_EQ(alive, 0);
}

TEST(LockFreeStackTest, AChainsPopThatThrowsLeavesItAsItWas) {
  {
    LockFreeStack<Moody> stack(2);
    EXPECT_TRUE(stack.TryEmplace(1));
    EXPECT_TRUE(stack.TryEmplace(2));
    auto all = stack.PopAll();
    throw_after = 0;
    EXPECT_THROW((void)all.TryPop(), std::runtime_error);
    EXPECT_EQ(all.TryPop()->number, 2);
    EXPECT_EQ(alive, 1);
  }
  EXPECT_EQ(alive, 0);
}

// ---- Long sequences.

// The same random calls on the stack and on a std::vector. One thread: no push is refused but by a
// full stack.
void CompareWithModel(Stack& stack, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<int> model;
  for (int i = 0; i < 400; ++i) {
    const unsigned choice = random() % 16;
    if (choice < 8) {
      const bool room = model.size() < stack.Capacity();
      ASSERT_EQ(stack.TryPush(i), room);
      if (room) model.push_back(i);
    } else if (choice < 15) {
      ASSERT_EQ(stack.TryPop(), model.empty() ? std::nullopt : std::optional(model.back()));
      if (!model.empty()) model.pop_back();
    } else {
      ASSERT_EQ(Drain(stack.PopAll()), std::vector<int>(model.rbegin(), model.rend()));
      model.clear();
    }
  }
}

TEST(LockFreeStackTest, AnyTagMayBeTheFirst) {
  for (const Stack::Tag edge : {Stack::Tag{0}, kLastTag, kLastTag / 2, Stack::Tag{1} << 32}) {
    for (Stack::Tag before = 0; before < 20; ++before) {
      for (const std::size_t capacity : {1, 2, 3, 4, 15, 16}) {
        Stack stack(capacity, edge - before);
        CompareWithModel(stack, static_cast<unsigned>(before));
      }
    }
  }
}

// ---- Several threads. Under TSan these also show what happens before what: items own memory.

// Each thread pushes its numbers and pops half as many, and now and then all: each number comes
// once, and in the end all places are free.
void PushAndPop(std::size_t capacity, int threads, int count, Stack::Tag first_tag) {
  using Boxed = std::unique_ptr<int>;
  LockFreeStack<Boxed> stack(capacity, first_tag);
  std::vector<std::vector<int>> received(threads);
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      std::minstd_rand random(thread + 1);
      std::vector<int>& mine = received[thread];
      for (int i = 0; i < count;) {
        auto item = std::make_unique<int>(thread * count + i);
        if (stack.TryPush(std::move(item))) {
          ++i;
        } else {
          std::this_thread::yield();
        }
        const unsigned choice = random() / 16 % 16;
        if (choice < 8) {
          if (const std::optional<Boxed> popped = stack.TryPop()) mine.push_back(**popped);
        } else if (choice == 8) {
          auto all = stack.PopAll();
          while (const std::optional<Boxed> popped = all.TryPop()) mine.push_back(**popped);
        }
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  while (const std::optional<Boxed> popped = stack.TryPop()) received[0].push_back(**popped);

  std::vector<int> times(threads * count);
  for (const std::vector<int>& numbers : received) {
    for (const int number : numbers) ++times[number];
  }
  for (const int once : times) ASSERT_EQ(once, 1);
  for (std::size_t i = 0; i < stack.Capacity(); ++i) ASSERT_TRUE(stack.TryPush(nullptr));
  ASSERT_FALSE(stack.TryPush(nullptr));
}

TEST(LockFreeStackStressTest, EveryItemComesOnce) {
  for (const std::size_t capacity : {1, 2, 3, 64}) {
    PushAndPop(capacity, 2, 10000, kLastTag - 1000);
    PushAndPop(capacity, 4, 5000, 0);
  }
}

TEST(LockFreeStackStressTest, ManyMoreThreadsThanProcessors) { PushAndPop(4, 16, 1000, 0); }

// Whoever has pushed and not popped knows that there is an item, and so on.
TEST(LockFreeStackStressTest, NoneIsRefusedForOthersInItsWay) {
  constexpr int kThreads = 4;
  Stack stack(kThreads);
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10000; ++i) {
        // Each has one place at most, in its hands or by an item.
        if (!stack.TryPush(i)) ++refused;
        if (!stack.TryPop()) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace ashlar
