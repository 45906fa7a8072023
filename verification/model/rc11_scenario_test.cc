#include "ashlar/verification/model/rc11_scenario.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/verification/model/published_for_test.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using rc11::ScenarioResult;
using testing::HasSubstr;
using testing::StartsWith;
using P = Rc11Platform;
using Status = rc11::Result::Status;

// All counts of a test, for the report.
void Record(std::uint64_t executions) {
  const testing::TestResult& test =
      *testing::UnitTest::GetInstance()->current_test_info()->result();
  std::string before;
  for (int i = 0; i < test.test_property_count(); ++i) {
    before += std::string(test.GetTestProperty(i).value()) + ", ";
  }
  testing::Test::RecordProperty("executions", before + std::to_string(executions));
}

// The number of executions of a scenario that is correct.
template <class S>
std::uint64_t Executions() {
  rc11::Options options;
  options.max_accidents = 0;  // as those who published them
  const auto start = std::chrono::steady_clock::now();
  const ScenarioResult scenario = ExploreRc11<S>(options);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(scenario.result.status, Status::kComplete) << scenario.failure;
  std::printf("%ju executions, %ju blocked, in %.3f s\n",
              std::uintmax_t{scenario.result.executions}, std::uintmax_t{scenario.result.blocked},
              seconds.count());
  Record(scenario.result.executions);
  return scenario.result.executions;
}

template <int kThreadCount>
struct Ticket {
  static constexpr int kThreads = kThreadCount;
  TicketLock<P> lock;
  P::Var<int> count{0};
  void Thread(unsigned) {
    lock.Lock();
    count.Write() += 1;
    lock.Unlock();
  }
  void After() { Expect(count.Read() == kThreads); }
};

TEST(PublishedCountsTest, TicketLock) {
  EXPECT_EQ(Executions<Ticket<2>>(), 2u);
  EXPECT_EQ(Executions<Ticket<3>>(), 6u);
  EXPECT_EQ(Executions<Ticket<4>>(), 24u);
}

template <int kThreadCount, McsOrders kOrders = McsOrders{}>
struct Mcs {
  static constexpr int kThreads = kThreadCount;
  using Lock = McsLock<P, kOrders>;
  Lock lock;
  typename Lock::Node nodes[kThreads];
  P::Var<int> count{0};
  void Thread(unsigned index) {
    lock.Lock(nodes[index]);
    count.Write() += 1;
    lock.Unlock(nodes[index]);
  }
  void After() { Expect(count.Read() == kThreads); }
};

TEST(PublishedCountsTest, McsLock) {
  EXPECT_EQ(Executions<Mcs<2>>(), 6u);
  EXPECT_EQ(Executions<Mcs<3>>(), 66u);
  EXPECT_EQ(Executions<Mcs<4>>(), 1080u);
}

struct Treiber {
  static constexpr int kThreads = 3;
  using Stack = TreiberStack<P>;
  Stack stack;
  Stack::Node* popped[2] = {};
  void Thread(unsigned index) {
    if (index < 2) {
      stack.Push(P::Create<Stack::Node>(static_cast<int>(index) + 1));
      return;
    }
    for (Stack::Node*& node : popped) {
      node = stack.Pop();
      if (node == nullptr) continue;
      const int value = node->value.Read();
      Expect(value == 1 || value == 2);
    }
  }
  void After() {
    for (Stack::Node* const node : popped) P::Destroy(node);
    while (Stack::Node* const node = stack.Pop()) P::Destroy(node);
  }
};

TEST(PublishedCountsTest, TreiberStack) { EXPECT_EQ(Executions<Treiber>(), 44u); }

struct TwoProducersTwoConsumers {
  static constexpr int kThreads = 4;
  BoundedQueue<P, 2> queue;
  int received[2] = {};
  void Thread(unsigned index) {
    if (index < 2) {
      while (!queue.Push(static_cast<int>(index) + 1)) P::SpinWait();
    } else {
      int value = 0;
      while (!queue.Pop(&value)) P::SpinWait();
      received[index - 2] = value;
    }
  }
  void After() { Expect(received[0] + received[1] == 3 && received[0] != received[1]); }
};

TEST(PublishedCountsTest, BoundedQueue) { EXPECT_EQ(Executions<TwoProducersTwoConsumers>(), 48u); }

