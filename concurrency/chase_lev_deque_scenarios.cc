// Every item of a deque is taken exactly once, and with all that was written before its
// push, whatever the owner and the thieves do at the same time.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kSeqCst = std::memory_order_seq_cst;

// A deque of parcels, numbered in the sequence of their pushes.
template <class Platform, class FencePolicy>
class Parcels {
 public:
  static constexpr int kMost = 4;

  explicit Parcels(std::size_t capacity, std::uint64_t first_index = 0)
      : deque_(capacity, first_index) {}

  // Nothing is lost.
  ~Parcels() {
    while (Pop()) {
    }
    for (int i = 0; i < pushed_; ++i) Expect(parcels_[i].Read() == Parcel::kTaken);
  }

  void Push() {
    parcels_[pushed_].Write() = Parcel::kFull;
    deque_.Push(pushed_++);
  }
  bool Pop() {
    const std::optional<int> item = deque_.Pop();
    if (item) Take(*item);
    return item.has_value();
  }
  StealOutcome Steal() {
    const StealResult<int> result = deque_.Steal();
    if (result.outcome == StealOutcome::kSuccess) Take(result.item);
    return result.outcome;
  }
  StealOutcome StealTwo() {
    int items[2];
    const StealBatchResult result = deque_.StealBatch(items);
    for (std::size_t i = 0; i < result.count; ++i) Take(items[i]);
    return result.outcome;
  }

 private:
  enum class Parcel { kNone, kFull, kTaken };

  // Two who take the same one are found here, or race.
  void Take(int item) {
    Expect(parcels_[item].Read() == Parcel::kFull);
    parcels_[item].Write() = Parcel::kTaken;
  }

  ChaseLevDeque<int, Platform, FencePolicy> deque_;
  typename Platform::template Var<Parcel> parcels_[kMost];
  int pushed_ = 0;  // the owner's
};

template <class Platform, class FencePolicy>
struct LastItem {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FencePolicy> parcels{2};

  void Thread(unsigned index) {
    if (index > 0) return (void)parcels.Steal();
    parcels.Push();
    parcels.Pop();
  }
};

template <class Platform>
struct LastItemTwoThieves {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, FullFencePolicy> parcels{2};

  void Thread(unsigned index) {
    if (index > 0) return (void)parcels.Steal();
    parcels.Push();
    parcels.Pop();
  }
};

template <class Platform, class FencePolicy>
struct LastTwoItemsTwoThieves {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, FencePolicy> parcels{2};

  void Thread(unsigned index) {
    if (index > 0) return (void)parcels.Steal();
    parcels.Push();
    parcels.Push();
    parcels.Pop();
    parcels.Pop();
  }
};

template <class Platform, class FencePolicy>
struct EmptiedAndFilledAgain {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FencePolicy> parcels{2};

  void Thread(unsigned index) {
    if (index > 0) {
      parcels.Steal();
      parcels.Steal();
      return;
    }
    parcels.Push();
    parcels.Push();
    parcels.Pop();
    parcels.Pop();
    parcels.Push();
    parcels.Pop();
  }
};

template <class Platform>
struct IndicesWrapAround {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FullFencePolicy> parcels{2, ~std::uint64_t{0}};

  void Thread(unsigned index) {
    if (index > 0) {
      parcels.Steal();
      parcels.Steal();
      return;
    }
    parcels.Push();
    parcels.Push();
    parcels.Pop();
    parcels.Push();
    parcels.Pop();
  }
};

// The owner comes to the second item of a batch when the thief does.
template <class Platform, class FencePolicy>
struct BatchMeetsOwner {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FencePolicy> parcels{4};

  BatchMeetsOwner() {
    for (int i = 0; i < 3; ++i) parcels.Push();
  }

  void Thread(unsigned index) {
    if (index > 0) return (void)parcels.StealTwo();
    parcels.Pop();
    parcels.Pop();
  }
};

template <class Platform>
struct BatchMeetsThiefAndGrowth {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, FullFencePolicy> parcels{2};

  BatchMeetsThiefAndGrowth() {
    parcels.Push();
    parcels.Push();
  }

  void Thread(unsigned index) {
    if (index == 0) return parcels.Push();
    if (index == 1) return (void)parcels.StealTwo();
    parcels.Steal();
  }
};

// The array grows twice unless the thief is quick.
template <class Platform, class FencePolicy>
struct GrowthDuringSteal {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FencePolicy> parcels{1};

  void Thread(unsigned index) {
    if (index > 0) {
      parcels.Steal();
      parcels.Steal();
      return;
    }
    parcels.Push();
    parcels.Push();
    parcels.Push();
    parcels.Pop();
  }
};

