#include "ashlar/concurrency/mpmc_queue.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Queue = MpmcQueue<int>;
using Index = Queue::Index;

constexpr Index kLastIndex = std::numeric_limits<Index>::max() / 2;

template <class AnyQueue>
std::vector<int> Drained(AnyQueue& queue) {
  std::vector<int> items;
  while (const auto item = queue.TryPop()) items.push_back(*item);
  return items;
}

TEST(MpmcQueueTest, FirstInFirstOut) {
  Queue queue(4);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.TryPush(i));
  EXPECT_EQ(queue.TryPop(), 0);
  EXPECT_TRUE(queue.TryPush(3));
  EXPECT_EQ(Drained(queue), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(queue.TryPop(), std::nullopt);
}

TEST(MpmcQueueTest, CapacityIsRoundedUpToAPowerOfTwo) {
  EXPECT_EQ(Queue(0).Capacity(), 1u);
  EXPECT_EQ(Queue(1).Capacity(), 1u);
  EXPECT_EQ(Queue(2).Capacity(), 2u);
  EXPECT_EQ(Queue(3).Capacity(), 4u);
  EXPECT_EQ(Queue(1000).Capacity(), 1024u);
}

TEST(MpmcQueueTest, AbsurdCapacityIsOutOfMemory) {
  const std::size_t max = std::numeric_limits<std::size_t>::max();
  for (const std::size_t capacity : {max, max / 2 + 1, max / 2, max / 16, (max >> 4) + 1}) {
    EXPECT_THROW(Queue{capacity}, std::bad_alloc) << capacity;
  }
}

// A ring that cannot tell free from full with one slot takes a second item here.
TEST(MpmcQueueTest, HoldsExactlyItsCapacity) {
  for (const std::size_t capacity : {1, 2, 8}) {
    Queue queue(capacity);
    for (int round = 0; round < 3; ++round) {
      for (std::size_t i = 0; i < capacity; ++i) {
        EXPECT_EQ(queue.SizeApprox(), i);
        EXPECT_TRUE(queue.TryPush(static_cast<int>(i)));
      }
      EXPECT_FALSE(queue.TryPush(-1));
      EXPECT_EQ(queue.SizeApprox(), capacity);
      for (std::size_t i = 0; i < capacity; ++i) EXPECT_EQ(queue.TryPop(), static_cast<int>(i));
      EXPECT_EQ(queue.TryPop(), std::nullopt);
    }
  }
}

TEST(MpmcQueueTest, RefusedItemStaysWithTheCaller) {
  MpmcQueue<std::unique_ptr<int>> queue(1);
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  auto refused = std::make_unique<int>(2);
  EXPECT_FALSE(queue.TryPush(std::move(refused)));
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(**queue.TryPop(), 1);
  EXPECT_TRUE(queue.TryPush(std::move(refused)));
  EXPECT_EQ(refused, nullptr);
}

TEST(MpmcQueueTest, MakesItemsInPlace) {
  MpmcQueue<std::pair<std::string, int>> queue(2);
  EXPECT_TRUE(queue.TryEmplace("a string that is too long to lie in place", 7));
  const auto item = queue.TryPop();
  EXPECT_EQ(item->first, "a string that is too long to lie in place");
  EXPECT_EQ(item->second, 7);
}

TEST(MpmcQueueTest, DestroysWhatIsLeft) {
  const auto item = std::make_shared<int>();
  {
    MpmcQueue<std::shared_ptr<int>> queue(4, kLastIndex - 1);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.TryPush(item));
    EXPECT_EQ(item.use_count(), 5);
    queue.TryPop();
    EXPECT_EQ(item.use_count(), 4);
    queue.TryPush(item);  // lies before the others
    EXPECT_EQ(item.use_count(), 5);
  }
  EXPECT_EQ(item.use_count(), 1);
}

TEST(MpmcQueueTest, OverAlignedItems) {
  struct alignas(128) Wide {
    explicit Wide(int n) : number(n), at(this) {}
    Wide(Wide&& other) noexcept : number(other.number), at(this) {}
    int number;
    const void* at;
  };
  MpmcQueue<Wide> queue(4);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(queue.TryEmplace(i));
  for (int i = 0; i < 4; ++i) {
    const std::optional<Wide> item = queue.TryPop();
    EXPECT_EQ(item->number, i);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(item->at) % 128, 0u);
  }
}

