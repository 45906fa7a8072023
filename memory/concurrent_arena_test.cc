#include "ashlar/memory/concurrent_arena.h"

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "ashlar/memory/slab_source_for_test.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(ConcurrentArenaTest, WhatThreadsMadeOutlivesThem) {
  LimitedSource source;
  ConcurrentArena arena({.source = source});
  const auto shared = std::make_shared<int>(1);
  constexpr int kThreads = 4;
  constexpr int kObjects = 500;
  for (int round = 0; round < 10; ++round) {
    std::vector<std::shared_ptr<int>*> made[kThreads];
    std::vector<std::thread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&] {
        for (int i = 0; i < kObjects; ++i)
          mine.push_back(arena.Create<std::shared_ptr<int>>(shared));
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& mine : made) {
      for (const auto* const object : mine) ASSERT_EQ(**object, 1);
    }
    EXPECT_EQ(shared.use_count(), 1 + kThreads * kObjects);
    arena.Reset();
    EXPECT_EQ(shared.use_count(), 1);
  }
  EXPECT_EQ(source.Bytes(), arena.ReservedBytes());
  EXPECT_GT(arena.Trim(), 0u);
  EXPECT_EQ(source.Slabs(), 0);
}

TEST(ConcurrentArenaTest, TheLimitIsOfAllThreads) {
  constexpr std::size_t kLimit = 64 * 1024;
  LimitedSource source(kLimit);
  ConcurrentArena arena({.limit = kLimit, .source = source});
  std::atomic<std::size_t> bytes{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (void* const memory = arena.Allocate(100)) {
        std::memset(memory, 1, 100);
        bytes += 100;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(arena.ReservedBytes(), kLimit);
  EXPECT_LE(bytes.load(), kLimit);
  EXPECT_GT(bytes.load(), kLimit / 2);
}

TEST(ConcurrentArenaTest, AThreadHasOneArena) {
  ConcurrentArena arena;
  ArenaAllocator* const mine = arena.ThisThread();
  EXPECT_NE(mine, nullptr);
  EXPECT_EQ(arena.ThisThread(), mine);
  std::thread([&] { EXPECT_NE(arena.ThisThread(), mine); }).join();
  EXPECT_EQ(arena.CreateArray<int>(10).size(), 10u);
}

// More threads than are found at once.
TEST(ConcurrentArenaTest, NumbersMayBeAny) {
  BasicConcurrentArena<StdPlatform, 2> arena;
  std::vector<ArenaAllocator*> arenas;
  for (std::uint32_t i = 0; i < 10; ++i) arenas.push_back(arena.Of(i * 1000));
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_EQ(arena.Of(i * 1000), arenas[i]);
}

TEST(ConcurrentArenaTest, WhatNoMemoryCouldHoldIsRefused) {
  ConcurrentArena arena({.limit = 0});
  EXPECT_EQ(arena.Allocate(1), nullptr);
  EXPECT_EQ(arena.Create<int>(1), nullptr);
  EXPECT_TRUE(arena.CreateArray<int>(~std::size_t{0}).empty());
  arena.Reset();
  EXPECT_EQ(arena.Trim(), 0u);
}

}  // namespace
}  // namespace ashlar
