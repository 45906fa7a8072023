#include "ashlar/concurrency/event_count.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::steady_clock;

TEST(EventCountTest, NotificationBetweenPrepareAndCommitEndsTheWait) {
  EventCount events;
  const EventCount::Key key = events.PrepareWait();
  events.NotifyOne();
  events.CommitWait(key);
  EXPECT_FALSE(events.HasWaiters());
}

TEST(EventCountTest, NotificationBeforePrepareIsNotKept) {
  EventCount events;
  events.NotifyOne();
  events.NotifyAll();
  EXPECT_FALSE(events.CommitWaitFor(events.PrepareWait(), milliseconds(1)));
}

TEST(EventCountTest, WaitersAreCountedFromPrepareToTheEndOfTheWait) {
  EventCount events;
  EXPECT_FALSE(events.HasWaiters());
  const EventCount::Key first = events.PrepareWait();
  const EventCount::Key second = events.PrepareWait();
  EXPECT_TRUE(events.HasWaiters());
  events.CancelWait();
  EXPECT_TRUE(events.HasWaiters());
  EXPECT_FALSE(events.CommitWaitFor(first, nanoseconds(1)));
  EXPECT_FALSE(events.HasWaiters());
  (void)second;
}

TEST(EventCountTest, NotificationIsSeenAcrossTheEpochsWrapAround) {
  EventCount events(std::numeric_limits<std::uint32_t>::max());
  for (int i = 0; i < 2; ++i) {
    const EventCount::Key key = events.PrepareWait();
    events.NotifyOne();
    EXPECT_TRUE(events.CommitWaitFor(key, nanoseconds(0)));
  }
}

TEST(EventCountTest, TimeoutOfZeroOrLessDoesNotBlock) {
  EventCount events;
  for (const nanoseconds timeout : {nanoseconds(0), nanoseconds(-1), nanoseconds::min()}) {
    EXPECT_FALSE(events.CommitWaitFor(events.PrepareWait(), timeout));
    const EventCount::Key key = events.PrepareWait();
    events.NotifyOne();
    EXPECT_TRUE(events.CommitWaitFor(key, timeout));  // but it tells what came before
  }
  EXPECT_FALSE(events.HasWaiters());
}

TEST(EventCountTest, DeadlineInThePastDoesNotBlock) {
  EventCount events;
  for (const steady_clock::time_point deadline :
       {steady_clock::now(), steady_clock::time_point(), steady_clock::time_point::min()}) {
    EXPECT_FALSE(events.CommitWaitUntil(events.PrepareWait(), deadline));
  }
}

TEST(EventCountTest, TimedWaitLastsNoShorterThanItsTimeout) {
  EventCount events;
  const auto start = steady_clock::now();
  // A signal may end a wait early; it then counts as notified.
  while (events.CommitWaitFor(events.PrepareWait(), milliseconds(3))) {
  }
  EXPECT_GE(steady_clock::now() - start, milliseconds(3));
  const auto deadline = steady_clock::now() + milliseconds(3);
  while (events.CommitWaitUntil(events.PrepareWait(), deadline)) {
  }
  EXPECT_GE(steady_clock::now(), deadline);
}

TEST(EventCountTest, WaitOfAnyLengthEndsByANotification) {
  for (const nanoseconds timeout : {nanoseconds(hours(1)), nanoseconds::max()}) {
    for (const bool until : {false, true}) {
      EventCount events;
      std::thread waiter([&] {
        const EventCount::Key key = events.PrepareWait();
        EXPECT_TRUE(until ? events.CommitWaitUntil(key, steady_clock::time_point::max())
                          : events.CommitWaitFor(key, timeout));
      });
      while (!events.HasWaiters()) std::this_thread::yield();
      // PrepareWait has begun but may not have read the epoch: notify until it is over.
      while (events.HasWaiters()) {
        events.NotifyOne();
        std::this_thread::yield();
      }
      waiter.join();
    }
  }
}

// ---- Several threads, with both policies. Under TSan these also show that what precedes
// a notification happens before the end of the wait. A lost wake-up is a test that hangs.

template <class FencePolicy>
class EventCountStressTest : public testing::Test {
 protected:
  using Events = BasicEventCount<StdPlatform, FencePolicy>;

  // Tokens that threads take or sleep for; relaxed, so that the event count alone orders.
  struct Tokens {
    explicit Tokens(std::uint32_t first_epoch = 0) : events(first_epoch) {}

    bool TryTake() {
      int seen = count.load(std::memory_order_relaxed);
      while (seen > 0) {
        if (count.compare_exchange_weak(seen, seen - 1, std::memory_order_relaxed)) return true;
      }
      return false;
    }
    void Take() {
      while (!TryTake()) {
        const auto key = events.PrepareWait();
        if (count.load(std::memory_order_relaxed) > 0) {
          events.CancelWait();
        } else {
          events.CommitWait(key);
        }
      }
    }
    void Put() {
      count.fetch_add(1, std::memory_order_relaxed);
      events.NotifyOne();
    }

    std::atomic<int> count{0};
    Events events;
  };
};

struct PolicyNames {
  template <class FencePolicy>
  static std::string GetName(int) {
    return std::is_same_v<FencePolicy, FullFencePolicy> ? "FullFence" : "AsymmetricFence";
  }
};
using Policies = testing::Types<FullFencePolicy, AsymmetricFencePolicy>;
TYPED_TEST_SUITE(EventCountStressTest, Policies, PolicyNames);

