// What is pushed comes out once, the newest first, with all that was written before its push, even
// where nodes are used again while a thread is stopped in the middle of a call; and places that
// were given back can be used.
//
// Each scenario has two or three threads and a stack of one to three items. Not covered here:
// longer stacks and histories, elements that throw (lock_free_stack_test.cc), and tags that run
// round while a thread is stopped.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ashlar/concurrency/lock_free_stack.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

// Where tags begin.
struct FromZero {
  static constexpr std::uint64_t kFirst = 0;
};
struct FromLastTag {
  static constexpr std::uint64_t kFirst = ~std::uint64_t{0};
};

// A stack of parcels, each of which is sent by one thread at a time and received by one.
template <class Platform>
class Parcels {
 public:
  static constexpr int kMost = 4;

  explicit Parcels(std::size_t capacity, std::uint64_t first_tag = 0)
      : stack_(capacity, first_tag) {}

  // Nothing is lost.
  ~Parcels() {
    while (TryPop()) {
    }
    for (int i = 0; i < kMost; ++i) Expect(parcels_[i].Read() != Parcel::kFull);
  }

  bool TryPush(int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    const bool pushed = stack_.TryPush(parcel);
    if (!pushed) parcels_[parcel].Write() = Parcel::kNone;
    return pushed;
  }
  void Push(int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    while (!stack_.TryPush(parcel)) Platform::SpinWait();
  }
  std::optional<int> TryPop() { return Took(stack_.TryPop()); }
  int Pop() {
    for (;;) {
      if (const std::optional<int> parcel = TryPop()) return *parcel;
      Platform::SpinWait();
    }
  }
  // Whether greater ones came first.
  bool TakeAll() {
    auto all = stack_.PopAll();
    bool falling = true;
    int previous = kMost;
    while (const std::optional<int> parcel = Took(all.TryPop())) {
      falling = falling && *parcel < previous;
      previous = *parcel;
    }
    return falling;
  }

 private:
  enum class Parcel { kNone, kFull, kTaken };

  // Two who take the same one are found here, or race.
  std::optional<int> Took(std::optional<int> parcel) {
    if (parcel) {
      Expect(parcels_[*parcel].Read() == Parcel::kFull);
      parcels_[*parcel].Write() = Parcel::kTaken;
    }
    return parcel;
  }

  LockFreeStack<int, Platform> stack_;
  typename Platform::template Var<Parcel> parcels_[kMost];
};

// ABA: a thread is about to replace the top node by the one below it, while that goes away, and the
// top node comes back without it. As free nodes are a stack too, one other thread's pushes and pops
// would put every node where it was: it takes two. Bound: two items, four calls.
template <class Platform, class From>
struct TopComesBack {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2, From::kFirst};

  TopComesBack() {
    parcels.Push(0);
    parcels.Push(1);
  }
  void Thread(unsigned index) {
    const std::optional<int> parcel = parcels.TryPop();
    if (index == 1 && parcel) parcels.TryPush(*parcel);
  }
};

// The same, where one other thread takes all, which turns the free nodes round. Bound: two items,
// one call against two.
template <class Platform, class From>
struct TopComesBackAfterAll {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2, From::kFirst};

  TopComesBackAfterAll() {
    parcels.Push(0);
    parcels.Push(1);
  }
  void Thread(unsigned index) {
    if (index == 0) return (void)parcels.TryPop();
    parcels.TakeAll();
    parcels.TryPush(2);
  }
};

// The same among the free nodes: a thread is about to take the first of them. Bound: two nodes, one
// call against four.
template <class Platform, class From>
struct FreeNodeComesBack {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2, From::kFirst};

  void Thread(unsigned index) {
    if (index == 0) return (void)parcels.TryPush(0);
    parcels.TryPush(1);
    parcels.TryPush(2);
    parcels.TakeAll();
    parcels.TryPush(3);
  }
};

// One node: each waits for the other, and it is used again. Bound: three items.
template <class Platform, class From>
struct OneNodeIsUsedAgain {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{1, From::kFirst};

