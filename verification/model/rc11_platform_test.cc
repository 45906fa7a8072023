// What Rc11Platform's operations mean, in scenarios that are right and in such that are wrong
// by a little.

#include "ashlar/verification/platform/rc11_platform.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/platform/rc11_mutex.h"
#include "ashlar/verification/platform/rc11_thread.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using rc11::ScenarioResult;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using P = Rc11Platform;
using Status = rc11::Result::Status;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

rc11::Options Accidents(int most) {
  rc11::Options options;
  options.max_accidents = most;
  return options;
}

// The number of executions of a scenario that is right.
template <class S>
std::uint64_t Executions(int accidents = 0) {
  const ScenarioResult scenario = ExploreRc11<S>(Accidents(accidents));
  EXPECT_EQ(scenario.result.status, Status::kComplete) << scenario.failure;
  return scenario.result.executions;
}

template <class S>
std::string FailureOf(int accidents = 0) {
  const ScenarioResult scenario = ExploreRc11<S>(Accidents(accidents));
  EXPECT_EQ(scenario.result.status, Status::kFailed);
  return scenario.failure;
}

// What came out, over all executions. Outcomes are written from After().
template <class S>
std::set<int> Outcomes(int accidents) {
  S::outcomes.clear();
  Executions<S>(accidents);
  return S::outcomes;
}

// --- Sleeping ---

enum class Order { kStoreFirst, kWakeFirst, kNoWake };

template <Order kOrder, int kSleepers = 1>
struct Sleep {
  static constexpr int kThreads = 1 + kSleepers;
  P::Atomic<std::uint32_t> word{0};
  void Thread(unsigned index) {
    if (index > 0) {
      while (word.load(kRelaxed) == 0) P::Wait(word, 0);
      return;
    }
    if (kOrder == Order::kWakeFirst) P::WakeAll(word);
    word.store(1, kRelaxed);
    if (kOrder == Order::kStoreFirst) P::WakeAll(word);
  }
};

TEST(Rc11SleepTest, AWakeUpAfterTheStoreIsNotLost) {
  // The sleeper sees the store at first, or when it looks before it sleeps, or is woken and
  // sees it then, or not before it would sleep again.
  EXPECT_EQ(Executions<Sleep<Order::kStoreFirst>>(), 4u);
  EXPECT_GT((Executions<Sleep<Order::kStoreFirst, 2>>()), 9u);
}

TEST(Rc11SleepTest, AWakeUpBeforeTheStoreIsLost) {
  EXPECT_THAT(FailureOf<Sleep<Order::kWakeFirst>>(), StartsWith("waits for ever: thread 1 at "));
  EXPECT_THAT(FailureOf<Sleep<Order::kNoWake>>(), StartsWith("waits for ever: thread 1 at "));
}

TEST(Rc11SleepTest, MayEndForNoReason) {
  EXPECT_GT(Executions<Sleep<Order::kStoreFirst>>(1), Executions<Sleep<Order::kStoreFirst>>(0));
  // An accident is nothing to rely on.
  EXPECT_THAT(FailureOf<Sleep<Order::kWakeFirst>>(1), StartsWith("waits for ever: "));
}

template <bool kAll, int kSleepers>
struct WakeSleepers {
  static constexpr int kThreads = 1 + kSleepers;
  P::Atomic<std::uint32_t> word{0};
  P::Atomic<int> woken{0};
  void Thread(unsigned index) {
    if (index > 0) {
      P::Wait(word, 0);
      woken.fetch_add(1, kRelaxed);
    } else if (kAll) {
      word.store(1, kRelaxed);
      P::WakeAll(word);
    } else {
      word.store(1, kRelaxed);
      P::WakeOne(word);
    }
  }
};

TEST(Rc11SleepTest, WakeOneWakesOneAndWakeAllAll) {
  EXPECT_GT((Executions<WakeSleepers<false, 1>>()), 0u);
  EXPECT_GT((Executions<WakeSleepers<true, 2>>()), 0u);
  EXPECT_THAT((FailureOf<WakeSleepers<false, 2>>()), StartsWith("waits for ever: thread "));
}

