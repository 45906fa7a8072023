#include "ashlar/verification/rc11/liveness.h"

#include <bitset>

namespace ashlar::verification::rc11 {

bool WaitsForEver(const Graph& graph, int thread) {
  std::bitset<Graph::kMaxLocations> seen;
  for (int index = graph.ThreadSize(thread) - 1; index >= 0; --index) {
    const Event& event = graph[graph.ThreadAt(thread, index)];
    if (event.IsWrite()) break;
    if (event.IsFence() || seen.test(event.operation.location)) continue;
    seen.set(event.operation.location);
    if (event.reads_from != graph.MoLast(event.operation.location)) return false;
  }
  return seen.any();
}

}  // namespace ashlar::verification::rc11
