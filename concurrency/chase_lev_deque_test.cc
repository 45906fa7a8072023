#include "ashlar/concurrency/chase_lev_deque.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Deque = ChaseLevDeque<int>;

template <class AnyDeque>
int StolenFrom(AnyDeque& deque) {
  const auto stolen = deque.Steal();
  return stolen.outcome == StealOutcome::kSuccess ? stolen.item : -1;
}

TEST(ChaseLevDequeTest, OwnerTakesTheNewest) {
  Deque deque;
  for (int i = 0; i < 3; ++i) deque.Push(i);
  EXPECT_EQ(deque.Pop(), 2);
  EXPECT_EQ(deque.Pop(), 1);
  deque.Push(7);
  EXPECT_EQ(deque.Pop(), 7);
  EXPECT_EQ(deque.Pop(), 0);
  EXPECT_EQ(deque.Pop(), std::nullopt);
}

TEST(ChaseLevDequeTest, ThiefTakesTheOldest) {
  Deque deque;
  for (int i = 0; i < 3; ++i) deque.Push(i);
  EXPECT_EQ(StolenFrom(deque), 0);
  EXPECT_EQ(StolenFrom(deque), 1);
  EXPECT_EQ(deque.Pop(), 2);
  EXPECT_EQ(deque.Steal().outcome, StealOutcome::kEmpty);
}

TEST(ChaseLevDequeTest, ABatchIsAtMostHalfAndFits) {
  Deque deque;
  int items[3] = {-1, -1, -1};
  EXPECT_EQ(deque.StealBatch(items).outcome, StealOutcome::kEmpty);
  for (int i = 0; i < 10; ++i) deque.Push(i);
  EXPECT_EQ(deque.StealBatch({}).outcome, StealOutcome::kEmpty);

  const StealBatchResult full = deque.StealBatch(items);
  EXPECT_EQ(full.outcome, StealOutcome::kSuccess);
  EXPECT_EQ(full.count, 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(items[i], i);

  deque.Pop();
  deque.Pop();  // 3 to 7 are left
  EXPECT_EQ(deque.StealBatch(items).count, 3u);
  EXPECT_EQ(items[2], 5);
  EXPECT_EQ(deque.StealBatch(items).count, 1u);
  EXPECT_EQ(deque.StealBatch(items).count, 1u);
  EXPECT_EQ(items[0], 7);
  EXPECT_EQ(deque.StealBatch(items).count, 0u);
  EXPECT_EQ(deque.Pop(), std::nullopt);
}

TEST(ChaseLevDequeTest, UpcomingItemsAreThoseThatPopGives) {
  Deque deque(4);
  for (int i = 0; i < 8; ++i) deque.Push(i);
  for (Deque::Index pops = 0; pops < 8; ++pops) {
    EXPECT_EQ(deque.Upcoming(pops), 7 - static_cast<int>(pops));
  }
  deque.Upcoming(100);  // some value
  deque.Pop();
  EXPECT_EQ(deque.Upcoming(0), 6);
}

TEST(ChaseLevDequeTest, EmptyDequeStaysUsable) {
  Deque deque;
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(deque.Pop(), std::nullopt);
    EXPECT_EQ(deque.Steal().outcome, StealOutcome::kEmpty);
    EXPECT_EQ(deque.SizeApprox(), 0u);
    deque.Push(i);
    EXPECT_EQ(deque.SizeApprox(), 1u);
    EXPECT_EQ(i % 2 == 0 ? deque.Pop() : StolenFrom(deque), i);
  }
}

TEST(ChaseLevDequeTest, PopAfterAllWasStolenFindsNothing) {
  Deque deque;
  deque.Push(1);
  deque.Push(2);
  EXPECT_EQ(StolenFrom(deque), 1);
  EXPECT_EQ(StolenFrom(deque), 2);
  EXPECT_EQ(deque.Pop(), std::nullopt);
  deque.Push(3);
  EXPECT_EQ(deque.Pop(), 3);
}

TEST(ChaseLevDequeTest, CapacityIsRoundedUpToAPowerOfTwo) {
  EXPECT_EQ(Deque(0).Capacity(), 1u);
  EXPECT_EQ(Deque(1).Capacity(), 1u);
  EXPECT_EQ(Deque(3).Capacity(), 4u);
  EXPECT_EQ(Deque(64).Capacity(), 64u);
  EXPECT_EQ(Deque().Capacity(), Deque::kDefaultCapacity);
}

