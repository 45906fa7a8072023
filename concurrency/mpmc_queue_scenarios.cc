// What is pushed comes out once, in its order, and with all that was written before its push;
// and who is told that the queue is full or empty can rely on it.
//
// Each scenario has two or three threads and a queue of one or two items. Not covered here: longer
// queues and histories, elements that throw (mpmc_queue_test.cc), and threads that never run on.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ashlar/concurrency/mpmc_queue.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

// Where indices begin.
struct FromZero {
  static constexpr std::uint64_t kFirst = 0;
};
// The index wraps around.
struct FromLastIndex {
  static constexpr std::uint64_t kFirst = ~std::uint64_t{0} >> 1;
};

// A queue of parcels, each of which is sent by one thread and received by one.
template <class Platform>
class Parcels {
 public:
  static constexpr int kMost = 4;

  explicit Parcels(std::size_t capacity, std::uint64_t first_index = 0)
      : queue_(capacity, first_index) {}

  // Nothing is lost.
  ~Parcels() {
    while (TryPop()) {
    }
    for (int i = 0; i < kMost; ++i) Expect(parcels_[i].Read() != Parcel::kFull);
  }

  bool TryPush(int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    const bool pushed = queue_.TryPush(parcel);
    if (!pushed) parcels_[parcel].Write() = Parcel::kNone;
    return pushed;
  }
  void Push(int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    while (!queue_.TryPush(parcel)) Platform::SpinWait();
  }
  std::optional<int> TryPop() {
    const std::optional<int> parcel = queue_.TryPop();
    if (parcel) Take(*parcel);
    return parcel;
  }
  int Pop() {
    for (;;) {
      if (const std::optional<int> parcel = TryPop()) return *parcel;
      Platform::SpinWait();
    }
  }

  void Close() { queue_.Close(); }
  bool IsClosed() const { return queue_.IsClosed(); }

  // Parcels `first` and first + 1. How many were pushed.
  std::size_t TryPushTwo(int first) {
    const int two[] = {first, first + 1};
    for (const int parcel : two) parcels_[parcel].Write() = Parcel::kFull;
    const std::size_t pushed = queue_.TryPushBatch(two, 2);
    for (std::size_t i = pushed; i < 2; ++i) parcels_[two[i]].Write() = Parcel::kNone;
    return pushed;
  }
  // Into `parcels`. How many.
  std::size_t TryPopTwo(int (&parcels)[2]) {
    const std::size_t popped = queue_.TryPopBatch(parcels, 2);
    for (std::size_t i = 0; i < popped; ++i) Take(parcels[i]);
    return popped;
  }

 private:
  enum class Parcel { kNone, kFull, kTaken };

  // Two who take the same one are found here, or race.
  void Take(int parcel) {
    Expect(parcels_[parcel].Read() == Parcel::kFull);
    parcels_[parcel].Write() = Parcel::kTaken;
  }

  MpmcQueue<int, Platform> queue_;
  typename Platform::template Var<Parcel> parcels_[kMost];
};

// One slot: each waits for the other, and the slot is used again. Bound: three items.
template <class Platform, class From>
struct OneSlotIsUsedAgain {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{1, From::kFirst};

  void Thread(unsigned index) {
    for (int i = 0; i < 3; ++i) index == 0 ? parcels.Push(i) : Expect(parcels.Pop() == i);
  }
};

// Two producers and a consumer: the items of each in its order. Bound: three items, two slots.
template <class Platform, class From>
struct OrderOfEachProducer {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2, From::kFirst};

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push(0);
      parcels.Push(1);
    } else if (index == 1) {
      parcels.Push(2);
    } else {
      int previous = -1;
      for (int i = 0; i < 2; ++i) {
        const int parcel = parcels.Pop();
        if (parcel == 2) continue;
        Expect(parcel == previous + 1);
        previous = parcel;
      }
    }
  }
};

// Two consumers share what comes out. Bound: two items, one slot.
template <class Platform, class From>
struct TwoConsumers {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{1, From::kFirst};