struct WhoIsWoken {
  static inline std::set<int> outcomes;
  static constexpr int kThreads = 3;
  P::Atomic<std::uint32_t> word{0};
  P::Atomic<int> first{0};
  // 1 sleeps before 2 does, yet 2 may be woken first.
  P::Atomic<bool> second_sleeps{false};
  void Thread(unsigned index) {
    if (index == 0) {
      P::WakeOne(word);
      P::WakeAll(word);
    } else {
      P::WaitFor(word, 0, std::chrono::seconds(1));
      int nobody = 0;
      first.compare_exchange_strong(nobody, static_cast<int>(index), kRelaxed, kRelaxed);
    }
  }
  void After() { outcomes.insert(first.load()); }
};

TEST(Rc11SleepTest, WakeOneWakesAnyOfThem) {
  EXPECT_EQ(Outcomes<WhoIsWoken>(0), (std::set<int>{1, 2}));
}

// The wake-up orders nothing but the sleeper's look at the word.
struct WokenSeesData {
  static constexpr int kThreads = 2;
  P::Atomic<std::uint32_t> word{0};
  P::Var<int> data;
  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      word.store(1, kRelease);
      P::WakeOne(word);
    } else {
      while (word.load(kRelaxed) == 0) P::Wait(word, 0);
      data.Read();
    }
  }
};

TEST(Rc11SleepTest, AWakeUpSynchronisesNothing) {
  EXPECT_THAT(FailureOf<WokenSeesData>(), StartsWith("data race: "));
}

struct TimedSleep {
  static inline std::set<int> outcomes;
  static constexpr int kThreads = 2;
  P::Atomic<std::uint32_t> word{0};
  bool in_time = false;
  bool at_once = false;
  void Thread(unsigned index) {
    if (index == 0) return;
    at_once = P::WaitFor(word, 0, std::chrono::seconds(0));
    in_time = P::WaitFor(word, 0, std::chrono::seconds(1));
  }
  void After() {
    Expect(!at_once);
    outcomes.insert(in_time);
  }
};

TEST(Rc11SleepTest, ATimedSleepEndsAtAnyMoment) {
  EXPECT_EQ(Outcomes<TimedSleep>(1), (std::set<int>{0, 1})) << "in time: for no reason";
  const ScenarioResult scenario = ExploreRc11<TimedSleep>(Accidents(0));
  EXPECT_EQ(scenario.result.status, Status::kComplete) << "no hang, though nobody wakes it";
  EXPECT_EQ(scenario.result.blocked, 1u);
}

// --- Spinning ---

// A round may write, and read more than it waits for, before or after that.
template <bool kEnds>
struct LoopThatWrites {
  static constexpr int kThreads = 2;
  P::Atomic<int> go{0};
  P::Atomic<int> waiting{0};
  void Thread(unsigned index) {
    if (index == 0) {
      waiting.load(kRelaxed);
      if (kEnds) go.store(1, kRelaxed);
      return;
    }
    int rounds = 0;
    while (go.load(kRelaxed) == 0) {
      waiting.fetch_or(1, kRelaxed);
      if (++rounds % 3 == 0) waiting.load(kRelaxed);
      P::SpinWait();
    }
  }
};

TEST(Rc11SpinTest, ALoopMayWrite) {
  EXPECT_EQ(Executions<LoopThatWrites<true>>(), 1u);
  EXPECT_THAT(FailureOf<LoopThatWrites<false>>(), StartsWith("waits for ever: thread 1 at "));
}

// Each round changes something, so it may lead somewhere.
struct LoopThatCounts {
  static constexpr int kThreads = 1;
  P::Atomic<int> rounds{0};
  void Thread(unsigned) {
    while (rounds.fetch_add(1, kRelaxed) < 3) P::SpinWait();
  }
};

TEST(Rc11SpinTest, AccusesNoLoopThatEnds) {
  const ScenarioResult scenario = ExploreRc11<LoopThatCounts>();
  EXPECT_EQ(scenario.result.status, Status::kComplete) << scenario.failure;
  EXPECT_EQ(scenario.result.blocked, 1u) << "it is not run on, either";
}

