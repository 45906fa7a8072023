// liveness.h
// ----------
// WaitForEver: whether the threads of an execution that have not ended never will.
//
// Every write becomes visible in the end, so they run on, in turns, each until it waits
// again, and read what is newest. If one ends, or they still change the memory after many
// turns, they only have not seen something yet, and the execution in which they have is
// another one. If many turns pass in which nothing changes, they wait for ever.
#ifndef ASHLAR_VERIFICATION_RC11_LIVENESS_H_
#define ASHLAR_VERIFICATION_RC11_LIVENESS_H_

#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

// `program` is where `graph` is, and each thread is about to do `pending`. Leaves the
// program somewhere else.
bool WaitForEver(Program& program, const Graph& graph, const Operation* pending);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_LIVENESS_H_
