#include "ashlar/concurrency/internal/buffered_heap.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <queue>
#include <random>
#include <utility>
#include <vector>

#include "ashlar/concurrency/internal/wide_heap.h"
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

TEST(WideHeapTest, PopsTheLeastWhateverTheSize) {
  std::mt19937 random(1);
  for (int size = 0; size < 200; ++size) {
    WideHeap<Entry, StdPlatform> heap;
    Reference reference;
    for (int i = 0; i < size; ++i) {
      const auto priority = static_cast<std::int64_t>(random() % 50) - 25;
      heap.Reserve(1);
      heap.Push(Make(priority));
      reference.push(priority);
    }
    EXPECT_EQ(heap.Size(), reference.size());
    for (; !reference.empty(); reference.pop()) {
      const Entry least = heap.Pop();
      ASSERT_EQ(least.priority, reference.top());
      ASSERT_EQ(*least.item, least.priority);
    }
    EXPECT_EQ(heap.Size(), 0u);
  }
}

TEST(WideHeapTest, ChildrenBeginACacheLine) {
  struct Small {
    std::uint64_t priority;
  };
  WideHeap<Small, StdPlatform> heap;
  heap.Reserve(100);
  for (std::uint64_t i = 0; i < 100; ++i) heap.Push({i});
  for (std::uint64_t i = 0; i < 100; ++i) EXPECT_EQ(heap.Pop().priority, i);
}

TEST(WideHeapTest, DestroysWhatIsLeft) {
  struct Shared {
    int priority;
    std::shared_ptr<int> item;
  };
  const auto item = std::make_shared<int>();
  {
    WideHeap<Shared, StdPlatform> heap;
    for (int i = 0; i < 20; ++i) {
      heap.Reserve(1);
      heap.Push({i, item});
    }
    heap.Pop();
    EXPECT_EQ(item.use_count(), 20);
  }
  EXPECT_EQ(item.use_count(), 1);
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