// What follows the loop may wait, but not for ever.
struct SpinsThenSleepsInTime {
  static constexpr int kThreads = 2;
  P::Atomic<int> go{0};
  P::Atomic<std::uint32_t> word{0};
  void Thread(unsigned index) {
    if (index == 0) return go.store(1, kRelaxed);
    while (go.load(kRelaxed) == 0) P::SpinWait();
    P::WaitFor(word, 0, std::chrono::seconds(1));
  }
};

TEST(Rc11SpinTest, ATimedSleepAfterItEnds) {
  const ScenarioResult scenario = ExploreRc11<SpinsThenSleepsInTime>(Accidents(0));
  EXPECT_EQ(scenario.result.status, Status::kComplete) << scenario.failure;
}

// The event count that ships, and what it would be without its fences.

struct NoFence {
  template <class Platform>
  static void Hot() {}
  template <class Platform>
  static void ColdAfterRmw() {}
};

template <class FencePolicy, bool kNotifyLast = true>
struct AwaitFlag {
  static constexpr int kThreads = 2;
  BasicEventCount<P, FencePolicy> events;
  P::Atomic<bool> flag{false};
  void Thread(unsigned index) {
    if (index == 0) {
      if (!kNotifyLast) events.NotifyOne();
      flag.store(true, kRelaxed);
      if (kNotifyLast) events.NotifyOne();
      return;
    }
    for (;;) {
      const auto key = events.PrepareWait();
      if (flag.load(kRelaxed)) return events.CancelWait();
      events.CommitWait(key);
    }
  }
};

TEST(Rc11SleepTest, AnEventCountLosesNoWakeUp) {
  EXPECT_GT((Executions<AwaitFlag<FullFencePolicy>>(1)), 1u);
  EXPECT_GT((Executions<AwaitFlag<AsymmetricFencePolicy>>(1)), 1u);
}

TEST(Rc11SleepTest, AnEventCountWithoutFencesDoes) {
  EXPECT_THAT(FailureOf<AwaitFlag<NoFence>>(),
              AllOf(StartsWith("waits for ever: thread 1 at "), HasSubstr("in CommitWait")));
  EXPECT_THAT((FailureOf<AwaitFlag<FullFencePolicy, false>>()),
              StartsWith("waits for ever: thread 1 at "));
}

// --- Chance ---

struct WeakExchange {
  static inline std::set<int> outcomes;
  static constexpr int kThreads = 2;
  P::Atomic<int> x{0};
  int result = 0;
  void Thread(unsigned index) {
    if (index == 0) return;
    int expected = 0;
    const bool done = x.compare_exchange_weak(expected, 1, kRelaxed, kRelaxed);
    result = 10 * expected + done;
  }
  void After() {
    Expect(x.load() == result % 10);
    outcomes.insert(result);
  }
};

TEST(Rc11ChanceTest, AWeakCompareExchangeMayFailForNoReason) {
  EXPECT_EQ(Outcomes<WeakExchange>(0), (std::set<int>{1}));
  EXPECT_EQ(Outcomes<WeakExchange>(1), (std::set<int>{0, 1}));
}

// A failure has the order of failure, for no reason too.
template <bool kAcquireOnFailure>
struct WeakFailureOrder {
  static constexpr int kThreads = 2;
  P::Atomic<int> x{0};
  P::Var<int> data;
  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      x.store(1, kRelease);
      return;
    }
    int expected = 1;
    const bool done =
        x.compare_exchange_weak(expected, 2, kAcquire, kAcquireOnFailure ? kAcquire : kRelaxed);
    if (done || expected == 1) data.Read();
  }
};

TEST(Rc11ChanceTest, AFailureHasItsOwnOrder) {
  Executions<WeakFailureOrder<true>>(1);
  Executions<WeakFailureOrder<false>>(0);
  EXPECT_THAT(FailureOf<WeakFailureOrder<false>>(1), StartsWith("data race: "));
}

