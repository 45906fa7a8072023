#include "ashlar/concurrency/lock_free_queue.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Participant = EpochReclamation::Participant;

// Each segment ends soon.
template <class T>
using ShortSegments =
    LockFreeQueue<T, StdPlatform, AsymmetricFencePolicy, LockFreeQueueOptions{.segment = 3}>;

// The epochs and the caller's part in them.
struct Epochs {
  EpochReclamation domain{EpochOptions{.batch = 4}};
  Participant self{domain};
};

template <class Queue>
std::vector<int> Drained(Queue& queue, Participant& self) {
  std::vector<int> items;
  while (const auto item = queue.TryPop(self)) items.push_back(*item);
  return items;
}

TEST(LockFreeQueueTest, FirstInFirstOut) {
  Epochs epochs;
  LockFreeQueue<int> queue;
  EXPECT_EQ(queue.TryPop(epochs.self), std::nullopt);
  for (int i = 0; i < 3; ++i) queue.Push(epochs.self, i);
  EXPECT_EQ(queue.TryPop(epochs.self), 0);
  queue.Push(epochs.self, 3);
  EXPECT_EQ(Drained(queue, epochs.self), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(queue.TryPop(epochs.self), std::nullopt);
}

TEST(LockFreeQueueTest, ThreadsNeedNoParticipant) {
  LockFreeQueue<int> queue;
  const int copied = 1;
  queue.Push(copied);
  std::thread([&] {
    EXPECT_EQ(queue.TryPop(), 1);
    queue.Push(2);
  }).join();
  EXPECT_EQ(queue.SizeApprox(), 1u);
  EXPECT_EQ(queue.TryPop(), 2);
}

// The same random calls on the queue and on a std::deque.
TEST(LockFreeQueueTest, AnswersAsADequeFromSegmentToSegment) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    Epochs epochs;
    ShortSegments<int> queue;
    std::deque<int> model;
    std::mt19937 random(seed);
    for (int i = 0; i < 1000; ++i) {
      if (random() % 2 == 0) {
        queue.Push(epochs.self, i);
        model.push_back(i);
      } else {
        ASSERT_EQ(queue.TryPop(epochs.self),
                  model.empty() ? std::nullopt : std::optional(model.front()));
        if (!model.empty()) model.pop_front();
      }
      ASSERT_EQ(queue.SizeApprox(epochs.self), model.size());
    }
  }
}

TEST(LockFreeQueueTest, MovesWhatCannotBeCopied) {
  Epochs epochs;
  ShortSegments<std::unique_ptr<int>> queue;
  for (int i = 0; i < 10; ++i) queue.Push(epochs.self, std::make_unique<int>(i));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(**queue.TryPop(epochs.self), i);
}

TEST(LockFreeQueueTest, DestroysWhatIsLeft) {
  Epochs epochs;
  const auto item = std::make_shared<int>();
  {
    ShortSegments<std::shared_ptr<int>> queue;
    for (int i = 0; i < 8; ++i) queue.Push(epochs.self, item);
    EXPECT_EQ(item.use_count(), 9);
    for (int i = 0; i < 4; ++i) queue.TryPop(epochs.self);
    EXPECT_EQ(item.use_count(), 5);
  }
  EXPECT_EQ(item.use_count(), 1);
}

TEST(LockFreeQueueTest, OverAlignedItems) {
  struct alignas(128) Wide {
    explicit Wide(int n) : number(n), at(this) {}
    Wide(Wide&& other) noexcept : number(other.number), at(this) {}
    int number;
    const void* at;
  };
  Epochs epochs;
  ShortSegments<Wide> queue;
  for (int i = 0; i < 4; ++i) queue.Push(epochs.self, Wide(i));
  for (int i = 0; i < 4; ++i) {
    const std::optional<Wide> item = queue.TryPop(epochs.self);
    EXPECT_EQ(item->number, i);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(item->at) % 128, 0u);
  }
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

TEST(LockFreeQueueTest, CopyThatThrowsPushesNothing) {
  Epochs epochs;
  {
    ShortSegments<Moody<false>> queue;
    const Moody<false> item(1);
    throw_after = 0;
    EXPECT_THROW(queue.Push(epochs.self, item), std::runtime_error);
    EXPECT_EQ(queue.SizeApprox(epochs.self), 0u);
    queue.Push(epochs.self, item);
    EXPECT_EQ(queue.TryPop(epochs.self)->number, 1);
  }
  EXPECT_EQ(alive, 0);
}

