#include "ashlar/engine/topology.h"

#include <hwloc.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/status/status.h"

namespace ashlar {
namespace {

struct Destroy {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using HwlocTopology = std::unique_ptr<hwloc_topology, Destroy>;

absl::StatusOr<HwlocTopology> Load(const std::string* synthetic) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) {
    return absl::InternalError("hwloc: cannot start: " + std::string(std::strerror(errno)));
  }
  HwlocTopology topology(raw);
  if (synthetic != nullptr && hwloc_topology_set_synthetic(raw, synthetic->c_str()) != 0) {
    return absl::InvalidArgumentError("hwloc: not a synthetic topology: '" + *synthetic +
                                      "'; write one like 'pack:2 core:4 pu:2'");
  }
  // The whole machine; what the process may use is asked apart.
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  if (hwloc_topology_load(raw) != 0) {
    return absl::InternalError("hwloc: cannot read the machine: " +
                               std::string(std::strerror(errno)));
  }
  return topology;
}

int CountOf(hwloc_topology_t topology, hwloc_obj_type_t type) {
  return std::max(0, hwloc_get_nbobjs_by_type(topology, type));
}

// The index of the object of `type` around a CPU; 0 where the machine tells of none.
int IndexAround(hwloc_topology_t topology, hwloc_obj_type_t type, hwloc_obj_t cpu) {
  hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(topology, type, cpu);
  return object == nullptr ? 0 : static_cast<int>(object->logical_index);
}

// NUMA nodes hang beside the tree of CPUs. A CPU may have several (fast and large
// memory): the first, as hwloc orders them, is the one it takes memory from.
int NumaNodeOf(hwloc_topology_t topology, hwloc_obj_t cpu) {
  hwloc_obj_t node = nullptr;
  while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr) {
    if (hwloc_bitmap_isset(node->cpuset, cpu->os_index)) {
      return static_cast<int>(node->logical_index);
    }
  }
  return 0;
}

void AddCache(hwloc_obj_t object, std::vector<Topology::Cache>& caches) {
  const auto& attributes = object->attr->cache;
  Topology::Cache cache;
  cache.level = static_cast<int>(attributes.depth);
  cache.kind = attributes.type == HWLOC_OBJ_CACHE_DATA ? Topology::Cache::Kind::kData
               : attributes.type == HWLOC_OBJ_CACHE_INSTRUCTION
                   ? Topology::Cache::Kind::kInstruction
                   : Topology::Cache::Kind::kUnified;
  cache.bytes = static_cast<int64_t>(attributes.size);
  cache.line_bytes = static_cast<int>(attributes.linesize);
  cache.cpus = hwloc_bitmap_weight(object->cpuset);
  cache.count = 1;
  for (Topology::Cache& other : caches) {
    if (other.level == cache.level && other.kind == cache.kind && other.bytes == cache.bytes &&
        other.line_bytes == cache.line_bytes && other.cpus == cache.cpus) {
      ++other.count;
      return;
    }
  }
  caches.push_back(cache);
}

std::vector<Topology::Cache> CachesOf(hwloc_topology_t topology) {
  std::vector<Topology::Cache> caches;
  for (hwloc_obj_type_t type :
       {HWLOC_OBJ_L1ICACHE, HWLOC_OBJ_L1CACHE, HWLOC_OBJ_L2ICACHE, HWLOC_OBJ_L2CACHE,
        HWLOC_OBJ_L3ICACHE, HWLOC_OBJ_L3CACHE, HWLOC_OBJ_L4CACHE, HWLOC_OBJ_L5CACHE}) {
    hwloc_obj_t object = nullptr;
    while ((object = hwloc_get_next_obj_by_type(topology, type, object)) != nullptr) {
      AddCache(object, caches);
    }
  }
  return caches;
}

absl::StatusOr<Topology> Read(const std::string* synthetic, std::vector<int> affinity,
                              std::optional<CpuQuota> quota) {
  auto loaded = Load(synthetic);
  if (!loaded.ok()) return loaded.status();
  hwloc_topology_t topology = loaded->get();

  Topology result;
  hwloc_obj_t cpu = nullptr;
  while ((cpu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, cpu)) != nullptr) {
    const int id = static_cast<int>(cpu->os_index);
    result.cpus.push_back(
        {.id = id,
         .core = IndexAround(topology, HWLOC_OBJ_CORE, cpu),
         .numa_node = NumaNodeOf(topology, cpu),
         .socket = IndexAround(topology, HWLOC_OBJ_PACKAGE, cpu),
         .usable = affinity.empty() || std::binary_search(affinity.begin(), affinity.end(), id)});
  }
  if (result.cpus.empty()) return absl::InternalError("hwloc: the machine has no CPU");
  std::sort(result.cpus.begin(), result.cpus.end(),
            [](const Topology::Cpu& a, const Topology::Cpu& b) { return a.id < b.id; });

  // Virtual machines may hide sockets and cores: there is one of each at least.
  result.sockets = std::max(1, CountOf(topology, HWLOC_OBJ_PACKAGE));
  result.cores = std::max(1, CountOf(topology, HWLOC_OBJ_CORE));
  result.numa_nodes = std::max(1, CountOf(topology, HWLOC_OBJ_NUMANODE));
  result.memory_bytes = static_cast<int64_t>(hwloc_get_root_obj(topology)->total_memory);
  result.caches = CachesOf(topology);
  result.usable =
      CombineCpuLimits(static_cast<int>(result.cpus.size()), std::move(affinity), std::move(quota));
  return result;
}

}  // namespace

absl::StatusOr<Topology> Topology::Detect() {
  return Read(nullptr, ReadAffinity(), ReadCpuQuota());
}

absl::StatusOr<Topology> Topology::FromSynthetic(const std::string& synthetic,
                                                 std::vector<int> affinity,
                                                 std::optional<CpuQuota> quota) {
  std::sort(affinity.begin(), affinity.end());
  return Read(&synthetic, std::move(affinity), std::move(quota));
}

}  // namespace ashlar
