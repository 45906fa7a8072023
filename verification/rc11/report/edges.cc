#include "ashlar/verification/rc11/report/edges.h"

namespace ashlar::verification::rc11 {

std::vector<EventId> SynchronisesWith(const Graph& graph, EventId id) {
  const Event& event = graph[id];
  EventSet gained = event.hb;
  if (event.index > 0) {
    const EventId previous = graph.ThreadAt(event.thread, event.index - 1);
    gained -= graph[previous].hb | EventSet::Of(previous);
  }
  std::vector<EventId> events;
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    EventId last = Graph::kNone;
    for (int index = 0; index < graph.ThreadSize(thread); ++index) {
      if (gained.Contains(graph.ThreadAt(thread, index))) last = graph.ThreadAt(thread, index);
    }
    // What another of them brought along is not its own.
    if (last == Graph::kNone) continue;
    bool is_first_hand = true;
    gained.ForEach(
        [&](EventId other) { is_first_hand = is_first_hand && !graph[other].hb.Contains(last); });
    if (is_first_hand) events.push_back(last);
  }
  return events;
}

std::vector<Edge> Edges(const Graph& graph, const std::vector<Step>& steps) {
  EventId first_half[256];
  for (int id = 0; id < 256; ++id) first_half[id] = static_cast<EventId>(id);
  for (const Step& step : steps) {
    if (step.write != Graph::kNone) first_half[step.write] = step.event;
  }
  std::vector<Edge> edges;
  const auto add = [&](Edge::Kind kind, EventId from, EventId to) {
    const bool is_order = kind == Edge::Kind::kMo || kind == Edge::Kind::kFr;
    // A thread's own writes and reads are in its own order.
    if (is_order && !Graph::IsInitial(from) && graph[from].thread == graph[to].thread) return;
    if (first_half[from] != first_half[to]) {
      edges.push_back({kind, first_half[from], first_half[to]});
    }
  };
  for (const Step& step : steps) {
    const Event& event = graph[step.event];
    if (event.index > 0)
      add(Edge::Kind::kSb, graph.ThreadAt(event.thread, event.index - 1), step.event);
    for (const EventId other : SynchronisesWith(graph, step.event)) {
      add(Edge::Kind::kSw, other, step.event);
    }
    if (event.IsRead()) {
      add(Edge::Kind::kRf, event.reads_from, step.event);
      const EventId newer = graph[event.reads_from].mo_after;
      if (newer != Graph::kNone) add(Edge::Kind::kFr, step.event, newer);
    }
    const EventId write = step.write != Graph::kNone ? step.write : step.event;
    if (graph[write].IsWrite() && !Graph::IsInitial(graph[write].mo_before)) {
      add(Edge::Kind::kMo, graph[write].mo_before, write);
    }
  }
  return edges;
}

std::string_view Name(Edge::Kind kind) {
  constexpr std::string_view kNames[] = {"sb", "rf", "mo", "sw", "fr"};
  return kNames[static_cast<int>(kind)];
}

std::string_view Colour(Edge::Kind kind) {
  constexpr std::string_view kColours[] = {"black", "forestgreen", "darkorange", "blue", "red"};
  return kColours[static_cast<int>(kind)];
}

}  // namespace ashlar::verification::rc11