TEST(ChaseLevDequeTest, AbsurdCapacityIsOutOfMemory) {
  EXPECT_THROW(Deque{std::numeric_limits<std::size_t>::max()}, std::bad_alloc);
  EXPECT_THROW(Deque{(std::size_t{1} << 61) + 1}, std::bad_alloc);
}

TEST(ChaseLevDequeTest, GrowsOnlyWhenFull) {
  Deque deque(4);
  for (int i = 0; i < 4; ++i) deque.Push(i);
  EXPECT_EQ(StolenFrom(deque), 0);
  deque.Push(4);  // into the stolen item's slot
  EXPECT_EQ(deque.Capacity(), 4u);
  deque.Push(5);
  EXPECT_EQ(deque.Capacity(), 8u);
  for (int i = 1; i < 6; ++i) EXPECT_EQ(StolenFrom(deque), i);
}

// Runs the same random operations on the deque and on a std::deque.
template <class AnyDeque>
void CompareWithModel(AnyDeque& deque, unsigned seed) {
  std::mt19937 random(seed);
  std::deque<int> model;
  for (int i = 0; i < 600; ++i) {
    switch (random() % 5) {
      case 0:
        ASSERT_EQ(deque.Pop(), model.empty() ? std::nullopt : std::optional<int>(model.back()));
        if (!model.empty()) model.pop_back();
        break;
      case 1:
        ASSERT_EQ(StolenFrom(deque), model.empty() ? -1 : model.front());
        if (!model.empty()) model.pop_front();
        break;
      default:
        deque.Push(i);
        model.push_back(i);
    }
    ASSERT_EQ(deque.SizeApprox(), model.size());
  }
}

TEST(ChaseLevDequeTest, GrowthKeepsEveryItemWhereverTheRingStarts) {
  for (Deque::Index first = 0; first < 200; ++first) {
    Deque deque(4, first);
    CompareWithModel(deque, static_cast<unsigned>(first));
  }
}

TEST(ChaseLevDequeTest, IndicesMayWrapAround) {
  const Deque::Index max = std::numeric_limits<Deque::Index>::max();
  for (const Deque::Index edge : {max, max / 2, Deque::Index{1} << 32, Deque::Index{1} << 31}) {
    for (Deque::Index before = 0; before < 40; ++before) {
      Deque deque(1, edge - before);
      CompareWithModel(deque, static_cast<unsigned>(before));
    }
  }
}

TEST(ChaseLevDequeTest, HoldsAnyWordSizedPlainType) {
  struct alignas(4) Pair {
    short a, b;
  };
  ChaseLevDeque<Pair> pairs;
  pairs.Push({1, 2});
  EXPECT_EQ(pairs.Steal().item.b, 2);

  int target = 5;
  ChaseLevDeque<int*> pointers;
  pointers.Push(&target);
  pointers.Push(nullptr);
  EXPECT_EQ(pointers.Pop(), nullptr);  // an item like any other
  EXPECT_EQ(**pointers.Pop(), 5);
}

// Counts slots, and runs out of memory on demand.
struct MeteredPlatform : StdPlatform {
  static inline std::size_t slots = 0;
  static inline std::size_t limit = 0;
  static inline int arrays = 0;

  template <class T, class... Args>
  static T* Create(Args&&... args) {
    T* const array = StdPlatform::Create<T>(std::forward<Args>(args)...);
    ++arrays;
    return array;
  }
  template <class T>
  static void Destroy(T* pointer) noexcept {
    --arrays;
    StdPlatform::Destroy(pointer);
  }
  template <class T>
  static T* CreateArray(std::size_t count) {
    if (slots + count > limit) throw std::bad_alloc();
    slots += count;
    return StdPlatform::CreateArray<T>(count);
  }
  template <class T>
  static void DestroyArray(T* pointer, std::size_t count) noexcept {
    slots -= count;
    StdPlatform::DestroyArray(pointer, count);
  }
};

