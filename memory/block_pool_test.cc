#include "ashlar/memory/block_pool.h"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <limits>
#include <set>
#include <thread>
#include <vector>

#include "ashlar/concurrency/mpmc_queue.h"
#include "ashlar/memory/poison.h"
#include "ashlar/memory/slab_source_for_test.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();

template <class Pool>
std::vector<void*> AllocateAll(Pool& pool) {
  std::vector<void*> blocks;
  while (void* const block = pool.Allocate()) blocks.push_back(block);
  return blocks;
}

template <class Pool>
void FreeAll(Pool& pool, std::vector<void*>& blocks) {
  for (void* const block : blocks) pool.Free(block);
  blocks.clear();
}

// Checked and unchecked ones.
template <class Pool>
class BlockPoolTest : public testing::Test {};
using Pools = testing::Types<BasicBlockPool<false>, BasicBlockPool<true>>;
TYPED_TEST_SUITE(BlockPoolTest, Pools);

TYPED_TEST(BlockPoolTest, BlocksAreAlignedAndApart) {
  for (const std::size_t bytes : {0, 1, 7, 24, 64, 1000, 5000, 100'000}) {
    for (const std::size_t alignment : {1, 16, 4096}) {
      TypeParam pool({.bytes = bytes, .alignment = alignment});
      std::vector<void*> blocks;
      std::set<std::uintptr_t> addresses;
      const std::size_t room = std::max<std::size_t>(bytes, 1);
      for (int i = 0; i < 70; ++i) {
        void* const block = pool.Allocate();
        ASSERT_NE(block, nullptr);
        std::memset(block, i, room);
        blocks.push_back(block);
        addresses.insert(reinterpret_cast<std::uintptr_t>(block));
      }
      ASSERT_EQ(addresses.size(), blocks.size());
      std::uintptr_t previous_end = 0;
      for (const std::uintptr_t address : addresses) {
        ASSERT_EQ(address % alignment, 0u);
        ASSERT_GE(address, previous_end);
        previous_end = address + room;
      }
      for (std::size_t i = 0; i < blocks.size(); ++i) {
        ASSERT_EQ(static_cast<unsigned char*>(blocks[i])[room - 1], i);
      }
      FreeAll(pool, blocks);
    }
  }
}

TYPED_TEST(BlockPoolTest, BlocksAreUsedAgain) {
  LimitedSource source;
  TypeParam pool({.bytes = 64, .source = source});
  std::vector<void*> blocks;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 5000; ++i) blocks.push_back(pool.Allocate());
    FreeAll(pool, blocks);
  }
  EXPECT_LE(source.Bytes(), 8u * 65536);
  EXPECT_EQ(pool.ReservedBytes(), source.Bytes());
}