struct Choices {
  static inline std::set<int> outcomes;
  static constexpr int kThreads = 2;
  int chosen[2] = {};
  void Thread(unsigned index) { chosen[index] = P::Choose(3); }
  void After() { outcomes.insert(10 * chosen[0] + chosen[1]); }
};

TEST(Rc11ChanceTest, EveryChoiceIsExplored) {
  EXPECT_EQ(Executions<Choices>(), 9u);
  EXPECT_EQ(Outcomes<Choices>(0), (std::set<int>{0, 1, 2, 10, 11, 12, 20, 21, 22}));
}

// --- Memory ---

struct Node {
  explicit Node(int v) : value(v) {}
  P::Var<int> value;
};

template <bool kFreed>
struct Leak {
  static constexpr int kThreads = 2;
  void Thread(unsigned index) {
    if (index == 0) return;
    Node* const node = P::Create<Node>(1);
    if (kFreed) P::Destroy(node);
  }
};

TEST(Rc11MemoryTest, FindsLeaks) {
  Executions<Leak<true>>();
  EXPECT_THAT(FailureOf<Leak<false>>(),
              AllOf(StartsWith("leak of "), HasSubstr("allocated by thread 1 at "),
                    HasSubstr("rc11_platform_test.cc:")));
}

template <bool kReleased>
struct UseAndFree {
  static constexpr int kThreads = 2;
  Node* const node = P::Create<Node>(1);
  P::Atomic<bool> done{false};
  void Thread(unsigned index) {
    if (index == 0) {
      node->value.Read();
      done.store(true, kReleased ? kRelease : kRelaxed);
    } else {
      while (!done.load(kAcquire)) P::SpinWait();
      P::Destroy(node);
    }
  }
};

TEST(Rc11MemoryTest, FindsUseThatIsNotOrderedBeforeTheFree) {
  Executions<UseAndFree<true>>();
  EXPECT_THAT(FailureOf<UseAndFree<false>>(), StartsWith("use after free: "));
}

struct UseAfterFree {
  static constexpr int kThreads = 2;
  Node* const node = P::Create<Node>(1);
  P::Atomic<bool> done{false};
  void Thread(unsigned index) {
    if (index == 0) {
      P::Destroy(node);
      done.store(true, kRelease);
    } else if (done.load(kAcquire)) {
      node->value.Read();
    }
  }
};

TEST(Rc11MemoryTest, FindsUseThatFollowsTheFree) {
  EXPECT_THAT(FailureOf<UseAfterFree>(),
              AllOf(StartsWith("use after free: the object was destroyed by thread 0 at "),
                    HasSubstr("Thread, and used at ")));
}

struct UseAfterScope {
  static constexpr int kThreads = 2;
  P::Atomic<P::Atomic<int>*> shared{nullptr};
  void Thread(unsigned index) {
    if (index == 0) {
      P::Atomic<int> local{0};
      shared.store(&local, kRelease);
    } else if (P::Atomic<int>* const other = shared.load(kAcquire)) {
      other->store(1, kRelaxed);
    }
  }
};

TEST(Rc11MemoryTest, FindsUseAfterTheEndOfAScope) {
  EXPECT_THAT(FailureOf<UseAfterScope>(), StartsWith("use after free: "));
}

template <bool kAcquired>
struct UseBeforeConstruction {
  static constexpr int kThreads = 2;
  P::Atomic<Node*> shared{nullptr};
  void Thread(unsigned index) {
    if (index == 0) {
      shared.store(P::Create<Node>(1), kRelease);
    } else if (Node* const node = shared.load(kAcquired ? kAcquire : kRelaxed)) {
      node->value.Read();
    }
  }
  void After() { P::Destroy(shared.load()); }
};

TEST(Rc11MemoryTest, FindsUseBeforeTheConstructionIsKnown) {
  Executions<UseBeforeConstruction<true>>();
  EXPECT_THAT(FailureOf<UseBeforeConstruction<false>>(), StartsWith("use before construction: "));
}