TEST(ChaseLevDequeTest, FailedGrowthLeavesTheDequeAsItWas) {
  MeteredPlatform::limit = 4 + 7;
  {
    ChaseLevDeque<int, MeteredPlatform> deque(4);
    for (int i = 0; i < 4; ++i) deque.Push(i);
    for (int i = 0; i < 3; ++i) EXPECT_THROW(deque.Push(4), std::bad_alloc);
    EXPECT_EQ(deque.SizeApprox(), 4u);
    EXPECT_EQ(deque.Capacity(), 4u);
    EXPECT_EQ(deque.Pop(), 3);
    deque.Push(5);
    EXPECT_THROW(deque.Push(6), std::bad_alloc);
    MeteredPlatform::limit = 4 + 8;
    deque.Push(6);
    for (const int expected : {0, 1, 2, 5, 6}) EXPECT_EQ(StolenFrom(deque), expected);
  }
  EXPECT_EQ(MeteredPlatform::slots, 0u);
  EXPECT_EQ(MeteredPlatform::arrays, 0);
}

TEST(ChaseLevDequeTest, FailedConstructionLeavesNothingBehind) {
  MeteredPlatform::limit = 3;
  EXPECT_THROW((ChaseLevDeque<int, MeteredPlatform>(4)), std::bad_alloc);
  EXPECT_EQ(MeteredPlatform::slots, 0u);
  EXPECT_EQ(MeteredPlatform::arrays, 0);
}

TEST(ChaseLevDequeTest, OutgrownArraysTogetherAreSmallerThanTheLargest) {
  MeteredPlatform::limit = std::numeric_limits<std::size_t>::max();
  {
    ChaseLevDeque<int, MeteredPlatform> deque(1);
    for (int i = 0; i < 1000; ++i) {
      deque.Push(i);
      EXPECT_LT(MeteredPlatform::slots, 2 * deque.Capacity());
    }
    EXPECT_EQ(deque.Capacity(), 1024u);
  }
  EXPECT_EQ(MeteredPlatform::slots, 0u);
  EXPECT_EQ(MeteredPlatform::arrays, 0);
}

// ---- Several threads. Under TSan these also show that what precedes a Push happens
// before what follows the taking of its item: `payload` and `taken` are plain fields.

struct Item {
  int payload = 0;
  int taken = 0;
};

template <class FencePolicy>
class ChaseLevDequeStressTest : public testing::Test {
 protected:
  using StressedDeque = ChaseLevDeque<Item*, StdPlatform, FencePolicy>;

  void Take(Item* item) {
    EXPECT_EQ(item->payload, 1 + (item - items_.data()));
    ++item->taken;
  }

  Item* Make(int i) {
    items_[i].payload = 1 + i;
    return &items_[i];
  }

  // Runs `own` with `thieves` threads stealing until it has returned and nothing is left.
  template <class Own>
  void WithThieves(StressedDeque& deque, int thieves, Own own) {
    std::atomic<int> started{0};
    std::atomic<bool> finished{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < thieves; ++i) {
      threads.emplace_back([&] {
        ++started;
        for (int misses = 0;;) {
          const bool last_round = finished.load(std::memory_order_acquire);
          Item* items[5];
          const StealBatchResult stolen = deque.StealBatch({items, 1 + misses % 5u});
          for (std::size_t taken = 0; taken < stolen.count; ++taken) Take(items[taken]);
          if (stolen.outcome == StealOutcome::kEmpty) {
            if (last_round) return;
            // Eager, but it must not starve the owner where processors are few.
            if (++misses % 256 == 0) std::this_thread::yield();
          }
        }
      });
    }
    while (started < thieves) std::this_thread::yield();
    own();
    finished.store(true, std::memory_order_release);
    for (std::thread& thread : threads) thread.join();
  }

  void ExpectEachTakenOnce() {
    for (const Item& item : items_) ASSERT_EQ(item.taken, 1) << &item - items_.data();
  }

  std::vector<Item> items_;
};

struct PolicyNames {
  template <class FencePolicy>
  static std::string GetName(int) {
    return std::is_same_v<FencePolicy, FullFencePolicy> ? "FullFence" : "AsymmetricFence";
  }
};
using Policies = testing::Types<FullFencePolicy, AsymmetricFencePolicy>;
TYPED_TEST_SUITE(ChaseLevDequeStressTest, Policies, PolicyNames);

