// nqueens.h
// ---------
// `nqueens N`: in how many ways N queens stand on an N by N board without attacking each
// other. A search tree of very uneven branches: what fork-join and stealing are made for.
#ifndef ASHLAR_ENGINE_WORKLOADS_NQUEENS_H_
#define ASHLAR_ENGINE_WORKLOADS_NQUEENS_H_

#include <cstdint>

#include "ashlar/engine/engine.h"
#include "ashlar/engine/workload.h"

namespace ashlar {

// Larger boards take months.
inline constexpr int kMaxQueens = 20;

// The number of solutions for 1 <= n <= kMaxQueens. Row by row, each square of a row that
// is free may be forked.
int64_t CountQueens(Engine& engine, int n, WorkloadProgress& progress);

Workload NqueensWorkload();

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_NQUEENS_H_