  void Thread(unsigned index) {
    for (int i = 0; i < 3; ++i) index == 0 ? parcels.Push(i) : Expect(parcels.Pop() == i);
  }
};

// Who finds both of another one's items, finds the newest first. Bound: two pushes, two pops.
template <class Platform>
struct NewestFirst {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2};

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push(0);
      parcels.Push(1);
    } else if (const std::optional<int> one = parcels.TryPop(); one == 1) {
      Expect(parcels.TryPop() == 0);
    }
  }
};

// Two push, one pops what was pushed below. Bound: one call each.
template <class Platform>
struct OneBelowAnother {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};

  void Thread(unsigned index) {
    if (index < 2) return parcels.Push(static_cast<int>(index));
    parcels.TryPop();
    parcels.TryPop();
  }
};

// Who has pushed finds something, and who holds one place of two at most finds room: nobody is
// refused because others are in the way. Bound: two threads, two pushes and a pop each.
template <class Platform>
struct NoneIsRefused {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2};

  void Thread(unsigned index) {
    const int parcel = 2 * static_cast<int>(index);
    Expect(parcels.TryPush(parcel));
    Expect(parcels.TryPop().has_value());
    Expect(parcels.TryPush(parcel + 1));
  }
};

// Two places are given back at once, of which the pocket holds one; a third thread uses one of
// them. Bound: one call each.
template <class Platform>
struct TwoGiveBack {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};

  TwoGiveBack() {
    parcels.Push(0);
    parcels.Push(1);
  }
  void Thread(unsigned index) { index < 2 ? (void)parcels.TryPop() : (void)parcels.TryPush(2); }
};

// Two take all, while a third pushes: each item has one owner. Bound: one call each.
template <class Platform>
struct TwoTakeAll {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{3};

  TwoTakeAll() {
    parcels.Push(0);
    parcels.Push(1);
  }
  void Thread(unsigned index) {
    if (index == 0) return (void)parcels.TryPush(2);
    Expect(parcels.TakeAll());
  }
};

// A chain gives its nodes back when it ends, those that were not looked at as well. Bound: two
// nodes, two pushes that wait for them.
template <class Platform>
struct ChainGivesBack {
  static constexpr unsigned kThreads = 2;
  LockFreeStack<int, Platform> stack{2};

  ChainGivesBack() {
    stack.TryPush(1);
    stack.TryPush(2);
  }
  void Thread(unsigned index) {
    if (index == 0) {
      auto all = stack.PopAll();
      if (const std::optional<int> item = all.TryPop()) Expect(*item == 2);
      return;
    }
    for (const int item : {3, 4}) {
      while (!stack.TryPush(item)) Platform::SpinWait();
    }
  }
  void After() {
    Expect(stack.TryPop() == 4 && stack.TryPop() == 3);
    Expect(!stack.TryPop().has_value());
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<TopComesBack, FromZero>("TopComesBack"),
      MakeScenario<TopComesBack, FromLastTag>("TopComesBackFromLastTag"),
      MakeScenario<TopComesBackAfterAll, FromZero>("TopComesBackAfterAll"),
      MakeScenario<TopComesBackAfterAll, FromLastTag>("TopComesBackAfterAllFromLastTag"),
      MakeScenario<FreeNodeComesBack, FromZero>("FreeNodeComesBack"),
      MakeScenario<FreeNodeComesBack, FromLastTag>("FreeNodeComesBackFromLastTag"),
      MakeScenario<OneNodeIsUsedAgain, FromZero>("OneNodeIsUsedAgain"),
      MakeScenario<OneNodeIsUsedAgain, FromLastTag>("OneNodeIsUsedAgainFromLastTag"),
      MakeScenario<NewestFirst>("NewestFirst"),
      MakeScenario<OneBelowAnother>("OneBelowAnother"),
      MakeScenario<NoneIsRefused>("NoneIsRefused"),
      MakeScenario<TwoGiveBack>("TwoGiveBack"),
      MakeScenario<TwoTakeAll>("TwoTakeAll"),
      MakeScenario<ChainGivesBack>("ChainGivesBack"),
  };
}

}  // namespace ashlar::verification
