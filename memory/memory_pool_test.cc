#include "ashlar/memory/memory_pool.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "ashlar/memory/memory_pool_driver_for_test.h"
#include "ashlar/memory/poison.h"
#include "gtest/gtest.h"

namespace {
// What the pool takes for its records: arrays, without throwing.
bool no_memory = false;
int arrays_taken = 0;
}  // namespace

void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept {
  ++arrays_taken;
  return no_memory ? nullptr : std::malloc(bytes);
}
void operator delete[](void* array) noexcept { std::free(array); }
void operator delete[](void* array, std::size_t) noexcept { std::free(array); }
void* operator new[](std::size_t bytes) {
  if (void* const array = std::malloc(bytes)) return array;
  std::abort();
}

namespace ashlar {
namespace {

using Strategy = MemoryPool::Strategy;
using Region = MemoryPoolDriver::Region;

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();

MemoryPool MustCreate(std::uint64_t bytes, const MemoryPoolOptions& options = {}) {
  absl::StatusOr<MemoryPool> pool = MemoryPool::Create(bytes, options);
  if (!pool.ok()) std::abort();
  return *std::move(pool);
}

// A region of bytes of which nobody touches one.
MemoryPool MustCreateForBytes(std::uint64_t bytes, Strategy strategy) {
  absl::StatusOr<MemoryPool> pool =
      MemoryPool::CreateForOffsets(bytes, {.strategy = strategy, .granularity = 1});
  if (!pool.ok()) std::abort();
  return *std::move(pool);
}

class EachStrategyTest : public ::testing::TestWithParam<Strategy> {};

INSTANTIATE_TEST_SUITE_P(MemoryPoolTest, EachStrategyTest,
                         ::testing::Values(Strategy::kFirstFit, Strategy::kBestFit,
                                           Strategy::kTlsf),
                         [](const auto& info) {
                           return info.param == Strategy::kFirstFit  ? "FirstFit"
                                  : info.param == Strategy::kBestFit ? "BestFit"
                                                                     : "Tlsf";
                         });

TEST_P(EachStrategyTest, TheWholeRegionIsOneBlock) {
  for (const std::uint64_t bytes : {1u, 2u, 31u, 33u, 4095u, 4097u, 664908u, 699050u}) {
    MemoryPool pool = MustCreateForBytes(bytes, GetParam());
    EXPECT_FALSE(pool.AllocateOffset(bytes + 1).has_value());
    EXPECT_EQ(pool.AllocateOffset(bytes), 0u);
    EXPECT_FALSE(pool.AllocateOffset(0).has_value());
    pool.FreeOffset(0);
    EXPECT_EQ(pool.GetStatistics().largest_free, bytes);
  }
}

TEST_P(EachStrategyTest, WhatFitsOnlyInABlockOfItsOwnSizeClassIsFound) {
  MemoryPool pool = MustCreateForBytes(699050, GetParam());
  EXPECT_TRUE(pool.AllocateOffset(664908).has_value());

  MemoryPool small = MustCreateForBytes(69 + 1, GetParam());
  EXPECT_TRUE(small.AllocateOffset(1).has_value());
  EXPECT_TRUE(small.AllocateOffset(67).has_value());
}

TEST_P(EachStrategyTest, TheOnlyPlaceThatIsAlignedIsFound) {
  // Of three gaps of the same size, one begins where it has to.
  MemoryPool pool = MustCreateForBytes(3 * 100, GetParam());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(pool.AllocateOffset(70).has_value());
  std::vector<std::uint64_t> walls;
  while (const auto wall = pool.AllocateOffset(30)) walls.push_back(*wall);
  ASSERT_EQ(walls.size(), 3u);
  for (const std::uint64_t offset : {140u, 0u, 70u}) pool.FreeOffset(offset);
  EXPECT_EQ(pool.AllocateOffset(70, 256), 0u);
}

TEST_P(EachStrategyTest, FreedNeighboursAreOneBlock) {
  for (const std::vector<int>& order : {std::vector{0, 1, 2}, {2, 1, 0}, {0, 2, 1}, {1, 0, 2}}) {
    MemoryPool pool = MustCreateForBytes(30, GetParam());
    std::uint64_t offsets[3];
    for (std::uint64_t& offset : offsets) offset = pool.AllocateOffset(10).value();
    for (const int i : order) pool.FreeOffset(offsets[i]);
    EXPECT_EQ(pool.GetStatistics().free_blocks, 1u);
    EXPECT_EQ(pool.AllocateOffset(30), 0u);
  }
}

TEST_P(EachStrategyTest, HugeRequestsAreRefused) {
  MemoryPool pool = MustCreate(1 << 16, {.strategy = GetParam()});
  for (const std::uint64_t bytes :
       {std::uint64_t{65537}, std::uint64_t{1} << 32, (std::uint64_t{1} << 36) + 1,
        std::uint64_t{1} << 63, kHuge - 15, kHuge}) {
    EXPECT_EQ(pool.Allocate(bytes), nullptr);
    EXPECT_EQ(pool.Allocate(bytes, 4096), nullptr);
    EXPECT_FALSE(pool.AllocateHandle(bytes));
  }
  for (int log2 = 48; log2 < 64; ++log2) {
    EXPECT_EQ(pool.Allocate(1, std::uint64_t{1} << log2), nullptr) << log2;
  }
  EXPECT_NE(pool.Allocate(1 << 16), nullptr);
}

TEST_P(EachStrategyTest, AlignmentIsOfTheAddress) {
  alignas(8192) static std::byte memory[1 << 16];
  // It begins wherever it does.
  for (const std::size_t before : {0u, 1u, 16u, 100u, 4095u}) {
    absl::StatusOr<MemoryPool> pool = MemoryPool::CreateOver(
        std::span(memory).subspan(before), {.strategy = GetParam(), .granularity = 8});
    ASSERT_TRUE(pool.ok());
    for (std::uint64_t alignment = 1; alignment <= 8192; alignment *= 2) {
      void* const block = pool->Allocate(24, alignment);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(block) % std::max<std::uint64_t>(alignment, 8),
                0u);
      std::memset(block, 1, 24);
    }
    pool->CheckInvariants();
  }
}

TEST_P(EachStrategyTest, RandomCallsAgreeWithAListOfRanges) {
  std::uint64_t state = 1;
  const auto random = [&](std::uint64_t below) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
  };
  for (int round = 0; round < 60; ++round) {
    const std::uint64_t granularity = std::uint64_t{1} << random(3) * 4;
    const std::uint64_t bytes = granularity * (1 + random(1000));
    const auto region = static_cast<Region>(random(3));
    MemoryPoolOptions options{.strategy = GetParam(), .granularity = granularity};
    options.max_allocations = random(4) == 0 ? 1 + static_cast<std::uint32_t>(random(20)) : 0;
    options.overrun_guards = region != Region::kOffsets && random(4) == 0;
    options.auto_defragment = random(3) == 0;
    options.auto_limits = {.visits = static_cast<std::uint32_t>(random(10)), .bytes = random(2000)};
    options.compact_before_refusal = random(2) == 0;
    MemoryPoolDriver driver(region, bytes, options);
    const std::uint64_t most = 2 + random(bytes / 4 + 1);
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t what = random(16);
      if (what < 8) {
        const std::uint64_t alignment = random(3) == 0 ? std::uint64_t{1} << random(9) : 1;
        driver.Allocate(random(most), alignment, random(4) != 0);
      } else if (what < 12) {
        driver.Free(random(1000));
      } else if (what < 13) {
        driver.Pin(random(1000));
      } else if (what < 14) {
        driver.Unpin(random(1000));
      } else {
        driver.Defragment({.visits = static_cast<std::uint32_t>(random(20)), .bytes = random(500)});
      }
      driver.Check();
    }
    driver.CheckAll();
    driver.FreeAll();
    driver.Check();
    EXPECT_EQ(driver.pool().GetStatistics().free_blocks, 1u);
  }
}

