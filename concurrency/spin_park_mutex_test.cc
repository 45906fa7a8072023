#include "ashlar/concurrency/spin_park_mutex.h"

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(SpinParkMutexTest, IsSmall) { EXPECT_EQ(sizeof(SpinParkMutex<>), 12u); }

TEST(SpinParkMutexTest, TryLockFailsWhileItIsHeld) {
  SpinParkMutex<> mutex;
  ASSERT_TRUE(mutex.try_lock());
  EXPECT_FALSE(mutex.try_lock());
  mutex.unlock();
  mutex.lock();
  EXPECT_FALSE(mutex.try_lock());
  mutex.unlock();
  EXPECT_TRUE(mutex.try_lock());
  mutex.unlock();
}

// More threads than processors, so that some are stopped while they hold the lock, and others
// go to sleep. One that was not woken would never end.
template <class Mutex>
void Contend() {
  constexpr int kThreads = 8;
  constexpr int kTimes = 5000;
  Mutex mutex;
  long sum = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < kTimes; ++i) {
        const std::lock_guard lock(mutex);
        ++sum;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, long{kThreads} * kTimes);
}

TEST(SpinParkMutexStressTest, OneAtATime) { Contend<SpinParkMutex<>>(); }

TEST(SpinParkMutexStressTest, OneAtATimeWithoutSpinning) {
  Contend<SpinParkMutex<StdPlatform, 0>>();
}

// The holder sleeps, so all others go to sleep as well.
TEST(SpinParkMutexStressTest, SleepersAreWoken) {
  SpinParkMutex<> mutex;
  int sum = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 10; ++i) {
        const std::lock_guard lock(mutex);
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        ++sum;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 40);
}

}  // namespace
}  // namespace ashlar