TEST(LockFreeQueueTest, MoveThatThrowsInAPushPushesNothing) {
  Epochs epochs;
  {
    ShortSegments<Moody<true>> queue;
    queue.Push(epochs.self, Moody<true>(1));
    throw_after = 0;
    EXPECT_THROW(queue.Push(epochs.self, Moody<true>(2)), std::runtime_error);
    EXPECT_EQ(queue.SizeApprox(epochs.self), 1u);
    queue.Push(epochs.self, Moody<true>(3));
    EXPECT_EQ(queue.TryPop(epochs.self)->number, 1);
    EXPECT_EQ(queue.TryPop(epochs.self)->number, 3);
    EXPECT_FALSE(queue.TryPop(epochs.self).has_value());
    queue.Push(epochs.self, Moody<true>(4));
  }
  EXPECT_EQ(alive, 0);
}

TEST(LockFreeQueueTest, MoveThatThrowsInAPopDestroysTheItem) {
  Epochs epochs;
  {
    ShortSegments<Moody<true>> queue;
    for (int i = 1; i <= 2; ++i) queue.Push(epochs.self, Moody<true>(i));
    throw_after = 0;
    EXPECT_THROW((void)queue.TryPop(epochs.self), std::runtime_error);
    EXPECT_EQ(alive, 1);
    EXPECT_EQ(queue.TryPop(epochs.self)->number, 2);
  }
  EXPECT_EQ(alive, 0);
}

// ---- Memory.

// Counts what there is, and may have no more to give.
struct Account {
  static inline std::atomic<long> objects{0};
  static inline std::atomic<long> left{1L << 40};
};
struct CountingPlatform : StdPlatform {
  template <class T, class... Args>
  static T* Create(Args&&... args) {
    if (Account::left.fetch_sub(1) <= 0) {
      Account::left.fetch_add(1);
      throw std::bad_alloc();
    }
    ++Account::objects;
    return StdPlatform::Create<T>(std::forward<Args>(args)...);
  }
  template <class T>
  static void Destroy(T* pointer) noexcept {
    --Account::objects;
    StdPlatform::Destroy(pointer);
  }
};

template <class T, std::size_t kSegment>
using CountedQueue = LockFreeQueue<T, CountingPlatform, AsymmetricFencePolicy,
                                   LockFreeQueueOptions{.segment = kSegment}>;

TEST(LockFreeQueueTest, GivesMemoryBackAfterABurst) {
  using Queue = CountedQueue<int, 64>;
  constexpr int kSegments = 2000;
  const long before = Account::objects;
  {
    Queue::Epochs domain;
    Queue queue;
    Queue::Participant self(domain);
    for (int burst = 0; burst < 3; ++burst) {
      for (int i = 0; i < 64 * kSegments; ++i) queue.Push(self, i);
      EXPECT_GE(Account::objects - before, kSegments);
      for (int i = 0; i < 64 * kSegments; ++i) ASSERT_EQ(queue.TryPop(self), i);
      // Segments that are kept or not yet freed, and some objects of the epochs.
      EXPECT_LE(Account::objects - before, 64) << burst;
    }
    // While items keep coming and going there is no need for more.
    for (int i = 0; i < 64 * kSegments; ++i) {
      queue.Push(self, i);
      ASSERT_EQ(queue.TryPop(self), i);
    }
    EXPECT_LE(Account::objects - before, 64);
  }
  EXPECT_EQ(Account::objects, before);
}

TEST(LockFreeQueueTest, EndsBeforeItsSegmentsAreFreed) {
  using Queue = CountedQueue<int, 2>;
  const long before = Account::objects;
  {
    Queue::Epochs domain;
    Queue::Participant self(domain);
    {
      Queue queue;
      for (int i = 0; i < 9; ++i) queue.Push(self, i);
      for (int i = 0; i < 7; ++i) ASSERT_EQ(queue.TryPop(self), i);
    }
    EXPECT_GT(domain.Garbage(), 0u);
  }
  EXPECT_EQ(Account::objects, before);
}