// ---- Compaction.

// Handles of blocks of different sizes, every second of which was freed.
std::vector<MemoryHandle> Fragment(MemoryPool& pool) {
  std::vector<MemoryHandle> all, kept;
  for (std::uint64_t i = 0;; ++i) {
    const MemoryHandle handle = pool.AllocateHandle(16 + i * 37 % 300);
    if (!handle) break;
    all.push_back(handle);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % 2 == 0) {
      pool.Free(all[i]);
    } else {
      kept.push_back(all[i]);
    }
  }
  return kept;
}

TEST_P(EachStrategyTest, CompactionMakesAllFreeMemoryOneBlock) {
  MemoryPool pool = MustCreate(1 << 16, {.strategy = GetParam()});
  const std::vector<MemoryHandle> kept = Fragment(pool);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const MemoryPool::Pinned pinned(pool, kept[i]);
    std::memset(pinned.data(), static_cast<int>(i), pinned.size());
  }
  ASSERT_GT(pool.GetStatistics().fragmentation(), 0.9);
  const std::uint64_t free = pool.GetStatistics().free;
  std::uint64_t moved = 0;
  while (true) {
    const DefragmentResult step = pool.Defragment({.visits = 8, .bytes = 500});
    EXPECT_LE(step.visits, 16u);
    EXPECT_LE(step.bytes, 500u);
    moved += step.bytes;
    pool.CheckInvariants();
    if (step.pass_ended) break;
  }
  EXPECT_EQ(pool.GetStatistics().largest_free, free);
  EXPECT_EQ(pool.GetStatistics().fragmentation(), 0);
  EXPECT_EQ(pool.GetStatistics().bytes_moved, moved);
  EXPECT_LE(moved, pool.GetStatistics().used) << "none moves twice";
  for (std::size_t i = 0; i < kept.size(); ++i) {
    const MemoryPool::Pinned pinned(pool, kept[i]);
    const auto* const content = static_cast<const unsigned char*>(pinned.data());
    for (std::uint64_t b = 0; b < pinned.size(); ++b) ASSERT_EQ(content[b], i % 256);
  }
}

