#include "ashlar/memory/arena_memory_resource.h"

#include <cstdint>
#include <limits>
#include <list>
#include <memory_resource>
#include <new>
#include <string>
#include <vector>

#include "ashlar/memory/arena_allocator.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(ArenaMemoryResourceTest, ContainersLiveInTheArena) {
  ArenaAllocator arena;
  ArenaMemoryResource resource(arena);
  std::pmr::vector<std::pmr::string> names(&resource);
  for (int i = 0; i < 100; ++i) names.emplace_back("a name that is too long for the string itself");
  EXPECT_EQ(names.back().get_allocator().resource(), &resource);
  EXPECT_GT(arena.ReservedBytes(), 0u);

  std::list<int, ArenaStlAllocator<int>> numbers(ArenaStlAllocator<int>{arena});
  for (int i = 0; i < 100; ++i) numbers.push_back(i);
  EXPECT_EQ(numbers.back(), 99);
}

TEST(ArenaMemoryResourceTest, AlignmentsArePassedOn) {
  ArenaAllocator arena;
  ArenaMemoryResource resource(arena);
  void* const memory = resource.allocate(1, 4096);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % 4096, 0u);
  resource.deallocate(memory, 1, 4096);
}

TEST(ArenaMemoryResourceTest, OutOfMemoryIsBadAlloc) {
  ArenaAllocator arena({.limit = 1024});
  ArenaMemoryResource resource(arena);
  ArenaStlAllocator<long> allocator(arena);
  EXPECT_THROW((void)resource.allocate(2000), std::bad_alloc);
  EXPECT_THROW((void)allocator.allocate(2000), std::bad_alloc);
  EXPECT_THROW((void)allocator.allocate(std::numeric_limits<std::size_t>::max() / 8 + 2),
               std::bad_alloc);
  EXPECT_NE(allocator.allocate(10), nullptr);
}

TEST(ArenaMemoryResourceTest, EqualIfOfTheSameArena) {
  ArenaAllocator arena;
  ArenaAllocator other;
  EXPECT_EQ(ArenaMemoryResource(arena), ArenaMemoryResource(arena));
  EXPECT_NE(ArenaMemoryResource(arena), ArenaMemoryResource(other));
  EXPECT_NE(ArenaMemoryResource(arena), *std::pmr::new_delete_resource());
  EXPECT_EQ(ArenaStlAllocator<int>(arena), ArenaStlAllocator<long>(arena));
  EXPECT_NE(ArenaStlAllocator<int>(arena), ArenaStlAllocator<int>(other));
}

}  // namespace
}  // namespace ashlar
