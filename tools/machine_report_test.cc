#include "ashlar/tools/machine_report.h"

#include <string>

#include "ashlar/engine/topology.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(MachineReportTest, TextTellsWhatThereIsAndWhatMayBeUsed) {
  const auto machine =
      Topology::FromSynthetic("pack:2 [numa(memory=1073741824)] l3:1(size=33554432) core:2 pu:2",
                              {0, 1, 2, 5}, CpuQuota{2.5, "/sys/fs/cgroup/cpu.max"});
  ASSERT_TRUE(machine.ok()) << machine.status();
  EXPECT_EQ(MachineReportText(*machine),
            "sockets     2\n"
            "NUMA nodes  2\n"
            "cores       4\n"
            "CPUs        8\n"
            "memory      2 GiB\n"
            "L3 cache    2 x 32 MiB unified, lines of 64 B, each for 4 CPUs\n"
            "usable      3 of 8 CPUs: cgroup quota of 2.5 CPUs (/sys/fs/cgroup/cpu.max)\n"
            "            CPU numbers 0-2,5\n");
}

TEST(MachineReportTest, JsonHoldsTheSame) {
  const auto machine = Topology::FromSynthetic("pack:1 core:1 pu:1");
  ASSERT_TRUE(machine.ok()) << machine.status();
  const std::string json = MachineReportJson(*machine);
  EXPECT_EQ(json.substr(0, json.find("\"memory_bytes\"")),
            "{\"sockets\":1,\"numa_nodes\":1,\"cores\":1,");
  EXPECT_NE(json.find("\"cpus\":[{\"id\":0,\"core\":0,\"numa_node\":0,\"socket\":0,"
                      "\"usable\":true}],\"usable\":{\"cpus\":1,\"limit\":\"machine\","
                      "\"reason\":\"1 of 1 CPU: no limit but the machine\"}}\n"),
            std::string::npos)
      << json;
}

}  // namespace
}  // namespace ashlar
