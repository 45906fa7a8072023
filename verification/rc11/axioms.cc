#include "ashlar/verification/rc11/axioms.h"

namespace ashlar::verification::rc11 {
namespace {

// mo and fr lead to writes only, from the older writes and from those that read them.
EventSet MoOrFr(const Graph& graph, EventId id) {
  EventSet before;
  for (id = graph[id].mo_before; id != Graph::kNone; id = graph[id].mo_before) {
    if (!Graph::IsInitial(id)) before.Insert(id);
    before |= graph[id].readers;
  }
  return before;
}

// What Psc works with. Kept from one time to the next, since to clear it takes longer than
// to use it.
struct PscMemory {
  EventSet mo_or_fr[Graph::kMaxEvents + Graph::kMaxLocations];  // of each write
  EventSet scb[Graph::kMaxEvents];
  EventSet sb_hb_sb[Graph::kMaxEvents];
  EventSet before[Graph::kMaxEvents];
};
PscMemory& ThreadsPscMemory() {
  static thread_local PscMemory memory;
  return memory;
}

// The relations of the axiom on seq_cst operations: each gives the events that are before
// `id` in it.
class Psc {
 public:
  Psc(const Graph& graph, Model model, Rule without, PscMemory& memory)
      : graph_(graph),
        paper_(model == Model::kRc11Paper),
        without_(without),
        mo_or_fr_(memory.mo_or_fr),
        scb_(memory.scb),
        sb_hb_sb_(memory.sb_hb_sb) {
    for (int location = 0; location < graph.Locations(); ++location) {
      EventSet before;
      for (EventId id = Graph::Initial(location); id != Graph::kNone; id = graph[id].mo_after) {
        mo_or_fr_[id] = before;
        if (!Graph::IsInitial(id) && without != Rule::kMo) before.Insert(id);
        if (without != Rule::kFr) before |= graph[id].readers;
      }
    }
  }

  // psc_base | psc_fence, where
  //   psc_base  = ([SC] | [FSC]; hb?); scb; ([SC] | hb?; [FSC])
  //   psc_fence = [FSC]; (hb | hb; eco; hb); [FSC]
  // and psc_asymmetric is psc_fence between a light and a heavy fence.
  EventSet operator()(EventId id) {
    if (graph_.LightFences().Contains(id)) {
      if (without_ == Rule::kPscAsymmetric) return EventSet();
      return FenceToFence(id) & graph_.HeavyFences();
    }
    const EventSet& fences = graph_.SeqCstFences();
    const Event& event = graph_[id];
    EventSet scb = Scb(id);
    EventSet fence_to_fence;
    if (event.IsFence()) {
      if (without_ != Rule::kPscHbBeforeFence) {
        event.hb.ForEach([&](EventId x) { scb |= Scb(x); });
      }
      fence_to_fence = FenceToFence(id);
    }
    EventSet hb_scb = scb;
    if (!fences.Empty() && without_ != Rule::kPscHbAfterFence) {
      scb.ForEach([&](EventId x) { hb_scb |= graph_[x].hb; });
    }
    EventSet before = (scb & graph_.SeqCst()) | ((hb_scb | fence_to_fence) & fences);
    if (graph_.HeavyFences().Contains(id) && without_ != Rule::kPscAsymmetric) {
      before |= fence_to_fence & graph_.LightFences();
    }
    return before;
  }

 private:
  EventSet Eco(EventId id) const {
    const Event& event = graph_[id];
    if (event.IsFence()) return EventSet();
    if (event.IsWrite()) return mo_or_fr_[id];
    EventSet before = mo_or_fr_[event.reads_from];
    if (!Graph::IsInitial(event.reads_from)) before.Insert(event.reads_from);
    return before;
  }

  // hb | hb; eco; hb
  EventSet FenceToFence(EventId id) const {
    EventSet before;
    if (without_ != Rule::kPscFenceHb) before = graph_[id].hb;
    if (without_ == Rule::kPscFenceEco) return before;
    EventSet eco;
    graph_[id].hb.ForEach([&](EventId x) { eco |= Eco(x); });
    eco.ForEach([&](EventId x) { before |= graph_[x].hb; });
    return before;
  }