TEST(LockFreeQueueTest, OutOfMemoryChangesNothing) {
  using Queue = CountedQueue<std::unique_ptr<int>, 2>;
  const long before = Account::objects;
  const long plenty = Account::left;
  Account::left = 0;
  EXPECT_THROW(Queue{}, std::bad_alloc);
  Account::left = 1;  // the store of segments, but no segment
  EXPECT_THROW(Queue{}, std::bad_alloc);
  EXPECT_EQ(Account::objects, before);
  {
    Account::left = plenty;
    Queue::Epochs domain;
    Queue::Participant self(domain);
    Queue queue;
    for (int i = 0; i < 2; ++i) queue.Push(self, std::make_unique<int>(i));
    Account::left = 0;
    auto item = std::make_unique<int>(2);
    EXPECT_THROW(queue.Push(self, std::move(item)), std::bad_alloc);
    ASSERT_NE(item, nullptr);
    Account::left = plenty;
    queue.Push(self, std::move(item));
    for (int i = 0; i < 2; ++i) EXPECT_EQ(**queue.TryPop(self), i);
    // The first segment is to be retired, and there is no batch to retire it in.
    Account::left = 0;
    EXPECT_THROW((void)queue.TryPop(self), std::bad_alloc);
    Account::left = plenty;
    EXPECT_EQ(**queue.TryPop(self), 2);
    EXPECT_FALSE(queue.TryPop(self).has_value());
  }
  EXPECT_EQ(Account::objects, before);
}

// ---- Several threads. Under TSan these also show what happens before what: items own memory.

struct Item {
  int producer = 0;
  int number = 0;
};

// Its address moves, and cannot be assigned to.
class Parcel {
 public:
  explicit Parcel(Item item) : item_(std::make_unique<Item>(item)) {}
  Parcel(Parcel&& other) noexcept : item_(std::move(other.item_)) {}
  const Item& operator*() const { return *item_; }

 private:
  std::unique_ptr<Item> item_;
};

// Each of `producers` pushes `count` items, and consumers check that each producer's come in
// order; then that all have come, once.
template <class Queue>
void ProduceAndConsume(int producers, int consumers, int count) {
  typename Queue::Epochs epochs(EpochOptions{.batch = 2});
  Queue queue;
  std::atomic<int> left{producers * count};
  std::vector<std::vector<Item>> received(consumers);
  std::vector<std::thread> threads;
  for (int producer = 0; producer < producers; ++producer) {
    threads.emplace_back([&, producer] {
      typename Queue::Participant self(epochs);
      for (int i = 0; i < count; ++i) {
        queue.Push(self, Parcel(Item{producer, i}));
        if (i % 64 == 0) std::this_thread::yield();
      }
    });
  }
  for (int consumer = 0; consumer < consumers; ++consumer) {
    threads.emplace_back([&, consumer] {
      typename Queue::Participant self(epochs);
      while (left.load(std::memory_order_relaxed) > 0) {
        if (const auto item = queue.TryPop(self)) {
          received[consumer].push_back(**item);
          left.fetch_sub(1, std::memory_order_relaxed);
        } else {
          std::this_thread::yield();
        }
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
  typename Queue::Participant self(epochs);
  EXPECT_FALSE(queue.TryPop(self).has_value());
}

// Slots are given up at once: producers and consumers meet there all the time.
template <std::size_t kSegment>
using Impatient =
    LockFreeQueue<Parcel, StdPlatform, AsymmetricFencePolicy,
                  LockFreeQueueOptions{
                      .segment = kSegment, .spares = 2, .collect_every = 2, .patience = 0}>;

TEST(LockFreeQueueStressTest, EveryItemComesOnceAndInOrder) {
  ProduceAndConsume<LockFreeQueue<Parcel>>(1, 1, 20000);
  ProduceAndConsume<LockFreeQueue<Parcel>>(2, 2, 10000);
  ProduceAndConsume<Impatient<2>>(2, 2, 5000);
  ProduceAndConsume<Impatient<64>>(1, 3, 10000);
}

// Threads are stopped between taking a slot and filling it all the time.
TEST(LockFreeQueueStressTest, ManyMoreThreadsThanProcessors) {
  ProduceAndConsume<LockFreeQueue<Parcel>>(8, 8, 2000);
  ProduceAndConsume<Impatient<2>>(8, 8, 500);
}

// Whoever has pushed and not popped knows that there is an item.
TEST(LockFreeQueueStressTest, NeverEmptyForOthersInItsWay) {
  constexpr int kThreads = 4;
  EpochReclamation epochs;
  ShortSegments<int> queue;
  std::vector<std::thread> threads;
  std::atomic<int> empty{0};
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      Participant self(epochs);
      for (int i = 0; i < 10000; ++i) {
        queue.Push(self, i);
        if (!queue.TryPop(self)) ++empty;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(empty, 0);
}

}  // namespace
}  // namespace ashlar