// ---- Batches.

TEST(MpmcQueueTest, BatchTakesWhatFitsAndGivesWhatIsThere) {
  Queue queue(8, kLastIndex - 2);  // across the end of the ring and of the indices
  std::vector<int> items(12);
  std::iota(items.begin(), items.end(), 0);
  EXPECT_EQ(queue.TryPushBatch(items.begin(), 0), 0u);
  EXPECT_EQ(queue.TryPushBatch(items.begin(), 5), 5u);
  EXPECT_EQ(queue.TryPushBatch(items.begin() + 5, 7), 3u);
  EXPECT_EQ(queue.TryPushBatch(items.begin() + 8, 4), 0u);
  int popped[12];
  EXPECT_EQ(queue.TryPopBatch(popped, 0), 0u);
  EXPECT_EQ(queue.TryPopBatch(popped, 3), 3u);
  EXPECT_EQ(queue.TryPopBatch(popped + 3, 9), 5u);
  EXPECT_EQ(queue.TryPopBatch(popped, 1), 0u);
  for (int i = 0; i < 8; ++i) EXPECT_EQ(popped[i], i);
}

TEST(MpmcQueueTest, BatchesMoveItems) {
  MpmcQueue<std::unique_ptr<int>> queue(2);
  std::unique_ptr<int> items[3] = {std::make_unique<int>(0), std::make_unique<int>(1),
                                   std::make_unique<int>(2)};
  EXPECT_EQ(queue.TryPushBatch(std::make_move_iterator(items), 3), 2u);
  EXPECT_EQ(items[1], nullptr);
  EXPECT_EQ(*items[2], 2);  // still there
  std::unique_ptr<int> popped[3];
  EXPECT_EQ(queue.TryPopBatch(popped, 3), 2u);
  EXPECT_EQ(*popped[1], 1);
}

TEST(MpmcQueueTest, BatchesThatMayThrowGoOneByOne) {
  MpmcQueue<std::string> queue(2);
  const std::vector<const char*> words = {"one", "two", "three"};
  EXPECT_EQ(queue.TryPushBatch(words.begin(), 3), 2u);
  std::vector<std::string> popped;
  EXPECT_EQ(queue.TryPopBatch(std::back_inserter(popped), 3), 2u);
  EXPECT_EQ(popped, (std::vector<std::string>{"one", "two"}));
}

// ---- Closing.

TEST(MpmcQueueTest, ClosedQueueRefusesPushesAndDrains) {
  MpmcQueue<std::unique_ptr<int>> queue(4, kLastIndex);
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(1)));
  EXPECT_TRUE(queue.TryPush(std::make_unique<int>(2)));
  EXPECT_FALSE(queue.IsClosed());
  EXPECT_TRUE(queue.Close());
  EXPECT_TRUE(queue.IsClosed());
  EXPECT_FALSE(queue.Close());
  std::unique_ptr<int> refused[] = {std::make_unique<int>(3), std::make_unique<int>(4)};
  EXPECT_FALSE(queue.TryPush(std::move(refused[0])));
  EXPECT_EQ(queue.TryPushBatch(std::make_move_iterator(refused), 2), 0u);
  EXPECT_EQ(*refused[0], 3);
  EXPECT_EQ(queue.SizeApprox(), 2u);
  EXPECT_EQ(**queue.TryPop(), 1);
  EXPECT_EQ(**queue.TryPop(), 2);
  EXPECT_FALSE(queue.TryPop().has_value());
  EXPECT_FALSE(queue.TryPush(std::move(refused[0])));
}

TEST(MpmcQueueTest, ClosedQueueDestroysWhatIsLeft) {
  const auto item = std::make_shared<int>();
  {
    MpmcQueue<std::shared_ptr<int>> queue(2);
    queue.TryPush(item);
    queue.TryPush(item);
    queue.Close();
  }
  EXPECT_EQ(item.use_count(), 1);
}

// ---- Constructors that throw.

int alive = 0;
int throw_after = -1;  // so many moves and copies

