#include "ashlar/concurrency/backoff.h"

#include <chrono>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

// Counts, and has a clock that moves by 1 us a yield.
struct CountingPlatform {
  static inline int spins, yields, readings;
  static void Clear() { spins = yields = readings = 0; }

  static void SpinWait() noexcept { ++spins; }
  static void Yield() noexcept { ++yields; }
  static std::chrono::steady_clock::time_point Now() noexcept {
    ++readings;
    return std::chrono::steady_clock::time_point(microseconds(yields));
  }
};

class BackoffTest : public testing::Test {
 protected:
  void SetUp() override { CountingPlatform::Clear(); }
  BasicBackoff<CountingPlatform> backoff_;
};

TEST_F(BackoffTest, PausesDoubleAndThenYield) {
  std::vector<int> spins;
  while (!backoff_.IsYielding()) {
    const int before = CountingPlatform::spins;
    backoff_.Pause();
    spins.push_back(CountingPlatform::spins - before);
  }
  EXPECT_EQ(spins, (std::vector<int>{1, 2, 4, 8, 16, 32, 64}));
  EXPECT_EQ(CountingPlatform::yields, 0);
  for (int i = 0; i < 1000; ++i) backoff_.Pause();
  EXPECT_EQ(CountingPlatform::spins, 127);
  EXPECT_EQ(CountingPlatform::yields, 1000);
  EXPECT_EQ(CountingPlatform::readings, 0);
}

TEST_F(BackoffTest, PausesAfterLostRacesDoubleAndNeverYield) {
  BasicRaceBackoff<CountingPlatform> backoff;
  std::vector<int> spins;
  for (int i = 0; i < 6; ++i) {
    const int before = CountingPlatform::spins;
    backoff.Pause();
    spins.push_back(CountingPlatform::spins - before);
  }
  EXPECT_EQ(spins, (std::vector<int>{64, 128, 256, 256, 256, 256}));
  EXPECT_EQ(CountingPlatform::yields, 0);
}

TEST_F(BackoffTest, ShortWaitsNeverReadTheClock) {
  for (int i = 0; i < 7; ++i) EXPECT_TRUE(backoff_.PauseWithin(nanoseconds(1)));
  EXPECT_EQ(CountingPlatform::readings, 0);
}

TEST_F(BackoffTest, BudgetCountsFromTheFirstYield) {
  while (backoff_.PauseWithin(microseconds(50))) {
  }
  EXPECT_EQ(CountingPlatform::spins, 127);
  EXPECT_EQ(CountingPlatform::yields, 50);
  EXPECT_EQ(CountingPlatform::readings, 51);
  EXPECT_FALSE(backoff_.PauseWithin(microseconds(50)));
}

TEST_F(BackoffTest, BudgetOfZeroOrLessIsUsedUpAtOnce) {
  EXPECT_FALSE(backoff_.PauseWithin(nanoseconds(0)));
  EXPECT_FALSE(backoff_.PauseWithin(nanoseconds(-1)));
  EXPECT_FALSE(backoff_.PauseWithin(nanoseconds::min()));
  EXPECT_EQ(CountingPlatform::spins, 0);
}

TEST_F(BackoffTest, HugeBudgetLasts) {
  for (int i = 0; i < 10000; ++i) EXPECT_TRUE(backoff_.PauseWithin(nanoseconds::max()));
}

TEST_F(BackoffTest, ResetGivesShortPausesAndAFreshBudget) {
  while (backoff_.PauseWithin(microseconds(5))) {
  }
  backoff_.Reset();
  CountingPlatform::Clear();
  while (backoff_.PauseWithin(microseconds(5))) {
  }
  EXPECT_EQ(CountingPlatform::spins, 127);
  EXPECT_EQ(CountingPlatform::yields, 5);
}

TEST_F(BackoffTest, WorksWithTheRealClock) {
  Backoff backoff;
  const auto start = std::chrono::steady_clock::now();
  while (backoff.PauseWithin(microseconds(200))) {
  }
  EXPECT_GE(std::chrono::steady_clock::now() - start, microseconds(200));
}

}  // namespace
}  // namespace ashlar
