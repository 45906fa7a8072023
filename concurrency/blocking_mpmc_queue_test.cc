#include "ashlar/concurrency/blocking_mpmc_queue.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

using Queue = BlockingMpmcQueue<int>;

constexpr auto kOk = WaitOutcome::kOk;
constexpr auto kEmpty = WaitOutcome::kEmpty;
constexpr auto kFull = WaitOutcome::kFull;
constexpr auto kClosed = WaitOutcome::kClosed;
constexpr auto kTimedOut = WaitOutcome::kTimedOut;
constexpr auto kStopped = WaitOutcome::kStopped;

constexpr Queue::Index kLastIndex = std::numeric_limits<Queue::Index>::max() / 2;
constexpr nanoseconds kNoSpin(0);

TEST(BlockingMpmcQueueTest, FirstInFirstOut) {
  Queue queue(2, kNoSpin, kLastIndex);
  EXPECT_EQ(queue.Capacity(), 2u);
  EXPECT_EQ(queue.Push(1), kOk);
  EXPECT_EQ(queue.TryPush(2), kOk);
  EXPECT_EQ(queue.TryPush(3), kFull);
  EXPECT_EQ(queue.SizeApprox(), 2u);
  EXPECT_EQ(queue.Pop().item, 1);
  EXPECT_EQ(queue.PushFor(3, hours(1)), kOk);
  EXPECT_EQ(queue.PopFor(hours(1)).item, 2);
  EXPECT_EQ(queue.PopUntil(steady_clock::time_point::max()).item, 3);
  EXPECT_EQ(queue.TryPop().outcome, kEmpty);
}

TEST(BlockingMpmcQueueTest, AbsurdCapacityIsOutOfMemory) {
  EXPECT_THROW(Queue{std::numeric_limits<std::size_t>::max()}, std::bad_alloc);
}

TEST(BlockingMpmcQueueTest, ClosedQueueDrains) {
  Queue queue(2);
  queue.Push(1);
  queue.Push(2);
  EXPECT_TRUE(queue.Close());
  EXPECT_FALSE(queue.Close());
  EXPECT_TRUE(queue.IsClosed());
  EXPECT_EQ(queue.TryPush(3), kClosed);  // closed, not full
  EXPECT_EQ(queue.Push(3), kClosed);
  EXPECT_EQ(queue.PushFor(3, nanoseconds(0)), kClosed);
  EXPECT_EQ(queue.Pop().item, 1);
  EXPECT_EQ(queue.TryPop().item, 2);
  EXPECT_EQ(queue.TryPop().outcome, kClosed);
  EXPECT_EQ(queue.Pop().outcome, kClosed);
  EXPECT_EQ(queue.PopFor(nanoseconds(0)).outcome, kClosed);
}

TEST(BlockingMpmcQueueTest, RefusedItemStaysWithTheCaller) {
  BlockingMpmcQueue<std::unique_ptr<int>> queue(1, kNoSpin);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(queue.Push(std::make_unique<int>(1)), kOk);
  auto item = std::make_unique<int>(2);
  EXPECT_EQ(queue.TryPush(std::move(item)), kFull);
  EXPECT_EQ(queue.PushFor(std::move(item), milliseconds(1)), kTimedOut);
  EXPECT_EQ(queue.Push(std::move(item), stop.get_token()), kStopped);
  queue.Close();
  EXPECT_EQ(queue.Push(std::move(item)), kClosed);
  ASSERT_NE(item, nullptr);
  EXPECT_EQ(*item, 2);
  EXPECT_EQ(**queue.Pop().item, 1);
}

TEST(BlockingMpmcQueueTest, CopiesWhatIsNotGivenAway) {
  BlockingMpmcQueue<std::string> queue(4);
  const std::string item = "a string that is too long to lie in place";
  EXPECT_EQ(queue.TryPush(item), kOk);
  EXPECT_EQ(queue.Push(item), kOk);
  EXPECT_EQ(queue.PushFor(item, hours(1), std::stop_token()), kOk);
  EXPECT_EQ(queue.PushUntil(item, steady_clock::now()), kOk);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(queue.Pop().item, item);
}

// ---- Batches.