TYPED_TEST(BlockPoolTest, TrimGivesBackWhatHoldsNothing) {
  LimitedSource source;
  TypeParam pool({.bytes = 64, .source = source});
  EXPECT_EQ(pool.Trim(), 0u);
  std::vector<void*> blocks;
  for (int i = 0; i < 10'000; ++i) blocks.push_back(pool.Allocate());
  EXPECT_EQ(pool.Trim(), 0u);
  void* const kept = blocks.back();
  blocks.pop_back();
  const std::size_t before = source.Bytes();
  FreeAll(pool, blocks);
  const std::size_t trimmed = pool.Trim();
  EXPECT_EQ(trimmed, before - source.Bytes());
  EXPECT_EQ(source.Slabs(), 1);
  pool.Free(kept);
  EXPECT_EQ(pool.Trim(), 65536u);
  EXPECT_EQ(source.Slabs(), 0);
  void* const block = pool.Allocate();
  EXPECT_NE(block, nullptr);
  pool.Free(block);
}

TYPED_TEST(BlockPoolTest, TheLimitIsHonouredExactly) {
  for (const std::size_t limit : {0, 1, 2, 63, 64, 65, 1000, 5000}) {
    for (const std::size_t magazine : {0, 1, 2, 64, 1000}) {
      TypeParam pool({.bytes = 64, .limit = limit, .magazine = magazine});
      for (int round = 0; round < 3; ++round) {
        std::vector<void*> blocks = AllocateAll(pool);
        ASSERT_EQ(blocks.size(), limit);
        FreeAll(pool, blocks);
        if (round == 1) pool.Trim();
      }
    }
  }
}

TYPED_TEST(BlockPoolTest, WithoutMagazinesTheLimitIsExactForAllThreads) {
  constexpr std::size_t kLimit = 100;
  TypeParam pool({.bytes = 64, .limit = kLimit, .magazine = 0});
  std::vector<void*> blocks = AllocateAll(pool);
  std::thread([&] {
    EXPECT_EQ(pool.Allocate(), nullptr);
    pool.Free(blocks.back());
    blocks.pop_back();
    void* const block = pool.Allocate();
    EXPECT_NE(block, nullptr);
    blocks.push_back(block);
    // Others' slabs serve as well.
    FreeAll(pool, blocks);
    blocks = AllocateAll(pool);
    EXPECT_EQ(blocks.size(), kLimit);
    // While both live, and the slabs are the other's.
    std::thread([&] {
      FreeAll(pool, blocks);
      blocks = AllocateAll(pool);
      EXPECT_EQ(blocks.size(), kLimit);
    }).join();
  }).join();
  EXPECT_EQ(pool.Allocate(), nullptr);
  FreeAll(pool, blocks);
}

TYPED_TEST(BlockPoolTest, WhatThreadsLeaveBehindIsThereForOthers) {
  constexpr std::size_t kLimit = 3000;
  TypeParam pool({.bytes = 64, .limit = kLimit});
  std::vector<void*> blocks;
  std::thread([&] { blocks = AllocateAll(pool); }).join();
  EXPECT_EQ(blocks.size(), kLimit);
  for (int i = 0; i < 1000; ++i) {
    pool.Free(blocks.back());
    blocks.pop_back();
  }
  std::thread([&] {
    for (int i = 0; i < 1000; ++i) {
      pool.Free(blocks.back());
      blocks.pop_back();
    }
  }).join();
  std::vector<void*> others = AllocateAll(pool);
  EXPECT_EQ(blocks.size() + others.size(), kLimit);
  FreeAll(pool, blocks);
  FreeAll(pool, others);
}

TYPED_TEST(BlockPoolTest, WhatNoMemoryCouldHoldIsRefused) {
  for (const std::size_t bytes : {kHuge, kHuge - 7, kHuge / 2, kHuge / 8, kHuge / (1 << 18)}) {
    TypeParam pool({.bytes = bytes});
    EXPECT_EQ(pool.Allocate(), nullptr);
    pool.Free(nullptr);
    EXPECT_EQ(pool.Trim(), 0u);
  }
}

TYPED_TEST(BlockPoolTest, OutOfMemoryIsNullUntilThereIsSome) {
  LimitedSource source(2 * 65536);
  TypeParam pool({.bytes = 1024, .source = source});
  std::vector<void*> blocks = AllocateAll(pool);
  EXPECT_GT(blocks.size(), 64u);
  EXPECT_EQ(pool.ReservedBytes(), 2 * 65536u);
  pool.Free(blocks.back());
  blocks.pop_back();
  std::thread([&] {
    // It is in the other's magazine.
    EXPECT_EQ(pool.Allocate(), nullptr);
    source.SetMost(kHuge);
    void* const block = pool.Allocate();
    EXPECT_NE(block, nullptr);
    pool.Free(block);
  }).join();
  FreeAll(pool, blocks);
}

TYPED_TEST(BlockPoolTest, FreeBlocksArePoisoned) {
  if (!kPoisons) GTEST_SKIP() << "needs AddressSanitizer";
  TypeParam pool({.bytes = 40});
  auto* const block = static_cast<char*>(pool.Allocate());
  EXPECT_FALSE(IsPoisoned(block));
  EXPECT_FALSE(IsPoisoned(block + 39));
  pool.Free(block);
  EXPECT_TRUE(IsPoisoned(block));
  EXPECT_TRUE(IsPoisoned(block + 39));
}

TYPED_TEST(BlockPoolTest, ThreadsEndWhileOthersFreeTheirBlocks) {
  struct Block {
    std::atomic<int> uses;
    int filler[7];
  };
  TypeParam pool({.bytes = sizeof(Block)});
  MpmcQueue<Block*> passed(256);
  std::atomic<bool> done{false};
  std::atomic<int> freed{0};
  const auto free = [&](Block* block) {
    EXPECT_EQ(block->uses.fetch_sub(1, std::memory_order_relaxed), 1);
    pool.Free(block);
    freed.fetch_add(1, std::memory_order_relaxed);
  };
  std::vector<std::thread> consumers;
  for (int i = 0; i < 2; ++i) {
    consumers.emplace_back([&] {
      while (!done.load(std::memory_order_acquire)) {
        if (const auto block = passed.TryPop()) {
          free(*block);
        } else {
          std::this_thread::yield();
        }
      }
    });
  }
  constexpr int kThreads = 60;
  constexpr int kBlocks = 300;
  for (int i = 0; i < kThreads; i += 2) {
    const auto produce = [&] {
      for (int k = 0; k < kBlocks; ++k) {
        auto* const block = static_cast<Block*>(pool.Allocate());
        ASSERT_NE(block, nullptr);
        ::new (block) Block{{1}, {}};
        if (k % 3 == 0 || !passed.TryPush(block)) free(block);
      }
    };
    std::thread one(produce);
    std::thread other(produce);
    one.join();
    other.join();
  }
  while (freed.load() < kThreads * kBlocks) std::this_thread::yield();
  done.store(true, std::memory_order_release);
  for (std::thread& consumer : consumers) consumer.join();
  pool.Trim();
  EXPECT_EQ(pool.ReservedBytes(), 0u);
}

TYPED_TEST(BlockPoolTest, ThreadsTrimAtAnyTime) {
  constexpr std::size_t kLimit = 2200;
  LimitedSource source;
  TypeParam pool({.bytes = 200, .limit = kLimit, .source = source});
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.emplace_back([&, i] {
      std::vector<void*> blocks;
      for (int round = 0; round < 30; ++round) {
        for (int k = 0; k < 600; ++k) {
          void* const block = pool.Allocate();
          ASSERT_NE(block, nullptr);  // two others have at most 1200 and, in magazines, 274
          std::memset(block, i, 200);
          blocks.push_back(block);
        }
        for (void* const block : blocks) ASSERT_EQ(static_cast<char*>(block)[199], i);
        FreeAll(pool, blocks);
        if (round % 3 == i) pool.Trim();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  pool.Trim();
  EXPECT_EQ(source.Bytes(), 0u);
}

TYPED_TEST(BlockPoolTest, AThreadMayOnlyFree) {
  TypeParam pool({.bytes = 32});
  std::vector<void*> blocks;
  for (int i = 0; i < 1000; ++i) blocks.push_back(pool.Allocate());
  std::thread([&] { FreeAll(pool, blocks); }).join();
  EXPECT_EQ(pool.Trim(), 65536u);
}

// Blocks may be freed by the destructors of thread_locals.
TYPED_TEST(BlockPoolTest, AThreadFreesUntilItsVeryEnd) {
  struct Keeper {
    ~Keeper() { pool->Free(block); }
    TypeParam* pool;
    void* block;
  };
  TypeParam pool({.bytes = 32});
  std::thread([&] {
    static thread_local Keeper keeper{&pool, nullptr};
    keeper.block = pool.Allocate();
  }).join();
  EXPECT_EQ(pool.Trim(), 65536u);
}

using CheckedPool = BasicBlockPool<true>;

TEST(BlockPoolDeathTest, BlocksThatAreFreedTwice) {
  CheckedPool pool({.bytes = 64});
  void* const block = pool.Allocate();
  EXPECT_DEATH((pool.Free(block), pool.Free(block)), "freed twice");
  // Unchecked ones notice when the magazine is emptied.
  BasicBlockPool<false> unchecked({.bytes = 64});
  EXPECT_DEATH(
      {
        void* const twice = unchecked.Allocate();
        unchecked.Free(twice);
        unchecked.Free(twice);
        unchecked.Trim();
      },
      "freed twice");
  pool.Free(block);
}

TEST(BlockPoolDeathTest, PointersThatAreNoBlocksOfThePool) {
  CheckedPool pool({.bytes = 64});
  CheckedPool other({.bytes = 64});
  void* const block = pool.Allocate();
  void* const others = other.Allocate();
  int local = 0;
  EXPECT_DEATH(pool.Free(&local), "none of this pool's");
  EXPECT_DEATH(pool.Free(others), "none of this pool's");
  EXPECT_DEATH(pool.Free(static_cast<char*>(block) + 8), "middle of a block");
  pool.Free(block);
  other.Free(others);
}

TEST(BlockPoolDeathTest, BlocksThatWereWrittenToBeyondTheirEnd) {
  CheckedPool pool({.bytes = 64});
  auto* const block = static_cast<char*>(pool.Allocate());
  EXPECT_DEATH((block[64] = 1, pool.Free(block)), "beyond its end|use-after-poison");
  EXPECT_DEATH((pool.Free(block), std::memset(block, 1, 72), (void)pool.Allocate()),
               "written to|use-after-poison");
  pool.Free(block);
}

TEST(BlockPoolDeathTest, BlocksThatOutliveTheirPool) {
  EXPECT_DEATH(
      {
        CheckedPool pool({.bytes = 64});
        (void)pool.Allocate();
      },
      "still in use");
}

TEST(BlockPoolDeathTest, AlignmentsThatAreNone) {
  EXPECT_DEATH(CheckedPool({.bytes = 1, .alignment = 0}), "power of two");
  EXPECT_DEATH(CheckedPool({.bytes = 1, .alignment = 24}), "power of two");
  EXPECT_DEATH(CheckedPool({.bytes = 1, .alignment = 8192}), "power of two");
}

}  // namespace
}  // namespace ashlar