  void Thread(unsigned index) {
    if (index > 0) return (void)parcels.Pop();
    parcels.Push(0);
    parcels.Push(1);
  }
};

// All race for one slot, and take it or are refused. Bound: one call a thread, then one pop.
template <class Platform>
struct TwoProducersOneSlot {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{1};
  bool pushed[2] = {};

  void Thread(unsigned index) {
    if (index < 2) {
      pushed[index] = parcels.TryPush(static_cast<int>(index));
    } else {
      parcels.TryPop();
    }
  }
  void After() { Expect(pushed[0] || pushed[1]); }
};

// Another producer that has claimed its slot but not filled it is no reason to say empty: what
// was pushed can be popped. Queues whose pop looks at its slot alone fail here (rigtorp's
// MPMCQueue, Vyukov's own). Bound: two pushes.
template <class Platform>
struct NotEmptyAfterAPush {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2};

  void Thread(unsigned index) {
    Expect(parcels.TryPush(static_cast<int>(index)));
    if (index > 0) Expect(parcels.TryPop().has_value());
  }
};

// Nor is another consumer that has not emptied its slot one to say full.
template <class Platform>
struct NotFullAfterAPop {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2};

  NotFullAfterAPop() {
    parcels.Push(0);
    parcels.Push(1);
  }
  void Thread(unsigned index) {
    Expect(parcels.TryPop().has_value());
    if (index > 0) Expect(parcels.TryPush(2));
  }
};

// There is always an item, if not always the same one; and always room.
template <class Platform>
struct NeverEmpty {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};
  typename Platform::template Atomic<bool> pushed{false};

  NeverEmpty() { parcels.Push(0); }

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push(1);
      pushed.store(true, std::memory_order_release);
    } else if (index == 1) {
      if (pushed.load(std::memory_order_acquire)) parcels.TryPop();
    } else {
      Expect(parcels.TryPop().has_value());
    }
  }
};

template <class Platform>
struct NeverFull {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};
  typename Platform::template Atomic<bool> popped{false};

  NeverFull() { parcels.Push(0); }

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.TryPop().has_value());
      popped.store(true, std::memory_order_release);
    } else if (index == 1) {
      if (popped.load(std::memory_order_acquire)) parcels.TryPush(1);
    } else {
      Expect(parcels.TryPush(2));
    }
  }
};

// One who pushes and is then refused has seen no pop, one who pops and is then refused has seen
// no push: not both, since one came first.
template <class Platform>
struct NotFullAndEmpty {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2};
  bool refused[2] = {};

  NotFullAndEmpty() { parcels.Push(0); }

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.TryPush(1));
      refused[0] = !parcels.TryPush(2);
    } else {
      Expect(parcels.TryPop().has_value());
      refused[1] = !parcels.TryPop().has_value();
    }
  }
  void After() { Expect(!refused[0] || !refused[1]); }
};

// The same where those who are refused have only seen the pop, or the push, of others.
template <class Platform>
struct NotFullAndEmptyToAWitness {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};
  bool refused[2] = {};

  NotFullAndEmptyToAWitness() { parcels.Push(0); }

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.TryPush(1);
      refused[0] = !parcels.TryPush(2);
    } else if (index == 1) {
      parcels.TryPop();
    } else {
      refused[1] = !parcels.TryPop().has_value();
    }
  }
  void After() { Expect(!(refused[0] && refused[1])); }
};

template <class Platform>
struct NotEmptyAndFullToAWitness {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};
  bool refused[2] = {};

  NotEmptyAndFullToAWitness() { parcels.Push(0); }

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.TryPop();
      refused[0] = !parcels.TryPop().has_value();
    } else if (index == 1) {
      parcels.TryPush(1);
    } else {
      refused[1] = !parcels.TryPush(2);
    }
  }
  void After() { Expect(!(refused[0] && refused[1])); }
};

