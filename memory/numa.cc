#include "ashlar/memory/numa.h"

#include <hwloc.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "absl/status/status.h"

namespace ashlar {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;

struct DestroyTopology {
  void operator()(hwloc_topology_t topology) const { hwloc_topology_destroy(topology); }
};
using HwlocTopology = std::unique_ptr<hwloc_topology, DestroyTopology>;

struct FreeBitmap {
  void operator()(hwloc_bitmap_t bitmap) const { hwloc_bitmap_free(bitmap); }
};
using HwlocBitmap = std::unique_ptr<hwloc_bitmap_s, FreeBitmap>;

absl::StatusOr<HwlocTopology> Load(const std::string* synthetic) {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) {
    return absl::InternalError("hwloc: cannot start: " + std::string(std::strerror(errno)));
  }
  HwlocTopology topology(raw);
  if (synthetic != nullptr && hwloc_topology_set_synthetic(raw, synthetic->c_str()) != 0) {
    return absl::InvalidArgumentError("hwloc: not a synthetic topology: '" + *synthetic +
                                      "'; write one like 'numa:2 core:2 pu:1'");
  }
  // All nodes, so that their numbers are those of Topology.
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  if (hwloc_topology_load(raw) != 0) {
    return absl::InternalError("hwloc: cannot read the machine: " +
                               std::string(std::strerror(errno)));
  }
  return topology;
}

std::vector<Numa::Node> ReadNodes(hwloc_topology_t topology) {
  std::vector<Numa::Node> nodes;
  const hwloc_const_nodeset_t allowed = hwloc_topology_get_allowed_nodeset(topology);
  for (hwloc_obj_t node = nullptr;
       (node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr;) {
    Numa::Node& read = nodes.emplace_back();
    read.bytes = node->attr->numanode.local_memory;
    read.usable = hwloc_bitmap_isset(allowed, node->os_index) != 0;
    for (int cpu = hwloc_bitmap_first(node->cpuset); cpu >= 0;
         cpu = hwloc_bitmap_next(node->cpuset, cpu)) {
      read.cpus.push_back(cpu);
    }
  }
  if (nodes.empty()) nodes.emplace_back();
  return nodes;
}

class HwlocBinding : public NumaBinding {
 public:
  explicit HwlocBinding(HwlocTopology topology) : topology_(std::move(topology)) {}

  int Place(std::span<std::byte> memory, NumaPolicy policy, std::span<const int> nodes) override {
    const HwlocBitmap set(hwloc_bitmap_alloc());
    if (set == nullptr) return ENOMEM;
    for (const int number : nodes) {
      const hwloc_obj_t node =
          hwloc_get_obj_by_type(topology_.get(), HWLOC_OBJ_NUMANODE, static_cast<unsigned>(number));
      if (node == nullptr) return EINVAL;
      hwloc_bitmap_set(set.get(), node->os_index);
    }
    // Without kBind's strictness hwloc asks for the system's preference.
    const int flags =
        HWLOC_MEMBIND_BYNODESET | (policy == NumaPolicy::kBind ? HWLOC_MEMBIND_STRICT : 0);
    const int result = hwloc_set_area_membind(
        topology_.get(), memory.data(), memory.size(), set.get(),
        policy == NumaPolicy::kInterleave ? HWLOC_MEMBIND_INTERLEAVE : HWLOC_MEMBIND_BIND, flags);
    return result == 0 ? 0 : errno;
  }

  int AdviseHugePages(std::span<std::byte> memory) override {
    return madvise(memory.data(), memory.size(), MADV_HUGEPAGE) == 0 ? 0 : errno;
  }

  int MapReservedHugePages(std::size_t bytes, std::byte*& memory) override {
    void* const mapped = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
    if (mapped == MAP_FAILED) return errno;
    memory = static_cast<std::byte*>(mapped);
    return 0;
  }

 private:
  const HwlocTopology topology_;
};

// Null without memory. Begins at a multiple of `alignment`, of which `bytes` is one.
std::byte* Map(std::size_t bytes, std::size_t alignment) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t extra = alignment > page ? alignment - page : 0;
  void* const mapped =
      mmap(nullptr, bytes + extra, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) return nullptr;
  auto* const begin = static_cast<std::byte*>(mapped);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) & (alignment - 1);
  if (before > 0) munmap(begin, before);
  if (extra > before) munmap(begin + before + bytes, extra - before);
  return begin + before;
}

const char* NameOf(NumaPolicy policy) {
  switch (policy) {
    case NumaPolicy::kNone:
      return "none";
    case NumaPolicy::kPreferred:
      return "preferred";
    case NumaPolicy::kInterleave:
      return "interleaved";
    case NumaPolicy::kBind:
      return "bound";
  }
  return "";
}

