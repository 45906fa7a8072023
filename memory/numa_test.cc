#include "ashlar/memory/numa.h"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

// Refuses what it is told to, and keeps what it is asked.
class FakeBinding : public NumaBinding {
 public:
  struct Call {
    NumaPolicy policy;
    std::vector<int> nodes;
    std::size_t bytes;
  };

  int Place(std::span<std::byte> memory, NumaPolicy policy, std::span<const int> nodes) override {
    calls.push_back({policy, {nodes.begin(), nodes.end()}, memory.size()});
    return refused.contains(policy) ? EPERM : 0;
  }
  int AdviseHugePages(std::span<std::byte> memory) override {
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory.data()) % (2 << 20), 0u);
    return transparent ? 0 : EINVAL;
  }
  int MapReservedHugePages(std::size_t, std::byte*&) override { return ENOMEM; }

  std::set<NumaPolicy> refused;
  bool transparent = true;
  std::vector<Call> calls;
};

struct Machine {
  explicit Machine(const std::string& synthetic) : numa(*Numa::FromSynthetic(synthetic, binding)) {}
  std::shared_ptr<FakeBinding> binding = std::make_shared<FakeBinding>();
  Numa numa;
};

void ExpectUsable(const NumaMemory& memory, std::size_t bytes) {
  ASSERT_GE(memory.bytes().size(), bytes);
  EXPECT_EQ(std::memcmp(memory.bytes().data(), std::vector<std::byte>(bytes).data(), bytes), 0);
  std::memset(memory.bytes().data(), 1, memory.bytes().size());
}

TEST(NumaTest, ThisMachineGivesMemoryWhateverIsAsked) {
  const absl::StatusOr<Numa> numa = Numa::Detect();
  ASSERT_TRUE(numa.ok()) << numa.status();
  ASSERT_GE(numa->nodes().size(), 1u);
  EXPECT_GE(numa->CurrentNode(), 0);
  EXPECT_LT(numa->CurrentNode(), static_cast<int>(numa->nodes().size()));
  for (const NumaPolicy policy :
       {NumaPolicy::kNone, NumaPolicy::kPreferred, NumaPolicy::kInterleave, NumaPolicy::kBind}) {
    for (const HugePages huge : {HugePages::kNo, HugePages::kAdvise, HugePages::kReserved}) {
      const absl::StatusOr<NumaMemory> memory =
          numa->Allocate(10000, {.policy = policy, .huge_pages = huge, .first_touch = true});
      ASSERT_TRUE(memory.ok()) << memory.status();
      ExpectUsable(*memory, 10000);
      const NumaReport& report = memory->report();
      // Either it is as asked, or the report says why it is not.
      EXPECT_TRUE((report.policy == policy && report.huge_pages == huge) || !report.note.empty());
    }
  }
}

TEST(NumaTest, SyntheticNodesAreRead) {
  const absl::StatusOr<Numa> numa =
      Numa::FromSynthetic("pack:2 [numa(memory=1073741824)] core:2 pu:2");
  ASSERT_TRUE(numa.ok()) << numa.status();
  ASSERT_EQ(numa->nodes().size(), 2u);
  EXPECT_EQ(numa->nodes()[1].bytes, std::uint64_t{1} << 30);
  EXPECT_EQ(numa->nodes()[1].cpus, (std::vector<int>{4, 5, 6, 7}));
  EXPECT_TRUE(numa->nodes()[1].usable);
  EXPECT_EQ(numa->NodeOfCpu(3), 0);
  EXPECT_EQ(numa->NodeOfCpu(4), 1);
  EXPECT_EQ(numa->NodeOfCpu(-1), 0);
  EXPECT_EQ(numa->NodeOfCpu(1000), 0);
}

TEST(NumaTest, HwlocTakesEachPolicyOnASyntheticMachine) {
  const absl::StatusOr<Numa> numa = Numa::FromSynthetic("numa:3 core:1 pu:1");
  ASSERT_TRUE(numa.ok()) << numa.status();
  for (const NumaPolicy policy :
       {NumaPolicy::kPreferred, NumaPolicy::kInterleave, NumaPolicy::kBind}) {
    const absl::StatusOr<NumaMemory> memory =
        numa->Allocate(5000, {.policy = policy, .nodes = {0, 2}});
    ASSERT_TRUE(memory.ok()) << memory.status();
    EXPECT_EQ(memory->report().policy, policy);
    EXPECT_EQ(memory->report().nodes, (std::vector<int>{0, 2}));
    EXPECT_EQ(memory->report().note, "");
    ExpectUsable(*memory, 5000);
  }
}

TEST(NumaTest, WhatIsAskedReachesTheSystem) {
  Machine machine("numa:4 core:1 pu:1");
  ASSERT_TRUE(machine.numa.Allocate(1, {.policy = NumaPolicy::kInterleave}).ok());
  ASSERT_TRUE(machine.numa.Allocate(4097, {.nodes = {3}}).ok());
  ASSERT_TRUE(machine.numa.Allocate(1, {.policy = NumaPolicy::kNone, .nodes = {3}}).ok());
  ASSERT_EQ(machine.binding->calls.size(), 2u);
  EXPECT_EQ(machine.binding->calls[0].policy, NumaPolicy::kInterleave);
  EXPECT_EQ(machine.binding->calls[0].nodes, (std::vector<int>{0, 1, 2, 3}));
  EXPECT_EQ(machine.binding->calls[1].policy, NumaPolicy::kPreferred);
  EXPECT_EQ(machine.binding->calls[1].nodes, (std::vector<int>{3}));
  EXPECT_GE(machine.binding->calls[1].bytes, 4097u);
}