  // sb; hb; sb
  const EventSet& SbHbSb(EventId id) {
    EventSet& before = sb_hb_sb_[id];
    if (known_sb_hb_sb_.Contains(id)) return before;
    known_sb_hb_sb_.Insert(id);
    before = EventSet();
    const Event& event = graph_[id];
    if (event.index == 0) return before;
    // The last event before has all of hb that the others have: what the one before it has,
    // that one, and what it synchronises with.
    const EventId last_id = graph_.ThreadAt(event.thread, event.index - 1);
    const Event& last = graph_[last_id];
    EventSet more = last.hb;
    if (last.index != 0) {
      before = SbHbSb(last_id);
      more -= graph_[graph_.ThreadAt(event.thread, last.index - 1)].hb;
    }
    more.ForEach([&](EventId x) { before |= graph_[x].sb; });
    return before;
  }

  // sb between two locations, or with a fence.
  EventSet SbElsewhere(EventId id) const {
    const Event& event = graph_[id];
    return event.IsFence() ? event.sb : event.sb - graph_.Accesses(event.operation.location);
  }
  // The same with each sb between two locations.
  EventSet SbHbSbElsewhere(EventId id) const {
    EventSet hb;
    SbElsewhere(id).ForEach([&](EventId x) { hb |= graph_[x].hb; });
    EventSet before;
    hb.ForEach([&](EventId x) { before |= SbElsewhere(x); });
    return before;
  }

  // scb = sb | sb; hb; sb | hb on the same location | mo | fr
  const EventSet& Scb(EventId id) {
    EventSet& before = scb_[id];
    if (known_.Contains(id)) return before;
    known_.Insert(id);
    const Event& event = graph_[id];
    before = EventSet();
    if (without_ != Rule::kScbSb) before |= event.sb;
    if (without_ != Rule::kScbSbHbSb) before |= paper_ ? SbHbSbElsewhere(id) : SbHbSb(id);
    if (event.IsFence()) return before;
    if (without_ != Rule::kScbHbOnLocation) {
      before |= event.hb & graph_.Accesses(event.operation.location);
    }
    if (event.IsWrite()) before |= mo_or_fr_[id];
    return before;
  }

