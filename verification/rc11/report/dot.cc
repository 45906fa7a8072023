#include "ashlar/verification/rc11/report/dot.h"

#include <cstddef>
#include <vector>

#include "ashlar/verification/rc11/report/edges.h"
#include "ashlar/verification/rc11/report/execution_order.h"
#include "ashlar/verification/rc11/report/operation_text.h"
#include "ashlar/verification/rc11/report/why.h"

namespace ashlar::verification::rc11 {
namespace {

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

std::string NodeName(EventId id) { return "e" + std::to_string(id); }

std::string Fill(const Step& step, const Failure& failure) {
  const bool races = failure.kind == Failure::Kind::kRace &&
                     (step.event == failure.first || step.event == failure.second);
  if (races) return ", style=filled, fillcolor=salmon";
  return step.overtaken == Graph::kNone ? "" : ", style=filled, fillcolor=khaki";
}

}  // namespace

std::string Dot(const Graph& graph, const Failure& failure, const Names& names) {
  const std::vector<Step> steps = ExecutionOrder(graph);
  std::string text = "digraph execution {\n";
  text += "  label=" + Quoted(Headline(graph, failure, names)) + ";\n";
  text += "  labelloc=t;\n  splines=true;\n  node [shape=box, fontname=monospace];\n";
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    const std::string name = "T" + std::to_string(thread);
    text += "  subgraph cluster_" + name + " {\n    label=" + name + ";\n";
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const Event& event = graph[steps[i].event];
      if (event.thread != thread) continue;
      std::string label = std::to_string(i + 1) + "  " + OperationText(graph, steps[i], names);
      text += "    " + NodeName(steps[i].event) + " [label=" + Quoted(label);
      if (const std::string where = Where(event.operation.place); !where.empty()) {
        text += ", tooltip=" + Quoted(where);
      }
      text += Fill(steps[i], failure) + "];\n";
    }
    text += "  }\n";
  }
  EventSet initial;  // locations of which a read sees the initial value
  for (const Edge& edge : Edges(graph, steps)) {
    const bool from_initial = Graph::IsInitial(edge.from);
    const int location = from_initial ? graph[edge.from].operation.location : 0;
    if (from_initial && !initial.Contains(static_cast<EventId>(location))) {
      initial.Insert(static_cast<EventId>(location));
      const Value value = graph[edge.from].value;
      text += "  " + NodeName(edge.from) + " [shape=plaintext, label=" +
              Quoted(names.Location(location) + " = " + names.Text(location, value)) + "];\n";
    }
    text += "  " + NodeName(edge.from) + " -> " + NodeName(edge.to);
    const std::string colour(Colour(edge.kind));
    text += edge.kind == Edge::Kind::kSb
                ? ";\n"
                : " [label=" + std::string(Name(edge.kind)) + ", color=" + colour +
                      ", fontcolor=" + colour + ", constraint=false];\n";
  }
  return text + "}\n";
}

}  // namespace ashlar::verification::rc11