template <class Platform>
struct GrowthTwoThieves {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, FullFencePolicy> parcels{1};

  void Thread(unsigned index) {
    if (index > 0) return (void)parcels.Steal();
    parcels.Push();
    parcels.Push();
    parcels.Pop();
  }
};

// A push goes into a slot that a thief has just left, while another reads it.
template <class Platform>
struct SlotsAreUsedAgain {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, FullFencePolicy> parcels{2};

  void Thread(unsigned index) {
    if (index > 0) return (void)parcels.Steal();
    parcels.Push();
    parcels.Push();
    parcels.Push();
    parcels.Push();
  }
};

// A push that happens before the steal is seen.
template <class Platform>
struct PushBeforeStealIsSeen {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FullFencePolicy> parcels{1};
  typename Platform::template Atomic<bool> pushed{false};

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push();
      pushed.store(true, kRelease);
      parcels.Push();
    } else if (pushed.load(kAcquire)) {
      Expect(parcels.Steal() == StealOutcome::kSuccess);
    }
  }
};

struct ByOne {
  static StealOutcome Steal(auto& parcels) { return parcels.Steal(); }
};
struct ByBatch {
  static StealOutcome Steal(auto& parcels) { return parcels.StealTwo(); }
};

// kEmpty speaks of one moment: there is an item at each, if not always the same one.
template <class Platform, class Thief>
struct NeverEmpty {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, FullFencePolicy> parcels{2};
  typename Platform::template Atomic<int> pushed{0};

  NeverEmpty() { parcels.Push(); }

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push();
      pushed.store(1, kRelease);
    } else if (index == 1) {
      if (pushed.load(kAcquire) == 1) parcels.Steal();
    } else {
      Expect(Thief::Steal(parcels) != StealOutcome::kEmpty);
    }
  }
};

// The sleepers' pattern: either the thief sees the push, or the owner sees the thief.
template <class Platform>
struct PushIsSeenOrThiefIs {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FullFencePolicy> parcels{1};
  typename Platform::template Atomic<bool> hungry{false};
  bool thief_was_seen = false;
  StealOutcome outcome = StealOutcome::kRetry;

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push();
      Platform::Fence(kSeqCst);
      thief_was_seen = hungry.load(kRelaxed);
    } else {
      hungry.store(true, kRelaxed);
      Platform::Fence(kSeqCst);
      outcome = parcels.Steal();
    }
  }
  void After() { Expect(thief_was_seen || outcome == StealOutcome::kSuccess); }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<LastItem, FullFencePolicy>("LastItem"),
      MakeScenario<LastItem, AsymmetricFencePolicy>("AsymmetricLastItem"),
      MakeScenario<LastItemTwoThieves>("LastItemTwoThieves"),
      MakeScenario<LastTwoItemsTwoThieves, FullFencePolicy>("LastTwoItemsTwoThieves"),
      MakeScenario<LastTwoItemsTwoThieves, AsymmetricFencePolicy>(
          "AsymmetricLastTwoItemsTwoThieves"),
      MakeScenario<EmptiedAndFilledAgain, FullFencePolicy>("EmptiedAndFilledAgain"),
      MakeScenario<EmptiedAndFilledAgain, AsymmetricFencePolicy>("AsymmetricEmptiedAndFilledAgain"),
      MakeScenario<IndicesWrapAround>("IndicesWrapAround"),
      MakeScenario<GrowthDuringSteal, FullFencePolicy>("GrowthDuringSteal"),
      MakeScenario<GrowthDuringSteal, AsymmetricFencePolicy>("AsymmetricGrowthDuringSteal"),
      MakeScenario<BatchMeetsOwner, FullFencePolicy>("BatchMeetsOwner"),
      MakeScenario<BatchMeetsOwner, AsymmetricFencePolicy>("AsymmetricBatchMeetsOwner"),
      MakeScenario<BatchMeetsThiefAndGrowth>("BatchMeetsThiefAndGrowth"),
      MakeScenario<GrowthTwoThieves>("GrowthTwoThieves"),
      MakeScenario<SlotsAreUsedAgain>("SlotsAreUsedAgain"),
      MakeScenario<PushBeforeStealIsSeen>("PushBeforeStealIsSeen"),
      MakeScenario<NeverEmpty, ByOne>("NeverEmpty"),
      MakeScenario<NeverEmpty, ByBatch>("BatchIsNeverEmpty"),
      MakeScenario<PushIsSeenOrThiefIs>("PushIsSeenOrThiefIs"),
  };
}

}  // namespace ashlar::verification
