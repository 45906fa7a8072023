// Nothing is reported where fences are right, and a race still is where one is missing. What
// is reported shows only under --config=tsan; elsewhere the same programs check their values.

#include "ashlar/verification/platform/tsan_platform.h"

#include <atomic>
#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

#include "ashlar/concurrency/platform.h"
#include "ashlar/verification/model/published_for_test.h"
#include "gtest/gtest.h"

#if defined(__SANITIZE_THREAD__)
#define ASHLAR_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ASHLAR_UNDER_TSAN 1
#endif
#endif

namespace ashlar {
namespace {

using verification::kAcquire;
using verification::kRelaxed;
using verification::kRelease;
using verification::kSeqCst;

#if defined(ASHLAR_UNDER_TSAN)
constexpr bool kUnderTsan = true;
#else
constexpr bool kUnderTsan = false;
#endif

template <class Reads, class Writes>
void RunTwo(Reads reads, Writes writes) {
  std::thread reader(reads);
  writes();
  reader.join();
}

// What the reader saw in `data` once it had seen the flag.
template <class Platform, bool kReaderFences = true>
int PassMessage() {
  // Not on the stack, where clang 14 takes the write for one that no other thread can see.
  struct Message {
    typename Platform::template Var<int> data;
    typename Platform::template Atomic<bool> ready{false};
  };
  const auto message = std::make_unique<Message>();
  int seen = 0;
  RunTwo(
      [&] {
        while (!message->ready.load(kRelaxed)) Platform::Yield();
        if (kReaderFences) Platform::Fence(kAcquire);
        seen = message->data.Read();
      },
      [&] {
        message->data.Write() = 7;
        Platform::Fence(kRelease);
        message->ready.store(true, kRelaxed);
      });
  return seen;
}

TEST(TsanPlatformTest, AMessageIsPassedByFences) {
  for (int i = 0; i < 100; ++i) ASSERT_EQ(PassMessage<TsanPlatform>(), 7);
}

TEST(TsanPlatformTest, OneOfTwoSeesTheOther) {
  struct Door {
    TsanPlatform::Atomic<bool> comes[2]{};
    TsanPlatform::Var<int> entered;
  };
  using Pair = void (*)();
  const struct {
    Pair mine, theirs;
  } pairs[] = {
      {[] { TsanPlatform::Fence(kSeqCst); }, [] { TsanPlatform::Fence(kSeqCst); }},
      {[] { TsanPlatform::LightFence(); }, [] { TsanPlatform::HeavyFence(); }},
      {[] { TsanPlatform::FenceAfterRmw(); }, [] { TsanPlatform::Fence(kSeqCst); }},
  };
  constexpr int kDoors = 5000;
  for (const auto& pair : pairs) {
    std::vector<Door> doors(kDoors);
    std::atomic<int> at[2] = {};
    const auto pass = [&](int index, Pair fence) {
      for (int i = 0; i < kDoors; ++i) {
        at[index].store(i, kRelaxed);
        for (int spins = 0; at[1 - index].load(kRelaxed) < i; ++spins) {
          if (spins > 1000) std::this_thread::yield();
        }
        doors[i].comes[index].store(true, kRelaxed);
        fence();
        if (!doors[i].comes[1 - index].load(kRelaxed)) ++doors[i].entered.Write();
      }
      at[index].store(kDoors, kRelaxed);
    };
    RunTwo([&] { pass(0, pair.mine); }, [&] { pass(1, pair.theirs); });
    for (const Door& door : doors) ASSERT_LE(door.entered.Read(), 1);
  }
}

// The work-stealing deque that carries its items by fences.
TEST(TsanPlatformTest, ItemsOfAFencedDequeAreTakenOnce) {
  constexpr int kItems = 4000;
  verification::FencedDeque<TsanPlatform, kItems + 1> deque;
  std::vector<TsanPlatform::Var<int>> parcels(kItems + 1);
  std::atomic<int> stolen{0};
  std::atomic<bool> all_pushed{false};
  int taken[2] = {};
  const auto take = [&](int item, int index) {
    if (item == 0) return;
    EXPECT_EQ(parcels[item].Read(), item);
    parcels[item].Write() = 0;
    ++taken[index];
  };
  RunTwo(
      [&] {
        while (!all_pushed.load(kRelaxed)) {
          take(deque.Steal(), 0);
          stolen.store(taken[0], kRelaxed);
        }
      },
      [&] {
        for (int item = 1; item <= kItems; ++item) {
          parcels[item].Write() = item;
          deque.Push(item);
          if (item % 3 == 0) take(deque.Pop(), 1);
          while (stolen.load(kRelaxed) < item / 100) std::this_thread::yield();
        }
        all_pushed.store(true, kRelaxed);
      });
  while (const int item = deque.Steal()) take(item, 0);
  EXPECT_EQ(taken[0] + taken[1], kItems);
}

class TsanPlatformDeathTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!kUnderTsan) GTEST_SKIP() << "needs ThreadSanitizer";
    testing::FLAGS_gtest_death_test_style = "threadsafe";
  }
};

constexpr int kTsanExitCode = 66;

TEST_F(TsanPlatformDeathTest, AMissingFenceIsReported) {
  EXPECT_EXIT((PassMessage<TsanPlatform, /*kReaderFences=*/false>(), std::exit(0)),
              testing::ExitedWithCode(kTsanExitCode), "data race");
}

// Else nobody needs the platform.
TEST_F(TsanPlatformDeathTest, StdPlatformsFencesAreNotFollowed) {
  EXPECT_EXIT((PassMessage<StdPlatform>(), std::exit(0)), testing::ExitedWithCode(kTsanExitCode),
              "data race");
}

}  // namespace
}  // namespace ashlar