TYPED_TEST(EventCountStressTest, TwoThreadsHandATokenToAndFro) {
  constexpr int kRounds = 5000;
  typename TestFixture::Tokens ping, pong;
  std::thread other([&] {
    for (int i = 0; i < kRounds; ++i) {
      ping.Take();
      pong.Put();
    }
  });
  for (int i = 0; i < kRounds; ++i) {
    ping.Put();
    pong.Take();
  }
  other.join();
  EXPECT_EQ(ping.count + pong.count, 0);
}

TYPED_TEST(EventCountStressTest, EveryTokenIsTakenAcrossTheEpochsWrapAround) {
  constexpr int kTokens = 20000;
  constexpr int kThreads = 4;
  typename TestFixture::Tokens tokens(std::numeric_limits<std::uint32_t>::max() - 50);
  std::vector<std::thread> takers;
  for (int i = 0; i < kThreads; ++i) {
    takers.emplace_back([&] {
      for (int k = 0; k < kTokens / kThreads; ++k) tokens.Take();
    });
  }
  std::thread second([&] {
    for (int i = 0; i < kTokens / 2; ++i) tokens.Put();
  });
  for (int i = 0; i < kTokens / 2; ++i) {
    tokens.Put();
    if (i % 16 == 0) std::this_thread::yield();  // so that takers fall asleep now and then
  }
  second.join();
  for (std::thread& taker : takers) taker.join();
  EXPECT_EQ(tokens.count, 0);
  EXPECT_FALSE(tokens.events.HasWaiters());
}

// n tokens and n notifications for n sleepers: none may be swallowed.
TYPED_TEST(EventCountStressTest, AsManyNotifyOneAsSleepersWakeThemAll) {
  constexpr int kSleepers = 4;
  for (int round = 0; round < 200; ++round) {
    typename TestFixture::Tokens tokens;
    std::atomic<int> preparing{0};
    std::vector<std::thread> sleepers;
    for (int i = 0; i < kSleepers; ++i) {
      sleepers.emplace_back([&] {
        ++preparing;
        tokens.Take();
      });
    }
    while (preparing < kSleepers) std::this_thread::yield();
    if (round % 2 == 0) std::this_thread::sleep_for(milliseconds(1));  // let them fall asleep
    for (int i = 0; i < kSleepers; ++i) tokens.Put();
    for (std::thread& sleeper : sleepers) sleeper.join();
  }
}

TYPED_TEST(EventCountStressTest, NotifyAllWakesAllWaiters) {
  constexpr int kWaiters = 4;
  for (int round = 0; round < 100; ++round) {
    typename TestFixture::Events events;
    std::atomic<bool> open{false};
    std::atomic<int> prepared{0};
    std::vector<std::thread> waiters;
    for (int i = 0; i < kWaiters; ++i) {
      waiters.emplace_back([&] {
        auto key = events.PrepareWait();
        ++prepared;
        while (!open.load(std::memory_order_relaxed)) {
          events.CommitWait(key);
          key = events.PrepareWait();
        }
        events.CancelWait();
      });
    }
    while (prepared < kWaiters) std::this_thread::yield();
    if (round % 2 == 0) std::this_thread::sleep_for(milliseconds(1));  // let them fall asleep
    open.store(true, std::memory_order_relaxed);
    events.NotifyAll();
    for (std::thread& waiter : waiters) waiter.join();
    EXPECT_FALSE(events.HasWaiters());
  }
}

TYPED_TEST(EventCountStressTest, WhatPrecedesTheNotificationHappensBeforeTheNextPrepareWait) {
  for (int round = 1; round <= 300; ++round) {
    typename TestFixture::Events events;
    int published = 0;  // plain
    std::atomic<bool> prepared{false};
    std::thread waiter([&] {
      const auto key = events.PrepareWait();
      prepared.store(true, std::memory_order_relaxed);
      events.CommitWait(key);                   // no signals here that could end it early
      static_cast<void>(events.PrepareWait());  // the one that sees the notification
      events.CancelWait();
      EXPECT_EQ(published, round);
    });
    while (!prepared.load(std::memory_order_relaxed)) std::this_thread::yield();
    published = round;
    events.NotifyOne();
    waiter.join();
  }
}

TYPED_TEST(EventCountStressTest, TimedWaitsRaceWithNotifications) {
  constexpr int kTokens = 3000;
  typename TestFixture::Tokens tokens;
  std::vector<std::thread> takers;
  std::atomic<int> taken{0};
  for (int i = 0; i < 3; ++i) {
    takers.emplace_back([&, i] {
      while (taken.load(std::memory_order_relaxed) < kTokens) {
        if (tokens.TryTake()) {
          ++taken;
          continue;
        }
        const auto key = tokens.events.PrepareWait();
        tokens.events.CommitWaitFor(key, nanoseconds(1000 * (i + 1)));
      }
    });
  }
  for (int i = 0; i < kTokens; ++i) tokens.Put();
  for (std::thread& taker : takers) taker.join();
  EXPECT_EQ(tokens.count, 0);
  EXPECT_FALSE(tokens.events.HasWaiters());
}

}  // namespace
}  // namespace ashlar