TEST_P(EachStrategyTest, AStepWithoutAnythingToDoDoesNothing) {
  MemoryPool pool = MustCreate(1 << 16, {.strategy = GetParam()});
  const std::vector<MemoryHandle> kept = Fragment(pool);
  const DefragmentLimits all{.visits = 1 << 20, .bytes = 1 << 20};
  EXPECT_GT(pool.Defragment(all).moves, 0u);
  EXPECT_GT(pool.Defragment(all).visits, 0u) << "what has moved may have made room for others";
  const DefragmentResult idle = pool.Defragment(all);
  EXPECT_TRUE(idle.pass_ended);
  EXPECT_EQ(idle.visits, 0u);
  pool.Free(kept[0]);
  EXPECT_GT(pool.Defragment(all).moves, 0u);
}

TEST_P(EachStrategyTest, WhatIsPinnedStaysAndGapsBelowAreFilledFromTheEnd) {
  MemoryPool pool = MustCreate(64 * 16, {.strategy = GetParam()});
  std::vector<MemoryHandle> handles;
  for (int i = 0; i < 64; ++i) handles.push_back(pool.AllocateHandle(16));
  const void* const pinned = pool.Pin(handles[20]);
  for (int i = 0; i < 20; ++i) pool.Free(handles[i]);
  const DefragmentLimits all{.visits = 1 << 20, .bytes = 1 << 20};
  pool.Defragment(all);
  EXPECT_EQ(pool.Pin(handles[20]), pinned);
  const MemoryPoolStatistics statistics = pool.GetStatistics();
  EXPECT_EQ(statistics.largest_free, 20u * 16);
  EXPECT_EQ(statistics.moves, 20u) << "only what fills the gap";
  EXPECT_LT(pool.OffsetOf(handles[63]), 20u * 16);
}

TEST_P(EachStrategyTest, WhatWasGivenByAddressStays) {
  MemoryPool pool = MustCreate(1 << 12, {.strategy = GetParam()});
  const MemoryHandle low = pool.AllocateHandle(1 << 10);
  void* const fixed = pool.Allocate(1 << 10);
  const MemoryHandle high = pool.AllocateHandle(1 << 11);
  pool.Free(low);
  const DefragmentResult result = pool.Defragment({.visits = 100, .bytes = 1 << 20});
  EXPECT_EQ(result.moves, 0u) << "the one that may move does not fit";
  pool.Free(fixed);
  EXPECT_EQ(pool.Defragment({.visits = 100, .bytes = 1 << 20}).moves, 1u);
  EXPECT_EQ(pool.OffsetOf(high), 0u);
}

