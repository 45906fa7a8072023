// Each item comes out once, in order, with all that was written before its push, whichever thread
// has done the work.
//
// Each scenario has two or three threads and up to three items. Not covered here: longer heaps
// (internal/buffered_heap_test.cc), which are a plain field to the checkers, and memory that comes
// to an end (priority_queue_test.cc).

#include <optional>
#include <vector>

#include "ashlar/concurrency/priority_queue.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

// A queue of parcels, each of which is sent by one thread and received by one.
template <class Platform>
class Parcels {
  using Queue = PriorityQueue<int, int, Platform>;

 public:
  using Participant = typename Queue::Participant;

  static constexpr int kMost = 3;

  // Nothing is lost.
  ~Parcels() {
    {
      Participant last(queue);
      while (Pop(last)) {
      }
    }
    for (const auto& parcel : parcels_) Expect(parcel.Read() != Parcel::kFull);
  }

  // Its number is its priority.
  void Push(Participant& self, int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    self.Push(parcel, parcel);
  }
  std::optional<int> Pop(Participant& self) {
    const auto entry = self.TryPop();
    if (!entry) return std::nullopt;
    // Two who take the same one are found here, or race.
    Expect(entry->priority == entry->item && parcels_[entry->item].Read() == Parcel::kFull);
    parcels_[entry->item].Write() = Parcel::kTaken;
    return entry->item;
  }

  Queue queue;

 private:
  enum class Parcel { kNone, kFull, kTaken };
  typename Platform::template Var<Parcel> parcels_[kMost];
};

// One pushes what the other waits for; either may work for both. Bound: two items.
template <class Platform>
struct HandsOver {
  using Participant = typename Parcels<Platform>::Participant;
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels;
  Participant self[2] = {Participant(parcels.queue), Participant(parcels.queue)};

  void Thread(unsigned index) {
    if (index == 0) {
      parcels.Push(self[0], 0);
      parcels.Push(self[0], 1);
    } else {
      while (!parcels.Pop(self[1])) Platform::SpinWait();
    }
  }
};

// Three ask at once.
template <class Platform>
struct ThreeAtOnce {
  using Participant = typename Parcels<Platform>::Participant;
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels;
  Participant self[3] = {Participant(parcels.queue), Participant(parcels.queue),
                         Participant(parcels.queue)};

  void Thread(unsigned index) {
    if (index == 2) return (void)parcels.Pop(self[2]);
    parcels.Push(self[index], static_cast<int>(index));
  }
};

// What is there comes before what another pushes, if it is less; and there is always something.
template <class Platform>
struct TheLeast {
  using Participant = typename Parcels<Platform>::Participant;
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels;
  Participant self[2] = {Participant(parcels.queue), Participant(parcels.queue)};

  TheLeast() {
    parcels.Push(self[0], 2);
    parcels.Push(self[0], 0);
  }
  void Thread(unsigned index) {
    if (index == 0) return parcels.Push(self[0], 1);
    Expect(parcels.Pop(self[1]) == 0);
    Expect(parcels.Pop(self[1]) != std::nullopt);
  }
};

// Two want the last item: one gets it.
template <class Platform>
struct LastItem {
  using Participant = typename Parcels<Platform>::Participant;
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels;
  Participant self[2] = {Participant(parcels.queue), Participant(parcels.queue)};
  bool got[2] = {};

  LastItem() { parcels.Push(self[0], 0); }

  void Thread(unsigned index) { got[index] = parcels.Pop(self[index]).has_value(); }
  void After() { Expect(got[0] != got[1]); }
};

// Threads come and go: each record is new, or one that another has left.
template <class Platform>
struct ThreadsComeAndGo {
  using Participant = typename Parcels<Platform>::Participant;
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels;

  void Thread(unsigned index) {
    {
      Participant self(parcels.queue);
      parcels.Push(self, static_cast<int>(index));
    }
    Participant self(parcels.queue);
    Expect(parcels.Pop(self).has_value());
  }
};

// One comes while another asks.
template <class Platform>
struct OneComes {
  using Participant = typename Parcels<Platform>::Participant;
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels;
  Participant self[2] = {Participant(parcels.queue), Participant(parcels.queue)};

  void Thread(unsigned index) {
    if (index < 2) return parcels.Push(self[index], static_cast<int>(index));
    Participant mine(parcels.queue);
    parcels.Pop(mine);
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<HandsOver>("HandsOver"), MakeScenario<ThreeAtOnce>("ThreeAtOnce"),
      MakeScenario<TheLeast>("TheLeast"),   MakeScenario<LastItem>("LastItem"),
      MakeScenario<OneComes>("OneComes"),   MakeScenario<ThreadsComeAndGo>("ThreadsComeAndGo"),
  };
}

}  // namespace ashlar::verification