void MayThrow() {
  if (throw_after >= 0 && throw_after-- == 0) throw std::runtime_error("out of luck");
}

template <bool kMoveToo>
struct Moody {
  explicit Moody(int n) : number(n) { ++alive; }
  Moody(const Moody& other) : number(other.number) {
    MayThrow();
    ++alive;
  }
  Moody(Moody&& other) noexcept(!kMoveToo) : number(other.number) {
    if (kMoveToo) MayThrow();
    ++alive;
  }
  ~Moody() { --alive; }
  int number;
};

TEST(MpmcQueueTest, CopyThatThrowsPushesNothing) {
  using Item = Moody<false>;
  {
    MpmcQueue<Item> queue(2);
    const Item item(1);
    throw_after = 0;
    EXPECT_THROW(queue.TryPush(item), std::runtime_error);
    EXPECT_EQ(queue.SizeApprox(), 0u);
    EXPECT_TRUE(queue.TryPush(item));
    EXPECT_TRUE(queue.TryPush(item));
    EXPECT_EQ(queue.TryPop()->number, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(MpmcQueueTest, MoveThatThrowsInAPushCostsASlotUntilItIsPassed) {
  using Item = Moody<true>;
  {
    MpmcQueue<Item> queue(2);
    EXPECT_TRUE(queue.TryPush(Item(1)));
    throw_after = 0;
    EXPECT_THROW(queue.TryPush(Item(2)), std::runtime_error);
    EXPECT_FALSE(queue.TryPush(Item(3)));
    EXPECT_EQ(queue.TryPop()->number, 1);
    EXPECT_TRUE(queue.TryPush(Item(4)));
    EXPECT_EQ(queue.TryPop()->number, 4);
    EXPECT_FALSE(queue.TryPop().has_value());
    throw_after = 0;
    EXPECT_THROW(queue.TryPush(Item(5)), std::runtime_error);  // and is destroyed so
  }
  EXPECT_EQ(alive, 0);
}

TEST(MpmcQueueTest, MoveThatThrowsInAPopDestroysTheItem) {
  using Item = Moody<true>;
  {
    MpmcQueue<Item> queue(2);
    EXPECT_TRUE(queue.TryEmplace(1));
    EXPECT_TRUE(queue.TryEmplace(2));
    throw_after = 0;
    EXPECT_THROW((void)queue.TryPop(), std::runtime_error);
    EXPECT_EQ(alive, 1);
    EXPECT_TRUE(queue.TryEmplace(3));
    EXPECT_EQ(queue.TryPop()->number, 2);
    EXPECT_EQ(queue.TryPop()->number, 3);
  }
  EXPECT_EQ(alive, 0);
}

// ---- Long sequences.

// The same random calls on the queue and on a std::deque. One thread: batches are whole.
void CompareWithModel(Queue& queue, unsigned seed) {
  std::mt19937 random(seed);
  std::deque<int> model;
  int next = 0;
  for (int i = 0; i < 300; ++i) {
    const std::size_t room = queue.Capacity() - model.size();
    const std::size_t count = random() % 6;
    std::vector<int> items(count);
    switch (random() % 4) {
      case 0:
        ASSERT_EQ(queue.TryPush(next), room > 0);
        if (room > 0) model.push_back(next++);
        break;
      case 1:
        ASSERT_EQ(queue.TryPop(), model.empty() ? std::nullopt : std::optional(model.front()));
        if (!model.empty()) model.pop_front();
        break;
      case 2:
        std::iota(items.begin(), items.end(), next);
        ASSERT_EQ(queue.TryPushBatch(items.begin(), count), std::min(count, room));
        for (std::size_t k = 0; k < std::min(count, room); ++k) model.push_back(next++);
        break;
      default: {
        const std::size_t popped = std::min(count, model.size());
        ASSERT_EQ(queue.TryPopBatch(items.begin(), count), popped);
        for (std::size_t k = 0; k < popped; ++k) {
          ASSERT_EQ(items[k], model.front());
          model.pop_front();
        }
      }
    }
    ASSERT_EQ(queue.SizeApprox(), model.size());
  }
}

TEST(MpmcQueueTest, AnyIndexMayBeTheFirst) {
  for (const Index edge : {Index{0}, kLastIndex / 2, kLastIndex, Index{1} << 32}) {
    for (Index before = 0; before < 70; ++before) {
      for (const std::size_t capacity : {1, 2, 4, 16}) {
        Queue queue(capacity, edge - before);
        CompareWithModel(queue, static_cast<unsigned>(before));
      }
    }
  }
}

// ---- Several threads. Under TSan these also show what happens before what: items own memory.

struct Item {
  int producer = 0;
  int number = 0;
};

// Each of `producers` pushes `count` items, and consumers check that each producer's come in
// order; then that all have come, once. `batch`: 1, or how many at once.
void ProduceAndConsume(std::size_t capacity, int producers, int consumers, int count, int batch,
                       Index first_index) {
  using Boxed = std::unique_ptr<Item>;
  MpmcQueue<Boxed> queue(capacity, first_index);
  std::atomic<int> left{producers * count};
  std::vector<std::vector<Item>> received(consumers);
  std::vector<std::thread> threads;
  for (int producer = 0; producer < producers; ++producer) {
    threads.emplace_back([&, producer] {
      for (int next = 0; next < count;) {
        std::vector<Boxed> items;
        for (int i = 0; i < batch && next + i < count; ++i) {
          items.push_back(std::make_unique<Item>(Item{producer, next + i}));
        }
        std::size_t pushed = 0;
        while (pushed < items.size()) {
          const std::size_t more =
              batch == 1 ? std::size_t{queue.TryPush(std::move(items[0]))}
                         : queue.TryPushBatch(std::make_move_iterator(items.begin() + pushed),
                                              items.size() - pushed);
          if (more == 0) std::this_thread::yield();
          pushed += more;
        }
        next += static_cast<int>(pushed);
      }
    });
  }
  for (int consumer = 0; consumer < consumers; ++consumer) {
    threads.emplace_back([&, consumer] {
      std::vector<Boxed> items(batch);
      while (left.load(std::memory_order_relaxed) > 0) {
        std::size_t popped = 0;
        if (batch > 1) {
          popped = queue.TryPopBatch(items.begin(), batch);
        } else if (std::optional<Boxed> item = queue.TryPop()) {
          items[0] = *std::move(item);
          popped = 1;
        }
        if (popped == 0) std::this_thread::yield();
        for (std::size_t i = 0; i < popped; ++i) received[consumer].push_back(*items[i]);
        left.fetch_sub(static_cast<int>(popped), std::memory_order_relaxed);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  std::vector<std::vector<int>> times(producers, std::vector<int>(count));
  for (const std::vector<Item>& items : received) {
    std::vector<int> last(producers, -1);
    for (const Item& item : items) {
      ASSERT_LT(last[item.producer], item.number);
      last[item.producer] = item.number;
      ++times[item.producer][item.number];
    }
  }
  for (const std::vector<int>& of_one : times) {
    for (const int taken : of_one) ASSERT_EQ(taken, 1);
  }
  EXPECT_FALSE(queue.TryPop().has_value());
}

TEST(MpmcQueueStressTest, EveryItemComesOnceAndInOrder) {
  for (const std::size_t capacity : {1, 2, 64}) {
    for (const int batch : {1, 3}) {
      ProduceAndConsume(capacity, 2, 2, 5000, batch, kLastIndex - 1000);
      ProduceAndConsume(capacity, 1, 1, 5000, batch, 0);
    }
  }
}

// Threads are stopped between their claim and their hand-over all the time.
TEST(MpmcQueueStressTest, ManyMoreThreadsThanProcessors) {
  ProduceAndConsume(4, 8, 8, 1000, 1, 0);
  ProduceAndConsume(4, 8, 8, 1000, 2, 0);
}

// Whoever has pushed and not popped knows that there is an item, and so on.
TEST(MpmcQueueStressTest, NoneIsRefusedForOthersInItsWay) {
  constexpr int kThreads = 4;
  Queue queue(kThreads);
  std::vector<std::thread> threads;
  std::atomic<int> refused{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        // At most kThreads items, as each of the others has one in it.
        if (!queue.TryPush(i)) ++refused;
        if (!queue.TryPop()) ++refused;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace ashlar