template <int kThieves, int kSteals, bool kThirdItem>
struct Deque {
  static constexpr int kThreads = 1 + kThieves;
  FencedDeque<P> deque;
  int popped[3] = {};
  int stolen[kThieves][kSteals] = {};
  void Thread(unsigned index) {
    if (index != 0) {
      for (int& item : stolen[index - 1]) item = deque.Steal();
      return;
    }
    deque.Push(1);
    deque.Push(2);
    popped[0] = deque.Pop();
    popped[1] = deque.Pop();
    if (!kThirdItem) return;
    deque.Push(3);
    popped[2] = deque.Pop();
  }
  void After() {
    int times[4] = {};
    for (const int item : popped) ++times[item];
    for (const auto& items : stolen) {
      for (const int item : items) ++times[item];
    }
    while (const int item = deque.Pop()) ++times[item];
    Expect(times[1] == 1 && times[2] == 1 && times[3] == (kThirdItem ? 1 : 0));
  }
};

TEST(PublishedCountsTest, ChaseLevDeque) {
  EXPECT_EQ((Executions<Deque<1, 1, false>>()), 17u);
  EXPECT_EQ((Executions<Deque<2, 1, false>>()), 300u);
  EXPECT_EQ((Executions<Deque<3, 1, false>>()), 6320u);
  EXPECT_EQ((Executions<Deque<1, 2, true>>()), 280u);
  EXPECT_EQ((Executions<Deque<2, 1, true>>()), 1229u);
}

struct TwoWritesTwoReads {
  static constexpr int kThreads = 2;
  SeqLock<P> lock;
  void Thread(unsigned index) {
    if (index == 0) {
      lock.Write(1);
      lock.Write(2);
      return;
    }
    for (int i = 0; i < 2; ++i) {
      int first = 0;
      int second = 0;
      if (lock.Read(&first, &second)) Expect(first == second);
    }
  }
};

TEST(PublishedCountsTest, SeqLock) { EXPECT_EQ(Executions<TwoWritesTwoReads>(), 441u); }

struct Dekker {
  static constexpr int kThreads = 2;
  P::Atomic<int> flags[2];
  P::Var<int> count{0};
  void Thread(unsigned index) {
    flags[index].store(1, kRelaxed);
    P::Fence(kSeqCst);
    if (flags[1 - index].load(kRelaxed) == 0) count.Write() += 1;
  }
};

TEST(PublishedCountsTest, Dekker) { EXPECT_EQ(Executions<Dekker>(), 3u); }

TEST(PublishedCountsTest, SeveralThreadsExploreAScenario) {
  rc11::Options options;
  options.threads = 3;
  rc11::Result result = ExploreRc11<Deque<3, 1, false>>(options).result;
  EXPECT_EQ(result.status, Status::kComplete);
  EXPECT_EQ(result.executions, 6320u);
  result = ExploreRc11<Mcs<4>>(options).result;
  EXPECT_EQ(result.status, Status::kComplete);
  EXPECT_EQ(result.executions, 1080u);
  EXPECT_EQ(result.blocked, 1944u);
  using Weak = Mcs<3, McsOrders{.link = kRelaxed}>;
  EXPECT_THAT(ExploreRc11<Weak>(options).failure, StartsWith("waits for ever: thread "));
  EXPECT_THAT(ReportRc11<Weak>(options).text, HasSubstr("waits for ever"));
}

// What is wrong is found, and said.

struct RelaxedMessage {
  static constexpr int kThreads = 2;
  P::Var<int> data;
  P::Atomic<bool> ready;
  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      ready.store(true, kRelaxed);
    } else if (ready.load(kAcquire)) {
      data.Read();
    }
  }
};

TEST(Rc11ScenarioTest, FindsARace) {
  const ScenarioResult scenario = ExploreRc11<RelaxedMessage>();
  EXPECT_EQ(scenario.result.status, Status::kFailed);
  EXPECT_THAT(scenario.failure, StartsWith("data race: write by thread 0 at "));
  EXPECT_THAT(scenario.failure, HasSubstr(", and read by thread 1 at "));
  EXPECT_THAT(scenario.failure, HasSubstr("rc11_scenario_test.cc:"));
}

struct TwoPlusTwoWrites {
  static constexpr int kThreads = 2;
  P::Atomic<int> x;
  P::Atomic<int> y;
  void Thread(unsigned index) {
    (index == 0 ? x : y).store(1, kRelease);
    (index == 0 ? y : x).store(2, kRelease);
  }
  // Relacy never sees it otherwise.
  void After() { Expect(x.load() != 1 || y.load() != 1); }
};

