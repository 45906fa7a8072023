// graph.h
// -------
// Graph: an execution graph, complete or not yet. The events of the threads, and
//
//   sb  sequenced before: the order of a thread's events
//   rf  reads from: a read's one write
//   mo  modification order: the writes of each location, in a line
//
// from which the rest of the memory model is derived:
//
//   porf  (sb | rf)+
//   sw    synchronises with: a release operation, or fence, with the acquire operation,
//         or fence, that reads from its release sequence (as C++20 defines that)
//   hb    happens before: (sb | sw)+
//   fr    from-read: a read before the writes that come after the one it read from
//   eco   extended coherence order: (rf | mo | fr)+
//
// A light and a heavy fence synchronise with each other as release and acquire fences do;
// a light one with nothing else.
//
// Events are appended one at a time, at the end of their threads; each stores the sets
// of events before it, which nothing that is appended later changes. That makes the
// derived relations incremental. The event that was appended last can be removed again.
//
// A location starts with a write of its initial value, which is before everything. It
// has an id, so that reads can read from it, but no place in the sets.
//
// Sizes are fixed, nothing is allocated.
#ifndef ASHLAR_VERIFICATION_RC11_GRAPH_H_
#define ASHLAR_VERIFICATION_RC11_GRAPH_H_

#include <cstdint>

#include "ashlar/verification/rc11/event_set.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/rule.h"

namespace ashlar::verification::rc11 {

struct Event {
  Operation operation;
  Order order = Order::kPlain;  // that which the operation has: a failed compare-exchange's own
  std::uint8_t thread = 0;
  std::uint8_t index = 0;   // in its thread
  std::uint8_t choice = 0;  // the way in which it came out, if there are several
  Value value = 0;          // read or written

  EventId reads_from = 0;  // of a read
  EventId mo_before = 0;   // of a write: its neighbours
  EventId mo_after = 0;
  EventSet readers;  // of a write

  // Events that are before this one, itself never among them.
  EventSet sb;
  EventSet porf;
  EventSet hb;
  // What happens before an acquire that reads this write, or what continues its release
  // sequence.
  EventSet released;
  // What a later acquire fence of the thread synchronises with.
  EventSet acquirable;
  // What a later relaxed write of the thread releases, through the last release fence.
  EventSet fenced;

  bool IsRead() const { return operation.kind == OperationKind::kRead; }
  bool IsWrite() const { return operation.kind == OperationKind::kWrite; }
  // Or a choice, which to the memory model is a fence that orders nothing.
  bool IsFence() const { return !IsRead() && !IsWrite(); }
  bool IsAtomic() const { return order != Order::kPlain; }
};

class Graph {
 public:
  static constexpr int kMaxEvents = EventSet::kCapacity;
  static constexpr int kMaxThreads = 16;
  static constexpr int kMaxLocations = 128;
  // The end of a modification order.
  static constexpr EventId kNone = 255;

  // Empty: no events, and each location at its initial value.
  void Reset(const Program& program);
  // Makes room for the first `count` locations; new ones hold 0 at first.
  void AddLocations(int count) {
    while (locations_ < count) AddLocation(0);
  }
  // For testing the tests: leaves a rule out of what is derived.
  void LeaveOut(Rule rule) { without_ = rule; }
  // A copy of `other` without the events of `deleted`. No event that stays may read from
  // one that goes, nor come after one in its thread.
  void CopyWithout(const Graph& other, const EventSet& deleted);

  // Appends an event at the end of its thread. A read next needs ReadFrom, a write
  // PlaceAfter. False, and nothing done, if the graph is full.
  [[nodiscard]] bool Append(int thread, const Operation& operation, EventId* id);
  // Removes the event that was appended last; a write must have been displaced.
  void RemoveLast();

  // Lets `read`, which must have no event after it, read from `write` of the same location.
  void ReadFrom(EventId read, EventId write);
  // Lets `event`, which must have no event after it, come out in another way than the first.
  void Choose(EventId event, int choice);
  // Puts `write` into the modification order of its location, right after `place`.
  void PlaceAfter(EventId write, EventId place);
  // Takes it out again.
  void Displace(EventId write);

  // A thread that failed does not go on, until an event of it is deleted or revisited.
  void SetFailed(int thread, bool failed) {
    failed_ = static_cast<std::uint16_t>((failed_ & ~(1u << thread)) | unsigned{failed} << thread);
  }
  bool Failed(int thread) const { return failed_ >> thread & 1; }
  bool AnyFailed() const { return failed_ != 0; }

  const Event& operator[](EventId id) const { return events_[id]; }
  // The events, as they were appended: an order that respects sb, and rf except for reads
  // that were made to read from a later write.
  int Size() const { return size_; }
  const EventSet& Events() const { return used_; }
  EventId At(int position) const { return sequence_[position]; }
  int Threads() const { return threads_; }
  int ThreadSize(int thread) const { return thread_size_[thread]; }
  EventId ThreadAt(int thread, int index) const { return thread_events_[thread][index]; }
  int Locations() const { return locations_; }
  // The other half of a read-modify-write.
  EventId RmwRead(EventId write) const;

  // The initial write of a location, the newest of its writes, and its accesses.
  static bool IsInitial(EventId id) { return id >= kMaxEvents; }
  static EventId Initial(int location) { return static_cast<EventId>(kMaxEvents + location); }
  EventId MoLast(int location) const { return mo_last_[location]; }
  const EventSet& Accesses(int location) const { return accesses_[location]; }
  // All reads.
  const EventSet& Reads() const { return reads_; }
  // seq_cst events, those of them that are fences, and those that are heavy ones.
  const EventSet& SeqCst() const { return seq_cst_; }
  const EventSet& SeqCstFences() const { return seq_cst_fences_; }
  const EventSet& HeavyFences() const { return heavy_fences_; }
  const EventSet& LightFences() const { return light_fences_; }

 private:
  void AddLocation(Value initial);
  void SetReadOrder(EventId read);
  // Sets what depends on the events before.
  void Derive(EventId id);
  void DeriveAsymmetric(EventId id);

  // What light and heavy fences know of an event, as Event::released, acquirable and fenced
  // are what all others do.
  struct Asymmetric {
    EventSet released_to_heavy;  // of a write: through a light fence, to heavy ones
    EventSet released_to_light;  // through a heavy fence
    EventSet acquirable_by_heavy;
    EventSet acquirable_by_light;
    EventSet fenced_by_light;  // what a later relaxed write of the thread releases
    EventSet fenced_by_heavy;
  };

  int size_ = 0;
  int threads_ = 0;
  int locations_ = 0;
  Rule without_ = Rule::kNone;
  std::uint16_t failed_ = 0;  // bit i is thread i
  EventSet used_;
  EventSet reads_;
  EventSet seq_cst_;
  EventSet seq_cst_fences_;
  EventSet heavy_fences_;
  EventSet light_fences_;
  bool has_asymmetric_ = false;  // there is, or was, such a fence: asymmetric_ is in use
  std::uint8_t thread_size_[kMaxThreads];
  EventId sequence_[kMaxEvents];
  EventId thread_events_[kMaxThreads][kMaxEvents];
  EventId mo_last_[kMaxLocations];
  EventSet accesses_[kMaxLocations];
  Event events_[kMaxEvents + kMaxLocations];
  Asymmetric asymmetric_[kMaxEvents];
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_GRAPH_H_
