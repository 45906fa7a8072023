#include "ashlar/concurrency/platform.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>
#include <type_traits>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using Word = StdPlatform::Atomic<std::uint32_t>;

// The production platform adds nothing: the types are the standard's, or plain data.
static_assert(std::is_same_v<StdPlatform::Atomic<int*>, std::atomic<int*>>);
static_assert(std::is_same_v<Word, std::atomic<std::uint32_t>>);
static_assert(sizeof(StdPlatform::Var<char>) == sizeof(char));
static_assert(std::is_trivially_copyable_v<StdPlatform::Var<int>>);
static_assert(std::is_same_v<decltype(StdPlatform::Now()), std::chrono::steady_clock::time_point>);

TEST(PlatformTest, VarIsItsValue) {
  StdPlatform::Var<int> zero;
  EXPECT_EQ(zero.Read(), 0);
  StdPlatform::Var<std::unique_ptr<int>> var(std::make_unique<int>(7));
  EXPECT_EQ(*var.Read(), 7);
  var.Write().reset();
  EXPECT_EQ(var.Read(), nullptr);
}

TEST(PlatformTest, WaitReturnsAtOnceWhenTheWordDiffers) {
  const Word word{1};
  StdPlatform::Wait(word, 2);
  EXPECT_TRUE(StdPlatform::WaitFor(word, 2, std::chrono::hours(1)));
}

TEST(PlatformTest, WaitForOfZeroOrLessDoesNotBlock) {
  const Word word{1};
  EXPECT_FALSE(StdPlatform::WaitFor(word, 1, nanoseconds(0)));
  EXPECT_FALSE(StdPlatform::WaitFor(word, 1, nanoseconds(-1)));
  EXPECT_FALSE(StdPlatform::WaitFor(word, 1, nanoseconds::min()));
}

TEST(PlatformTest, WaitForEndsNoSoonerThanItsTimeout) {
  const Word word{1};
  for (const nanoseconds timeout : {nanoseconds(1), nanoseconds(999'999), nanoseconds(3'000'000)}) {
    const auto start = StdPlatform::Now();
    // A signal may end a wait early.
    while (StdPlatform::WaitFor(word, 1, timeout)) {
    }
    EXPECT_GE(StdPlatform::Now() - start, timeout);
  }
}

// Wakes until `done`, since a waker cannot know when the waiter has fallen asleep.
template <class Wake>
void WakeUntil(const std::atomic<int>& done, int count, Wake wake) {
  while (done.load() < count) {
    wake();
    std::this_thread::sleep_for(milliseconds(1));
  }
}

TEST(PlatformTest, WakeOneEndsAWaitOfAnyLength) {
  const Word word{1};
  for (const nanoseconds timeout : {nanoseconds(std::chrono::hours(1)), nanoseconds::max(),
                                    nanoseconds::max() - nanoseconds(1)}) {
    std::atomic<int> done{0};
    std::thread waiter([&] {
      EXPECT_TRUE(StdPlatform::WaitFor(word, 1, timeout));
      done = 1;
    });
    WakeUntil(done, 1, [&] { StdPlatform::WakeOne(word); });
    waiter.join();
  }
}

TEST(PlatformTest, WakeOneEndsAWaitWithoutTimeout) {
  const Word word{1};
  std::atomic<int> done{0};
  std::thread waiter([&] {
    StdPlatform::Wait(word, 1);
    done = 1;
  });
  WakeUntil(done, 1, [&] { StdPlatform::WakeOne(word); });
  waiter.join();
}

TEST(PlatformTest, WakeAllEndsAllWaits) {
  const Word word{1};
  std::atomic<int> done{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i) {
    waiters.emplace_back([&] {
      StdPlatform::Wait(word, 1);
      ++done;
    });
  }
  WakeUntil(done, 4, [&] { StdPlatform::WakeAll(word); });
  for (std::thread& waiter : waiters) waiter.join();
}

struct Counted {
  static inline int alive = 0;
  explicit Counted(int first = 3) : value(first) { ++alive; }
  ~Counted() { --alive; }
  int value;
};

TEST(PlatformTest, CreateConstructsAndDestroyDestructs) {
  Counted* one = StdPlatform::Create<Counted>(7);
  EXPECT_EQ(one->value, 7);
  EXPECT_EQ(Counted::alive, 1);
  StdPlatform::Destroy(one);
  EXPECT_EQ(Counted::alive, 0);
}

TEST(PlatformTest, CreateArrayConstructsEachElement) {
  Counted* many = StdPlatform::CreateArray<Counted>(5);
  EXPECT_EQ(Counted::alive, 5);
  EXPECT_EQ(many[4].value, 3);
  StdPlatform::DestroyArray(many, 5);
  EXPECT_EQ(Counted::alive, 0);
  int* zeros = StdPlatform::CreateArray<int>(3);
  EXPECT_EQ(zeros[0] + zeros[1] + zeros[2], 0);
  StdPlatform::DestroyArray(zeros, 3);
}

struct alignas(StdPlatform::kCacheLine) Line {
  char byte;
};

TEST(PlatformTest, CreateHonoursAlignment) {
  Line* line = StdPlatform::Create<Line>();
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(line) % StdPlatform::kCacheLine, 0u);
  StdPlatform::Destroy(line);
}

}  // namespace
}  // namespace ashlar
