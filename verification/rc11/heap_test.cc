#include "ashlar/verification/rc11/heap.h"

#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

TEST(HeapTest, GivesTheSameAddressesInEveryRun) {
  Heap heap(2);
  const void* const first = heap.Allocate(0, 24, 8)->start;
  const void* const second = heap.Allocate(0, 100, 8)->start;
  const void* const others = heap.Allocate(1, 24, 8)->start;
  EXPECT_NE(first, second);
  EXPECT_NE(first, others);
  heap.Reset();
  EXPECT_EQ(heap.Allocate(1, 24, 8)->start, others) << "whatever the others do";
  EXPECT_EQ(heap.Allocate(0, 24, 8)->start, first);
  EXPECT_EQ(heap.Allocate(0, 100, 8)->start, second);
}

TEST(HeapTest, AlignsAndFills) {
  Heap heap(1);
  heap.Allocate(0, 1, 1);
  for (const std::size_t alignment : {1, 16, 64, 4096}) {
    const auto* const bytes =
        static_cast<const unsigned char*>(heap.Allocate(0, 10, alignment)->start);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(bytes) % alignment, 0u);
    EXPECT_EQ(bytes[0], 0xa5);
    EXPECT_EQ(bytes[9], 0xa5);
  }
}

TEST(HeapTest, IsFullInTheEnd) {
  Heap heap(2);
  EXPECT_EQ(heap.Allocate(0, Heap::kArenaBytes, 1), nullptr);
  EXPECT_EQ(heap.Allocate(0, ~std::size_t{0}, 1), nullptr);
  int blocks = 0;
  while (heap.Allocate(0, 1000, 1) != nullptr) ++blocks;
  EXPECT_GT(blocks, 900);
  EXPECT_NE(heap.Allocate(1, 1000, 1), nullptr) << "an arena of its own";
}

TEST(HeapTest, FindsBlocksAndLeaks) {
  Heap heap(2);
  Heap::Block* const block = heap.Allocate(1, 24, 8);
  EXPECT_EQ(heap.Find(block->start), block);
  EXPECT_EQ(heap.Find(static_cast<const std::byte*>(block->start) + 1), nullptr);
  EXPECT_EQ(heap.Find(&heap), nullptr);
  EXPECT_TRUE(heap.Contains(block->start));
  EXPECT_FALSE(heap.Contains(&heap));
  EXPECT_EQ(heap.FindLeak(), block);
  block->freed = true;
  EXPECT_EQ(heap.FindLeak(), nullptr);
}

TEST(HeapTest, GivesOutAgainWhatFits) {
  Heap heap(1);
  Heap::Block* const small = heap.Allocate(0, 24, 8);
  Heap::Block* const large = heap.Allocate(0, 100, 8);
  EXPECT_EQ(heap.Reusable(0, 24, 8, 0), nullptr) << "nothing was put aside";
  for (Heap::Block* const block : {small, large}) {
    block->freed = true;
    heap.MakeReusable(0, block);
  }
  EXPECT_EQ(heap.Reusable(0, 25, 8, 0), nullptr);
  EXPECT_EQ(heap.Reusable(0, 24, 8, 0), small);
  heap.Reuse(0, small);
  EXPECT_FALSE(small->freed);
  EXPECT_EQ(heap.Reusable(0, 100, 8, 1), nullptr);
  EXPECT_EQ(heap.Reusable(0, 24, 8, 0), nullptr);
  EXPECT_EQ(heap.Reusable(0, 100, 8, 0), large);
}

}  // namespace
}  // namespace ashlar::verification::rc11
