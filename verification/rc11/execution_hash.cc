#include "ashlar/verification/rc11/execution_hash.h"

namespace ashlar::verification::rc11 {
namespace {

// A step of a polynomial hash with a final mix of each digit (splitmix64's).
std::uint64_t Mix(std::uint64_t hash, std::uint64_t digit) {
  std::uint64_t z = hash + 0x9e3779b97f4a7c15 * (digit + 1);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// The same in every graph that has the event, as its id is not.
std::uint64_t Name(const Graph& graph, EventId id) {
  if (Graph::IsInitial(id)) return id;
  return 256 + graph[id].thread * 256u + graph[id].index;
}

}  // namespace

std::uint64_t ExecutionHash(const Graph& graph) {
  std::uint64_t hash = 0;
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    for (int index = 0; index < graph.ThreadSize(thread); ++index) {
      const EventId id = graph.ThreadAt(thread, index);
      hash = Mix(hash, Name(graph, id));
      if (graph[id].IsRead()) hash = Mix(hash, Name(graph, graph[id].reads_from));
      if (graph[id].operation.choices != 0) hash = Mix(hash, graph[id].choice);
    }
  }
  for (int location = 0; location < graph.Locations(); ++location) {
    for (EventId id = Graph::Initial(location); id != Graph::kNone; id = graph[id].mo_after) {
      hash = Mix(hash, Name(graph, id));
    }
  }
  return hash;
}

}  // namespace ashlar::verification::rc11
