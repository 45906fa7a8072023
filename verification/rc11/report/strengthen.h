// strengthen.h
// ------------
// FindCures: which stronger memory orders, or fences, would have prevented a failure.
//
// The very graph that fails is built again with one order made stronger, everywhere that
// the program executes that operation, and is put to the axioms. If they forbid it now, or
// if the two accesses of a race are ordered, then that order is to blame. All that it takes
// is a graph: no program is run.
//
// It says that this execution would be gone, not that the program would be right: there
// may be others. That is for the next run to find out.
//
// Cost: a few graphs for each operation; milliseconds for 30 operations.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_STRENGTHEN_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_STRENGTHEN_H_

#include <vector>

#include "ashlar/verification/rc11/event_set.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

struct Change {
  EventId event;                        // the first event of the operation, in reading order
  Order to;                             // instead of its own; or that of a fence
  EventId before_fence = Graph::kNone;  // not kNone: a fence is put between `event` and this
};

struct Cure {
  std::vector<Change> changes;  // all of them together
  bool orders = false;  // a race: its accesses are ordered then. Else the execution is gone.
};

// Each single change that is enough, the gentler ones if there are some: release and
// acquire before seq_cst, orders before fences. If none is, a set from which no member can
// be left out. Empty: no order forbids it.
std::vector<Cure> FindCures(const Graph& graph, const Failure& failure);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_STRENGTHEN_H_
