#include "ashlar/engine/topology.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(TopologyTest, DetectAgreesWithTheSystem) {
  const absl::StatusOr<Topology> topology = Topology::Detect();
  ASSERT_TRUE(topology.ok()) << topology.status();
  EXPECT_GE(topology->sockets, 1);
  EXPECT_GE(topology->numa_nodes, 1);
  EXPECT_GE(topology->cores, topology->sockets);
  EXPECT_GE(static_cast<int>(topology->cpus.size()), topology->cores);
  EXPECT_EQ(topology->usable.count, UsableCpus::Detect().count);
  std::vector<int> usable;
  for (const Topology::Cpu& cpu : topology->cpus) {
    if (cpu.usable) usable.push_back(cpu.id);
  }
  EXPECT_EQ(usable, ReadAffinity());
}

TEST(TopologyTest, SyntheticMachineIsReadInFull) {
  const absl::StatusOr<Topology> read = Topology::FromSynthetic(
      "pack:2 [numa(memory=1073741824)] l3:1(size=33554432) l2:4(size=1048576) core:1 pu:2");
  ASSERT_TRUE(read.ok()) << read.status();
  const Topology& topology = *read;
  EXPECT_EQ(topology.sockets, 2);
  EXPECT_EQ(topology.numa_nodes, 2);
  EXPECT_EQ(topology.cores, 8);
  ASSERT_EQ(topology.cpus.size(), 16u);
  EXPECT_EQ(topology.memory_bytes, int64_t{2} << 30);

  std::set<int> ids, cores;
  for (const Topology::Cpu& cpu : topology.cpus) {
    ids.insert(cpu.id);
    cores.insert(cpu.core);
    EXPECT_EQ(cpu.socket, cpu.core / 4);
    EXPECT_EQ(cpu.numa_node, cpu.socket);
    EXPECT_TRUE(cpu.usable);
  }
  EXPECT_EQ(ids.size(), 16u);
  EXPECT_EQ(cores.size(), 8u);

  ASSERT_EQ(topology.caches.size(), 2u);
  EXPECT_EQ(topology.caches[0].level, 2);
  EXPECT_EQ(topology.caches[0].bytes, 1 << 20);
  EXPECT_EQ(topology.caches[0].cpus, 2);
  EXPECT_EQ(topology.caches[0].count, 8);
  EXPECT_EQ(topology.caches[1].level, 3);
  EXPECT_EQ(topology.caches[1].bytes, 32 << 20);
  EXPECT_EQ(topology.caches[1].cpus, 8);
  EXPECT_EQ(topology.caches[1].count, 2);
  EXPECT_EQ(topology.usable.count, 16);
}

TEST(TopologyTest, UnequalNumaNodesAreToldApart) {
  const auto topology = Topology::FromSynthetic("pack:1 [numa] core:2 [numa] pu:1");
  ASSERT_TRUE(topology.ok()) << topology.status();
  EXPECT_EQ(topology->numa_nodes, 3);
  EXPECT_EQ(topology->cpus.size(), 2u);
}

TEST(TopologyTest, AffinityMarksWhatIsUsable) {
  const auto topology = Topology::FromSynthetic("pack:2 core:2 pu:1", {3, 0});
  ASSERT_TRUE(topology.ok()) << topology.status();
  std::vector<bool> usable;
  for (const Topology::Cpu& cpu : topology->cpus) usable.push_back(cpu.usable);
  EXPECT_EQ(usable, (std::vector<bool>{true, false, false, true}));
  EXPECT_EQ(topology->usable.limit, CpuLimit::kAffinity);
  EXPECT_EQ(topology->usable.count, 2);
}

TEST(TopologyTest, QuotaLimitsTheCountAndMarksNothing) {
  const auto topology =
      Topology::FromSynthetic("pack:1 core:8 pu:1", {0, 1, 2, 3}, CpuQuota{1.5, "cpu.max"});
  ASSERT_TRUE(topology.ok()) << topology.status();
  EXPECT_EQ(topology->usable.count, 2);
  EXPECT_EQ(topology->usable.limit, CpuLimit::kQuota);
  EXPECT_EQ(std::count_if(topology->cpus.begin(), topology->cpus.end(),
                          [](const Topology::Cpu& cpu) { return cpu.usable; }),
            4);
}

TEST(TopologyTest, MalformedDescriptionIsInvalidArgument) {
  for (const char* text : {"", "nonsense", "pack:0", "core:x"}) {
    const auto topology = Topology::FromSynthetic(text);
    EXPECT_EQ(topology.status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

}  // namespace
}  // namespace ashlar
