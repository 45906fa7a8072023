#include "ashlar/concurrency/asymmetric_fence.h"

#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <thread>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

// The two sides may be used by static initialisers that run before the library's own.
const bool kFencedBeforeMain = (AsymmetricLightFence(), AsymmetricHeavyFence(), true);

constexpr int kRounds = 20000;

struct alignas(64) Side {
  std::atomic<int> word{0};
  std::atomic<int> finished{0};
  bool missed[kRounds + 1] = {};
};

// In each round: stores to a word of its own, fences, and looks whether the other side's
// store of that round can be seen. The delay before it sweeps over `phases` lengths, so
// that in some rounds the two sides meet.
template <class Fence>
void Play(Side& mine, Side& other, int phases, Fence fence) {
  for (int round = 1; round <= kRounds; ++round) {
    for (std::atomic<int> delay{round % phases}; delay.load(std::memory_order_relaxed) > 0;) {
      delay.store(delay.load(std::memory_order_relaxed) - 1, std::memory_order_relaxed);
    }
    mine.word.store(round, std::memory_order_relaxed);
    fence();
    mine.missed[round] = other.word.load(std::memory_order_relaxed) < round;
    mine.finished.store(round, std::memory_order_release);
    for (int spins = 0; other.finished.load(std::memory_order_acquire) < round; ++spins) {
      if (spins > 200) std::this_thread::yield();
    }
  }
}

template <class HotFence, class ColdFence>
int RoundsInWhichBothMissed(HotFence hot_fence, ColdFence cold_fence) {
  const auto sides = std::make_unique<Side[]>(2);
  std::thread hot([&] { Play(sides[0], sides[1], 101, hot_fence); });
  Play(sides[1], sides[0], 7, cold_fence);
  hot.join();
  int both = 0;
  for (int round = 1; round <= kRounds; ++round) {
    both += sides[0].missed[round] && sides[1].missed[round];
  }
  return both;
}

TEST(AsymmetricFenceTest, LightFenceIsFreeExactlyWhereTheKernelOffersMembarrier) {
  const long commands = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  EXPECT_EQ(AsymmetricFenceIsFree(),
            commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0);
}

TEST(AsymmetricFenceTest, MayBeUsedBeforeMain) { EXPECT_TRUE(kFencedBeforeMain); }

TEST(AsymmetricFenceTest, FullFencesNeverBothMiss) {
  EXPECT_EQ(RoundsInWhichBothMissed(FullFence, FullFence), 0);
}

TEST(AsymmetricFenceTest, LightAndHeavyNeverBothMiss) {
  EXPECT_EQ(RoundsInWhichBothMissed(AsymmetricLightFence, AsymmetricHeavyFence), 0);
}

TEST(AsymmetricFenceTest, HeavyFencesNeverBothMiss) {
  EXPECT_EQ(RoundsInWhichBothMissed(AsymmetricHeavyFence, AsymmetricHeavyFence), 0);
}

// No assertion: hardware need not show it. The count tells whether the tests above
// could have failed here.
TEST(AsymmetricFenceTest, WithoutFencesBothMayMiss) {
  const auto none = [] { std::atomic_signal_fence(std::memory_order_seq_cst); };
  RecordProperty("rounds_in_which_both_missed", RoundsInWhichBothMissed(none, none));
}

TEST(AsymmetricFenceTest, HeavyFenceWorksInAForkedChild) {
  const pid_t child = fork();
  if (child == 0) {
    AsymmetricHeavyFence();
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// From here on membarrier(2) is unknown to this process and those that it executes.
bool ForbidMembarrier() {
  sock_filter instructions[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_membarrier, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = {static_cast<unsigned short>(std::size(instructions)), instructions};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Runs every AsymmetricFenceTest again in a process that never had membarrier.
TEST(AsymmetricFenceFallbackTest, TestsPassWhereMembarrierIsForbidden) {
  constexpr int kNoSeccomp = 77;
  const pid_t child = fork();
  if (child == 0) {
    if (!ForbidMembarrier()) _exit(kNoSeccomp);
    for (const char* parents : {"XML_OUTPUT_FILE", "TEST_PREMATURE_EXIT_FILE"}) unsetenv(parents);
    execl("/proc/self/exe", "without_membarrier", "--gtest_filter=AsymmetricFenceTest.*", nullptr);
    _exit(1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kNoSeccomp) GTEST_SKIP() << "no seccomp here";
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(AsymmetricFenceDeathTest, LosingMembarrierLaterIsNoticed) {
  if (!AsymmetricFenceIsFree()) GTEST_SKIP() << "no membarrier here";
  if (prctl(PR_GET_SECCOMP) < 0) GTEST_SKIP() << "no seccomp here";
  EXPECT_DEATH(
      {
        if (ForbidMembarrier()) AsymmetricHeavyFence();
      },
      "membarrier\\(2\\) worked");
}

}  // namespace
}  // namespace ashlar
