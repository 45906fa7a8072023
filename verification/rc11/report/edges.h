// edges.h
// -------
// Edges: the relations of an execution graph as people draw them, between the steps of
// ExecutionOrder(): what follows from others is left out.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_EDGES_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_EDGES_H_

#include <string_view>
#include <vector>

#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/report/execution_order.h"

namespace ashlar::verification::rc11 {

// The events that `event` synchronises with: the last one of each other thread that happens
// before it and not yet before what precedes it in its own.
std::vector<EventId> SynchronisesWith(const Graph& graph, EventId event);

struct Edge {
  enum class Kind {
    kSb,  // to the next step of the thread
    kRf,  // from the write to what reads it
    kMo,  // to the next write of the location
    kSw,  // to what synchronises with it
    kFr,  // from a read to the write after the one that it read
  };
  Kind kind;
  EventId from;  // the first half of a read-modify-write stands for both
  EventId to;
};

std::vector<Edge> Edges(const Graph& graph, const std::vector<Step>& steps);

// As the papers on memory models have them.
std::string_view Name(Edge::Kind kind);
std::string_view Colour(Edge::Kind kind);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_EDGES_H_
