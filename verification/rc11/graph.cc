#include "ashlar/verification/rc11/graph.h"

#include <algorithm>

#include "ashlar/base/check.h"

namespace ashlar::verification::rc11 {
namespace {

// What the first event of a thread comes after.
constexpr Event kBeginning;

}  // namespace

// kNone would be the initial write of location 127.
static_assert(Graph::kMaxEvents + Graph::kMaxLocations - 1 <= Graph::kNone);

void Graph::Reset(const Program& program) {
  size_ = 0;
  threads_ = program.Threads();
  locations_ = 0;
  failed_ = 0;
  ASHLAR_CHECK(threads_ <= kMaxThreads, "the model checker has room for 16 threads");
  ASHLAR_CHECK(program.Locations() < kMaxLocations, "the model checker has room for 127 locations");
  used_ = reads_ = seq_cst_ = seq_cst_fences_ = heavy_fences_ = light_fences_ = EventSet();
  has_asymmetric_ = false;
  std::fill_n(thread_size_, threads_, std::uint8_t{0});
  for (int location = 0; location < program.Locations(); ++location) {
    AddLocation(program.Initial(location));
  }
}

void Graph::AddLocation(Value initial) {
  const EventId id = Initial(locations_);
  Event& write = events_[id];
  write = Event();
  write.operation = Operation::Write(Order::kPlain, static_cast<std::uint8_t>(locations_), initial);
  write.value = initial;
  write.mo_before = write.mo_after = kNone;
  mo_last_[locations_] = id;
  accesses_[locations_] = EventSet();
  ++locations_;
}

void Graph::CopyWithout(const Graph& other, const EventSet& deleted) {
  threads_ = other.threads_;
  without_ = other.without_;
  locations_ = other.locations_;
  failed_ = other.failed_;
  used_ = other.used_ - deleted;
  reads_ = other.reads_ - deleted;
  seq_cst_ = other.seq_cst_ - deleted;
  seq_cst_fences_ = other.seq_cst_fences_ - deleted;
  heavy_fences_ = other.heavy_fences_ - deleted;
  light_fences_ = other.light_fences_ - deleted;
  has_asymmetric_ = other.has_asymmetric_;
  size_ = 0;
  for (int i = 0; i < other.size_; ++i) {
    const EventId id = other.sequence_[i];
    if (deleted.Contains(id)) continue;
    sequence_[size_++] = id;
    events_[id] = other.events_[id];
    events_[id].readers -= deleted;
    if (has_asymmetric_) asymmetric_[id] = other.asymmetric_[id];
  }
  for (int thread = 0; thread < threads_; ++thread) {
    // What is deleted of a thread is the end of it.
    int size = other.thread_size_[thread];
    while (size > 0 && deleted.Contains(other.thread_events_[thread][size - 1])) --size;
    if (size < other.thread_size_[thread]) SetFailed(thread, false);
    thread_size_[thread] = static_cast<std::uint8_t>(size);
    std::copy_n(other.thread_events_[thread], size, thread_events_[thread]);
  }
  for (int location = 0; location < locations_; ++location) {
    accesses_[location] = other.accesses_[location] - deleted;
    EventId last = Initial(location);
    events_[last] = other.events_[last];
    events_[last].readers -= deleted;
    for (EventId id = other.events_[last].mo_after; id != kNone; id = other.events_[id].mo_after) {
      if (deleted.Contains(id)) continue;
      events_[last].mo_after = id;
      events_[id].mo_before = last;
      last = id;
    }
    events_[last].mo_after = kNone;
    mo_last_[location] = last;
  }
}

bool Graph::Append(int thread, const Operation& operation, EventId* result) {
  if (size_ == kMaxEvents) return false;
  const EventId id = used_.FirstAbsent();  // the slot of a deleted event, or a new one
  Event& event = events_[id];
  event.operation = operation;
  event.order = operation.order;
  event.thread = static_cast<std::uint8_t>(thread);
  event.index = thread_size_[thread];
  event.choice = 0;
  event.value = operation.value;
  event.mo_before = event.mo_after = kNone;
  event.readers = EventSet();

  used_.Insert(id);
  sequence_[size_++] = id;
  thread_events_[thread][thread_size_[thread]++] = id;
  if (!event.IsFence()) accesses_[operation.location].Insert(id);
  if (event.IsRead()) {
    reads_.Insert(id);
    event.reads_from = kNone;
  } else {
    if (IsSeqCst(operation.order)) {
      seq_cst_.Insert(id);
      if (event.IsFence()) seq_cst_fences_.Insert(id);
    }
    if (operation.order == Order::kHeavy) heavy_fences_.Insert(id);
    if (operation.order == Order::kLight) light_fences_.Insert(id);
    if (IsAsymmetric(operation.order) && !has_asymmetric_) {
      has_asymmetric_ = true;
      used_.ForEach([&](EventId any) { asymmetric_[any] = Asymmetric(); });
    }
    Derive(id);
  }
  *result = id;
  return true;
}

void Graph::RemoveLast() {
  const EventId id = sequence_[--size_];
  Event& event = events_[id];
  if (event.IsRead() && event.reads_from != kNone) events_[event.reads_from].readers.Remove(id);
  used_.Remove(id);
  reads_.Remove(id);
  seq_cst_.Remove(id);
  seq_cst_fences_.Remove(id);
  heavy_fences_.Remove(id);
  light_fences_.Remove(id);
  if (!event.IsFence()) accesses_[event.operation.location].Remove(id);
  --thread_size_[event.thread];
}

void Graph::ReadFrom(EventId id, EventId write) {
  Event& read = events_[id];
  if (read.reads_from != kNone) events_[read.reads_from].readers.Remove(id);
  read.reads_from = write;
  events_[write].readers.Insert(id);
  read.value = events_[write].value;
  read.choice = 0;
  SetReadOrder(id);
}

void Graph::Choose(EventId id, int choice) {
  Event& event = events_[id];
  if (event.choice == choice) return;
  event.choice = static_cast<std::uint8_t>(choice);
  if (event.IsRead()) SetReadOrder(id);
}

void Graph::SetReadOrder(EventId id) {
  Event& read = events_[id];
  const bool fails =
      read.operation.compare && (read.value != read.operation.value || read.choice != 0);
  read.order =
      fails && without_ != Rule::kFailureOrder ? read.operation.failure : read.operation.order;
  if (read.order == Order::kSeqCst) {
    seq_cst_.Insert(id);
  } else {
    seq_cst_.Remove(id);
  }
  Derive(id);
}

void Graph::PlaceAfter(EventId id, EventId place) {
  Event& write = events_[id];
  write.mo_before = place;
  write.mo_after = events_[place].mo_after;
  events_[place].mo_after = id;
  if (write.mo_after == kNone) {
    mo_last_[write.operation.location] = id;
  } else {
    events_[write.mo_after].mo_before = id;
  }
}

void Graph::Displace(EventId id) {
  const Event& write = events_[id];
  events_[write.mo_before].mo_after = write.mo_after;
  if (write.mo_after == kNone) {
    mo_last_[write.operation.location] = write.mo_before;
  } else {
    events_[write.mo_after].mo_before = write.mo_before;
  }
}

EventId Graph::RmwRead(EventId id) const {
  const Event& write = events_[id];
  const EventId previous = thread_events_[write.thread][write.index - 1];
  if (events_[previous].IsRead()) return previous;
  return thread_events_[write.thread][write.index - 2];  // a choice stands between
}

void Graph::Derive(EventId id) {
  Event& event = events_[id];
  const EventId previous_id =
      event.index == 0 ? kNone : thread_events_[event.thread][event.index - 1];
  const Event& previous = event.index == 0 ? kBeginning : events_[previous_id];
  event.sb = previous.sb;
  event.porf = previous.porf;
  event.hb = previous.hb;
  event.acquirable = previous.acquirable;
  event.fenced = previous.fenced;
  event.released = EventSet();
  if (event.index != 0) {
    event.sb.Insert(previous_id);
    event.porf.Insert(previous_id);
    event.hb.Insert(previous_id);
  }

  if (event.IsRead()) {
    const Event& write = events_[event.reads_from];
    if (!IsInitial(event.reads_from)) {
      event.porf |= write.porf;
      event.porf.Insert(event.reads_from);
    }
    if (event.IsAtomic()) {
      if (IsAcquire(event.order) && without_ != Rule::kAcquireRead) event.hb |= write.released;
      event.acquirable |= write.released;
    }
  } else if (event.IsFence()) {
    const bool acquires = IsAcquire(event.order) && without_ != Rule::kAcquireFence;
    const bool releases = IsRelease(event.order) && without_ != Rule::kReleaseFence;
    if (acquires) event.hb |= event.acquirable;
    if (releases) event.fenced = event.hb | EventSet::Of(id);
  } else if (event.IsAtomic()) {
    const bool releases = IsRelease(event.order) && without_ != Rule::kReleaseWrite;
    event.released = releases ? event.hb | EventSet::Of(id) : event.fenced;
    // Only read-modify-writes continue a release sequence.
    const bool continues = event.operation.rmw && without_ != Rule::kReleaseSequence;
    if (continues) event.released |= events_[events_[RmwRead(id)].reads_from].released;
  }
  if (has_asymmetric_) DeriveAsymmetric(id);
}

void Graph::DeriveAsymmetric(EventId id) {
  Event& event = events_[id];
  Asymmetric& sets = asymmetric_[id];
  sets = Asymmetric();
  if (event.index != 0) {
    const Asymmetric& previous = asymmetric_[thread_events_[event.thread][event.index - 1]];
    sets.acquirable_by_heavy = previous.acquirable_by_heavy;
    sets.acquirable_by_light = previous.acquirable_by_light;
    sets.fenced_by_light = previous.fenced_by_light;
    sets.fenced_by_heavy = previous.fenced_by_heavy;
  }
  if (event.operation.order == Order::kLight) {
    if (without_ != Rule::kLightAcquires) event.hb |= sets.acquirable_by_light;
    if (without_ != Rule::kLightReleases) sets.fenced_by_light = event.hb | EventSet::Of(id);
  } else if (event.operation.order == Order::kHeavy) {
    event.hb |= sets.acquirable_by_heavy;
    event.fenced = sets.fenced_by_heavy = event.hb | EventSet::Of(id);
  } else if (event.IsRead() && event.IsAtomic() && !IsInitial(event.reads_from)) {
    sets.acquirable_by_heavy |= asymmetric_[event.reads_from].released_to_heavy;
    sets.acquirable_by_light |= asymmetric_[event.reads_from].released_to_light;
  } else if (event.IsWrite() && event.IsAtomic()) {
    sets.released_to_heavy = sets.fenced_by_light;
    sets.released_to_light = sets.fenced_by_heavy;
    if (!event.operation.rmw) return;
    const EventId continued = events_[RmwRead(id)].reads_from;
    if (IsInitial(continued)) return;
    sets.released_to_heavy |= asymmetric_[continued].released_to_heavy;
    sets.released_to_light |= asymmetric_[continued].released_to_light;
  }
}

}  // namespace ashlar::verification::rc11
