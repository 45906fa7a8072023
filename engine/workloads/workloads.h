// workloads.h
// -----------
// BuiltInWorkloads: what the `ashlar` command runs. To add one, list it in workloads.cc.
#ifndef ASHLAR_ENGINE_WORKLOADS_WORKLOADS_H_
#define ASHLAR_ENGINE_WORKLOADS_WORKLOADS_H_

#include "ashlar/engine/workload.h"

namespace ashlar {

WorkloadRegistry BuiltInWorkloads();

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_WORKLOADS_H_
