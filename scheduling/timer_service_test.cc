#include "ashlar/scheduling/timer_service.h"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/scheduling/internal/timer_core.h"
#include "ashlar/scheduling/manual_timer_service.h"
#include "ashlar/scheduling/timer_thread.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr absl::Duration kMs = absl::Milliseconds(1);

TEST(TimerServiceTest, ATimerFiresOnceWhenItsTimeHasCome) {
  ManualTimerService timers;
  int fired = 0;
  CallbackTimer timer(timers, [&] { ++fired; });
  timers.Advance(5 * kMs);
  EXPECT_EQ(fired, 0);
  timer.StartAfter(10 * kMs);
  timers.Advance(9 * kMs);
  EXPECT_EQ(fired, 0);
  timers.Advance(1 * kMs);
  EXPECT_EQ(fired, 1);
  timers.Advance(absl::Hours(1));
  EXPECT_EQ(fired, 1);
  EXPECT_FALSE(timer.Cancel());
}

TEST(TimerServiceTest, CancelSaysWhetherItPreventedTheFiring) {
  ManualTimerService timers;
  int fired = 0;
  CallbackTimer timer(timers, [&] { ++fired; });
  EXPECT_FALSE(timer.Cancel());
  timer.StartAfter(kMs);
  EXPECT_TRUE(timer.Cancel());
  EXPECT_FALSE(timer.Cancel());
  timers.Advance(10 * kMs);
  EXPECT_EQ(fired, 0);
  timer.StartAfter(kMs);
  timers.Advance(kMs);
  EXPECT_FALSE(timer.Cancel());
  EXPECT_EQ(fired, 1);
}

TEST(TimerServiceTest, StartingAgainPutsItOffOrForward) {
  ManualTimerService timers;
  int fired = 0;
  CallbackTimer timer(timers, [&] { ++fired; });
  timer.StartAfter(10 * kMs);
  timer.StartAfter(1000 * kMs);
  timers.Advance(999 * kMs);
  EXPECT_EQ(fired, 0);
  timer.StartAfter(absl::Hours(1));
  timer.StartAfter(kMs);
  timers.Advance(kMs);
  EXPECT_EQ(fired, 1);
}

TEST(TimerServiceTest, TimersFireInOrderAndSeeTheirTime) {
  ManualTimerService timers;
  const TimerService::TimePoint start = timers.Now();
  std::vector<std::chrono::nanoseconds> times;
  const auto note = [&] { times.push_back(timers.Now() - start); };
  CallbackTimer late(timers, note), early(timers, note), later(timers, note);
  late.StartAfter(absl::Seconds(70));
  later.StartAfter(absl::Hours(5));
  early.StartAfter(3 * kMs);
  timers.Advance(absl::Hours(24));
  using std::chrono::operator""ms, std::chrono::operator""s, std::chrono::operator""h;
  EXPECT_EQ(times, (std::vector<std::chrono::nanoseconds>{3ms, 70s, 5h}));
}

TEST(TimerServiceTest, OneThatStartsItselfFiresAgainAndAgain) {
  ManualTimerService timers;
  int fired = 0;
  std::optional<CallbackTimer<std::function<void()>>> timer;
  timer.emplace(timers, [&] {
    ++fired;
    timer->StartAfter(10 * kMs);
  });
  timer->StartAfter(10 * kMs);
  timers.Advance(absl::Seconds(1));
  EXPECT_EQ(fired, 100);
}

TEST(TimerServiceTest, ADelayOfNothingIsTheNextTickAndAnInfiniteOneNever) {
  ManualTimerService timers(absl::Seconds(1));
  int fired = 0;
  CallbackTimer timer(timers, [&] { ++fired; });
  for (const absl::Duration delay :
       {absl::ZeroDuration(), -absl::Hours(1), -absl::InfiniteDuration(), absl::Nanoseconds(1)}) {
    fired = 0;
    timer.StartAfter(delay);
    EXPECT_EQ(fired, 0);
    timers.Advance(absl::Seconds(1));
    EXPECT_EQ(fired, 1);
  }
  timer.StartAfter(absl::Seconds(5));
  timer.StartAfter(absl::InfiniteDuration());
  EXPECT_FALSE(timer.Cancel());
  timer.StartAt(timers.Now() - std::chrono::hours(1));
  timers.Advance(absl::Seconds(1));
  EXPECT_EQ(fired, 2);
}

