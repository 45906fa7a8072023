// Each item comes out once, in order, with all that was written before its push, whichever of the
// two ways it goes in and comes out: at a place of a version's chunk or front, or with a new
// version; and nothing is read after it was freed.
//
// Each scenario has two or three threads, up to four items, and chunks of two places, so that
// chunks are split and taken often. Not covered here: larger chunks, searches among many and longer
// histories (lock_free_priority_queue_test.cc, lock_free_priority_queue_spec.cc), memory that comes
// to an end (lock_free_priority_queue_test.cc).

#include <cstddef>
#include <optional>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_priority_queue.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr std::size_t kAlways = 1;
constexpr std::size_t kNever = 1 << 20;

// A queue of parcels, each of which is sent by one thread and received by one, and a participant
// for each thread.
template <class Platform, std::size_t kCollectBytes>
struct Parcels {
  static constexpr LockFreePriorityQueueOptions kOptions = {.least_chunk = 2,
                                                            .collect_bytes = kCollectBytes};
  using Queue = LockFreePriorityQueue<int, int, Platform, AsymmetricFencePolicy, kOptions>;
  using Participant = typename Queue::Participant;

  static constexpr int kMost = 6;

  // Nothing is lost, and the rest is in order.
  ~Parcels() {
    int previous = -1;
    while (const std::optional<int> parcel = Pop(0)) {
      Expect(previous < *parcel);
      previous = *parcel;
    }
    for (const auto& parcel : parcels) Expect(parcel.Read() != Parcel::kSent);
  }

  // Its number is its priority.
  void Push(unsigned thread, int parcel) {
    parcels[parcel].Write() = Parcel::kSent;
    queue.Push(clerks[thread], parcel, parcel);
  }
  std::optional<int> Pop(unsigned thread) {
    const auto entry = queue.TryPop(clerks[thread]);
    if (!entry) return std::nullopt;
    // Two who take the same one are found here, or race.
    Expect(entry->priority == entry->item && parcels[entry->item].Read() == Parcel::kSent);
    parcels[entry->item].Write() = Parcel::kTaken;
    return entry->item;
  }

  enum class Parcel { kNone, kSent, kTaken };

  typename Queue::Epochs epochs{EpochOptions{.batch = 1}};
  Queue queue{epochs};
  typename Platform::template Var<Parcel> parcels[kMost];
  Participant clerks[3] = {Participant(epochs), Participant(epochs), Participant(epochs)};
};

template <class Platform>
using Office = Parcels<Platform, kNever>;

// A pop comes before the item, with it, or after it: it stops the place, or takes what is there.
// Bound: two items, two pops.
template <class Platform>
struct HandsOver {
  static constexpr unsigned kThreads = 2;
  Office<Platform> office;

  void Thread(unsigned index) {
    if (index == 0) {
      office.Push(0, 1);
      office.Push(0, 2);
    } else {
      const std::optional<int> first = office.Pop(1);
      const std::optional<int> second = office.Pop(1);
      Expect(!first || *first == 1);
      Expect(!second || *second == (first ? 2 : 1));
    }
  }
};

// Two want the last item, of the front: one gets it.
template <class Platform>
struct LastItemOfTheFront {
  static constexpr unsigned kThreads = 2;
  Office<Platform> office;
  std::optional<int> got[2];

  LastItemOfTheFront() {
    office.Push(0, 0);
    office.Push(0, 1);
    Expect(office.Pop(0) == 0);
  }
  void Thread(unsigned index) { got[index] = office.Pop(index); }
  void After() { Expect(got[0].has_value() != got[1].has_value()); }
};

// The same of a chunk: both draft the next version.
template <class Platform>
struct LastItemOfTheChunk {
  static constexpr unsigned kThreads = 2;
  Office<Platform> office;
  std::optional<int> got[2];

  LastItemOfTheChunk() { office.Push(0, 0); }
  void Thread(unsigned index) { got[index] = office.Pop(index); }
  void After() { Expect(got[0].has_value() != got[1].has_value()); }
};

// What is less than the front comes out before it, once it is there. Bound: one push, two pops.
template <class Platform>
struct PushBeforeTheFront {
  static constexpr unsigned kThreads = 2;
  Office<Platform> office;

  PushBeforeTheFront() {
    office.Push(0, 1);
    office.Push(0, 3);
    Expect(office.Pop(0) == 1);
  }
  void Thread(unsigned index) {
    if (index == 0) return office.Push(0, 2);
    const std::optional<int> first = office.Pop(1);
    const std::optional<int> second = office.Pop(1);
    Expect(first == 2 || first == 3);
    if (first == 2) Expect(second == 3);
    if (second) Expect(*second == (first == 2 ? 3 : 2));
  }
};