TEST(BlockingMpmcQueueTest, BatchesTakeWhatFitsAndGiveWhatIsThere) {
  Queue queue(4, kNoSpin);
  const int items[] = {0, 1, 2, 3, 4, 5};
  EXPECT_EQ(queue.TryPushBatch(items, 0).outcome, kOk);
  EXPECT_EQ(queue.TryPushBatch(items, 6).count, 4u);
  EXPECT_EQ(queue.TryPushBatch(items + 4, 2).outcome, kFull);
  int popped[6];
  EXPECT_EQ(queue.TryPopBatch(popped, 3).count, 3u);
  EXPECT_EQ(popped[2], 2);
  EXPECT_EQ(queue.PopBatch(popped, 6).count, 1u);
  EXPECT_EQ(popped[0], 3);
  EXPECT_EQ(queue.PopBatch(popped, 0).outcome, kOk);
  EXPECT_EQ(queue.TryPopBatch(popped, 6).outcome, kEmpty);
  EXPECT_EQ(queue.PopBatchFor(popped, 6, milliseconds(1)).outcome, kTimedOut);
  EXPECT_EQ(queue.TryPushBatch(items, 1).outcome, kOk);
  queue.Close();
  EXPECT_EQ(queue.TryPushBatch(items, 1).outcome, kClosed);
  EXPECT_EQ(queue.PopBatch(popped, 6).count, 1u);
  EXPECT_EQ(queue.PopBatch(popped, 6).outcome, kClosed);
}

// Copies of the number 2 cannot be made.
struct NoTwo {
  explicit NoTwo(int n) : number(n) {}
  NoTwo(NoTwo&&) = default;
  NoTwo(const NoTwo& other) : number(other.number) {
    if (number == 2) throw std::runtime_error("two");
  }
  int number;
};

TEST(BlockingMpmcQueueTest, HalfABatchWakesWhomItHasTo) {
  BlockingMpmcQueue<NoTwo> queue(4, kNoSpin);
  std::thread consumer([&] { EXPECT_EQ(queue.Pop().item->number, 1); });
  std::this_thread::sleep_for(milliseconds(1));
  const NoTwo items[] = {NoTwo(1), NoTwo(2), NoTwo(3)};
  EXPECT_THROW(queue.TryPushBatch(items, 3), std::runtime_error);
  consumer.join();
  EXPECT_EQ(queue.TryPop().outcome, kEmpty);
}

// ---- Time.

TEST(BlockingMpmcQueueTest, NothingIsWaitedForWithoutTime) {
  for (const nanoseconds spin : {nanoseconds(0), Queue::kDefaultSpin}) {
    Queue queue(1, spin);
    for (const nanoseconds timeout : {nanoseconds(0), nanoseconds(-1), nanoseconds::min()}) {
      EXPECT_EQ(queue.PopFor(timeout).outcome, kTimedOut);
    }
    EXPECT_EQ(queue.PopUntil(steady_clock::time_point::min()).outcome, kTimedOut);
    EXPECT_EQ(queue.PushFor(1, nanoseconds(0)), kOk);
    EXPECT_EQ(queue.PushFor(2, nanoseconds(0)), kTimedOut);
    EXPECT_EQ(queue.PushUntil(2, steady_clock::now()), kTimedOut);
    EXPECT_EQ(queue.PopFor(nanoseconds(-1)).item, 1);
  }
}

TEST(BlockingMpmcQueueTest, WaitsNoShorterThanAsked) {
  for (const nanoseconds spin : {nanoseconds(0), nanoseconds(milliseconds(10))}) {
    Queue queue(1, spin);
    const auto start = steady_clock::now();
    EXPECT_EQ(queue.PopFor(milliseconds(2)).outcome, kTimedOut);
    EXPECT_GE(steady_clock::now(), start + milliseconds(2));
    queue.Push(1);
    const auto end = steady_clock::now() + milliseconds(2);
    EXPECT_EQ(queue.PushUntil(2, end), kTimedOut);
    EXPECT_GE(steady_clock::now(), end);
  }
}

