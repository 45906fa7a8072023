// topology.h
// ----------
// Topology: what the machine is made of and where each CPU lies, as plain data.
//
//   absl::StatusOr<Topology> topology = Topology::Detect();
//   if (!topology.ok()) return topology.status();
//   std::cout << topology->sockets << " sockets, " << topology->usable.Describe() << "\n";
//
// Use it to place threads and memory, and to show the machine. For the number of
// workers alone, UsableCpus (usable_cpus.h) is enough and needs no hwloc.
//
// A "CPU" is what the system schedules threads on, hwloc's processing unit: a core, or
// one of its hardware threads. CPUs that the machine has but this process may not use
// are listed too, with `usable` false.
//
// Thread safety: a value; Detect() may run in any thread, whose affinity mask counts.
// Cost: Detect() walks /sys, some 5 to 20 ms; keep the result. Errors: Internal when
// hwloc cannot read the machine, InvalidArgument for a malformed description.
#ifndef ASHLAR_ENGINE_TOPOLOGY_H_
#define ASHLAR_ENGINE_TOPOLOGY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/engine/usable_cpus.h"

namespace ashlar {

struct Topology {
  struct Cpu {
    int id = 0;          // the system's number, as taskset takes it
    int core = 0;        // 0 to cores - 1
    int numa_node = 0;   // 0 to numa_nodes - 1
    int socket = 0;      // 0 to sockets - 1
    bool usable = true;  // in the affinity mask
  };

  // All caches of one level and kind that are equal.
  struct Cache {
    enum class Kind { kUnified, kData, kInstruction };
    int level = 1;
    Kind kind = Kind::kUnified;
    int64_t bytes = 0;   // of each; 0 where the system does not tell
    int line_bytes = 0;  // 0 where the system does not tell
    int cpus = 0;        // that share one
    int count = 0;       // how many of them
  };

  int sockets = 0;
  int numa_nodes = 0;
  int cores = 0;
  int64_t memory_bytes = 0;   // of all NUMA nodes
  std::vector<Cpu> cpus;      // ascending by id
  std::vector<Cache> caches;  // nearest to the core first
  UsableCpus usable;

  static absl::StatusOr<Topology> Detect();

  // Another machine, for tests and for questions about it: `synthetic` is hwloc's
  // notation ("pack:2 numa:1 l3:1 core:4 pu:2", see hwloc(7)), and `affinity` and
  // `quota` what limits the process there; an empty mask allows all.
  static absl::StatusOr<Topology> FromSynthetic(const std::string& synthetic,
                                                std::vector<int> affinity = {},
                                                std::optional<CpuQuota> quota = std::nullopt);
};

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_TOPOLOGY_H_