TEST(TimerServiceTest, TimesBeyondTheClockAreTheEndOfTime) {
  ManualTimerService timers(absl::Nanoseconds(1));
  int fired = 0;
  CallbackTimer timer(timers, [&] { ++fired; });
  timer.StartAfter(absl::Hours(24 * 365 * 1000));
  timers.Advance(absl::Hours(24 * 365));
  EXPECT_EQ(fired, 0);
  EXPECT_TRUE(timer.Cancel());
  timer.StartAt(TimerService::TimePoint::max());
  timers.Advance(absl::Hours(24 * 365));
  EXPECT_TRUE(timer.Cancel());
}

TEST(TimerServiceTest, NeverEarlyWhateverTheTick) {
  ManualTimerService timers(absl::Milliseconds(7));
  int fired = 0;
  CallbackTimer timer(timers, [&] { ++fired; });
  timer.StartAfter(8 * kMs);
  timers.Advance(8 * kMs);
  EXPECT_EQ(fired, 0);
  timers.Advance(6 * kMs);
  EXPECT_EQ(fired, 1);
}

TEST(TimerServiceTest, AFunctionMayDestroyItsTimerAndOthers) {
  ManualTimerService timers;
  using Any = CallbackTimer<std::function<void()>>;
  int fired = 0;
  auto other = std::make_unique<Any>(timers, [&] { fired += 100; });
  auto self = std::unique_ptr<Any>();
  self = std::make_unique<Any>(timers, [&] {
    const auto dying = std::move(self);
    other.reset();
    ++fired;
  });
  other->StartAfter(2 * kMs);
  self->StartAfter(kMs);
  timers.Advance(10 * kMs);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(self, nullptr);
}

TEST(TimerServiceDeathTest, AServiceOutlivesItsTimers) {
  EXPECT_DEATH(
      {
        std::optional<ManualTimerService> timers(std::in_place);
        CallbackTimer timer(*timers, [] {});
        timer.StartAfter(kMs);
        timers.reset();
      },
      "outlives its service");
  EXPECT_DEATH(ManualTimerService{absl::ZeroDuration()}, "a tick is a nanosecond or more");
  ManualTimerService timers;
  EXPECT_DEATH(timers.Advance(-kMs), "time does not go back");
}

// While somebody waits for it, what stands in `holder` runs, as if it had locked before.
struct HeldMutex {
  static inline std::function<void()> holder;
  bool try_lock() { return !holder; }
  void lock() {
    if (holder) std::exchange(holder, nullptr)();
  }
  void unlock() {}
};

TEST(TimerCoreTest, OthersComeInWhileASlotMovesDown) {
  using Core = internal::TimerCore<StdPlatform, HeldMutex>;
  using Tick = Core::Tick;
  constexpr Tick kSlot = 64 * 64;
  constexpr std::size_t kTimers = 2000;
  Core core;
  std::vector<Core::Node> timers(kTimers);
  std::vector<Tick> due(kTimers);  // 0: none
  std::minstd_rand random;
  const auto start = [&](std::size_t i, Tick tick) { (void)core.Start(timers[i], due[i] = tick); };
  for (std::size_t i = 0; i < kTimers; ++i) start(i, kSlot + random() % kSlot);

  int turns = 0;
  const auto run = [&](Tick now) {
    const auto fire = [&](Core::Node& node, Tick tick) {
      EXPECT_EQ(std::exchange(due[static_cast<std::size_t>(&node - timers.data())], 0), tick);
    };
    const auto others = [&] {
      ++turns;
      const auto set = [&](std::size_t i) { return due[i] != 0; };
      const std::size_t cancelled = random() % kTimers, retired = random() % kTimers;
      EXPECT_EQ(core.Cancel(timers[cancelled]), set(cancelled));
      due[cancelled] = 0;
      EXPECT_EQ(core.Retire(timers[retired], nullptr), set(retired));
      due[retired] = 0;
      start(random() % kTimers, kSlot + 1);
      start(random() % kTimers, kSlot + 1 + random() % (2 * kSlot));
    };
    return core.RunExpired(now, &timers, fire, others);
  };
  HeldMutex::holder = [&] { run(kSlot); };
  start(0, 3 * kSlot);
  EXPECT_GE(turns, 60);  // 32 timers each

  // Nobody waits any more.
  const int turns_before = turns;
  EXPECT_EQ(run(4 * kSlot), std::nullopt);
  EXPECT_EQ(turns, turns_before);
  EXPECT_EQ(due, std::vector<Tick>(kTimers));
}

