// execution_order.h
// -----------------
// ExecutionOrder: a line in which to read an execution graph.
//
// A graph has no schedule. For people it is given one: every event comes after those that
// happen before it and those that it depends on (porf). As far as the graph allows, reads
// also come before the writes that they did not see, and writes in modification order; what
// cannot be so is overtaken, and that is where weak memory shows. Of all such lines it is
// one with the fewest overtaken events, and of these one with the fewest changes of thread.
//
// A read-modify-write is one step, with the choice between its halves if there is one.
//
// Cost: the product of the threads' lengths, for up to a million states; beyond that a line
// is taken greedily, which may overtake more than it must.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_EXECUTION_ORDER_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_EXECUTION_ORDER_H_

#include <vector>

#include "ashlar/verification/rc11/event_set.h"
#include "ashlar/verification/rc11/graph.h"

namespace ashlar::verification::rc11 {

struct Step {
  EventId event = Graph::kNone;
  EventId choice = Graph::kNone;     // what a read-modify-write chooses before it writes
  EventId write = Graph::kNone;      // the second half of a read-modify-write
  EventId overtaken = Graph::kNone;  // the newest write that comes earlier in the line but
                                     // later in modification order
};

std::vector<Step> ExecutionOrder(const Graph& graph);

// How often the line goes on in another thread.
int ContextSwitches(const Graph& graph, const std::vector<Step>& steps);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_EXECUTION_ORDER_H_
