#include "ashlar/verification/rc11/report/mermaid.h"

#include <cstddef>
#include <map>
#include <vector>

#include "ashlar/verification/rc11/report/edges.h"
#include "ashlar/verification/rc11/report/execution_order.h"
#include "ashlar/verification/rc11/report/operation_text.h"

namespace ashlar::verification::rc11 {
namespace {

// A label in quotes, in which only entities stand for what Mermaid reads itself.
std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "#quot;";
        break;
      case '#':
        quoted += "#35;";
        break;
      case '<':
        quoted += "#lt;";
        break;
      case '>':
        quoted += "#gt;";
        break;
      default:
        quoted += c;
    }
  }
  return quoted + "\"";
}

std::string NodeName(EventId id) { return "e" + std::to_string(id); }

}  // namespace

std::string Mermaid(const Graph& graph, const Failure& failure, const Names& names) {
  const std::vector<Step> steps = ExecutionOrder(graph);
  const std::vector<Edge> edges = Edges(graph, steps);
  std::string text = "flowchart TB\n";
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    text += "  subgraph T" + std::to_string(thread) + "\n";
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (graph[steps[i].event].thread != thread) continue;
      text += "    " + NodeName(steps[i].event) + "[" +
              Quoted(std::to_string(i + 1) + "  " + OperationText(graph, steps[i], names)) + "]\n";
    }
    text += "  end\n";
  }
  EventSet initial;
  std::map<Edge::Kind, std::string> numbers;  // of the links of each kind
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const Edge& edge = edges[i];
    std::string from = NodeName(edge.from);
    if (Graph::IsInitial(edge.from)) {
      const int location = graph[edge.from].operation.location;
      if (!initial.Contains(static_cast<EventId>(location))) {
        initial.Insert(static_cast<EventId>(location));
        from += "([" +
                Quoted(names.Location(location) + " = " +
                       names.Text(location, graph[edge.from].value)) +
                "])";
      }
    }
    const bool is_sb = edge.kind == Edge::Kind::kSb;
    text += "  " + from + (is_sb ? " --> " : " -. " + std::string(Name(edge.kind)) + " .-> ") +
            NodeName(edge.to) + "\n";
    std::string& list = numbers[edge.kind];
    list += (list.empty() ? "" : ",") + std::to_string(i);
  }
  for (const auto& [kind, list] : numbers) {
    text += "  linkStyle " + list + " stroke:" + std::string(Colour(kind)) + "\n";
  }
  for (const Step& step : steps) {
    const bool races = failure.kind == Failure::Kind::kRace &&
                       (step.event == failure.first || step.event == failure.second);
    if (!races && step.overtaken == Graph::kNone) continue;
    text += "  style " + NodeName(step.event) + " fill:" + (races ? "salmon" : "khaki") + "\n";
  }
  return text;
}

}  // namespace ashlar::verification::rc11
