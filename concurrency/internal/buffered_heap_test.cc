#include "ashlar/concurrency/internal/buffered_heap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "ashlar/concurrency/internal/block_heap.h"
#include "ashlar/concurrency/platform.h"
#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

struct Entry {
  std::int64_t priority;
  std::unique_ptr<std::int64_t> item;  // the same
};

Entry Make(std::int64_t priority) { return {priority, std::make_unique<std::int64_t>(priority)}; }

using Reference =
    std::priority_queue<std::int64_t, std::vector<std::int64_t>, std::greater<std::int64_t>>;

using Heap = BlockHeap<Entry, StdPlatform>;
constexpr std::size_t kBlock = Heap::kBlock;

// A block of entries with these priorities goes in, and those of another come out.
void PushBlock(Heap& heap, std::vector<std::int64_t> priorities) {
  std::sort(priorities.begin(), priorities.end());
  auto* block = StdPlatform::Create<Heap::Block>();
  for (std::size_t i = 0; i < kBlock; ++i) block->rooms[i].Put(Make(priorities[i]));
  heap.Reserve();
  StdPlatform::Destroy(heap.Push(block));
}
std::vector<std::int64_t> PopBlock(Heap& heap) {
  auto* const block = heap.Pop(StdPlatform::Create<Heap::Block>());
  std::vector<std::int64_t> priorities;
  for (auto& room : block->rooms) {
    const Entry entry = room.Take();
    EXPECT_EQ(*entry.item, entry.priority);
    priorities.push_back(entry.priority);
  }
  StdPlatform::Destroy(block);
  return priorities;
}

TEST(BlockHeapTest, BlocksComeOutInOrderWhateverTheSize) {
  std::mt19937 random(1);
  for (std::size_t size = 1; size < 40; ++size) {
    for (const unsigned range : {3u, 1000000u}) {
      Heap heap;
      std::vector<std::int64_t> all;
      for (std::size_t i = 0; i < size; ++i) {
        std::vector<std::int64_t> priorities(kBlock);
        // Also blocks that belong before, behind or between others.
        const std::int64_t offset = static_cast<std::int64_t>(random() % 3 * range);
        for (auto& priority : priorities) priority = offset + random() % range;
        all.insert(all.end(), priorities.begin(), priorities.end());
        PushBlock(heap, std::move(priorities));
      }
      EXPECT_EQ(heap.Size(), size);
      std::sort(all.begin(), all.end());
      std::vector<std::int64_t> popped;
      while (heap.Size() > 0) {
        for (const std::int64_t priority : PopBlock(heap)) popped.push_back(priority);
      }
      ASSERT_EQ(popped, all);
    }
  }
}

TEST(BlockHeapTest, DestroysWhatIsLeft) {
  struct Shared {
    int priority;
    std::shared_ptr<int> item;
  };
  const auto item = std::make_shared<int>();
  {
    BufferedHeap<Shared, StdPlatform> heap;
    for (int i = 0; i < 1000; ++i) {
      heap.MakeRoom();
      heap.Push({i * 37 % 1000, item});
    }
    for (int i = 0; i < 5; ++i) heap.Pop();
    EXPECT_EQ(item.use_count(), 996);
  }
  EXPECT_EQ(item.use_count(), 1);
}

// Entries that are copied bit by bit are merged from both ends at once.
TEST(BufferedHeapTest, TrivialEntries) {
  struct Trivial {
    std::uint32_t priority;
    std::uint32_t item;
  };
  BufferedHeap<Trivial, StdPlatform> heap;
  std::mt19937 random(3);
  std::vector<std::uint32_t> all;
  for (int i = 0; i < 20000; ++i) {
    const auto priority = static_cast<std::uint32_t>(random());
    heap.MakeRoom();
    heap.Push({priority, ~priority});
    all.push_back(priority);
  }
  std::sort(all.begin(), all.end());
  for (const std::uint32_t priority : all) {
    const Trivial least = heap.Pop();
    ASSERT_EQ(least.priority, priority);
    ASSERT_EQ(least.item, ~priority);
  }
  EXPECT_TRUE(heap.Empty());
}

// Random pushes and pops, in phases of growing and of shrinking: every way from one buffer to the
// other and through the heap.
TEST(BufferedHeapTest, IsAPriorityQueue) {
  std::mt19937 random(2);
  for (const unsigned range : {5u, 100u, 1000000000u}) {
    BufferedHeap<Entry, StdPlatform> heap;
    Reference reference;
    for (int i = 0; i < 30000; ++i) {
      const bool grows = i / 1000 % 2 == 0;
      if (random() % 10 < (grows ? 7u : 3u)) {
        const auto priority = static_cast<std::int64_t>(random() % range);
        heap.MakeRoom();
        heap.Push(Make(priority));
        reference.push(priority);
      } else if (!reference.empty()) {
        const Entry least = heap.Pop();
        ASSERT_EQ(least.priority, reference.top());
        ASSERT_EQ(*least.item, least.priority);
        reference.pop();
      }
      ASSERT_EQ(heap.Size(), reference.size());
      ASSERT_EQ(heap.Empty(), reference.empty());
      if (!heap.Empty()) {
        ASSERT_EQ(heap.Least(), reference.top());
      }
    }
  }
}

}  // namespace
}  // namespace ashlar::internal