struct FreedTwice {
  static constexpr int kThreads = 2;
  Node* const node = P::Create<Node>(1);
  P::Atomic<int> turns{0};
  void Thread(unsigned) {
    if (turns.fetch_add(1, std::memory_order_acq_rel) < 2) P::Destroy(node);
  }
};

TEST(Rc11MemoryTest, FindsDoubleFrees) {
  EXPECT_THAT(FailureOf<FreedTwice>(), testing::AnyOf(StartsWith("double free: it was freed by "),
                                                      StartsWith("use after free: ")));
}

struct FreedTwiceByOne {
  static constexpr int kThreads = 1;
  void Thread(unsigned) {
    int* const number = P::Create<int>(1);
    P::Destroy(number);
    P::Destroy(number);
  }
};

TEST(Rc11MemoryTest, FindsDoubleFreesOfWhatHasNoLocation) {
  EXPECT_THAT(FailureOf<FreedTwiceByOne>(),
              StartsWith("double free: it was freed by thread 0 at "));
}

struct FreesAMember {
  static constexpr int kThreads = 1;
  int number = 0;
  void Thread(unsigned) { P::Destroy(&number); }
};

TEST(Rc11MemoryTest, FindsTheFreeOfWhatWasNotAllocated) {
  EXPECT_THAT(FailureOf<FreesAMember>(), StartsWith("free of what was not allocated at "));
}

// A stack whose Pop has read the next node, but does not look again.
struct Aba {
  static constexpr int kThreads = 2;
  struct Item {
    Item* next = nullptr;
  };
  P::Atomic<Item*> top{nullptr};
  P::Atomic<int> step{0};
  Item* other = nullptr;

  Aba() {
    Push(P::Create<Item>());
    Push(P::Create<Item>());
  }
  void Push(Item* item) {
    item->next = top.load(kRelaxed);
    top.store(item, kRelease);
  }
  void Thread(unsigned index) {
    if (index == 0) {
      Item* old = top.load(kAcquire);
      Item* const next = old->next;
      step.store(1, kRelease);
      while (step.load(kAcquire) != 2) P::SpinWait();
      // The same address, another item.
      if (top.compare_exchange_strong(old, next, std::memory_order_acq_rel, kRelaxed)) {
        P::Destroy(old);
      }
    } else {
      while (step.load(kAcquire) != 1) P::SpinWait();
      for (int i = 0; i < 2; ++i) {
        Item* const item = top.load(kAcquire);
        top.store(item->next, kRelaxed);
        P::Destroy(item);
      }
      top.store(P::Create<Item>(), kRelease);
      step.store(2, kRelease);
    }
  }
  void After() {
    // What thread 0 made the top was freed long ago.
    for (Item* item = top.load(); item != nullptr;) P::Destroy(std::exchange(item, item->next));
  }
};

TEST(Rc11MemoryTest, FindsWhatReusedAddressesHide) {
  EXPECT_THAT(FailureOf<Aba>(), StartsWith("double free: "));
}

struct NewInThreads {
  static constexpr int kThreads = 2;
  std::unique_ptr<P::Atomic<int>[]> numbers = std::make_unique<P::Atomic<int>[]>(2);
  void Thread(unsigned index) {
    auto mine = std::make_unique<P::Atomic<int>>(7);
    numbers[index].store(mine->load(kRelaxed), kRelaxed);
    numbers[1 - index].load(kRelaxed);
  }
};

TEST(Rc11MemoryTest, KnowsNewAndDelete) { EXPECT_EQ(Executions<NewInThreads>(), 4u); }

struct LeakOfNew {
  static constexpr int kThreads = 1;
  void Thread(unsigned) { leaked = new int(1); }
  int* leaked = nullptr;
};

TEST(Rc11MemoryTest, FindsLeaksOfNew) {
  EXPECT_THAT(FailureOf<LeakOfNew>(), StartsWith("leak of 4 bytes, allocated by thread 0 at "));
}

