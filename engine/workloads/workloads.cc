#include "ashlar/engine/workloads/workloads.h"

#include "ashlar/engine/workloads/nqueens.h"
#include "ashlar/engine/workloads/wordcount.h"

namespace ashlar {

WorkloadRegistry BuiltInWorkloads() {
  WorkloadRegistry registry;
  registry.Add(WordcountWorkload());
  registry.Add(NqueensWorkload());
  return registry;
}

}  // namespace ashlar
