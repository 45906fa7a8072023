#include "ashlar/concurrency/spsc_queue.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Queue = SpscQueue<int>;
using Index = Queue::Index;

constexpr Index kLastIndex = std::numeric_limits<Index>::max();

TEST(SpscQueueTest, FirstInFirstOut) {
  Queue queue(4);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.TryPush(i));
  EXPECT_EQ(queue.TryPop(), 0);
  EXPECT_TRUE(queue.TryPush(3));
  for (int i = 1; i < 4; ++i) EXPECT_EQ(queue.TryPop(), i);
  EXPECT_EQ(queue.TryPop(), std::nullopt);
}

TEST(SpscQueueTest, CapacityIsRoundedUpToAPowerOfTwo) {
  EXPECT_EQ(Queue(0).Capacity(), 1u);
  EXPECT_EQ(Queue(1).Capacity(), 1u);
  EXPECT_EQ(Queue(3).Capacity(), 4u);
  EXPECT_EQ(Queue(1000).Capacity(), 1024u);
}

TEST(SpscQueueTest, AbsurdCapacityIsOutOfMemory) {
  const std::size_t max = std::numeric_limits<std::size_t>::max();
  for (const std::size_t capacity : {max, max / 2 + 1, max / 2, (max >> 3) + 1}) {
    EXPECT_THROW(Queue{capacity}, std::bad_alloc) << capacity;
  }
}

TEST(SpscQueueTest, RefusedItemStaysWithTheCaller) {
  SpscQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  auto refused = std::make_unique<int>(2);
  EXPECT_FALSE(queue.TryPush(std::move(refused)));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(**queue.TryPop(), 1);
}

TEST(SpscQueueTest, DestroysWhatIsLeft) {
  const auto item = std::make_shared<int>();
  {
    SpscQueue<std::shared_ptr<int>> queue(4, kLastIndex - 1);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.TryPush(item));
    queue.TryPop();
    queue.TryPush(item);  // lies before the others
    EXPECT_EQ(item.use_count(), 5);
  }
  EXPECT_EQ(item.use_count(), 1);
}

TEST(SpscQueueTest, OverAlignedItems) {
  struct alignas(128) Wide {
    explicit Wide(int n) : number(n), at(this) {}
    Wide(Wide&& other) noexcept : number(other.number), at(this) {}
    int number;
    const void* at;
  };
  SpscQueue<Wide> queue(2);
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(queue.TryEmplace(i));
  for (int i = 0; i < 2; ++i) {
    const std::optional<Wide> item = queue.TryPop();
    EXPECT_EQ(item->number, i);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(item->at) % 128, 0u);
  }
}

struct Moody {
  static inline int alive = 0;
  static inline bool throws = false;

  explicit Moody(int n) : number(n) { ++alive; }
  Moody(Moody&& other) : number(other.number) {
    if (throws) throw std::runtime_error("out of luck");
    ++alive;
  }
  ~Moody() { --alive; }
  int number;
};

TEST(SpscQueueTest, MoveThatThrowsChangesNothing) {
  {
    SpscQueue<Moody> queue(2);
    EXPECT_TRUE(queue.TryEmplace(1));
    Moody::throws = true;
    EXPECT_THROW(queue.TryPush(Moody(2)), std::runtime_error);
    EXPECT_EQ(queue.SizeApprox(), 1u);
    EXPECT_THROW((void)queue.TryPop(), std::runtime_error);
    EXPECT_EQ(queue.SizeApprox(), 1u);
    Moody::throws = false;
    EXPECT_EQ(queue.TryPop()->number, 1);
    EXPECT_FALSE(queue.TryPop().has_value());
    EXPECT_TRUE(queue.TryEmplace(3));  // is destroyed by the queue
  }
  EXPECT_EQ(Moody::alive, 0);
}

// One thread: full and empty are exact.
TEST(SpscQueueTest, AnyIndexMayBeTheFirst) {
  for (const Index edge : {Index{0}, kLastIndex / 2, Index{1} << 32}) {
    for (Index before = 0; before < 70; ++before) {
      for (const std::size_t capacity : {1, 2, 16}) {
        Queue queue(capacity, edge - before);
        std::deque<int> model;
        std::mt19937 random(static_cast<unsigned>(before));
        for (int i = 0; i < 300; ++i) {
          if (random() % 2 == 0) {
            const bool room = model.size() < capacity;
            ASSERT_EQ(queue.TryPush(i), room);
            if (room) model.push_back(i);
          } else {
            ASSERT_EQ(queue.TryPop(), model.empty() ? std::nullopt : std::optional(model.front()));
            if (!model.empty()) model.pop_front();
          }
          ASSERT_EQ(queue.SizeApprox(), model.size());
        }
      }
    }
  }
}

// Under TSan this also shows what happens before what: items own memory.
TEST(SpscQueueStressTest, EveryItemComesOnceAndInOrder) {
  constexpr int kItems = 20000;
  for (const std::size_t capacity : {1, 2, 64}) {
    SpscQueue<std::unique_ptr<int>> queue(capacity, kLastIndex - kItems / 2);
    std::thread producer([&] {
      for (int i = 0; i < kItems; ++i) {
        auto item = std::make_unique<int>(i);
        while (!queue.TryPush(std::move(item))) std::this_thread::yield();
      }
    });
    for (int i = 0; i < kItems;) {
      if (const auto item = queue.TryPop()) {
        ASSERT_EQ(**item, i++);
      } else {
        std::this_thread::yield();
      }
    }
    producer.join();
    EXPECT_FALSE(queue.TryPop().has_value());
  }
}

}  // namespace
}  // namespace ashlar
