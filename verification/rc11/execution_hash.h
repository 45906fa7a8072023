// execution_hash.h
// ----------------
// ExecutionHash: a number for an execution, by which a test sees that none comes twice.
//
// Equal for equal executions, however they were found: it covers what each read reads
// from and the modification orders, in terms of threads and places in them.
#ifndef ASHLAR_VERIFICATION_RC11_EXECUTION_HASH_H_
#define ASHLAR_VERIFICATION_RC11_EXECUTION_HASH_H_

#include <cstdint>

#include "ashlar/verification/rc11/graph.h"

namespace ashlar::verification::rc11 {

std::uint64_t ExecutionHash(const Graph& graph);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_EXECUTION_HASH_H_
