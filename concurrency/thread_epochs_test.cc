#include "ashlar/concurrency/thread_epochs.h"

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <thread>
#include <type_traits>
#include <vector>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Participant = EpochReclamation::Participant;

struct Counted {
  static constexpr int kAlive = 0x600d;
  static inline std::atomic<int> alive{0};
  Counted() { ++alive; }
  ~Counted() {
    song = 0;
    --alive;
  }
  int song = kAlive;
};

void FreeAll() {
  while (ThreadParticipant().Collect() > 0) {
  }
}

template <class Body>
void InThread(Body body) {
  std::thread(body).join();
}

// How many records there are after `body` has been run by many threads, one after the other: as
// many as at first, if each gives back what it takes.
template <class Body>
void ExpectGivenBack(Body body) {
  InThread(body);
  const std::size_t most = DefaultEpochs().MostParticipants();
  for (int i = 0; i < 20; ++i) InThread(body);
  EXPECT_EQ(DefaultEpochs().MostParticipants(), most);
}

TEST(ThreadEpochsTest, AThreadHasOneParticipant) {
  Participant& mine = ThreadParticipant();
  EXPECT_EQ(&ThreadParticipant(), &mine);
  InThread([&mine] { EXPECT_NE(&ThreadParticipant(), &mine); });
  EXPECT_EQ(&ThreadParticipant(), &mine);
}

TEST(ThreadEpochsTest, AllAreInTheSameDomain) {
  const auto pin = ThreadParticipant().Pin();
  InThread([] {
    ThreadParticipant().Retire(new Counted);
    for (int i = 0; i < 10; ++i) ThreadParticipant().Collect();
    EXPECT_EQ(Counted::alive, 1);
    EXPECT_EQ(DefaultEpochs().Garbage(), 1u);
  });
  EXPECT_EQ(Counted::alive, 1);
}

TEST(ThreadEpochsTest, WhatAThreadLeavesOthersFree) {
  InThread([] {
    for (int i = 0; i < 1000; ++i) ThreadParticipant().Retire(new Counted);
  });
  for (int i = 0; i < 3; ++i) ThreadParticipant().Collect();
  EXPECT_EQ(Counted::alive, 0);
  EXPECT_EQ(DefaultEpochs().Garbage(), 0u);
}

TEST(ThreadEpochsTest, ThreadsGiveBackWhatTheyTake) {
  ExpectGivenBack([] { ThreadParticipant().Retire(new Counted); });
  FreeAll();
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ThreadEpochsTest, ThreadsThatNeverAskTakeNothing) {
  const std::size_t most = DefaultEpochs().MostParticipants();
  std::vector<std::thread> threads;
  for (int i = 0; i < 20; ++i) threads.emplace_back([] {});
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(DefaultEpochs().MostParticipants(), most);
}

// ---- When a thread ends.

struct UsesItAtExit {
  ~UsesItAtExit() {
    const auto pin = ThreadParticipant().Pin();
    ThreadParticipant().Retire(new Counted);
  }
  void Touch() {}
};
thread_local UsesItAtExit uses_it_at_exit;

TEST(ThreadEpochsTest, ThreadLocalsThatWereThereBeforeMayUseIt) {
  ExpectGivenBack([] {
    uses_it_at_exit.Touch();
    ThreadParticipant().Retire(new Counted);
  });
  FreeAll();
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ThreadEpochsTest, ThreadLocalsThatCameLaterMayUseIt) {
  ExpectGivenBack([] {
    ThreadParticipant().Retire(new Counted);
    uses_it_at_exit.Touch();
  });
  FreeAll();
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ThreadEpochsTest, ThreadLocalsMayBeTheFirstToUseIt) {
  ExpectGivenBack([] { uses_it_at_exit.Touch(); });
  FreeAll();
  EXPECT_EQ(Counted::alive, 0);
}

// Both sequences: of two keys, the one that was made first has its destructor called first.
pthread_key_t KeyThatUsesIt() {
  pthread_key_t key;
  pthread_key_create(&key, [](void*) { ThreadParticipant().Retire(new Counted); });
  return key;
}
const pthread_key_t earlier_key = KeyThatUsesIt();

TEST(ThreadEpochsTest, DestructorsOfKeysMayUseIt) {
  ThreadParticipant();  // makes its key
  const pthread_key_t later_key = KeyThatUsesIt();
  int value = 0;
  ExpectGivenBack([&] {
    ThreadParticipant().Retire(new Counted);
    pthread_setspecific(earlier_key, &value);
    pthread_setspecific(later_key, &value);
  });
  pthread_key_delete(later_key);
  FreeAll();
  EXPECT_EQ(Counted::alive, 0);
}