TEST_P(EachStrategyTest, AlignedBlocksStayAligned) {
  MemoryPool pool = MustCreate(1 << 16, {.strategy = GetParam()});
  const MemoryHandle first = pool.AllocateHandle(100);
  const MemoryHandle second = pool.AllocateHandle(300, 1024);
  const MemoryHandle third = pool.AllocateHandle(300, 4096);
  pool.Free(first);
  while (!pool.Defragment().pass_ended) continue;
  EXPECT_EQ(pool.OffsetOf(second), 0u);
  EXPECT_EQ(pool.OffsetOf(third), 4096u);
}

TEST_P(EachStrategyTest, AutoDefragmentKeepsFreeMemoryTogether) {
  MemoryPool pool = MustCreate(
      1 << 16, {.strategy = GetParam(), .auto_defragment = true, .tolerated_fragmentation = 0.5});
  const std::vector<MemoryHandle> kept = Fragment(pool);
  ASSERT_FALSE(kept.empty());
  EXPECT_LE(pool.GetStatistics().fragmentation(), 0.5);
}

TEST_P(EachStrategyTest, WhatFitsIntoAllFreeMemoryIsNotRefused) {
  MemoryPoolOptions options{.strategy = GetParam(), .auto_defragment = true};
  options.auto_limits = {.visits = 4, .bytes = 256};
  options.tolerated_fragmentation = 1;  // nothing is done ahead of it
  MemoryPool pool = MustCreate(1 << 16, options);
  Fragment(pool);
  const std::uint64_t free = pool.GetStatistics().free;
  ASSERT_LT(pool.GetStatistics().largest_free, free);
  EXPECT_FALSE(pool.AllocateHandle(free + 1));
  EXPECT_TRUE(pool.AllocateHandle(free));
  EXPECT_EQ(pool.GetStatistics().free, 0u);
}

TEST_P(EachStrategyTest, WhatIsFreeBelowAPassUnderWayIsNotForgotten) {
  MemoryPoolOptions options{.strategy = GetParam(), .auto_defragment = true};
  options.tolerated_fragmentation = 1;
  MemoryPool pool = MustCreate(64 * 16, options);
  std::vector<MemoryHandle> handles;
  for (int i = 0; i < 64; ++i) handles.push_back(pool.AllocateHandle(16));
  pool.Free(handles[10]);
  // Half of a pass.
  EXPECT_FALSE(pool.Defragment({.visits = 32, .bytes = 1024}).pass_ended);
  pool.Free(handles[0]);
  EXPECT_TRUE(pool.AllocateHandle(32));
}

TEST(MemoryPoolTest, AStepThatMayLookAtNothingLooksAtOneBlock) {
  MemoryPool pool = MustCreate(1 << 16);
  Fragment(pool);
  int steps = 0;
  while (!pool.Defragment({.visits = 0, .bytes = 0}).pass_ended) ASSERT_LT(++steps, 10000);
  EXPECT_EQ(pool.GetStatistics().fragmentation(), 0);
}

TEST(MemoryPoolTest, WithoutCompactionBeforeRefusalNothingMovesInAnAllocation) {
  MemoryPoolOptions options{.auto_defragment = true};
  options.tolerated_fragmentation = 1;
  options.compact_before_refusal = false;
  MemoryPool pool = MustCreate(1 << 16, options);
  Fragment(pool);
  EXPECT_FALSE(pool.AllocateHandle(pool.GetStatistics().free));
  EXPECT_EQ(pool.GetStatistics().moves, 0u);
}

