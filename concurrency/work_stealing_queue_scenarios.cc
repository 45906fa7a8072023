// Every item of a queue is taken exactly once, and with all that was written before its push,
// whoever pushes it from where; and no thief says that nothing is there while the owner carries it
// from the inbox to the deque.
//
// Each scenario has two or three threads, up to four items and a deque of one or two, which need
// not grow for a batch. Not covered here: what the deque and the inbox are alone, which their own
// scenarios show.

#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/concurrency/work_stealing_queue.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

// A queue of parcels, each of which is sent by one thread and received by one.
template <class Platform, class FencePolicy>
class Parcels {
 public:
  static constexpr int kMost = 4;

  // With so many parcels in the inbox.
  explicit Parcels(int inside = 0) : queue_(2, 4) {
    for (int i = 0; i < inside; ++i) Expect(TryPushExternal(i));
  }

  // Nothing is lost.
  ~Parcels() {
    while (Pop()) {
    }
    for (int i = 0; i < kMost; ++i) Expect(parcels_[i].Read() != Parcel::kFull);
  }

  void Push(int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    queue_.Push(parcel);
  }
  bool TryPushExternal(int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    const bool pushed = queue_.TryPushExternal(parcel);
    if (!pushed) parcels_[parcel].Write() = Parcel::kNone;
    return pushed;
  }
  std::optional<int> Pop() { return Taken(queue_.Pop()); }
  std::optional<int> PopExternal() { return Taken(queue_.PopExternal()); }
  StealOutcome Steal() {
    const StealResult<int> result = queue_.Steal();
    if (result.outcome == StealOutcome::kSuccess) Taken(result.item);
    return result.outcome;
  }
  StealOutcome StealTwo() {
    int two[2];
    const StealBatchResult result = queue_.StealBatch(two);
    for (std::size_t i = 0; i < result.count; ++i) Taken(two[i]);
    Expect((result.outcome == StealOutcome::kSuccess) == (result.count > 0));
    return result.outcome;
  }
  void CloseExternal() { queue_.CloseExternal(); }

 private:
  enum class Parcel { kNone, kFull, kTaken };

  // Two who take the same one are found here, or race.
  std::optional<int> Taken(std::optional<int> parcel) {
    if (parcel) {
      Expect(parcels_[*parcel].Read() == Parcel::kFull);
      parcels_[*parcel].Write() = Parcel::kTaken;
    }
    return parcel;
  }

  WorkStealingQueue<int, Platform, FencePolicy> queue_;
  typename Platform::template Var<Parcel> parcels_[kMost];
};

// The owner carries a batch, a thief comes: there is always one for it.
template <class Platform, class FencePolicy>
struct NothingIsMissedInABatch {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FencePolicy> parcels{3};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.Pop().has_value());
    } else {
      Expect(parcels.Steal() != StealOutcome::kEmpty);
    }
  }
};

template <class Platform>
struct NothingIsMissedByABatch {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FullFencePolicy> parcels{4};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.Pop().has_value());
    } else {
      Expect(parcels.StealTwo() != StealOutcome::kEmpty);
    }
  }
};

// The same with two thieves.
template <class Platform>
struct NothingIsMissedByTwoThieves {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, FullFencePolicy> parcels{3};
  StealOutcome outcomes[2] = {};
  bool popped = false;

  void Thread(unsigned index) {
    if (index == 0) {
      popped = parcels.Pop().has_value();
    } else {
      outcomes[index - 1] = parcels.Steal();
      Expect(outcomes[index - 1] != StealOutcome::kEmpty);
    }
  }
  void After() { Expect(popped); }
};

// Popped in the order of their pushes, if no thief comes in between; then the deque's last item is
// raced for.
template <class Platform, class FencePolicy>
struct BatchIsPoppedInOrder {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FencePolicy> parcels{2};
  int popped = 0;
  StealOutcome outcome = StealOutcome::kEmpty;

  void Thread(unsigned index) {
    if (index > 0) {
      outcome = parcels.Steal();
      return;
    }
    int previous = -1;
    while (const std::optional<int> parcel = parcels.Pop()) {
      Expect(*parcel > previous);
      previous = *parcel;
      ++popped;
    }
  }
  void After() { Expect(popped == (outcome == StealOutcome::kSuccess ? 1 : 2)); }
};

// All ways in and out at once.
template <class Platform>
struct InsideAndOutside {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, FullFencePolicy> parcels;

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push(0);
      parcels.PopExternal();
      parcels.Pop();
      parcels.Pop();
    } else if (index == 1) {
      Expect(parcels.TryPushExternal(1));
    } else {
      parcels.Steal();
    }
  }
};

// What is not refused comes out after the close.
template <class Platform>
struct NothingIsPushedAfterClose {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FullFencePolicy> parcels;
  int pushed = 0;
  int popped = 0;

  void Thread(unsigned index) {
    if (index > 0) {
      for (int i = 0; i < 2; ++i) pushed += parcels.TryPushExternal(i) ? 1 : 0;
    } else {
      parcels.CloseExternal();
      while (parcels.Pop()) ++popped;
    }
  }
  void After() { Expect(popped == pushed); }
};

// The sleepers' pattern: either the thief sees the push, or who pushes sees the thief.
template <class Platform>
struct PushIsSeenOrThiefIs {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, FullFencePolicy> parcels;
  typename Platform::template Atomic<bool> hungry{false};
  bool thief_was_seen = false;
  StealOutcome outcome = StealOutcome::kRetry;

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.TryPushExternal(0));
      Platform::Fence(std::memory_order_seq_cst);
      thief_was_seen = hungry.load(std::memory_order_relaxed);
    } else {
      hungry.store(true, std::memory_order_relaxed);
      Platform::Fence(std::memory_order_seq_cst);
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
      MakeScenario<NothingIsMissedInABatch, FullFencePolicy>("NothingIsMissedInABatch"),
      MakeScenario<NothingIsMissedInABatch, AsymmetricFencePolicy>(
          "AsymmetricNothingIsMissedInABatch"),
      MakeScenario<NothingIsMissedByABatch>("NothingIsMissedByABatch"),
      MakeScenario<NothingIsMissedByTwoThieves>("NothingIsMissedByTwoThieves"),
      MakeScenario<BatchIsPoppedInOrder, FullFencePolicy>("BatchIsPoppedInOrder"),
      MakeScenario<BatchIsPoppedInOrder, AsymmetricFencePolicy>("AsymmetricBatchIsPoppedInOrder"),
      MakeScenario<InsideAndOutside>("InsideAndOutside"),
      MakeScenario<NothingIsPushedAfterClose>("NothingIsPushedAfterClose"),
      MakeScenario<PushIsSeenOrThiefIs>("PushIsSeenOrThiefIs"),
  };
}

}  // namespace ashlar::verification