// A batch of two across the end of the ring, and of the indices, against single ones. Bound: two
// slots, a batch and a push, a batch of pops.
template <class Platform, class From>
struct BatchAndSingle {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2, From::kFirst};
  std::size_t pushed[2] = {};

  void Thread(unsigned index) {
    if (index == 0) {
      pushed[0] = parcels.TryPushTwo(0);
    } else if (index == 1) {
      pushed[1] = parcels.TryPush(2) ? 1 : 0;
    } else {
      int two[2];
      const std::size_t popped = parcels.TryPopTwo(two);
      if (popped > 0 && two[0] == 1) Expect(false);  // neighbours, in order
      if (popped == 2 && two[0] == 0) Expect(two[1] == (pushed[0] == 1 ? 2 : 1));
    }
  }
};

// Batches hand slots over and get them back. Bound: four items through two slots.
template <class Platform, class From>
struct BatchesUseSlotsAgain {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2, From::kFirst};

  void Thread(unsigned index) {
    if (index == 0) {
      for (int next = 0; next < 3;) {
        const auto pushed = static_cast<int>(parcels.TryPushTwo(next));
        if (pushed == 0) Platform::SpinWait();
        next += pushed;
      }
    } else {
      for (int next = 0; next < 3;) {
        int two[2];
        const auto popped = static_cast<int>(parcels.TryPopTwo(two));
        if (popped == 0) Platform::SpinWait();
        for (int i = 0; i < popped; ++i) Expect(two[i] == next++);
      }
    }
  }
};

// As NotFullAndEmpty, where batches of which one item fits or is there fill or empty the queue.
template <class Platform>
struct NotFullAndEmptyByBatches {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2};
  std::size_t moved[2] = {};
  bool refused[2] = {};

  NotFullAndEmptyByBatches() { parcels.Push(0); }

  void Thread(unsigned index) {
    if (index == 0) {
      moved[0] = parcels.TryPushTwo(1);
      refused[0] = !parcels.TryPush(3);
    } else {
      int two[2];
      moved[1] = parcels.TryPopTwo(two);
      refused[1] = !parcels.TryPop().has_value();
    }
  }
  void After() {
    Expect(moved[0] > 0 && moved[1] > 0);
    if (moved[0] == 1 && moved[1] == 1) Expect(!refused[0] || !refused[1]);
  }
};

// What is not refused comes out after the Close, if it was still being pushed then as well. Queues
// that close by a word of their own lose it. Bound: a push, and one of two.
template <class Platform>
struct NothingIsPushedAfterClose {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{4};
  std::size_t pushed[2] = {};
  std::size_t popped = 0;

  void Thread(unsigned index) {
    if (index == 0) {
      pushed[0] = parcels.TryPush(0) ? 1 : 0;
    } else if (index == 1) {
      pushed[1] = parcels.TryPushTwo(1);
    } else {
      parcels.Close();
      while (parcels.TryPop()) ++popped;
    }
  }
  void After() { Expect(popped == pushed[0] + pushed[1]); }
};

// The same with the last item of one slot.
template <class Platform, class From>
struct CloseAgainstFull {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{1, From::kFirst};
  int pushed = 0;
  int popped = 0;

  void Thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 3; ++i) pushed += parcels.TryPush(i) ? 1 : 0;
    } else {
      while (parcels.TryPop()) ++popped;
      parcels.Close();
      while (parcels.TryPop()) ++popped;
    }
  }
  void After() { Expect(popped == pushed); }
};

// Who is refused, or asks, knows what led to the Close.
template <class Platform>
struct CloseTellsWhy {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{4};
  typename Platform::template Var<int> why{0};

  void Thread(unsigned index) {
    if (index == 0) {
      why.Write() = 1;
      parcels.Close();
    } else if (index == 1) {
      if (!parcels.TryPush(0)) Expect(why.Read() == 1);
    } else {
      if (parcels.IsClosed()) Expect(why.Read() == 1);
    }
  }
};

// The sleepers' pattern, by seq_cst accesses and no fence: either who announces its sleep is
// refused no more, or who makes that so sees it.
enum class Act { kPush, kPop, kClose };

