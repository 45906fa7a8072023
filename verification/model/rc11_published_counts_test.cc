// Scenarios of GenMC 0.10.3's test suite (https://github.com/MPI-SWS/genmc, under
// tests/correct/data-structures), written anew, and the number of executions that it
// publishes for each under RC11. What is compared are executions in which all threads end;
// how many are blocked depends on where a tool cuts loops.
//
// GenMC cuts a loop where it starts over without having changed anything: what comes after
// would have come without that round. Here SpinWait() says so. What it does not cut is said
// at the loops: a round in which another thread may have been helped.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "ashlar/verification/model/published_for_test.h"
#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using P = Rc11Platform;

// The thread goes no further, and nobody is to blame.
void Stop() {
  for (;;) P::SpinWait();
}

template <class S>
std::uint64_t Executions(rc11::Model model = rc11::Model::kRc11) {
  rc11::FiberProgram program(Rc11Type<S>());
  rc11::Options options;
  options.model = model;
  options.max_accidents = 0;
  // Nothing in on_failure: a thread that stops is no hang, and what races may race.
  const rc11::Result result = rc11::Explore(program, options);
  EXPECT_EQ(result.status, rc11::Result::Status::kComplete);
  std::printf("%ju executions, %ju blocked\n", std::uintmax_t{result.executions},
              std::uintmax_t{result.blocked});
  return result.executions;
}

// Two threads that take a lock once each, and write what it guards.
template <class Lock>
struct TwoInTurn {
  static constexpr int kThreads = 2;
  Lock lock;
  P::Var<int> shared{0};
  void Thread(unsigned index) {
    lock.Acquire();
    shared.Write() = static_cast<int>(index);
    lock.Release();
  }
};

class SpinLock {
 public:
  void Acquire() {
    for (;;) {
      while (taken_.load(kRelaxed) != 0) P::SpinWait();
      int free = 0;
      if (taken_.compare_exchange_strong(free, 1, kAcquire, kAcquire)) return;
      P::SpinWait();
    }
  }
  void Release() { taken_.store(0, kRelease); }

 private:
  P::Atomic<int> taken_{0};
};

// Test and test-and-set.
class TtasLock {
 public:
  void Acquire() {
    for (;;) {
      while (taken_.load(kRelaxed) != 0) P::SpinWait();
      if (taken_.exchange(1, kAcquire) == 0) return;
      P::SpinWait();  // it was 1, and is 1
    }
  }
  void Release() { taken_.store(0, kRelease); }

 private:
  P::Atomic<int> taken_{0};
};

// Dice and Kogan's ticket lock with a waiting array (ATC 2019), of which two threads never
// wait on the array.
class TwaLock {
 public:
  void Acquire() {
    const int ticket = tickets_.fetch_add(1, kRelaxed);
    if (ticket == served_.load(kAcquire)) return;
    while (served_.load(kAcquire) != ticket) P::SpinWait();
  }
  void Release() {
    const int next = served_.load(kRelaxed) + 1;
    served_.store(next, kRelease);
    waiting_[(next + 1) % 4].fetch_add(1, kRelease);
  }

 private:
  P::Atomic<int> tickets_{0};
  P::Atomic<int> served_{0};
  P::Atomic<int> waiting_[4];
};

// A lock with three states (0 free, 1 taken, 2 taken and waited for), where sleeping is to
// wait for a counter of wake-ups.
class SleepingLock {
 public:
  void Acquire() {
    if (Change(0, 1, kAcquire)) return;
    for (;;) {
      Change(1, 2, kRelaxed);
      SleepWhile(2);
      if (Change(0, 2, kAcquire)) return;
    }
  }
  void Release() {
    if (Change(1, 0, kRelease)) return;
    state_.store(0, kRelease);
    wakes_.fetch_add(1, kRelease);
  }

 private:
  bool Change(int from, int to, std::memory_order order) {
    const auto failure = order == kAcquire ? kAcquire : kRelaxed;
    return state_.compare_exchange_strong(from, to, order, failure);
  }
  void SleepWhile(int state) {
    const int wakes = wakes_.load(kAcquire);
    if (state_.load(kAcquire) != state) return;
    while (wakes_.load(kAcquire) == wakes) P::SpinWait();
  }

  P::Atomic<int> state_{0};
  P::Atomic<int> wakes_{0};
};

TEST(PublishedCountsTest, Locks) {
  EXPECT_EQ(Executions<TwoInTurn<SpinLock>>(), 4u);
  EXPECT_EQ(Executions<TwoInTurn<TtasLock>>(), 4u);
  EXPECT_EQ(Executions<TwoInTurn<TwaLock>>(), 4u);
  EXPECT_EQ(Executions<TwoInTurn<SleepingLock>>(), 12u);
}