  const Graph& graph_;
  const bool paper_;
  const Rule without_;
  EventSet* const mo_or_fr_;
  EventSet* const scb_;
  EventSet known_;  // those whose scb is in scb_
  EventSet* const sb_hb_sb_;
  EventSet known_sb_hb_sb_;
};

// Whether a relation on `events`, given by what is before each, has no cycle: whether
// they can be taken away one after another, each when nothing before it is left.
bool Acyclic(EventSet events, const EventSet* before) {
  while (!events.Empty()) {
    EventSet rest;
    events.ForEach([&](EventId id) {
      if (before[id].Intersects(events)) rest.Insert(id);
    });
    if (rest == events) return false;
    events = rest;
  }
  return true;
}

}  // namespace

bool Coherence(const Graph& graph, EventId id, Rule without) {
  const Event& event = graph[id];
  // Through `event` leads only hb into it and eco out of it: by fr or mo to a newer write,
  // and on to what reads that.
  EventId write = event.IsRead() ? graph[event.reads_from].mo_after : event.mo_after;
  for (; write != Graph::kNone; write = graph[write].mo_after) {
    if (event.hb.Contains(write) && without != Rule::kCoherenceWithWrites) return false;
    if (event.hb.Intersects(graph[write].readers) && without != Rule::kCoherenceWithReads) {
      return false;
    }
  }
  return true;
}

bool Atomicity(const Graph& graph, EventId id, EventId place, Rule without) {
  const Event& write = graph[id];
  const EventId next = graph[place].mo_after;
  const bool between = next != Graph::kNone && graph[next].operation.rmw;
  if (between && without != Rule::kAtomicityOfOld) return false;
  if (!write.operation.rmw || without == Rule::kAtomicityOfNew) return true;
  return graph[graph.RmwRead(id)].reads_from == place;
}

bool QueueOrder(const Graph& graph, EventId id) {
  const Event& write = graph[id];
  EventSet known;
  for (EventId q = write.mo_before; q != Graph::kNone; q = graph[q].mo_before) {
    known |= graph[q].hb;
  }
  const Event& word = graph[graph.ThreadAt(write.thread, write.index - 2)];
  EventId newer = graph[word.reads_from].mo_after;
  for (; newer != Graph::kNone; newer = graph[newer].mo_after) {
    if (known.Contains(newer) || known.Intersects(graph[newer].readers)) return false;
  }
  return true;
}

bool SeqCst(const Graph& graph, Model model, Rule without) {
  if (without == Rule::kSeqCst) return true;
  EventSet events = graph.SeqCst();
  if (!graph.HeavyFences().Empty()) events |= graph.LightFences();
  if (events.Size() < 2) return true;
  PscMemory& memory = ThreadsPscMemory();
  Psc psc(graph, model, without, memory);
  events.ForEach([&](EventId id) { memory.before[id] = psc(id); });
  return Acyclic(events, memory.before);
}

bool SeqCstAt(const Graph& graph, EventId id, Model model, Rule without) {
  EventSet fences = graph.SeqCstFences();
  if (!graph.HeavyFences().Empty()) fences |= graph.LightFences();
  const EventSet events = graph.SeqCst() | fences;
  if (events.Empty()) return true;
  // A new cycle comes into `id`, or what reads it, by happens-before, and goes on by mo or fr.
  const Event& event = graph[id];
  EventSet before = (event.hb & fences) | EventSet::Of(id);
  if (event.IsWrite()) {
    before |= event.readers;
    event.readers.ForEach([&](EventId reader) { before |= graph[reader].hb & fences; });
  }
  if (!before.Intersects(events)) return true;
  EventSet after;
  EventId newer = event.IsRead() ? graph[event.reads_from].mo_after : event.mo_after;
  for (; newer != Graph::kNone; newer = graph[newer].mo_after) {
    after.Insert(newer);
    after |= graph[newer].readers;
  }
  bool leads_on = after.Intersects(events);
  if (!leads_on)
    fences.ForEach([&](EventId x) { leads_on = leads_on || graph[x].hb.Intersects(after); });
  return !leads_on || SeqCst(graph, model, without);
}

bool SequentialConsistency(const Graph& graph) {
  EventSet before[Graph::kMaxEvents];
  EventSet events;
  for (int i = 0; i < graph.Size(); ++i) {
    const EventId id = graph.At(i);
    const Event& event = graph[id];
    events.Insert(id);
    before[id] = event.sb;
    if (event.IsWrite()) before[id] |= MoOrFr(graph, id);
    if (event.IsRead() && !Graph::IsInitial(event.reads_from)) before[id].Insert(event.reads_from);
  }
  return Acyclic(events, before);
}

Race FindRace(const Graph& graph) {
  for (int i = 0; i < graph.Size(); ++i) {
    const EventId id = graph.At(i);
    const Event& event = graph[id];
    if (event.IsFence() || event.IsAtomic()) continue;
    Race race;
    graph.Accesses(event.operation.location).ForEach([&](EventId other_id) {
      const Event& other = graph[other_id];
      if (other.thread == event.thread || !(event.IsWrite() || other.IsWrite())) return;
      if (event.hb.Contains(other_id) || other.hb.Contains(id)) return;
      race = {id, other_id};
    });
    if (race.first != Graph::kNone) return race;
  }
  return {};
}

Race FindRaceAt(const Graph& graph, EventId id) {
  const Event& event = graph[id];
  if (event.IsFence()) return {};
  Race race;
  (graph.Accesses(event.operation.location) - event.hb).ForEach([&](EventId other_id) {
    const Event& other = graph[other_id];
    if (other.thread == event.thread || !(event.IsWrite() || other.IsWrite())) return;
    if (event.IsAtomic() && other.IsAtomic()) return;
    race = {other_id, id};
  });
  return race;
}

}  // namespace ashlar::verification::rc11