template <class Platform, class What>
struct ChangeIsSeenOrSleeperIs {
  static constexpr unsigned kThreads = 2;
  static constexpr bool kPop = What::kAct == Act::kPop;
  Parcels<Platform> parcels{1};
  typename Platform::template Atomic<bool> asleep{false};
  bool sleeper_was_seen = false;
  bool change_was_seen = false;

  ChangeIsSeenOrSleeperIs() {
    if (kPop) parcels.Push(0);
  }

  void Thread(unsigned index) {
    if (index == 0) {
      if (What::kAct == Act::kPush) parcels.TryPush(0);
      if (What::kAct == Act::kPop) parcels.TryPop();
      if (What::kAct == Act::kClose) parcels.Close();
      sleeper_was_seen = asleep.load(std::memory_order_seq_cst);
    } else {
      asleep.store(true, std::memory_order_seq_cst);
      change_was_seen = kPop ? parcels.TryPush(1) : parcels.TryPop().has_value();
      if (What::kAct == Act::kClose) change_was_seen = parcels.IsClosed();
    }
  }
  void After() { Expect(sleeper_was_seen || change_was_seen); }
};
template <Act kWhat>
struct By {
  static constexpr Act kAct = kWhat;
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<OneSlotIsUsedAgain, FromZero>("OneSlotIsUsedAgain"),
      MakeScenario<OneSlotIsUsedAgain, FromLastIndex>("OneSlotIsUsedAgainFromLastIndex"),
      MakeScenario<OrderOfEachProducer, FromZero>("OrderOfEachProducer"),
      MakeScenario<OrderOfEachProducer, FromLastIndex>("OrderOfEachProducerFromLastIndex"),
      MakeScenario<TwoConsumers, FromZero>("TwoConsumers"),
      MakeScenario<TwoConsumers, FromLastIndex>("TwoConsumersFromLastIndex"),
      MakeScenario<TwoProducersOneSlot>("TwoProducersOneSlot"),
      MakeScenario<NotEmptyAfterAPush>("NotEmptyAfterAPush"),
      MakeScenario<NotFullAfterAPop>("NotFullAfterAPop"),
      MakeScenario<NeverEmpty>("NeverEmpty"),
      MakeScenario<NeverFull>("NeverFull"),
      MakeScenario<NotFullAndEmpty>("NotFullAndEmpty"),
      MakeScenario<NotFullAndEmptyToAWitness>("NotFullAndEmptyToAWitness"),
      MakeScenario<NotEmptyAndFullToAWitness>("NotEmptyAndFullToAWitness"),
      MakeScenario<BatchAndSingle, FromZero>("BatchAndSingle"),
      MakeScenario<BatchAndSingle, FromLastIndex>("BatchAndSingleFromLastIndex"),
      MakeScenario<BatchesUseSlotsAgain, FromZero>("BatchesUseSlotsAgain"),
      MakeScenario<BatchesUseSlotsAgain, FromLastIndex>("BatchesUseSlotsAgainFromLastIndex"),
      MakeScenario<NotFullAndEmptyByBatches>("NotFullAndEmptyByBatches"),
      MakeScenario<NothingIsPushedAfterClose>("NothingIsPushedAfterClose"),
      MakeScenario<CloseAgainstFull, FromZero>("CloseAgainstFull"),
      MakeScenario<CloseAgainstFull, FromLastIndex>("CloseAgainstFullFromLastIndex"),
      MakeScenario<CloseTellsWhy>("CloseTellsWhy"),
      MakeScenario<ChangeIsSeenOrSleeperIs, By<Act::kPush>>("PushIsSeenOrSleeperIs"),
      MakeScenario<ChangeIsSeenOrSleeperIs, By<Act::kPop>>("PopIsSeenOrSleeperIs"),
      MakeScenario<ChangeIsSeenOrSleeperIs, By<Act::kClose>>("CloseIsSeenOrSleeperIs"),
  };
}

}  // namespace ashlar::verification