TEST(MemoryPoolTest, TheOwnerIsToldWhatToMove) {
  std::vector<MemoryMove> moves;
  MemoryPoolOptions options{.granularity = 256};
  options.move = [&](const MemoryMove& move) { moves.push_back(move); };
  absl::StatusOr<MemoryPool> pool = MemoryPool::CreateForOffsets(std::uint64_t{80} << 30, options);
  ASSERT_TRUE(pool.ok()) << pool.status();
  const MemoryHandle low = pool->AllocateHandle(1000);
  const MemoryHandle small = pool->AllocateHandle(1000);
  const MemoryHandle large = pool->AllocateHandle(std::uint64_t{70} << 30);
  pool->Free(low);
  while (!pool->Defragment().pass_ended) continue;
  ASSERT_EQ(moves.size(), 2u);
  EXPECT_EQ(moves[0].handle, small);
  EXPECT_EQ(moves[0].from, 1024u);
  EXPECT_EQ(moves[0].to, 0u);
  EXPECT_EQ(moves[0].bytes, 1024u);
  EXPECT_FALSE(moves[0].overlaps);
  EXPECT_EQ(moves[1].handle, large);
  EXPECT_EQ(moves[1].from - moves[1].to, 1024u);
  EXPECT_TRUE(moves[1].overlaps);
}

// ---- Limits, and what there is not.

TEST(MemoryPoolTest, NoBytesHaveAPlaceOfTheirOwn) {
  MemoryPool pool = MustCreate(32);
  void* const one = pool.Allocate(0);
  void* const other = pool.Allocate(0);
  EXPECT_NE(one, nullptr);
  EXPECT_NE(other, nullptr);
  EXPECT_NE(one, other);
  EXPECT_EQ(pool.Allocate(0), nullptr);
  pool.Free(nullptr);
  pool.Free(MemoryHandle());
}

TEST(MemoryPoolTest, AsManyAllocationsAsAllowedAndNoMemoryForThem) {
  for (const std::uint32_t most : {1u, 2u, 3u, 100u}) {
    MemoryPool pool = MustCreate(1 << 16, {.max_allocations = most});
    const int taken = arrays_taken;
    for (int round = 0; round < 3; ++round) {
      std::vector<void*> fixed;
      std::vector<MemoryHandle> handles;
      for (std::uint32_t i = 0; i < most; ++i) {
        // Each with a gap before it.
        if (round == 0 || i % 2 == 0) {
          fixed.push_back(pool.Allocate(16, 64));
          ASSERT_NE(fixed.back(), nullptr) << i << " of " << most;
        } else {
          handles.push_back(pool.AllocateHandle(16, 64));
          ASSERT_TRUE(handles.back()) << i << " of " << most;
        }
      }
      EXPECT_EQ(pool.Allocate(16), nullptr);
      EXPECT_FALSE(pool.AllocateHandle(16));
      for (void* const block : fixed) pool.Free(block);
      while (!pool.Defragment().pass_ended) continue;
      for (const MemoryHandle handle : handles) pool.Free(handle);
    }
    EXPECT_EQ(arrays_taken, taken) << most;
  }
}

TEST(MemoryPoolTest, WithoutMemoryForRecordsAnAllocationIsRefused) {
  MemoryPool pool = MustCreate(1 << 20);
  std::vector<void*> fixed;
  no_memory = true;
  for (int i = 0; i < 1000; ++i) {
    void* const block = pool.Allocate(16, 64);
    if (block == nullptr) break;
    fixed.push_back(block);
  }
  EXPECT_LT(fixed.size(), 1000u);
  pool.CheckInvariants();
  std::vector<MemoryHandle> handles;
  for (int i = 0; i < 1000; ++i) {
    const MemoryHandle handle = pool.AllocateHandle(16, 64);
    if (!handle) break;
    handles.push_back(handle);
  }
  EXPECT_LT(handles.size(), 1000u);
  pool.CheckInvariants();
  for (void* const block : fixed) pool.Free(block);
  for (int i = 0; i < 10; ++i) pool.Defragment();
  pool.CheckInvariants();
  EXPECT_FALSE(MemoryPool::Create(1 << 20).ok());
  no_memory = false;
  void* const block = pool.Allocate(16, 64);
  EXPECT_NE(block, nullptr);
  pool.CheckInvariants();
}

