#include "ashlar/concurrency/lock_free_stack_ebr.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/thread_epochs.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Stack = LockFreeStackEbr<int>;

template <class Chain>
std::vector<int> Drain(Chain&& chain) {
  std::vector<int> items;
  while (std::optional<int> item = chain.TryPop()) items.push_back(*item);
  return items;
}

TEST(LockFreeStackEbrTest, TheNewestComesFirst) {
  Stack stack;
  EXPECT_FALSE(stack.TryPop().has_value());
  for (int i = 1; i <= 3; ++i) stack.Push(i);
  EXPECT_EQ(stack.TryPop(), 3);
  stack.Push(4);
  EXPECT_EQ(stack.TryPop(), 4);
  EXPECT_EQ(stack.TryPop(), 2);
  EXPECT_EQ(stack.TryPop(), 1);
  EXPECT_FALSE(stack.TryPop().has_value());
}

TEST(LockFreeStackEbrTest, PopAllTakesAllTheNewestFirst) {
  Stack stack;
  EXPECT_TRUE(stack.PopAll().IsEmpty());
  for (int i = 1; i <= 3; ++i) stack.Push(i);
  auto all = stack.PopAll();
  EXPECT_FALSE(stack.TryPop().has_value());
  stack.Push(4);
  EXPECT_EQ(all.TryPop(), 3);
  auto moved = std::move(all);
  EXPECT_TRUE(all.IsEmpty());
  EXPECT_EQ(Drain(moved), (std::vector<int>{2, 1}));
  EXPECT_TRUE(moved.IsEmpty());
  EXPECT_EQ(stack.TryPop(), 4);
}

TEST(LockFreeStackEbrTest, ItemsThatCanOnlyBeMovedAndAreMadeInPlace) {
  LockFreeStackEbr<std::unique_ptr<int>> stack;
  stack.Push(std::make_unique<int>(1));
  stack.Emplace(new int(2));
  EXPECT_EQ(**stack.TryPop(), 2);
  EXPECT_EQ(**stack.PopAll().TryPop(), 1);
}

TEST(LockFreeStackEbrTest, ADomainOfItsOwn) {
  EpochReclamation epochs;
  EpochReclamation::Participant self(epochs);
  Stack stack(epochs);
  for (int i = 0; i < 100; ++i) stack.Push(i);
  for (int i = 99; i >= 50; --i) EXPECT_EQ(stack.TryPop(self), i);
  EXPECT_EQ(epochs.Garbage(), 50u);
  EXPECT_EQ(Drain(stack.PopAll(self)).size(), 50u);
  EXPECT_EQ(epochs.Garbage(), 51u);  // a chain counts as one
  self.Collect();
  self.Collect();
  EXPECT_EQ(epochs.Garbage(), 0u);
}

TEST(LockFreeStackEbrDeathTest, AParticipantOfAnotherDomain) {
  EpochReclamation epochs;
  EpochReclamation::Participant stranger(epochs);
  Stack stack;
  EXPECT_DEATH((void)stack.TryPop(stranger), "another domain");
  EXPECT_DEATH((void)stack.PopAll(stranger), "another domain");
  Stack elsewhere(epochs);
  EXPECT_DEATH((void)elsewhere.TryPop(), "another domain");
}

// Only the default domain has participants that come by themselves.
using Fenced = LockFreeStackEbr<int, StdPlatform, FullFencePolicy>;
static_assert(std::is_default_constructible_v<Stack>);
static_assert(!std::is_default_constructible_v<Fenced>);

TEST(LockFreeStackEbrTest, AnotherFencePolicy) {
  Fenced::Epochs epochs;
  Fenced::Participant self(epochs);
  Fenced stack(epochs);
  stack.Push(1);
  EXPECT_EQ(stack.TryPop(self), 1);
}

TEST(LockFreeStackEbrTest, ItemsDieAtOnceAndWhatIsLeftWithTheStack) {
  const auto alive = std::make_shared<int>(0);
  {
    LockFreeStackEbr<std::shared_ptr<int>> stack;
    for (int i = 0; i < 6; ++i) stack.Push(alive);
    stack.TryPop();
    EXPECT_EQ(alive.use_count(), 6);
    {
      auto all = stack.PopAll();
      all.TryPop();
      EXPECT_EQ(alive.use_count(), 5);
    }
    EXPECT_EQ(alive.use_count(), 1);
    for (int i = 0; i < 5; ++i) stack.Push(alive);
  }
  EXPECT_EQ(alive.use_count(), 1);
}

