#include "ashlar/verification/rc11/axioms.h"

namespace ashlar::verification::rc11 {
namespace {

// Each of these gives the events that are before `id` in a relation.

// mo and fr lead to writes only, from the older writes and from those that read them.
EventSet MoOrFr(const Graph& graph, EventId id) {
  EventSet before;
  for (id = graph[id].mo_before; id != Graph::kNone; id = graph[id].mo_before) {
    if (!Graph::IsInitial(id)) before.Insert(id);
    before |= graph[id].readers;
  }
  return before;
}

EventSet Eco(const Graph& graph, EventId id) {
  if (graph[id].IsFence()) return EventSet();
  if (graph[id].IsWrite()) return MoOrFr(graph, id);
  const EventId write = graph[id].reads_from;
  EventSet before = MoOrFr(graph, write);
  if (!Graph::IsInitial(write)) before.Insert(write);
  return before;
}

// sb; hb; sb
EventSet SbHbSb(const Graph& graph, EventId id) {
  const Event& event = graph[id];
  EventSet before;
  if (event.index == 0) return before;
  // The last event before has all of hb that the others have. Of each thread, that is a
  // beginning, of which sb leaves out the last.
  const EventSet& hb = graph[graph.ThreadAt(event.thread, event.index - 1)].hb;
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    int size = 0;
    while (size < graph.ThreadSize(thread) && hb.Contains(graph.ThreadAt(thread, size))) ++size;
    if (size > 0) before |= graph[graph.ThreadAt(thread, size - 1)].sb;
  }
  return before;
}

// scb = sb | sb; hb; sb | hb on the same location | mo | fr
EventSet Scb(const Graph& graph, EventId id) {
  const Event& event = graph[id];
  EventSet before = event.sb | SbHbSb(graph, id);
  if (event.IsFence()) return before;
  before |= event.hb & graph.Accesses(event.operation.location);
  if (event.IsWrite()) before |= MoOrFr(graph, id);
  return before;
}

// hb; eco; hb
EventSet HbEcoHb(const Graph& graph, EventId id) {
  EventSet eco;
  graph[id].hb.ForEach([&](EventId x) { eco |= Eco(graph, x); });
  EventSet before;
  eco.ForEach([&](EventId x) { before |= graph[x].hb; });
  return before;
}

// psc_base | psc_fence, where
//   psc_base  = ([SC] | [FSC]; hb?); scb; ([SC] | hb?; [FSC])
//   psc_fence = [FSC]; (hb | hb; eco; hb); [FSC]
EventSet Psc(const Graph& graph, EventId id) {
  const EventSet& fences = graph.SeqCstFences();
  const Event& event = graph[id];
  EventSet scb = Scb(graph, id);
  EventSet fence_to_fence;
  if (event.IsFence()) {
    event.hb.ForEach([&](EventId x) { scb |= Scb(graph, x); });
    fence_to_fence = event.hb | HbEcoHb(graph, id);
  }
  EventSet hb_scb = scb;
  if (!fences.Empty()) scb.ForEach([&](EventId x) { hb_scb |= graph[x].hb; });
  return (scb & graph.SeqCst()) | ((hb_scb | fence_to_fence) & fences);
}

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

bool Coherence(const Graph& graph, EventId id) {
  const Event& event = graph[id];
  // Through `event` leads only hb into it and eco out of it: by fr or mo to a newer write,
  // and on to what reads that.
  EventId write = event.IsRead() ? graph[event.reads_from].mo_after : event.mo_after;
  for (; write != Graph::kNone; write = graph[write].mo_after) {
    if (event.hb.Contains(write) || event.hb.Intersects(graph[write].readers)) return false;
  }
  return true;
}

bool Atomicity(const Graph& graph, EventId id) {
  const Event& write = graph[id];
  if (write.operation.rmw) {
    const EventId read = graph.ThreadAt(write.thread, write.index - 1);
    if (graph[read].reads_from != write.mo_before) return false;
  }
  if (write.mo_after == Graph::kNone || !graph[write.mo_after].operation.rmw) return true;
  const Event& next = graph[write.mo_after];
  return graph[graph.ThreadAt(next.thread, next.index - 1)].reads_from == id;
}

bool SeqCst(const Graph& graph) {
  if (graph.SeqCst().Size() < 2) return true;
  EventSet before[Graph::kMaxEvents];
  graph.SeqCst().ForEach([&](EventId id) { before[id] = Psc(graph, id); });
  return Acyclic(graph.SeqCst(), before);
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