TEST(MemoryPoolTest, WithoutMemoryForRecordsAMoveThatNeedsThemIsNotMade) {
  MemoryPool pool = MustCreate(1 << 16);
  void* const low = pool.Allocate(16);
  const MemoryHandle freed = pool.AllocateHandle(128);
  void* const wall = pool.Allocate(16);
  no_memory = true;
  // The last record is not enough for the two gaps that remain around an aligned block.
  std::vector<void*> fixed;
  while (void* const block = pool.Allocate(16)) fixed.push_back(block);
  pool.Free(fixed.back());
  const MemoryHandle aligned = pool.AllocateHandle(16, 64);
  pool.Free(freed);
  const DefragmentLimits all{.visits = 1000, .bytes = 1 << 16};
  const DefragmentResult refused = pool.Defragment(all);
  pool.CheckInvariants();
  no_memory = false;
  EXPECT_LT(low, wall);
  ASSERT_TRUE(aligned);
  EXPECT_EQ(refused.moves, 0u);
  // It is tried again when something has changed.
  pool.Pin(aligned);
  pool.Unpin(aligned);
  EXPECT_EQ(pool.Defragment(all).moves, 1u);
  EXPECT_EQ(pool.OffsetOf(aligned), 64u);
}

TEST(MemoryPoolTest, ManyBlocksAreFoundByTheirAddresses) {
  MemoryPool pool = MustCreate(1 << 20);
  std::vector<void*> blocks;
  for (int i = 0; i < 5000; ++i) {
    blocks.push_back(pool.Allocate(16 + i % 5 * 16));
    if (i % 500 == 0) pool.CheckInvariants();
  }
  for (std::size_t i = 0; i < blocks.size(); i += 2) pool.Free(blocks[i]);
  pool.CheckInvariants();
  for (std::size_t i = 1; i < blocks.size(); i += 2) pool.Free(blocks[i]);
  EXPECT_EQ(pool.GetStatistics().free_blocks, 1u);
}

