#include "ashlar/engine/workload.h"

#include <exception>
#include <new>
#include <utility>

#include "absl/status/status.h"
#include "ashlar/base/check.h"

namespace ashlar {

absl::StatusOr<WorkloadResult> RunWorkload(const Workload& workload, WorkloadContext& context) {
  try {
    return workload.run(context);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(workload.name + ": out of memory");
  } catch (const std::exception& e) {
    return absl::InternalError(workload.name + ": " + e.what());
  }
}

void WorkloadRegistry::Add(Workload workload) {
  ASHLAR_CHECK(!Find(workload.name).ok(), "a workload of that name is there already");
  workloads_.push_back(std::move(workload));
}

absl::StatusOr<const Workload*> WorkloadRegistry::Find(const std::string& name) const {
  std::string known;
  for (const Workload& workload : workloads_) {
    if (workload.name == name) return &workload;
    known += (known.empty() ? "" : ", ") + workload.name;
  }
  return absl::NotFoundError("no workload '" + name + "'; known: " + known);
}

}  // namespace ashlar
