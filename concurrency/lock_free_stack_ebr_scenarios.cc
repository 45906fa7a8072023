// What is pushed comes out once, the newest first, with all that was written before its push; no
// node is looked at when it is freed, and all are freed: the checkers' heaps see to that.
//
// The epochs' own scenarios say what they do (epoch_reclamation_scenarios.cc); batches have room
// for one object here, so that nodes are freed, and their memory is used again, as soon as may be.
// Each scenario has two or three threads and at most three items. Not covered: longer histories,
// elements that throw and memory that runs out (lock_free_stack_ebr_test.cc).

#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_stack_ebr.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

// A stack of parcels, each of which is sent by one thread at a time and received by one.
template <class Platform, class FencePolicy>
class Parcels {
 public:
  static constexpr int kMost = 3;
  using Stack = LockFreeStackEbr<int, Platform, FencePolicy>;
  using Participant = typename Stack::Participant;

  // Nothing is lost.
  ~Parcels() {
    {
      Participant last(epochs);
      TakeAll(last);
    }
    for (int i = 0; i < kMost; ++i) Expect(parcels_[i].Read() != Parcel::kFull);
  }

  void Push(int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    stack_.Push(parcel);
  }
  std::optional<int> TryPop(Participant& self) { return Took(stack_.TryPop(self)); }
  // How many.
  int TakeAll(Participant& self) {
    auto all = stack_.PopAll(self);
    int count = 0;
    while (Took(all.TryPop())) ++count;
    return count;
  }

  typename Stack::Epochs epochs{EpochOptions{.batch = 1}};

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

  Stack stack_{epochs};
  typename Platform::template Var<Parcel> parcels_[kMost];
};

// What one pushes, the other pops, the newest first. Bound: two pushes, two pops.
template <class Platform, class FencePolicy>
struct PushAndPop {
  using Data = Parcels<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant self{data.epochs};

  void Thread(unsigned index) {
    if (index == 0) {
      data.Push(0);
      data.Push(1);
    } else if (data.TryPop(self) == 1) {
      Expect(data.TryPop(self) == 0);
    }
  }
};

// Two push, a third pops what one of them has found below its own. Bound: one push each, two pops.
template <class Platform, class FencePolicy>
struct OneBelowAnother {
  using Data = Parcels<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 3;
  Data data;
  typename Data::Participant self{data.epochs};

  void Thread(unsigned index) {
    if (index < 2) return data.Push(static_cast<int>(index));
    data.TryPop(self);
    data.TryPop(self);
  }
};

// Two race for one item. Bound: one pop each, of which the epochs free what they can.
template <class Platform, class FencePolicy>
struct TwoPopOne {
  using Data = Parcels<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant selves[kThreads] = {typename Data::Participant(data.epochs),
                                                 typename Data::Participant(data.epochs)};
  bool popped[kThreads] = {};

  TwoPopOne() { data.Push(0); }
  void Thread(unsigned index) {
    popped[index] = data.TryPop(selves[index]).has_value();
    if (index == 0) {
      selves[0].Collect();
      selves[0].Collect();
    }
  }
  void After() { Expect(popped[0] != popped[1]); }
};

// ABA: a thread is about to replace the top node by the one below it, while another takes both,
// frees them, and pushes again: its new node may be where the top was. Bound: two items, one pop
// against three calls.
template <class Platform, class FencePolicy>
struct TopComesBack {
  using Data = Parcels<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant selves[kThreads] = {typename Data::Participant(data.epochs),
                                                 typename Data::Participant(data.epochs)};

  TopComesBack() {
    data.Push(0);
    data.Push(1);
  }
  void Thread(unsigned index) {
    if (index == 0) return (void)data.TryPop(selves[0]);
    data.TryPop(selves[1]);
    data.TryPop(selves[1]);
    selves[1].Collect();
    selves[1].Collect();
    data.Push(2);
  }
};

// One takes all, and its chain ends, while another looks at the nodes; both free what they can.
// Bound: two items, one call each.
template <class Platform, class FencePolicy>
struct AllAndOne {
  using Data = Parcels<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant selves[kThreads] = {typename Data::Participant(data.epochs),
                                                 typename Data::Participant(data.epochs)};

  AllAndOne() {
    data.Push(0);
    data.Push(1);
  }
  void Thread(unsigned index) {
    if (index == 1) return (void)data.TryPop(selves[1]);
    data.TakeAll(selves[0]);
    selves[0].Collect();
    selves[0].Collect();
  }
};

// A chain ends in one thread, while another one's epochs find that nobody else looks at its nodes:
// the later one frees them. Bound: two items, two advances.
template <class Platform, class FencePolicy>
struct ChainAndEpochsEnd {
  using Data = Parcels<Platform, FencePolicy>;
  using Stack = typename Data::Stack;
  static constexpr unsigned kThreads = 2;
  typename Stack::Epochs epochs{EpochOptions{.batch = 1}};
  Stack stack{epochs};
  typename Data::Participant self{epochs};
  std::optional<typename Stack::Chain> chain;

  ChainAndEpochsEnd() {
    stack.Push(0);
    stack.Push(1);
    chain.emplace(stack.PopAll(self));
  }
  void Thread(unsigned index) {
    if (index == 0) {
      Expect(chain->TryPop() == 1);
      return chain.reset();
    }
    self.Collect();
    self.Collect();
  }
};

// Two take all, while a third pushes. Bound: one call each.
template <class Platform, class FencePolicy>
struct TwoTakeAll {
  using Data = Parcels<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 3;
  Data data;
  typename Data::Participant selves[2] = {typename Data::Participant(data.epochs),
                                          typename Data::Participant(data.epochs)};
  int taken[2] = {};

  TwoTakeAll() {
    data.Push(0);
    data.Push(1);
  }
  void Thread(unsigned index) {
    if (index == 2) return data.Push(2);
    taken[index] = data.TakeAll(selves[index]);
  }
  void After() { Expect(taken[0] + taken[1] >= 2); }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

#define BOTH(name)                            \
  MakeScenario<name, FullFencePolicy>(#name), \
      MakeScenario<name, AsymmetricFencePolicy>("Asymmetric" #name)

std::vector<Scenario> Scenarios() {
  return {
      BOTH(PushAndPop), BOTH(OneBelowAnother),   BOTH(TwoPopOne),  BOTH(TopComesBack),
      BOTH(AllAndOne),  BOTH(ChainAndEpochsEnd), BOTH(TwoTakeAll),
  };
}

}  // namespace ashlar::verification