// The reader-writer lock that Linux had: one counter, from which a writer takes all.
struct ReadersWriter {
  static constexpr int kThreads = 2;
  static constexpr int kAll = 0x100000;
  P::Atomic<int> left{kAll};
  P::Var<int> shared{0};

  void Take(int share) {
    for (;;) {
      const int before = left.fetch_sub(share, kAcquire);
      if (share == kAll ? before == kAll : before > 0) return;
      left.fetch_add(share, kRelaxed);
      P::SpinWait();  // what was taken was given back
    }
  }
  void Give(int share) { left.fetch_add(share, kRelease); }

  void Thread(unsigned) {
    Take(1);
    shared.Read();
    Give(1);
    Take(kAll);
    shared.Write() = 1;
    Give(kAll);
  }
};

TEST(PublishedCountsTest, LinuxReaderWriterLock) { EXPECT_EQ(Executions<ReadersWriter>(), 14u); }

struct Barrier {
  static constexpr int kThreads = 2;
  P::Atomic<int> arrived{0};
  P::Atomic<int> step{0};
  P::Var<int> data{0};

  void Arrive() {
    const int now = step.load();
    if (arrived.fetch_add(1) == kThreads - 1) {
      arrived.store(0);
      step.fetch_add(1);
    } else {
      while (step.load() == now) P::SpinWait();
    }
  }
  void Thread(unsigned index) {
    if (index == 0) data.Write() = 42;
    Arrive();
    if (index == 1) data.Read();
  }
};

TEST(PublishedCountsTest, Barrier) { EXPECT_EQ(Executions<Barrier>(), 2u); }

// The deque of "Correct and Efficient Work-Stealing for Weak Memory Models" (PPoPP 2013) with
// a fixed capacity; the owner pushes five, pops three and pushes two, a thief steals once.
struct ChaseLev {
  static constexpr int kThreads = 2;
  static constexpr std::uint64_t kCapacity = 10;
  P::Atomic<std::uint64_t> bottom{0};
  P::Atomic<std::uint64_t> top{0};
  P::Atomic<int> items[kCapacity];

  static bool Empty(std::uint64_t begin, std::uint64_t end) {
    return static_cast<std::int64_t>(end - begin) <= 0;
  }
  void Push(int item) {
    const std::uint64_t end = bottom.load(kRelaxed);
    if (end - top.load(kAcquire) >= kCapacity) return;
    items[end % kCapacity].store(item, kRelaxed);
    bottom.store(end + 1, kRelease);
  }
  void Pop() {
    const std::uint64_t end = bottom.load(kRelaxed);
    bottom.store(end - 1, kRelaxed);
    P::Fence(kSeqCst);
    std::uint64_t begin = top.load(kRelaxed);
    if (!Empty(begin, end)) {
      items[(end - 1) % kCapacity].load(kRelaxed);
      if (end - begin > 1) return;
      top.compare_exchange_strong(begin, begin + 1, kAcqRel, kAcquire);
    }
    bottom.store(end, kRelaxed);
  }
  void Steal() {
    std::uint64_t begin = top.load(kRelaxed);
    P::Fence(kSeqCst);
    if (Empty(begin, bottom.load(kAcquire))) return;
    items[begin % kCapacity].load(kRelaxed);
    top.compare_exchange_strong(begin, begin + 1, kRelease, kRelaxed);
  }

  void Thread(unsigned index) {
    if (index == 1) return Steal();
    for (int item = 1; item <= 5; ++item) Push(item);
    for (int i = 0; i < 3; ++i) Pop();
    for (int item = 6; item <= 7; ++item) Push(item);
  }
};

TEST(PublishedCountsTest, ChaseLevDeque) {
  EXPECT_EQ(Executions<ChaseLev>(), 65u);
  EXPECT_EQ(Executions<ChaseLev>(rc11::Model::kSc), 59u);
}

// A queue with two counters in a word, of tickets to read and to write, and one of each that
// are done; an item lies there at first, one thread writes one, and one reads until it is
// empty.
struct Tickets {
  static constexpr int kThreads = 2;
  static constexpr unsigned kRead = 1u << 16;  // a ticket to read; one to write is 1
  static constexpr unsigned kCapacity = 4;
  P::Atomic<unsigned> tickets{1};
  P::Atomic<unsigned> read{0};
  P::Atomic<unsigned> written{1};
  P::Var<int> items[kCapacity];