void Note(NumaReport& report, const std::string& what) {
  if (!report.note.empty()) report.note += "; ";
  report.note += what;
}

std::string Because(int error) { return std::string(": ") + std::strerror(error); }

}  // namespace

NumaMemory::~NumaMemory() {
  if (bytes_.data() != nullptr) munmap(bytes_.data(), bytes_.size());
}

absl::StatusOr<Numa> Numa::Detect() {
  absl::StatusOr<HwlocTopology> topology = Load(nullptr);
  if (!topology.ok()) return topology.status();
  std::vector<Node> nodes = ReadNodes(topology->get());
  return Numa(std::move(nodes), std::make_shared<HwlocBinding>(*std::move(topology)));
}

absl::StatusOr<Numa> Numa::FromSynthetic(const std::string& synthetic,
                                         std::shared_ptr<NumaBinding> binding) {
  absl::StatusOr<HwlocTopology> topology = Load(&synthetic);
  if (!topology.ok()) return topology.status();
  std::vector<Node> nodes = ReadNodes(topology->get());
  if (binding == nullptr) binding = std::make_shared<HwlocBinding>(*std::move(topology));
  return Numa(std::move(nodes), std::move(binding));
}

int Numa::NodeOfCpu(int cpu) const {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (std::binary_search(nodes_[i].cpus.begin(), nodes_[i].cpus.end(), cpu)) {
      return static_cast<int>(i);
    }
  }
  return 0;
}

int Numa::CurrentNode() const { return NodeOfCpu(sched_getcpu()); }

absl::StatusOr<NumaMemory> Numa::Allocate(std::size_t bytes, const NumaOptions& options) const {
  if (bytes == 0) return absl::InvalidArgumentError("no bytes are asked for");
  NumaReport report;
  report.nodes = options.nodes;
  for (const int node : report.nodes) {
    if (node < 0 || node >= static_cast<int>(nodes_.size()) || !nodes_[node].usable) {
      return absl::InvalidArgumentError("NUMA node " + std::to_string(node) +
                                        " is none of those that this process may use");
    }
  }
  const std::size_t page = options.huge_pages == HugePages::kNo
                               ? static_cast<std::size_t>(sysconf(_SC_PAGESIZE))
                               : kHugePage;
  const auto exhausted = [&] {
    return absl::ResourceExhaustedError("no memory for " + std::to_string(bytes) + " bytes");
  };
  // So that nothing below overflows.
  if (bytes > PTRDIFF_MAX - 2 * kHugePage) return exhausted();
  const std::size_t whole = (bytes + page - 1) / page * page;

  std::byte* begin = nullptr;
  if (options.huge_pages == HugePages::kReserved) {
    const int error = binding_->MapReservedHugePages(whole, begin);
    if (error == 0) {
      report.huge_pages = HugePages::kReserved;
    } else {
      Note(report, "no reserved huge pages" + Because(error));
    }
  }
  if (begin == nullptr) begin = Map(whole, page);
  if (begin == nullptr) return exhausted();
  NumaMemory memory({begin, whole}, {});
  if (options.huge_pages != HugePages::kNo && report.huge_pages == HugePages::kNo) {
    const int error = binding_->AdviseHugePages(memory.bytes());
    if (error == 0) {
      report.huge_pages = HugePages::kAdvise;
    } else {
      Note(report, "no transparent huge pages" + Because(error));
    }
  }

  if (report.nodes.empty() && options.policy == NumaPolicy::kInterleave) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (nodes_[i].usable) report.nodes.push_back(static_cast<int>(i));
    }
  } else if (report.nodes.empty()) {
    report.nodes = {CurrentNode()};
  }
  report.policy = options.policy;
  if (report.policy != NumaPolicy::kNone && nodes_.size() == 1) {
    report.policy = NumaPolicy::kNone;
    Note(report, "the machine has one NUMA node");
  }
  while (report.policy != NumaPolicy::kNone) {
    const int error = binding_->Place(memory.bytes(), report.policy, report.nodes);
    if (error == 0) break;
    Note(report, std::string("not ") + NameOf(report.policy) + Because(error));
    report.policy = report.policy == NumaPolicy::kBind ? NumaPolicy::kPreferred : NumaPolicy::kNone;
  }
  if (report.policy == NumaPolicy::kNone) report.nodes.clear();

  if (options.first_touch) FirstTouch(memory.bytes());
  memory.report_ = std::move(report);
  return memory;
}

void Numa::FirstTouch(std::span<std::byte> memory) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto touch = [](volatile std::byte& byte) { byte = byte; };
  for (std::size_t i = 0; i < memory.size(); i += page) touch(memory[i]);
  // Where `memory` begins in the middle of a page it may end in another.
  if (!memory.empty()) touch(memory.back());
}

}  // namespace ashlar
