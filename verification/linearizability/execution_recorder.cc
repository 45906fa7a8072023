#include "ashlar/verification/linearizability/execution_recorder.h"

#include <optional>

namespace ashlar::verification::linearizability {
namespace {

using rc11::EventId;
using rc11::Graph;

bool IsOutside(const Extent& operation) { return operation.thread < 0; }

// The event by which others know that the operation is over: its last one, or, if it has
// none, the next one of its thread.
std::optional<EventId> Last(const Graph& graph, const Extent& operation) {
  const int index = operation.end > operation.begin ? operation.end - 1 : operation.end;
  if (index >= graph.ThreadSize(operation.thread)) return std::nullopt;
  return graph.ThreadAt(operation.thread, index);
}

// The event that knows what was over before the operation: its first one, or, if it has
// none, the one before it.
std::optional<EventId> First(const Graph& graph, const Extent& operation) {
  const bool none = operation.end == operation.begin && !operation.pending;
  const int index = none ? operation.begin - 1 : operation.begin;
  if (index < 0 || index >= graph.ThreadSize(operation.thread)) return std::nullopt;
  return graph.ThreadAt(operation.thread, index);
}

bool Precedes(const Graph& graph, const Extent& a, const Extent& b) {
  if (a.pending) return false;
  if (IsOutside(a)) return !a.after;
  if (IsOutside(b)) return b.after;
  const std::optional<EventId> last = Last(graph, a);
  const std::optional<EventId> first = First(graph, b);
  return last.has_value() && first.has_value() && graph[*first].hb.Contains(*last);
}

}  // namespace

std::vector<std::pair<int, int>> HappensBefore(const Graph& graph,
                                               std::span<const Extent> operations) {
  std::vector<std::pair<int, int>> pairs;
  for (std::size_t a = 0; a < operations.size(); ++a) {
    for (std::size_t b = 0; b < operations.size(); ++b) {
      if (operations[a].thread == operations[b].thread) continue;
      if (Precedes(graph, operations[a], operations[b])) pairs.emplace_back(a, b);
    }
  }
  return pairs;
}

}  // namespace ashlar::verification::linearizability
