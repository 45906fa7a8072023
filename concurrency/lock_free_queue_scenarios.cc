// What is pushed comes out once, in its order, and with all that was written before its push;
// who is told that the queue is empty can rely on it; and no segment is used after it was freed.
//
// Each scenario has two or three threads, segments of one or two slots, and consumers that give a
// slot up as soon as they find it empty, so that late producers and late consumers are common.
// Each retired segment is a batch of its own for the epochs. Executions in which a producer and a
// consumer go on missing each other are cut short. Fences are tried in both policies where they
// matter, in the first scenario. Not covered here: longer histories
// and consumers that look at a slot more often (lock_free_queue_test.cc, lock_free_queue_spec.cc),
// memory that runs out and elements that throw (lock_free_queue_test.cc), threads that never run
// on.

#include <atomic>
#include <cstddef>
#include <optional>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_queue.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr LockFreeQueueOptions Small(std::size_t segment, std::size_t spares = 1) {
  return {.segment = segment, .spares = spares, .collect_every = 1, .patience = 0};
}

// A queue of parcels, each of which is sent by one thread and received by one.
template <class Platform, class FencePolicy, std::size_t kSegment, std::size_t kSpares = 1>
class Parcels {
 public:
  using Queue = LockFreeQueue<int, Platform, FencePolicy, Small(kSegment, kSpares)>;
  using Epochs = typename Queue::Epochs;

  static constexpr int kMost = 4;

  // Nothing is lost.
  ~Parcels() {
    typename Epochs::Participant self(epochs_);
    while (TryPop(self)) {
    }
    for (int i = 0; i < kMost; ++i) Expect(parcels_[i].Read() != Parcel::kSent);
  }

  Epochs& epochs() { return epochs_; }

  void Push(typename Epochs::Participant& self, int parcel) {
    parcels_[parcel].Write() = Parcel::kSent;
    queue_.Push(self, parcel);
  }
  std::optional<int> TryPop(typename Epochs::Participant& self) {
    const std::optional<int> parcel = queue_.TryPop(self);
    if (parcel) {
      // Two who take the same one are found here, or race.
      Expect(parcels_[*parcel].Read() == Parcel::kSent);
      parcels_[*parcel].Write() = Parcel::kTaken;
    }
    return parcel;
  }
  std::size_t SizeApprox(typename Epochs::Participant& self) { return queue_.SizeApprox(self); }

 private:
  enum class Parcel { kNone, kSent, kTaken };

  Epochs epochs_{EpochOptions{.batch = 1}};
  Queue queue_;
  typename Platform::template Var<Parcel> parcels_[kMost];
};

// With a participant for each thread.
template <class Platform, class FencePolicy, std::size_t kSegment>
struct Office {
  using Mail = Parcels<Platform, FencePolicy, kSegment>;
  using Participant = typename Mail::Epochs::Participant;

  void Push(unsigned thread, int parcel) { mail.Push(clerks[thread], parcel); }
  std::optional<int> TryPop(unsigned thread) { return mail.TryPop(clerks[thread]); }
  std::size_t SizeApprox(unsigned thread) { return mail.SizeApprox(clerks[thread]); }

  Mail mail;
  Participant clerks[3] = {Participant(mail.epochs()), Participant(mail.epochs()),
                           Participant(mail.epochs())};
};

// A consumer comes before the item, with it, or after it. Either it gives the slot up, and the
// item is pushed again, or it has the item. Bound: one push, two pops.
template <class Platform, class FencePolicy>
struct ProducerAndConsumerMeet {
  static constexpr unsigned kThreads = 2;
  Office<Platform, FencePolicy, 2> office;

  void Thread(unsigned index) {
    if (index == 0) return office.Push(0, 0);
    if (office.TryPop(1)) Expect(!office.TryPop(1));
  }
};

// Two segments or three. Bound: two items.
template <class Platform>
struct SegmentsOfOneSlot {
  static constexpr unsigned kThreads = 2;
  Office<Platform, AsymmetricFencePolicy, 1> office;

  void Thread(unsigned index) {
    if (index == 0) {
      office.Push(0, 0);
      office.Push(0, 1);
    } else {
      int next = 0;
      for (int i = 0; i < 2; ++i) {
        if (const std::optional<int> parcel = office.TryPop(1)) Expect(*parcel == next++);
      }
    }
  }
};

// The items of each producer in its order, across the end of a segment. Bound: three items, two
// pops.
template <class Platform>
struct OrderOfEachProducer {
  static constexpr unsigned kThreads = 3;
  Office<Platform, AsymmetricFencePolicy, 2> office;

  void Thread(unsigned index) {
    if (index == 0) {
      office.Push(0, 0);
      office.Push(0, 1);
    } else if (index == 1) {
      office.Push(1, 2);
    } else {
      int previous = -1;
      for (int i = 0; i < 2; ++i) {
        const std::optional<int> parcel = office.TryPop(2);
        if (!parcel || *parcel == 2) continue;
        Expect(*parcel == previous + 1);
        previous = *parcel;
      }
    }
  }
};

// Two who need another segment at once. Bound: two items.
template <class Platform>
struct TwoProducersOneSlot {
  static constexpr unsigned kThreads = 2;
  Office<Platform, AsymmetricFencePolicy, 1> office;

  void Thread(unsigned index) { office.Push(index, static_cast<int>(index)); }
};

// Two consumers share what comes out, and leave the first segment. Bound: two items.
template <class Platform>
struct TwoConsumers {
  static constexpr unsigned kThreads = 2;
  Office<Platform, AsymmetricFencePolicy, 1> office;

  TwoConsumers() {
    office.Push(2, 0);
    office.Push(2, 1);
  }
  void Thread(unsigned index) { Expect(office.TryPop(index).has_value()); }
};