TEST(BlockingMpmcQueueTest, TimesBeyondTheClockHaveNoEnd) {
  Queue queue(1, kNoSpin);
  std::thread consumer([&] {
    EXPECT_EQ(queue.PopFor(nanoseconds::max()).item, 1);
    EXPECT_EQ(queue.PopUntil(steady_clock::time_point::max()).item, 2);
  });
  std::this_thread::sleep_for(milliseconds(1));
  queue.Push(1);
  std::this_thread::sleep_for(milliseconds(1));
  queue.Push(2);
  consumer.join();
}

// ---- Stopping.

TEST(BlockingMpmcQueueTest, AskedToStopBeforeItOnlyTries) {
  Queue queue(1);
  std::stop_source stop;
  stop.request_stop();
  EXPECT_EQ(queue.Pop(stop.get_token()).outcome, kStopped);
  EXPECT_EQ(queue.Push(1, stop.get_token()), kOk);
  EXPECT_EQ(queue.Push(2, stop.get_token()), kStopped);
  EXPECT_EQ(queue.Pop(stop.get_token()).item, 1);
  EXPECT_EQ(queue.PopFor(hours(1), stop.get_token()).outcome, kStopped);
  queue.Close();
  EXPECT_EQ(queue.Pop(stop.get_token()).outcome, kClosed);
}

TEST(BlockingMpmcQueueTest, TokenWithoutASourceNeverStops) {
  Queue queue(1, kNoSpin);
  EXPECT_EQ(queue.PopFor(milliseconds(1), std::stop_token()).outcome, kTimedOut);
}

TEST(BlockingMpmcQueueTest, StopEndsASleepAndNoOther) {
  Queue empty(1, kNoSpin);
  Queue full(1, kNoSpin);
  full.Push(0);
  std::stop_source stop;
  std::vector<std::thread> threads;
  threads.emplace_back([&] { EXPECT_EQ(empty.Pop(stop.get_token()).outcome, kStopped); });
  threads.emplace_back([&] { EXPECT_EQ(full.Push(1, stop.get_token()), kStopped); });
  threads.emplace_back([&] { EXPECT_EQ(empty.Pop().item, 7); });
  std::this_thread::sleep_for(milliseconds(2));
  stop.request_stop();
  threads[0].join();
  threads[1].join();
  empty.Push(7);
  threads[2].join();
  EXPECT_EQ(full.TryPop().item, 0);
  EXPECT_EQ(full.TryPop().outcome, kEmpty);
}

// ---- Moves that throw.

std::atomic<int> throws_left{0};

// Its move throws as often as `throws_left` says.
struct Moody {
  explicit Moody(int n) : number(n) {}
  Moody(Moody&& other) : number(other.number) {
    if (throws_left.load() > 0 && throws_left.fetch_sub(1) > 0) throw std::runtime_error("moody");
  }
  int number;
};

TEST(BlockingMpmcQueueTest, MoveThatThrowsInAPopDestroysTheItemOnly) {
  BlockingMpmcQueue<Moody> queue(1, kNoSpin);
  EXPECT_EQ(queue.Push(Moody(1)), kOk);
  std::thread producer([&] { EXPECT_EQ(queue.Push(Moody(2)), kOk); });
  std::this_thread::sleep_for(milliseconds(1));
  throws_left = 1;
  // The producer does not move while it sleeps.
  EXPECT_THROW((void)queue.Pop(), std::runtime_error);
  EXPECT_EQ(queue.Pop().item->number, 2);
  producer.join();
}

// A push that throws leaves a slot out of use until a pop passes over it. Here the consumer sleeps,
// and the next producer would, if nobody told the consumer.
TEST(BlockingMpmcQueueTest, MoveThatThrowsInAPushLeavesNobodyAsleep) {
  BlockingMpmcQueue<Moody> queue(1, kNoSpin);
  std::thread consumer([&] { EXPECT_EQ(queue.Pop().item->number, 2); });
  std::this_thread::sleep_for(milliseconds(1));
  throws_left = 1;
  EXPECT_THROW(queue.Push(Moody(1)), std::runtime_error);
  EXPECT_EQ(queue.Push(Moody(2)), kOk);
  consumer.join();
}

// ---- Many threads. A lost wake-up is a test that hangs; under TSan these also show what happens
// before what, since items own memory.

