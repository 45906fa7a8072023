// liveness.h
// ----------
// WaitsForEver: whether a thread that spins at the end of an execution will never go on.
//
// It will if a write can still come that it has not seen. Here no thread can write any
// more, so it waits for ever if what it keeps reading is what is newest already. If not,
// it has only not seen it yet, and the execution in which it has is another one.
//
// What it keeps reading: the locations that it has read since it last wrote. If that is
// more than its loop reads, a thread that waits for ever may be missed; none is accused
// wrongly.
#ifndef ASHLAR_VERIFICATION_RC11_LIVENESS_H_
#define ASHLAR_VERIFICATION_RC11_LIVENESS_H_

#include "ashlar/verification/rc11/graph.h"

namespace ashlar::verification::rc11 {

bool WaitsForEver(const Graph& graph, int thread);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_LIVENESS_H_