TEST(Rc11ScenarioTest, FindsWhatModificationOrderHides) {
  const ScenarioResult scenario = ExploreRc11<TwoPlusTwoWrites>();
  EXPECT_EQ(scenario.result.status, Status::kFailed);
  EXPECT_THAT(scenario.failure, StartsWith("false expectation at "));
}

struct FalseInAThread {
  static constexpr int kThreads = 2;
  P::Atomic<int> x{0};
  void Thread(unsigned index) {
    if (index == 0) {
      x.store(1, kRelaxed);
    } else {
      Expect(x.load(kRelaxed) == 0);
    }
  }
};

TEST(Rc11ScenarioTest, FindsAFalseExpectation) {
  EXPECT_EQ(ExploreRc11<FalseInAThread>().result.status, Status::kFailed);
}

// The initialisation of a node lands after the neighbour's store to it, in modification
// order: a link or a release of the lock gets lost. Relacy sees none of these at any
// budget, since its modification order is its execution order.
TEST(Rc11ScenarioTest, FindsTheFourHangsOfAWeakMcsLock) {
  const auto expect_hang = [](const ScenarioResult& scenario) {
    EXPECT_EQ(scenario.result.status, Status::kFailed) << scenario.failure;
    EXPECT_THAT(scenario.failure, StartsWith("waits for ever: thread "));
  };
  expect_hang(ExploreRc11<Mcs<2, McsOrders{.exchange = kAcquire}>>());
  expect_hang(ExploreRc11<Mcs<2, McsOrders{.link = kRelaxed}>>());
  expect_hang(ExploreRc11<Mcs<2, McsOrders{.next = kRelaxed}>>());
  expect_hang(ExploreRc11<Mcs<2, McsOrders{.awaited_next = kRelaxed}>>());
}

template <bool kHeavySide>
struct AsymmetricDekker {
  static constexpr int kThreads = 2;
  P::Atomic<int> flags[2];
  P::Var<int> count{0};
  void Thread(unsigned index) {
    flags[index].store(1, kRelaxed);
    if (index == 0 || !kHeavySide) {
      P::LightFence();
    } else {
      P::HeavyFence();
    }
    if (flags[1 - index].load(kRelaxed) == 0) count.Write() += 1;
  }
};

TEST(Rc11ScenarioTest, KnowsThatLightFencesNeedAHeavyOne) {
  EXPECT_EQ(Executions<AsymmetricDekker<true>>(), 3u);
  EXPECT_THAT(ExploreRc11<AsymmetricDekker<false>>().failure, StartsWith("data race: "));
}

// A lock whose loop writes, which must not be taken for a hang.
struct TestAndSet {
  static constexpr int kThreads = 3;
  P::Atomic<int> locked{0};
  P::Var<int> count{0};
  void Thread(unsigned) {
    while (locked.exchange(1, kAcquire) != 0) P::SpinWait();
    count.Write() += 1;
    locked.store(0, kRelease);
  }
  void After() { Expect(count.Read() == kThreads); }
};

TEST(Rc11ScenarioTest, AccusesNoThreadThatWaitsForWhatItHasNotSeen) {
  EXPECT_EQ(Executions<TestAndSet>(), 6u) << "as many as the threads have orders";
}

// What ships.

template <int kThieves, std::size_t kCapacity>
struct ShippedDeque {
  static constexpr int kThreads = 1 + kThieves;
  ChaseLevDeque<int, P> deque{kCapacity};
  int times[4] = {};
  int stolen[kThieves] = {};
  void Thread(unsigned index) {
    if (index != 0) {
      const StealResult<int> result = deque.Steal();
      if (result.outcome == StealOutcome::kSuccess) stolen[index - 1] = result.item;
      return;
    }
    deque.Push(1);
    deque.Push(2);
    for (int i = 0; i < 2; ++i) ++times[deque.Pop().value_or(0)];
  }
  void After() {
    for (const int item : stolen) ++times[item];
    while (const auto item = deque.Pop()) ++times[*item];
    Expect(times[1] == 1 && times[2] == 1);
  }
};

TEST(Rc11ScenarioTest, RunsTheDequeThatShips) {
  EXPECT_EQ((Executions<ShippedDeque<1, 2>>()), 35u);
  // 1,039 if PopLast() released: each order that is weaker adds executions, all of them right.
  EXPECT_EQ((Executions<ShippedDeque<2, 2>>()), 1087u);
  EXPECT_EQ((Executions<ShippedDeque<1, 1>>()), 40u);
}

}  // namespace
}  // namespace ashlar::verification