// Producers push until they are through, and the last closes; consumers pop until it is closed.
void ProduceAndConsume(std::size_t capacity, int producers, int consumers, int count,
                       nanoseconds spin, nanoseconds timeout) {
  using Boxed = std::unique_ptr<int>;
  BlockingMpmcQueue<Boxed> queue(capacity, spin, kLastIndex - 100);
  std::atomic<int> producing{producers};
  std::vector<std::vector<int>> received(consumers);
  std::vector<std::thread> threads;
  for (int producer = 0; producer < producers; ++producer) {
    threads.emplace_back([&, producer] {
      for (int i = 0; i < count; ++i) {
        Boxed item = std::make_unique<int>(producer * count + i);
        WaitOutcome outcome;
        do {
          outcome = timeout == hours(1) ? queue.Push(std::move(item))
                                        : queue.PushFor(std::move(item), timeout);
        } while (outcome == kTimedOut);
        EXPECT_EQ(outcome, kOk);
      }
      if (producing.fetch_sub(1) == 1) queue.Close();
    });
  }
  for (int consumer = 0; consumer < consumers; ++consumer) {
    threads.emplace_back([&, consumer] {
      int last_of_first = -1;
      for (;;) {
        const auto result = timeout == hours(1) ? queue.Pop() : queue.PopFor(timeout);
        if (result.outcome == kClosed) return;
        if (result.outcome == kTimedOut) continue;
        received[consumer].push_back(**result.item);
        if (received[consumer].back() >= count) continue;
        EXPECT_LT(last_of_first, received[consumer].back());
        last_of_first = received[consumer].back();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<int> times(producers * count);
  for (const std::vector<int>& items : received) {
    for (const int item : items) ++times[item];
  }
  for (const int taken : times) ASSERT_EQ(taken, 1);
}

TEST(BlockingMpmcQueueStressTest, EveryItemComesOnceAndThenTheEnd) {
  for (const std::size_t capacity : {1, 4}) {
    ProduceAndConsume(capacity, 2, 2, 2000, kNoSpin, hours(1));
    ProduceAndConsume(capacity, 2, 2, 2000, Queue::kDefaultSpin, hours(1));
    ProduceAndConsume(capacity, 1, 3, 2000, kNoSpin, std::chrono::microseconds(5));
    ProduceAndConsume(capacity, 3, 1, 1000, kNoSpin, std::chrono::microseconds(5));
  }
}

TEST(BlockingMpmcQueueStressTest, ManyMoreThreadsThanProcessors) {
  ProduceAndConsume(2, 8, 8, 200, kNoSpin, hours(1));
}

// What was accepted is received, and nobody stays behind, whenever the Close comes.
TEST(BlockingMpmcQueueStressTest, CloseAtAnyTime) {
  for (int round = 0; round < 100; ++round) {
    Queue queue(2, round % 2 == 0 ? kNoSpin : Queue::kDefaultSpin);
    std::atomic<int> accepted{0};
    std::atomic<int> received{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        while (queue.Push(1) == kOk) ++accepted;
      });
      threads.emplace_back([&] {
        while (queue.Pop()) ++received;
      });
    }
    for (int i = 0; i < round % 4; ++i) std::this_thread::yield();
    queue.Close();
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(accepted, received);
  }
}

// Consumers that are stopped all the time, beside one that relies on being woken.
TEST(BlockingMpmcQueueStressTest, StopsTakeNoWakeUps) {
  constexpr int kItems = 1000;
  Queue to(1, kNoSpin);
  Queue back(1, kNoSpin);
  std::atomic<bool> done{false};
  std::vector<std::jthread> stopped;
  for (int i = 0; i < 2; ++i) {
    stopped.emplace_back([&] {
      while (!done) {
        std::stop_source stop;
        std::jthread stopper([&] { stop.request_stop(); });
        if (const auto result = to.Pop(stop.get_token())) back.Push(*result.item);
      }
    });
  }
  std::jthread relying([&] {
    while (const auto result = to.Pop()) back.Push(*result.item);
  });
  for (int i = 0; i < kItems; ++i) {
    EXPECT_EQ(to.Push(i), kOk);
    EXPECT_EQ(back.Pop().item, i);
  }
  done = true;
  to.Close();
}

}  // namespace
}  // namespace ashlar