// Two push into a chunk of which one place is left; one of them splits it, or both do. Bound: two
// pushes, and a pop that takes the least of the chunk meanwhile.
template <class Platform>
struct TwoSplit {
  static constexpr unsigned kThreads = 3;
  Office<Platform> office;

  TwoSplit() { office.Push(0, 1); }
  void Thread(unsigned index) {
    if (index == 2) return Expect(office.Pop(2) == 1);
    office.Push(index, static_cast<int>(index) + 2);
  }
};

// One pushes before the front while another splits a chunk: neither gets lost.
template <class Platform>
struct FrontAndChunk {
  static constexpr unsigned kThreads = 2;
  Office<Platform> office;

  FrontAndChunk() {
    office.Push(0, 0);
    office.Push(0, 2);
    Expect(office.Pop(0) == 0);
    office.Push(0, 3);
    office.Push(0, 4);
  }
  void Thread(unsigned index) { office.Push(index, index == 0 ? 1 : 5); }
};

// There is an item for each who has pushed one.
template <class Platform>
struct NeverEmpty {
  static constexpr unsigned kThreads = 2;
  Office<Platform> office;

  void Thread(unsigned index) {
    office.Push(index, static_cast<int>(index));
    Expect(office.Pop(index).has_value());
  }
};

// Who finds the front used up by another knows of what that one had pushed. Bound: two items, a
// push and two pops.
template <class Platform>
struct NeverEmptyBehindTheFront {
  static constexpr unsigned kThreads = 2;
  Office<Platform> office;

  NeverEmptyBehindTheFront() {
    office.Push(0, 1);
    office.Push(0, 3);
    Expect(office.Pop(0) == 1);
  }
  void Thread(unsigned index) {
    if (index == 0) office.Push(0, 4);
    Expect(office.Pop(index).has_value());
  }
};

// The same if the front was stopped meanwhile. Bound: three items, two pushes and three pops.
template <class Platform>
struct NeverEmptyBehindAStoppedFront {
  static constexpr unsigned kThreads = 2;
  Office<Platform> office;

  NeverEmptyBehindAStoppedFront() {
    office.Push(0, 1);
    office.Push(0, 3);
    Expect(office.Pop(0) == 1);
  }
  void Thread(unsigned index) {
    office.Push(index, index == 0 ? 4 : 2);
    Expect(office.Pop(index).has_value());
    if (index == 1) Expect(office.Pop(1).has_value());
  }
};

// Who counts looks at versions that change. Bound: two items, two pops.
template <class Platform>
struct SizeOfVersionsThatChange {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, kAlways> office;

  SizeOfVersionsThatChange() {
    office.Push(0, 0);
    office.Push(0, 1);
  }
  void Thread(unsigned index) {
    if (index == 1) return Expect(office.queue.SizeApprox(office.clerks[1]) <= 2);
    Expect(office.Pop(0) == 0);
    Expect(office.Pop(0) == 1);
  }
};

// Versions, fronts and chunks are freed while others look at them. Bound: a push and a pop each.
template <class Platform>
struct Freed {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, kAlways> office;

  Freed() {
    office.Push(0, 0);
    office.Push(0, 3);
  }
  void Thread(unsigned index) {
    if (index == 0) {
      office.Pop(0);
      office.Push(0, 1);
    } else {
      office.Pop(1);
    }
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<HandsOver>("HandsOver"),
      MakeScenario<LastItemOfTheFront>("LastItemOfTheFront"),
      MakeScenario<LastItemOfTheChunk>("LastItemOfTheChunk"),
      MakeScenario<PushBeforeTheFront>("PushBeforeTheFront"),
      MakeScenario<TwoSplit>("TwoSplit"),
      MakeScenario<FrontAndChunk>("FrontAndChunk"),
      MakeScenario<NeverEmpty>("NeverEmpty"),
      MakeScenario<NeverEmptyBehindTheFront>("NeverEmptyBehindTheFront"),
      MakeScenario<NeverEmptyBehindAStoppedFront>("NeverEmptyBehindAStoppedFront"),
      MakeScenario<SizeOfVersionsThatChange>("SizeOfVersionsThatChange"),
      MakeScenario<Freed>("Freed"),
  };
}

}  // namespace ashlar::verification