TEST(ThreadEpochsDeathTest, APinThatOutlivesItsThread) {
  EXPECT_DEATH(InThread([] {
                 alignas(EpochReclamation::PinGuard) static char room[64];
                 ::new (room) EpochReclamation::PinGuard(ThreadParticipant().Pin());
               }),
               "a pin outlives");
}

// Exits with what it was told, if its destructor can still pin.
struct UsesItWhenTheProcessEnds {
  ~UsesItWhenTheProcessEnds() {
    const auto pin = ThreadParticipant().Pin();
    std::_Exit(ThreadParticipant().IsPinned() ? 17 : 1);
  }
};

TEST(ThreadEpochsDeathTest, StaticsMayUseItWhenTheProcessEnds) {
  EXPECT_EXIT(
      {
        ThreadParticipant().Retire(new Counted);
        static UsesItWhenTheProcessEnds last;
        std::exit(0);
      },
      testing::ExitedWithCode(17), "");
}

// ---- Deleters.

struct Chained {
  int left;
};
struct FreeByThread {
  void operator()(Chained* chained) const noexcept {
    if (--chained->left > 0) {
      ThreadParticipant().Retire(chained, FreeByThread());
    } else {
      delete chained;
      --Counted::alive;
    }
  }
};

TEST(ThreadEpochsTest, DeletersMayUseItWhileTheirThreadEnds) {
  Counted::alive += 20;
  for (int i = 0; i < 20; ++i) {
    InThread([] {
      ThreadParticipant().Retire(new Chained{5}, FreeByThread());
      ThreadParticipant().Collect();  // so that the end of the thread frees it
    });
  }
  for (int i = 0; i < 20; ++i) ThreadParticipant().Collect();
  EXPECT_EQ(Counted::alive, 0);
}

// ---- Structures.

static_assert(HasThreadParticipant<EpochReclamation>);
static_assert(!HasThreadParticipant<BasicEpochReclamation<StdPlatform, FullFencePolicy>>);

// The pattern that structures follow: explicit forms, and forms without a participant.
template <class Platform = StdPlatform, class FencePolicy = AsymmetricFencePolicy>
class Cell {
 public:
  using Epochs = BasicEpochReclamation<Platform, FencePolicy>;

  ~Cell() { delete value_.load(std::memory_order_relaxed); }

  void Renew(typename Epochs::Participant& self) {
    self.Retire(value_.exchange(new Counted, std::memory_order_acq_rel));
  }
  bool Look(typename Epochs::Participant& self) {
    const auto pin = self.Pin();
    const Counted* const value = value_.load(std::memory_order_acquire);
    return value == nullptr || value->song == Counted::kAlive;
  }

  void Renew() requires HasThreadParticipant<Epochs> { Renew(ThreadParticipant()); }
  bool Look() requires HasThreadParticipant<Epochs> { return Look(ThreadParticipant()); }

 private:
  std::atomic<Counted*> value_{nullptr};
};

template <class C>
constexpr bool kNeedsNoParticipant = requires(C cell) {
  cell.Look();
};
static_assert(kNeedsNoParticipant<Cell<>>);
static_assert(!kNeedsNoParticipant<Cell<StdPlatform, FullFencePolicy>>);

// More threads than cores, each of which uses both, ends, and is followed by another.
TEST(ThreadEpochsStressTest, TwoStructuresAndThreadsThatComeAndGo) {
  std::atomic<int> wrong{0};
  {
    Cell<> cells[2];
    const std::size_t most = DefaultEpochs().MostParticipants();
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 6; ++thread) {
      threads.emplace_back([&cells, &wrong] {
        for (int generation = 0; generation < 5; ++generation) {
          InThread([&cells, &wrong] {
            uses_it_at_exit.Touch();
            for (int i = 0; i < 1000; ++i) {
              Cell<>& cell = cells[i % 2];
              if (i % 8 < 2) cell.Renew();
              if (i % 64 == 0) std::this_thread::yield();
              if (!cell.Look()) ++wrong;
            }
          });
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_LE(DefaultEpochs().MostParticipants(), most + 6);
  }
  FreeAll();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(Counted::alive, 0);
}

}  // namespace
}  // namespace ashlar