struct OverAligned {
  struct alignas(256) Wide {
    P::Atomic<int> x{0};
  };
  static constexpr int kThreads = 2;
  Wide member;
  void Thread(unsigned) {
    Wide* const created = P::Create<Wide>();
    const auto made = std::make_unique<Wide>();
    const Wide* const all[] = {created, made.get(), &member};
    for (const Wide* const wide : all) {
      Expect(reinterpret_cast<std::uintptr_t>(wide) % 256 == 0);
    }
    P::Destroy(created);
  }
};

TEST(Rc11MemoryTest, AlignsWhatIsOverAligned) { EXPECT_EQ(Executions<OverAligned>(), 1u); }

// --- Locks ---

template <int kThreadCount>
struct Counter {
  static constexpr int kThreads = kThreadCount;
  Rc11Mutex mutex;
  P::Var<int> count{0};
  void Thread(unsigned) {
    const std::lock_guard lock(mutex);
    count.Write() += 1;
  }
  void After() { Expect(count.Read() == kThreads); }
};

TEST(Rc11MutexTest, Excludes) {
  EXPECT_EQ(Executions<Counter<2>>(), 2u);
  EXPECT_EQ(Executions<Counter<3>>(), 6u);
}

template <bool kSameOrder>
struct TwoLocks {
  static constexpr int kThreads = 2;
  Rc11Mutex mutexes[2];
  void Thread(unsigned index) {
    const unsigned first = kSameOrder ? 0 : index;
    mutexes[first].lock();
    mutexes[1 - first].lock();
    mutexes[1 - first].unlock();
    mutexes[first].unlock();
  }
};

TEST(Rc11MutexTest, ADeadlockIsAHang) {
  EXPECT_EQ(Executions<TwoLocks<true>>(), 2u);
  EXPECT_THAT(FailureOf<TwoLocks<false>>(),
              AllOf(StartsWith("waits for ever: thread 0 at "), HasSubstr(", and thread 1 at ")));
}

struct LockedTwice {
  static constexpr int kThreads = 1;
  Rc11Mutex mutex;
  void Thread(unsigned) {
    mutex.lock();
    Expect(!mutex.try_lock());
    mutex.lock();
  }
};

TEST(Rc11MutexTest, LockingTwiceIsAHang) {
  EXPECT_THAT(FailureOf<LockedTwice>(), StartsWith("waits for ever: thread 0 at "));
}

struct UnlocksAnothers {
  static constexpr int kThreads = 2;
  Rc11Mutex mutex;
  void Thread(unsigned index) { index == 0 ? mutex.lock() : mutex.unlock(); }
};

TEST(Rc11MutexTest, OnlyTheOwnerUnlocks) {
  EXPECT_THAT(FailureOf<UnlocksAnothers>(),
              StartsWith("a thread unlocks a mutex that it has not locked at "));
}

enum class Notify { kAfter, kBefore, kNever };

template <Notify kNotify, bool kLoops = true>
struct Handshake {
  static constexpr int kThreads = 2;
  Rc11Mutex mutex;
  Rc11ConditionVariable changed;
  P::Var<bool> ready{false};
  void Thread(unsigned index) {
    if (index == 0) {
      std::unique_lock lock(mutex);
      if (kLoops) {
        changed.wait(lock, [this] { return ready.Read(); });
      } else if (!ready.Read()) {
        changed.wait(lock);
      }
      Expect(ready.Read());
      return;
    }
    if (kNotify == Notify::kBefore) changed.notify_one();
    {
      const std::lock_guard lock(mutex);
      ready.Write() = true;
    }
    if (kNotify == Notify::kAfter) changed.notify_one();
  }
};

TEST(Rc11ConditionVariableTest, NotificationsAreNotLost) {
  EXPECT_GT(Executions<Handshake<Notify::kAfter>>(0), 1u);
  EXPECT_GT(Executions<Handshake<Notify::kAfter>>(1), Executions<Handshake<Notify::kAfter>>(0));
  EXPECT_THAT(FailureOf<Handshake<Notify::kBefore>>(), StartsWith("waits for ever: thread 0 at "));
  EXPECT_THAT(FailureOf<Handshake<Notify::kNever>>(), StartsWith("waits for ever: thread 0 at "));
}

