// What is pushed comes out once, in its order, and with all that was written before its push; and
// neither end is told of full or empty by what it knows to be over.
//
// Each scenario has two threads, a queue of one or two items, and at most four items: enough for
// each slot to be used again and each remembered index to be renewed. Not covered here: elements
// that throw (spsc_queue_test.cc).

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ashlar/concurrency/spsc_queue.h"
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
struct FromLastIndex {
  static constexpr std::uint64_t kFirst = ~std::uint64_t{0};
};

// Each waits for the other. Bound: four items.
template <class Platform, class From, std::size_t kCapacity>
struct Passing {
  static constexpr unsigned kThreads = 2;
  SpscQueue<int, Platform> queue{kCapacity, From::kFirst};
  typename Platform::template Var<int> written[4];

  void Thread(unsigned index) {
    for (int i = 0; i < 4; ++i) {
      if (index == 0) {
        written[i].Write() = i;
        while (!queue.TryPush(i)) Platform::SpinWait();
      } else {
        std::optional<int> item;
        while (!(item = queue.TryPop())) Platform::SpinWait();
        Expect(*item == i && written[i].Read() == i);
      }
    }
  }
};
template <class Platform, class From>
using OneSlotIsUsedAgain = Passing<Platform, From, 1>;
template <class Platform, class From>
using TwoSlotsAreUsedAgain = Passing<Platform, From, 2>;

// What the consumer does before a pop is over when the producer has been given its room. Bound:
// two pushes, one slot.
template <class Platform>
struct PopHappensBeforeThePushThatNeedsItsRoom {
  static constexpr unsigned kThreads = 2;
  SpscQueue<int, Platform> queue{1};
  typename Platform::template Var<int> shared;

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(queue.TryPush(1));
      if (queue.TryPush(2)) shared.Write() = 2;
    } else {
      Expect(shared.Read() == 0);
      (void)queue.TryPop();
    }
  }
};

// A push that happens before a pop is seen, and a pop that happens before a push. Bound: two
// items, one slot.
template <class Platform>
struct WhatHappensBeforeIsSeen {
  static constexpr unsigned kThreads = 2;
  SpscQueue<int, Platform> queue{1};
  typename Platform::template Atomic<int> told{0};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(queue.TryPush(1));
      told.store(1, std::memory_order_release);
      while (told.load(std::memory_order_acquire) != 2) Platform::SpinWait();
      Expect(queue.TryPush(2));
    } else {
      const bool early = queue.TryPop().has_value();
      while (told.load(std::memory_order_acquire) != 1) Platform::SpinWait();
      Expect(queue.TryPop().has_value() != early);
      told.store(2, std::memory_order_release);
    }
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<OneSlotIsUsedAgain, FromZero>("OneSlotIsUsedAgain"),
      MakeScenario<OneSlotIsUsedAgain, FromLastIndex>("OneSlotIsUsedAgainFromLastIndex"),
      MakeScenario<TwoSlotsAreUsedAgain, FromZero>("TwoSlotsAreUsedAgain"),
      MakeScenario<TwoSlotsAreUsedAgain, FromLastIndex>("TwoSlotsAreUsedAgainFromLastIndex"),
      MakeScenario<PopHappensBeforeThePushThatNeedsItsRoom>(
          "PopHappensBeforeThePushThatNeedsItsRoom"),
      MakeScenario<WhatHappensBeforeIsSeen>("WhatHappensBeforeIsSeen"),
  };
}

}  // namespace ashlar::verification