// One consumer leaves the first segment for another, which the other consumer finds so. Bound: two
// items, three pops.
template <class Platform>
struct OneConsumerLeadsTheOther {
  static constexpr unsigned kThreads = 3;
  Office<Platform, AsymmetricFencePolicy, 1> office;

  OneConsumerLeadsTheOther() { office.Push(0, 0); }

  void Thread(unsigned index) {
    if (index == 0) return office.Push(0, 1);
    if (index == 1 && !office.TryPop(1)) return;
    office.TryPop(index);
  }
};

// What was pushed can be popped, also if another producer has taken a slot before it and not
// filled it, or the slots of this one were given up. Bound: two pushes.
template <class Platform>
struct NotEmptyAfterAPush {
  static constexpr unsigned kThreads = 2;
  Office<Platform, AsymmetricFencePolicy, 2> office;

  void Thread(unsigned index) {
    office.Push(index, static_cast<int>(index));
    if (index > 0) Expect(office.TryPop(index).has_value());
  }
};

// There is always an item, if not always the same one. Bound: two pushes, two pops; they are in
// one segment, or in two.
template <class Platform, std::size_t kSegment>
struct NeverEmpty {
  static constexpr unsigned kThreads = 3;
  Office<Platform, AsymmetricFencePolicy, kSegment> office;
  typename Platform::template Atomic<bool> pushed{false};

  NeverEmpty() { office.Push(0, 0); }

  void Thread(unsigned index) {
    if (index == 0) {
      office.Push(0, 1);
      pushed.store(true, std::memory_order_release);
    } else if (index == 1) {
      if (pushed.load(std::memory_order_acquire)) office.TryPop(1);
    } else {
      Expect(office.TryPop(2).has_value());
    }
  }
};
template <class Platform>
using NeverEmptyOneSegment = NeverEmpty<Platform, 2>;
template <class Platform>
using NeverEmptyTwoSegments = NeverEmpty<Platform, 1>;

// A producer stops when it has appended a segment and not yet moved the end there. Who comes then
// must not be at work in the segment before when that one is freed. Bound: two pushes, one pop;
// the consumer leaves, and the first producer frees what it has retired.
template <class Platform>
struct TheEndLagsBehind {
  static constexpr unsigned kThreads = 3;
  using Mail = Parcels<Platform, AsymmetricFencePolicy, 1, 0>;
  using Participant = typename Mail::Epochs::Participant;
  Mail mail;
  Participant first{mail.epochs()};
  Participant second{mail.epochs()};

  TheEndLagsBehind() {
    mail.Push(first, 0);
    mail.TryPop(first);
  }

  void Thread(unsigned index) {
    if (index == 0) {
      mail.Push(first, 1);
      first.Collect();
    } else if (index == 1) {
      Participant consumer(mail.epochs());
      mail.TryPop(consumer);
    } else {
      mail.Push(second, 2);
    }
  }
};

// The size is asked for while both ends go on to new segments. Bound: two items, two pops.
template <class Platform>
struct SizeOfSegmentsThatChange {
  static constexpr unsigned kThreads = 2;
  Office<Platform, AsymmetricFencePolicy, 1> office;

  SizeOfSegmentsThatChange() { office.Push(0, 0); }

  void Thread(unsigned index) {
    if (index > 0) return Expect(office.SizeApprox(1) <= 2);
    office.Push(0, 1);
    for (int i = 0; i < 2; ++i) office.TryPop(0);
  }
};

// The queue ends while another thread frees a segment that was in it. Bound: one segment.
template <class Platform>
struct EndsWhileSegmentsAreFreed {
  using Queue = LockFreeQueue<int, Platform, AsymmetricFencePolicy, Small(1)>;
  using Participant = typename Queue::Participant;

  static constexpr unsigned kThreads = 2;
  typename Queue::Epochs epochs{EpochOptions{.batch = 1}};
  Queue* queue = Platform::template Create<Queue>();
  Participant self{epochs};

  EndsWhileSegmentsAreFreed() {
    for (int i = 0; i < 2; ++i) queue->Push(self, i);
    for (int i = 0; i < 2; ++i) Expect(queue->TryPop(self) == i);
    Expect(epochs.Garbage() == 1);
  }
  void Thread(unsigned index) {
    if (index == 0) return Platform::Destroy(queue);
    self.Collect();
    Expect(epochs.Garbage() == 0);
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<ProducerAndConsumerMeet, FullFencePolicy>("FencedProducerAndConsumerMeet"),
      MakeScenario<ProducerAndConsumerMeet, AsymmetricFencePolicy>("ProducerAndConsumerMeet"),
      MakeScenario<SegmentsOfOneSlot>("SegmentsOfOneSlot"),
      MakeScenario<OrderOfEachProducer>("OrderOfEachProducer"),
      MakeScenario<TwoProducersOneSlot>("TwoProducersOneSlot"),
      MakeScenario<TwoConsumers>("TwoConsumers"),
      MakeScenario<OneConsumerLeadsTheOther>("OneConsumerLeadsTheOther"),
      MakeScenario<NotEmptyAfterAPush>("NotEmptyAfterAPush"),
      MakeScenario<NeverEmptyOneSegment>("NeverEmptyOneSegment"),
      MakeScenario<NeverEmptyTwoSegments>("NeverEmptyTwoSegments"),
      MakeScenario<TheEndLagsBehind>("TheEndLagsBehind"),
      MakeScenario<SizeOfSegmentsThatChange>("SizeOfSegmentsThatChange"),
      MakeScenario<EndsWhileSegmentsAreFreed>("EndsWhileSegmentsAreFreed"),
  };
}

}  // namespace ashlar::verification