TEST(Rc11ConditionVariableTest, AWaitMayEndForNoReason) {
  Executions<Handshake<Notify::kAfter, false>>(0);
  EXPECT_THAT((FailureOf<Handshake<Notify::kAfter, false>>(1)),
              StartsWith("false expectation at "));
}

// --- Threads that threads start ---

template <bool kJoins>
struct Helper {
  static constexpr int kThreads = 1;
  static constexpr int kMoreThreads = 1;
  P::Var<int> data;
  void Thread(unsigned) {
    data.Write() = 1;
    Rc11Thread helper([this] { data.Write() += 1; });
    if (kJoins) helper.Join();
    const int seen = data.Read();
    Expect(!kJoins || seen == 2);
  }
};

TEST(Rc11ThreadTest, StartAndEndSynchronise) {
  EXPECT_EQ(Executions<Helper<true>>(), 1u);
  EXPECT_THAT(FailureOf<Helper<false>>(), StartsWith("data race: "));
}

struct HelpersOfTwo {
  static constexpr int kThreads = 2;
  static constexpr int kMoreThreads = 3;
  P::Atomic<int> sum{0};
  void Thread(unsigned index) {
    Rc11Thread first([this] { sum.fetch_add(1, kRelaxed); });
    if (index == 0) return;
    Rc11Thread second([this] { sum.fetch_add(10, kRelaxed); });
  }
  void After() { Expect(sum.load() == 12); }
};

TEST(Rc11ThreadTest, AnyThreadMayStartOthers) { EXPECT_EQ(Executions<HelpersOfTwo>(), 6u); }

struct SometimesAHelper {
  static constexpr int kThreads = 2;
  static constexpr int kMoreThreads = 1;
  P::Atomic<int> x{0};
  void Thread(unsigned index) {
    if (index == 0) {
      x.store(1, kRelaxed);
    } else if (x.load(kRelaxed) == 1) {
      Rc11Thread([] {});
    }
  }
};

TEST(Rc11ThreadTest, AThreadThatIsNotStartedDoesNotCount) {
  EXPECT_EQ(Executions<SometimesAHelper>(), 2u);
}

struct HelperWaitsForItsStarter {
  static constexpr int kThreads = 1;
  static constexpr int kMoreThreads = 1;
  P::Atomic<bool> go{false};
  void Thread(unsigned) {
    {
      Rc11Thread helper([this] {
        while (!go.load(kRelaxed)) P::SpinWait();
      });
    }
    go.store(true, kRelaxed);
  }
};

TEST(Rc11ThreadTest, ThreadsThatWaitForEachOtherAreAHang) {
  EXPECT_THAT(FailureOf<HelperWaitsForItsStarter>(),
              AllOf(StartsWith("waits for ever: thread 0 at "), HasSubstr(", and thread 1 at ")));
}

struct TooManyHelpers {
  static constexpr int kThreads = 1;
  void Thread(unsigned) {
    Rc11Thread([] {});
  }
};

TEST(Rc11ThreadTest, HasRoomForThoseThatWereAnnounced) {
  EXPECT_THAT(FailureOf<TooManyHelpers>(),
              StartsWith("starts more threads than the scenario's kMoreThreads at "));
}

// --- Workers ---

// As many executions as one worker finds, with memory and threads of their own.
template <class S>
void ExpectSameWithTwoWorkers() {
  const rc11::ScenarioType type = Rc11Type<S>();
  const rc11::Result result =
      rc11::Explore([&] { return std::make_unique<rc11::FiberProgram>(type); }, 2, Accidents(1));
  EXPECT_EQ(result.status, Status::kComplete);
  EXPECT_EQ(result.executions, Executions<S>(1));
}

TEST(Rc11WorkersTest, ShareAScenario) {
  ExpectSameWithTwoWorkers<Sleep<Order::kStoreFirst, 2>>();
  ExpectSameWithTwoWorkers<UseAndFree<true>>();
  ExpectSameWithTwoWorkers<Counter<3>>();
  ExpectSameWithTwoWorkers<HelpersOfTwo>();
}

}  // namespace
}  // namespace ashlar::verification
