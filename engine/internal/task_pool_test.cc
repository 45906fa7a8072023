#include "ashlar/engine/internal/task_pool.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

TEST(TaskPoolTest, BlocksAreCacheLines) {
  std::set<void*> blocks;
  for (int i = 0; i < 3000; ++i) {
    void* const block = TaskPool::Allocate();
    ASSERT_NE(block, nullptr);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block) % TaskPool::kBlockSize, 0u);
    std::memset(block, 0xff, TaskPool::kBlockSize);
    ASSERT_TRUE(blocks.insert(block).second);
  }
  for (void* const block : blocks) TaskPool::Free(block);
}

TEST(TaskPoolTest, WithoutMemoryAllocateGivesNullAndRecovers) {
  TaskPool::SetExhaustedForTesting(true);
  std::vector<void*> blocks;
  while (void* const block = TaskPool::Allocate()) blocks.push_back(block);
  EXPECT_EQ(TaskPool::Allocate(), nullptr);
  TaskPool::SetExhaustedForTesting(false);
  void* const block = TaskPool::Allocate();
  EXPECT_NE(block, nullptr);
  TaskPool::Free(block);
  for (void* const each : blocks) TaskPool::Free(each);
}

}  // namespace
}  // namespace ashlar::internal