TEST(MemoryPoolTest, CreateSaysWhatIsWrong) {
  const auto code = [](std::uint64_t bytes, const MemoryPoolOptions& options) {
    return MemoryPool::CreateForOffsets(bytes, options).status().code();
  };
  EXPECT_EQ(code(0, {}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(15, {}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(16, {}), absl::StatusCode::kOk);
  EXPECT_EQ(code(16, {.granularity = 0}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(16, {.granularity = 3}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(kHuge, {}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code((std::uint64_t{1} << 32) - 2, {.granularity = 1}), absl::StatusCode::kOk);
  EXPECT_EQ(code((std::uint64_t{1} << 32) - 1, {.granularity = 1}),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(kHuge, {.granularity = std::uint64_t{1} << 63}), absl::StatusCode::kOk);
  EXPECT_EQ(code(64, {.overrun_guards = true}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(64, {.auto_defragment = true}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(code(64, {.tolerated_fragmentation = -1}), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(MemoryPool::Create(kHuge, {.granularity = std::uint64_t{1} << 40}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(MemoryPool::CreateOver({}).status().code(), absl::StatusCode::kInvalidArgument);
}

// ---- Misuse.

TEST(MemoryPoolTest, AHandleIsOfOneBlockOnly) {
  MemoryPool pool = MustCreate(64);
  const MemoryHandle first = pool.AllocateHandle(64);
  EXPECT_TRUE(pool.IsLive(first));
  pool.Free(first);
  EXPECT_FALSE(pool.IsLive(first));
  const MemoryHandle second = pool.AllocateHandle(64);
  EXPECT_NE(first, second);
  EXPECT_FALSE(pool.IsLive(first));
  pool.Free(second);
  const void* const fixed = pool.Allocate(64);
  EXPECT_NE(fixed, nullptr);
  EXPECT_FALSE(pool.IsLive(second));
  EXPECT_FALSE(pool.IsLive(MemoryHandle()));
}

TEST(MemoryPoolDeathTest, MisuseIsCaught) {
  MemoryPool pool = MustCreate(1 << 12);
  auto* const block = static_cast<std::byte*>(pool.Allocate(64));
  const MemoryHandle handle = pool.AllocateHandle(64);
  const MemoryHandle stale = pool.AllocateHandle(64);
  pool.Free(stale);
  std::byte elsewhere{};
  EXPECT_DEATH(pool.Free(block + 1), "no block begins there");
  EXPECT_DEATH(pool.Free(block + 16), "no block begins there");
  EXPECT_DEATH(pool.Free(&elsewhere), "no block begins there");
  EXPECT_DEATH(pool.FreeOffset(1 << 12), "no block begins there");
  EXPECT_DEATH(pool.FreeOffset(pool.OffsetOf(handle)), "not given by address");
  EXPECT_DEATH(pool.Free(stale), "stale");
  EXPECT_DEATH(pool.OffsetOf(MemoryHandle()), "stale or null");
  EXPECT_DEATH(pool.Unpin(handle), "not pinned");
  EXPECT_DEATH(static_cast<void>(pool.Allocate(1, 3)), "power of two");
  EXPECT_DEATH(static_cast<void>(pool.Allocate(1, 0)), "power of two");
  pool.Free(block);
  EXPECT_DEATH(pool.Free(block), "freed before");
  pool.Pin(handle);
  EXPECT_DEATH(pool.Free(handle), "while it is pinned");
}

TEST(MemoryPoolDeathTest, WhatTheHostCannotTouchHasNoAddress) {
  absl::StatusOr<MemoryPool> pool = MemoryPool::CreateForOffsets(1 << 12);
  ASSERT_TRUE(pool.ok());
  EXPECT_EQ(pool->base(), nullptr);
  EXPECT_DEATH(static_cast<void>(pool->Allocate(1)), "have no address");
  EXPECT_DEATH(pool->Defragment(), "options.move");
}

TEST(MemoryPoolDeathTest, AWriteBehindABlockIsFound) {
  MemoryPool pool = MustCreate(1 << 12, {.overrun_guards = true});
  for (const std::uint64_t bytes : {0u, 1u, 15u, 16u, 100u}) {
    auto* const block = static_cast<volatile char*>(pool.Allocate(bytes));
    Unpoison(block, bytes + 8);  // AddressSanitizer would find it first
    block[bytes] = 1;
    EXPECT_DEATH(pool.Free(const_cast<char*>(block)), "wrote behind");
    EXPECT_DEATH(pool.CheckInvariants(), "wrote behind");
    block[bytes] = static_cast<char>(0xa5);
    block[bytes + 7] = 1;
    EXPECT_DEATH(pool.Free(const_cast<char*>(block)), "wrote behind");
    block[bytes + 7] = static_cast<char>(0xa5);
    pool.Free(const_cast<char*>(block));
  }
}

TEST(MemoryPoolTest, WhatNobodyMayTouchIsPoisoned) {
  if (!kPoisons) GTEST_SKIP() << "not under AddressSanitizer";
  MemoryPool pool = MustCreate(1 << 12);
  auto* const base = static_cast<std::byte*>(pool.base());
  EXPECT_TRUE(IsPoisoned(base));
  auto* const block = static_cast<std::byte*>(pool.Allocate(20));
  EXPECT_FALSE(IsPoisoned(block + 19));
  EXPECT_TRUE(IsPoisoned(block + 20));
  const MemoryHandle handle = pool.AllocateHandle(20);
  const std::uint64_t offset = pool.OffsetOf(handle);
  EXPECT_TRUE(IsPoisoned(base + offset)) << "it may move";
  {
    const MemoryPool::Pinned pinned(pool, handle);
    EXPECT_FALSE(IsPoisoned(base + offset));
    EXPECT_TRUE(IsPoisoned(base + offset + 20));
  }
  EXPECT_TRUE(IsPoisoned(base + offset));
  pool.Free(block);
  EXPECT_TRUE(IsPoisoned(block));
}

TEST(MemoryPoolTest, APoolMoves) {
  MemoryPool one = MustCreate(1 << 12);
  void* const block = one.Allocate(64);
  MemoryPool other = std::move(one);
  other.Free(block);
  one = MustCreate(64);
  EXPECT_NE(one.Allocate(64), nullptr);
  EXPECT_EQ(other.GetStatistics().used, 0u);
}

}  // namespace
}  // namespace ashlar