TEST(LockFreeStackEbrTest, AChainOutlivesTheStackAndItsThread) {
  std::optional<Stack::Chain> all;
  std::thread([&all] {
    Stack stack;
    for (int i = 1; i <= 3; ++i) stack.Push(i);
    all.emplace(stack.PopAll());
  }).join();
  for (int i = 0; i < 3; ++i) ThreadParticipant().Collect();
  EXPECT_EQ(Drain(*all), (std::vector<int>{3, 2, 1}));
}

// ---- Exceptions and out of memory.

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

TEST(LockFreeStackEbrTest, WhatThrowsLeavesItAsItWas) {
  {
    LockFreeStackEbr<Moody> stack;
    for (int i = 1; i <= 3; ++i) stack.Emplace(i);
    throw_after = 0;
    EXPECT_THROW(stack.Emplace(4), std::runtime_error);
    throw_after = 0;
    EXPECT_THROW((void)stack.TryPop(), std::runtime_error);  // but for the item
    EXPECT_EQ(alive, 2);
    auto all = stack.PopAll();
    throw_after = 0;
    EXPECT_THROW((void)all.TryPop(), std::runtime_error);
    EXPECT_EQ(all.TryPop()->number, 2);
    EXPECT_EQ(all.TryPop()->number, 1);
  }
  EXPECT_EQ(alive, 0);
}

struct ScarcePlatform : StdPlatform {
  template <class T, class... Args>
  static T* Create(Args&&... args) {
    if (budget-- <= 0) throw std::bad_alloc();
    return StdPlatform::Create<T>(std::forward<Args>(args)...);
  }
  template <class T>
  static T* CreateArray(std::size_t count) {
    if (budget-- <= 0) throw std::bad_alloc();
    return StdPlatform::CreateArray<T>(count);
  }
  static inline int budget = 0;
};

TEST(LockFreeStackEbrTest, WithoutMemoryNothingIsLost) {
  using Scarce = LockFreeStackEbr<int, ScarcePlatform>;
  ScarcePlatform::budget = 6;
  Scarce::Epochs epochs({.batch = 1});
  Scarce::Participant self(epochs);
  Scarce stack(epochs);
  std::vector<int> pushed;
  for (int i = 0; i < 10; ++i) {
    try {
      stack.Push(i);
      pushed.push_back(i);
    } catch (const std::bad_alloc&) {
    }
  }
  EXPECT_EQ(pushed.size(), 5u);  // and a record
  ScarcePlatform::budget = 0;
  EXPECT_THROW((void)stack.TryPop(self), std::bad_alloc);
  EXPECT_THROW((void)stack.PopAll(self), std::bad_alloc);
  ScarcePlatform::budget = 2;  // a batch
  EXPECT_EQ(stack.TryPop(self), 4);
  EXPECT_THROW((void)stack.TryPop(self), std::bad_alloc);
  ScarcePlatform::budget = 100;
  EXPECT_EQ(Drain(stack.PopAll(self)), (std::vector<int>{3, 2, 1, 0}));
}

// ---- Several threads. Under TSan these also show what happens before what: items own memory.

// Each thread pushes its numbers and pops half as many, and now and then all: each number comes
// once. Threads end, and are followed by others, that push and pop the same again.
void PushAndPop(int threads, int generations, int count) {
  using Boxed = std::unique_ptr<int>;
  LockFreeStackEbr<Boxed> stack;
  std::vector<std::vector<int>> received(threads);
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      for (int generation = 0; generation < generations; ++generation) {
        std::thread([&, thread, generation] {
          std::minstd_rand random(1 + thread + threads * generation);
          std::vector<int>& mine = received[thread];
          for (int i = 0; i < count; ++i) {
            stack.Push(std::make_unique<int>((thread * generations + generation) * count + i));
            const unsigned choice = random() / 16 % 16;
            if (choice < 8) {
              if (const std::optional<Boxed> popped = stack.TryPop()) mine.push_back(**popped);
            } else if (choice == 8) {
              auto all = stack.PopAll();
              while (const std::optional<Boxed> popped = all.TryPop()) mine.push_back(**popped);
            }
          }
        }).join();
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  while (const std::optional<Boxed> popped = stack.TryPop()) received[0].push_back(**popped);

  std::vector<int> times(threads * generations * count);
  for (const std::vector<int>& numbers : received) {
    for (const int number : numbers) ++times[number];
  }
  for (const int once : times) ASSERT_EQ(once, 1);
}

TEST(LockFreeStackEbrStressTest, EveryItemComesOnce) { PushAndPop(2, 2, 10000); }

TEST(LockFreeStackEbrStressTest, ManyMoreThreadsThanProcessorsThatComeAndGo) {
  PushAndPop(12, 4, 500);
}

}  // namespace
}  // namespace ashlar