TEST(TimerServiceTest, EachOfManyFiresOrIsCancelledWhileTheyMoveDown) {
  ManualTimerService timers;
  constexpr int kTimers = 20000;
  int fired = 0;
  const auto note = [&fired] { ++fired; };
  std::deque<CallbackTimer<decltype(note)>> all;
  for (int i = 0; i < kTimers; ++i) {
    all.emplace_back(timers, note).StartAfter(absl::Seconds(300) + (1 + i % 100) * kMs);
  }
  int prevented = 0;
  std::thread other([&] {
    for (int i = 0; i < kTimers; i += 3) {
      prevented += all[static_cast<std::size_t>(i)].Retire();
      all[static_cast<std::size_t>((i + 1) % kTimers)].StartAfter(absl::Hours(1));
    }
  });
  timers.Advance(absl::Seconds(300));
  other.join();
  timers.Advance(absl::Hours(2));
  EXPECT_EQ(fired + prevented, kTimers);
}

TEST(TimerThreadTest, FiresOnItsThreadAndNotEarly) {
  TimerThread timers;
  std::atomic<bool> fired = false;
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::steady_clock::time_point end;
  std::thread::id thread;
  CallbackTimer timer(timers, [&] {
    end = std::chrono::steady_clock::now();
    thread = std::this_thread::get_id();
    fired = true;
    fired.notify_one();
  });
  timer.StartAfter(5 * kMs);
  fired.wait(false);
  EXPECT_GE(end - begin, std::chrono::milliseconds(5));
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(TimerThreadTest, WakesForOneThatIsSooner) {
  TimerThread timers;
  std::atomic<int> fired = 0;
  CallbackTimer late(timers, [&] { fired += 100; });
  late.StartAfter(absl::Hours(1));
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  CallbackTimer soon(timers, [&] {
    ++fired;
    fired.notify_one();
  });
  soon.StartAfter(kMs);
  fired.wait(0);
  EXPECT_EQ(fired, 1);
}

TEST(TimerThreadTest, TheDestructorOfATimerWaitsForItsFunction) {
  TimerThread timers(absl::Microseconds(1));
  for (int i = 0; i < 100; ++i) {
    auto ended = std::make_unique<bool>(true);
    std::atomic<bool> begun = false;
    CallbackTimer timer(timers, [&] {
      *ended = false;
      begun = true;
      std::this_thread::yield();
      *ended = true;
    });
    timer.StartAfter(absl::ZeroDuration());
    if (i % 2 == 0) {
      while (!begun) std::this_thread::yield();
    }
    timer.Retire();
    EXPECT_TRUE(*ended);
  }
}

// Several threads start and cancel; each firing is one that no Cancel prevented.
TEST(TimerThreadTest, EveryStartFiresOrIsCancelled) {
  TimerThread timers(absl::Microseconds(10));
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&timers, t] {
      std::atomic<int> fired = 0;
      CallbackTimer timer(timers, [&] {
        ++fired;
        fired.notify_one();
      });
      int prevented = 0;
      constexpr int kRounds = 1000;
      for (int i = 0; i < kRounds; ++i) {
        timer.StartAfter(absl::Microseconds((i * 7 + t) % 50));
        if (i % 3 != 0) std::this_thread::yield();
        if (timer.Cancel()) {
          ++prevented;
        } else {
          // It has fired, or is about to.
          while (fired + prevented <= i) std::this_thread::yield();
        }
      }
      timer.Retire();
      EXPECT_EQ(fired + prevented, kRounds);
    });
  }
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace ashlar