TYPED_TEST(ChaseLevDequeStressTest, EveryItemIsTakenOnceWhileTheDequeGrows) {
  this->items_.resize(50000);
  for (const int thieves : {1, 3}) {
    for (Item& item : this->items_) item = {};
    // From one slot, across the wrap-around, in bursts so that it is empty at times too.
    typename TestFixture::StressedDeque deque(1, ~std::uint64_t{0} - 5000);
    this->WithThieves(deque, thieves, [&] {
      std::mt19937 random(thieves);
      int next = 0;
      while (next < static_cast<int>(this->items_.size())) {
        const int burst = random() % 500;
        for (int i = 0; i < burst && next < static_cast<int>(this->items_.size()); ++i) {
          deque.Push(this->Make(next++));
        }
        for (int i = random() % 500; i > 0; --i) {
          const std::optional<Item*> item = deque.Pop();
          if (!item) break;
          this->Take(*item);
        }
      }
    });
    this->ExpectEachTakenOnce();
    EXPECT_EQ(deque.Pop(), std::nullopt);
  }
}

// In step: each round the owner has pushed one to three items when it and a thief start
// to take, after delays that sweep over each other.
TYPED_TEST(ChaseLevDequeStressTest, TheLastItemGoesToOwnerOrThief) {
  constexpr int kRounds = 30000;
  this->items_.resize(kRounds * 3);
  typename TestFixture::StressedDeque deque(4);
  std::atomic<int> filled{0};
  std::atomic<int> emptied{0};
  const auto wait = [](const std::atomic<int>& word, int value) {
    for (int spins = 0; word.load(std::memory_order_acquire) < value; ++spins) {
      if (spins > 500) std::this_thread::yield();
    }
  };
  const auto delay = [](int spins) {
    for (; spins > 0; --spins) std::atomic_signal_fence(std::memory_order_seq_cst);
  };

  std::thread thief([&] {
    for (int round = 1; round <= kRounds; ++round) {
      wait(filled, round);
      delay(round % 31);
      for (;;) {
        const StealResult<Item*> stolen = deque.Steal();
        if (stolen.outcome == StealOutcome::kSuccess) this->Take(stolen.item);
        if (stolen.outcome == StealOutcome::kEmpty) break;
      }
      emptied.store(round, std::memory_order_release);
    }
  });
  int popped = 0;
  int pushed = 0;
  for (int round = 1; round <= kRounds; ++round) {
    for (int i = 0; i <= round % 3; ++i) deque.Push(this->Make(pushed++));
    filled.store(round, std::memory_order_release);
    delay(round % 1009);
    if (round % 64 == 0) std::this_thread::yield();  // for a thief on the same processor
    while (const std::optional<Item*> item = deque.Pop()) {
      this->Take(*item);
      ++popped;
    }
    wait(emptied, round);
  }
  thief.join();
  this->items_.resize(pushed);
  this->ExpectEachTakenOnce();
  this->RecordProperty("popped", popped);
  this->RecordProperty("pushed", pushed);
}

TYPED_TEST(ChaseLevDequeStressTest, ManyMoreThievesThanProcessors) {
  this->items_.resize(10000);
  typename TestFixture::StressedDeque deque(16);
  this->WithThieves(deque, 16, [&] {
    for (int i = 0; i < static_cast<int>(this->items_.size()); ++i) deque.Push(this->Make(i));
  });
  this->ExpectEachTakenOnce();
}

// The owner may change when the hand-over is itself a happens-before.
TYPED_TEST(ChaseLevDequeStressTest, OwnershipMayBeHandedOver) {
  this->items_.resize(5000);
  typename TestFixture::StressedDeque deque(1);
  this->WithThieves(deque, 1, [&] {
    for (int i = 0; i < static_cast<int>(this->items_.size()); i += 500) {
      std::thread([&, i] {
        for (int k = i; k < i + 500; ++k) deque.Push(this->Make(k));
        for (int k = 0; k < 100; ++k) {
          if (const std::optional<Item*> item = deque.Pop()) this->Take(*item);
        }
      }).join();
    }
  });
  this->ExpectEachTakenOnce();
}

}  // namespace
}  // namespace ashlar
