// Each item comes out once, with all that was written before its push; and nothing comes out only
// when there is nothing.
//
// Each scenario has two or three threads, one or two internal queues and up to three items. Not
// covered here: longer heaps (internal/buffered_heap_test.cc), which are one thread's at a time and
// a plain field to the checkers, and which item comes (relaxed_priority_queue_test.cc).

#include <cstddef>
#include <optional>
#include <vector>

#include "ashlar/concurrency/relaxed_priority_queue.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

// A queue of parcels, each of which is sent by one thread and received by one. Participant n is
// thread n's; the last is for before and after. The first pushes of the even ones go to internal
// queue 0, those of the odd ones to 1, if there are two.
template <class Platform, std::size_t kQueues>
class Parcels {
 public:
  static constexpr int kMost = 3;

  // Nothing is lost.
  ~Parcels() {
    while (Pop(kLast)) {
    }
    for (const auto& parcel : parcels_) Expect(parcel.Read() != Parcel::kFull);
  }

  // Its number is its priority.
  void Push(unsigned thread, int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    participants_[thread].Push(parcel, parcel);
  }
  std::optional<int> Pop(unsigned thread) {
    const auto entry = participants_[thread].TryPop();
    if (!entry) return std::nullopt;
    // Two who take the same one are found here, or race.
    Expect(entry->priority == entry->item && parcels_[entry->item].Read() == Parcel::kFull);
    parcels_[entry->item].Write() = Parcel::kTaken;
    return entry->item;
  }

  static constexpr unsigned kLast = 4;

 private:
  enum class Parcel { kNone, kFull, kTaken };
  using Queue = RelaxedPriorityQueue<int, int, Platform>;
  using Participant = typename Queue::Participant;

  Queue queue_{RelaxedPriorityQueueOptions{.threads = kQueues, .queues_per_thread = 1}};
  Participant participants_[5] = {Participant(queue_), Participant(queue_), Participant(queue_),
                                  Participant(queue_), Participant(queue_)};
  typename Platform::template Var<Parcel> parcels_[kMost];
};

// One internal queue, which two come to at once; one waits for the item. Bound: two items.
template <class Platform>
struct HandsOver {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, 1> parcels;

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push(0, 0);
      parcels.Push(0, 1);
    } else {
      while (!parcels.Pop(1)) Platform::SpinWait();
    }
  }
};

// Two push to the same internal queue, and a third one pops.
template <class Platform>
struct OneQueueForAll {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, 1> parcels;

  void Thread(unsigned index) {
    if (index == 2) return (void)parcels.Pop(2);
    parcels.Push(index, static_cast<int>(index));
  }
};

// With one internal queue pops are in order, as far as pushes precede them.
template <class Platform>
struct OneQueueIsExact {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, 1> parcels;

  OneQueueIsExact() {
    parcels.Push(parcels.kLast, 2);
    parcels.Push(parcels.kLast, 0);
  }
  void Thread(unsigned index) {
    if (index == 0) return parcels.Push(0, 1);
    Expect(parcels.Pop(1) == 0);
    Expect(parcels.Pop(1) != std::nullopt);
  }
};

// Two want the last item: one gets it.
template <class Platform>
struct LastItem {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, 2> parcels;
  bool got[2] = {};

  LastItem() { parcels.Push(parcels.kLast, 0); }

  void Thread(unsigned index) { got[index] = parcels.Pop(index).has_value(); }
  void After() { Expect(got[0] != got[1]); }
};

// A pop that comes to a locked internal queue takes from another, or waits; it does not say empty.
template <class Platform>
struct EnoughForBoth {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform, 2> parcels;

  EnoughForBoth() {
    parcels.Push(parcels.kLast, 0);
    parcels.Push(3, 1);
  }
  void Thread(unsigned index) {
    if (index == 2) return parcels.Push(2, 2);
    Expect(parcels.Pop(index).has_value());
  }
};

// There is always an item: another comes to one internal queue before that of the other one is
// taken. Who pops looks at that one first, which it finds empty, then at the one where the new item
// is,
template <class Platform>
struct NeverEmpty {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, 2> parcels;

  NeverEmpty() { parcels.Push(parcels.kLast, 0); }  // into 0

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push(1, 1);  // into 1
      Expect(parcels.Pop(1).has_value());
    } else {
      Expect(parcels.Pop(2).has_value());  // looks at 0 first
    }
  }
};

// or the other way round: then only the second look helps.
template <class Platform>
struct NeverEmptyFromTheOtherEnd {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, 2> parcels;

  NeverEmptyFromTheOtherEnd() { parcels.Push(3, 0); }  // into 1

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push(0, 1);  // into 0
      Expect(parcels.Pop(0).has_value());
    } else {
      Expect(parcels.Pop(2).has_value());  // looks at 0 first
    }
  }
};

// Who is told that nothing is left knows all that was done before the last item was taken.
template <class Platform>
struct EmptyMeansDone {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform, 2> parcels;
  typename Platform::template Var<bool> done;

  EmptyMeansDone() { parcels.Push(parcels.kLast, 0); }

  void Thread(unsigned index) {
    if (index == 0) {
      done.Write() = true;
      parcels.Pop(0);
    } else if (!parcels.Pop(1)) {
      Expect(done.Read());
    }
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<HandsOver>("HandsOver"),
      MakeScenario<OneQueueForAll>("OneQueueForAll"),
      MakeScenario<OneQueueIsExact>("OneQueueIsExact"),
      MakeScenario<LastItem>("LastItem"),
      MakeScenario<EnoughForBoth>("EnoughForBoth"),
      MakeScenario<NeverEmpty>("NeverEmpty"),
      MakeScenario<NeverEmptyFromTheOtherEnd>("NeverEmptyFromTheOtherEnd"),
      MakeScenario<EmptyMeansDone>("EmptyMeansDone"),
  };
}

}  // namespace ashlar::verification