  void Write() {
    unsigned now = tickets.load(kAcquire);
    for (;; P::SpinWait()) {
      if (now % kRead == now / kRead + kCapacity) return;
      if (tickets.compare_exchange_weak(now, now + 1, kAcqRel, kAcquire)) break;
    }
    while (read.load(kAcquire) != now / kRead) P::SpinWait();
    items[now % kRead % kCapacity].Write() = 1;
    written.fetch_add(1, kRelease);
  }
  bool Read() {
    unsigned now = tickets.load(kAcquire);
    for (;; P::SpinWait()) {
      if (now % kRead == now / kRead) return false;
      if (tickets.compare_exchange_weak(now, now + kRead, kAcqRel, kAcquire)) break;
    }
    while (written.load(kAcquire) != now % kRead) P::SpinWait();
    read.fetch_add(1, kRelease);
    return true;
  }

  void Thread(unsigned index) {
    if (index == 0) return Write();
    while (Read()) {
    }
  }
};

TEST(PublishedCountsTest, MultiProducerMultiConsumerQueue) { EXPECT_EQ(Executions<Tickets>(), 3u); }

// A pointer that counts its changes.
struct Counted {
  std::uint32_t node;
  std::uint32_t count;
  friend bool operator==(const Counted&, const Counted&) = default;
};

// Michael and Scott's queue; two threads put an item in, and take one out. The suite cuts
// the rounds of Take(), not those of Put(), and stops a thread that fails to take what is
// there: 50 executions, 128 blocked. Uncut, all of them end.
template <bool kCuts>
struct MsQueue {
  static constexpr int kThreads = 2;
  static constexpr std::uint32_t kNone = 0;
  static constexpr std::uint32_t kFirst = 1;
  P::Atomic<Counted> head{Counted{kFirst, 0}};
  P::Atomic<Counted> tail{Counted{kFirst, 0}};
  P::Atomic<Counted> next[2 + kThreads];

  void Put(std::uint32_t node) {
    next[node].store({kNone, next[node].load(kRelaxed).count}, kRelaxed);
    for (;;) {
      Counted last = tail.load(kAcquire);
      Counted after = next[last.node].load(kAcquire);
      if (tail.load(kRelaxed) != last) continue;
      if (after.node == kNone && next[last.node].compare_exchange_strong(
                                     after, {node, after.count + 1}, kRelease, kRelaxed)) {
        tail.compare_exchange_strong(last, {node, last.count + 1}, kRelease, kRelaxed);
        return;
      }
      const std::uint32_t behind = next[last.node].load(kAcquire).node;
      tail.compare_exchange_strong(last, {behind, last.count + 1}, kRelease, kRelaxed);
    }
  }
  void Take() {
    for (;;) {
      Counted first = head.load(kAcquire);
      Counted last = tail.load(kAcquire);
      const Counted after = next[first.node].load(kAcquire);
      if (head.load(kRelaxed) != first) {
        if (kCuts) P::SpinWait();
        continue;
      }
      if (first.node != last.node) {
        const Counted taken{after.node, first.count + 1};
        if (head.compare_exchange_strong(first, taken, kRelease, kRelaxed)) return;
        if (kCuts) Stop();
        continue;
      }
      if (after.node == kNone) return;
      tail.compare_exchange_strong(last, {after.node, last.count + 1}, kRelease, kRelaxed);
    }
  }

  void Thread(unsigned index) {
    Put(2 + index);
    Take();
  }
};

TEST(PublishedCountsTest, MichaelAndScottQueue) {
  EXPECT_EQ(Executions<MsQueue<true>>(), 50u);
  EXPECT_EQ(Executions<MsQueue<false>>(), 50u + 128u);
}

// Treiber's stack with counted pointers; two threads push, one pops.
struct CountedTreiber {
  static constexpr int kThreads = 3;
  static constexpr std::uint32_t kNone = 0;
  P::Atomic<Counted> top{Counted{kNone, 0}};
  P::Atomic<Counted> next[3];
  P::Atomic<int> payload[3];

  void Push(std::uint32_t node) {
    payload[node].store(42, kRelaxed);
    Counted old = top.load(kAcquire);
    for (;;) {
      next[node].store(old, kRelaxed);
      if (top.compare_exchange_strong(old, {node, old.count + 1}, kRelease, kRelaxed)) return;
      old = top.load(kAcquire);
    }
  }
  void Pop() {
    for (;;) {
      Counted old = top.load(kAcquire);
      if (old.node == kNone) return;
      const Counted below = next[old.node].load(kRelaxed);
      if (top.compare_exchange_strong(old, {below.node, old.count + 1}, kRelease, kRelaxed)) {
        payload[old.node].load(kRelaxed);
        return;
      }
      P::SpinWait();
    }
  }

  void Thread(unsigned index) { index == 2 ? Pop() : Push(1 + index); }
};

TEST(PublishedCountsTest, TreiberStackWithCountedPointers) {
  EXPECT_EQ(Executions<CountedTreiber>(), 18u);
}

}  // namespace
}  // namespace ashlar::verification