TEST(NumaTest, TheCallersNodeIsTheOneOfItsProcessor) {
  Machine machine("numa:2 core:64 pu:8");
  const absl::StatusOr<NumaMemory> memory = machine.numa.Allocate(1);
  ASSERT_TRUE(memory.ok()) << memory.status();
  ASSERT_EQ(memory->report().nodes.size(), 1u);
  EXPECT_LT(memory->report().nodes[0], 2);
}

TEST(NumaTest, WithoutPermissionMemoryIsGivenAndTheReportSaysSo) {
  Machine machine("numa:2 core:1 pu:1");
  machine.binding->refused = {NumaPolicy::kBind, NumaPolicy::kPreferred, NumaPolicy::kInterleave};
  for (const NumaPolicy policy :
       {NumaPolicy::kPreferred, NumaPolicy::kInterleave, NumaPolicy::kBind}) {
    const absl::StatusOr<NumaMemory> memory = machine.numa.Allocate(10000, {.policy = policy});
    ASSERT_TRUE(memory.ok()) << memory.status();
    EXPECT_EQ(memory->report().policy, NumaPolicy::kNone);
    EXPECT_TRUE(memory->report().nodes.empty());
    EXPECT_NE(memory->report().note.find("not permitted"), std::string::npos)
        << memory->report().note;
    ExpectUsable(*memory, 10000);
  }
}

TEST(NumaTest, WhatCannotBeBoundIsPreferred) {
  Machine machine("numa:2 core:1 pu:1");
  machine.binding->refused = {NumaPolicy::kBind};
  const absl::StatusOr<NumaMemory> memory =
      machine.numa.Allocate(1, {.policy = NumaPolicy::kBind, .nodes = {1}});
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->report().policy, NumaPolicy::kPreferred);
  EXPECT_EQ(memory->report().nodes, (std::vector<int>{1}));
  EXPECT_EQ(memory->report().note, "not bound: Operation not permitted");
}

TEST(NumaTest, OneNodeNeedsNoSystemCall) {
  Machine machine("numa:1 core:2 pu:1");
  const absl::StatusOr<NumaMemory> memory = machine.numa.Allocate(1);
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->report().policy, NumaPolicy::kNone);
  EXPECT_EQ(memory->report().note, "the machine has one NUMA node");
  EXPECT_TRUE(machine.binding->calls.empty());
}

TEST(NumaTest, HugePagesAreAsReservedOrAsAdvisedOrNot) {
  Machine machine("numa:2 core:1 pu:1");
  const NumaOptions options{.huge_pages = HugePages::kReserved};
  {
    const absl::StatusOr<NumaMemory> memory = machine.numa.Allocate(1, options);
    ASSERT_TRUE(memory.ok()) << memory.status();
    EXPECT_EQ(memory->report().huge_pages, HugePages::kAdvise);
    EXPECT_EQ(memory->bytes().size(), std::size_t{2} << 20);
    EXPECT_EQ(memory->report().note, "no reserved huge pages: Cannot allocate memory");
  }
  machine.binding->transparent = false;
  const absl::StatusOr<NumaMemory> memory = machine.numa.Allocate((2 << 20) + 1, options);
  ASSERT_TRUE(memory.ok()) << memory.status();
  EXPECT_EQ(memory->report().huge_pages, HugePages::kNo);
  EXPECT_EQ(memory->report().policy, NumaPolicy::kPreferred) << "one does not hinder the other";
  ExpectUsable(*memory, (2 << 20) + 1);
}

TEST(NumaTest, BadRequestsAreErrors) {
  Machine machine("numa:2 core:1 pu:1");
  EXPECT_EQ(machine.numa.Allocate(0).status().code(), absl::StatusCode::kInvalidArgument);
  for (const int node : {-1, 2, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(machine.numa.Allocate(1, {.nodes = {0, node}}).status().code(),
              absl::StatusCode::kInvalidArgument);
  }
  for (const std::size_t bytes :
       {std::numeric_limits<std::size_t>::max(), std::numeric_limits<std::size_t>::max() / 2,
        std::size_t{1} << 60}) {
    EXPECT_EQ(machine.numa.Allocate(bytes).status().code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(machine.numa.Allocate(bytes, {.huge_pages = HugePages::kReserved}).status().code(),
              absl::StatusCode::kResourceExhausted);
  }
  EXPECT_EQ(Numa::FromSynthetic("no such thing").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(NumaTest, FirstTouchLeavesContents) {
  std::vector<std::byte> bytes(3 * 4096 + 5);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i % 251);
  const std::vector<std::byte> before = bytes;
  Numa::FirstTouch(std::span(bytes).subspan(1));
  EXPECT_EQ(bytes, before);
  Numa::FirstTouch({});
}

TEST(NumaTest, MemoryMoves) {
  Machine machine("numa:2 core:1 pu:1");
  NumaMemory one = *machine.numa.Allocate(1);
  NumaMemory other = *machine.numa.Allocate(1 << 20);
  const std::byte* const begin = one.bytes().data();
  other = std::move(one);
  NumaMemory last(std::move(other));
  EXPECT_EQ(last.bytes().data(), begin);
  EXPECT_TRUE(other.bytes().empty());
  last.bytes()[0] = std::byte{1};
}

}  // namespace
}  // namespace ashlar
