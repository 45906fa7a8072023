#include "ashlar/engine/workload.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

Workload Sum() {
  return {.name = "sum",
          .help = "the sum of 1 to N",
          .positional = {.name = "N", .min = 1, .max = 1},
          .run = [](WorkloadContext& context) -> absl::StatusOr<WorkloadResult> {
            auto n = ParseInt("N", context.arguments.positional()[0], 0, 1 << 30);
            if (!n.ok()) return n.status();
            context.progress.AddTotal(*n);
            const int64_t sum = context.engine.ParallelReduce(
                int64_t{1}, *n + 1, int64_t{0},
                [&](int64_t i) {
                  context.progress.AddDone(1);
                  return i;
                },
                std::plus<>());
            WorkloadResult result;
            result.values.Set("sum", Json(sum));
            return result;
          }};
}

class WorkloadTest : public testing::Test {
 protected:
  void SetUp() override {
    auto engine = Engine::Create({.workers = 2});
    ASSERT_TRUE(engine.ok()) << engine.status();
    engine_ = *std::move(engine);
  }
  absl::StatusOr<WorkloadResult> Run(const Workload& workload, std::vector<std::string> words) {
    auto arguments = ParseArguments(workload.options, workload.positional, words);
    if (!arguments.ok()) return arguments.status();
    WorkloadContext context{.engine = *engine_, .arguments = *arguments, .progress = progress_};
    return RunWorkload(workload, context);
  }
  std::unique_ptr<Engine> engine_;
  WorkloadProgress progress_;
};

TEST_F(WorkloadTest, RunsOnTheEngineAndCountsProgress) {
  const auto result = Run(Sum(), {"1000"});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->values.ToString(), "{\"sum\":500500}");
  EXPECT_EQ(progress_.total(), 1000);
  EXPECT_EQ(progress_.done(), 1000);
}

TEST_F(WorkloadTest, BadArgumentIsTheUsersError) {
  EXPECT_EQ(Run(Sum(), {"-1"}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Run(Sum(), {}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(WorkloadTest, WhatATaskThrowsIsAStatus) {
  Workload workload = Sum();
  workload.run = [](WorkloadContext& context) -> absl::StatusOr<WorkloadResult> {
    context.engine.ParallelFor(0, 10, [](int i) {
      if (i == 5) throw std::bad_alloc();
    });
    return WorkloadResult();
  };
  EXPECT_EQ(Run(workload, {"1"}).status().ToString(), "RESOURCE_EXHAUSTED: sum: out of memory");
  workload.run = [](WorkloadContext&) -> absl::StatusOr<WorkloadResult> {
    throw std::runtime_error("broken");
  };
  EXPECT_EQ(Run(workload, {"1"}).status().ToString(), "INTERNAL: sum: broken");
}

TEST(WorkloadRegistryTest, FindsByNameAndKeepsTheOrder) {
  WorkloadRegistry registry;
  Workload other = Sum();
  other.name = "other";
  registry.Add(Sum());
  registry.Add(std::move(other));
  ASSERT_TRUE(registry.Find("other").ok());
  EXPECT_EQ((*registry.Find("other"))->name, "other");
  EXPECT_EQ(registry.workloads().front().name, "sum");
  EXPECT_EQ(registry.Find("summ").status().ToString(),
            "NOT_FOUND: no workload 'summ'; known: sum, other");
}

TEST(WorkloadRegistryDeathTest, NameTwiceIsChecked) {
  WorkloadRegistry registry;
  registry.Add(Sum());
  EXPECT_DEATH(registry.Add(Sum()), "already");
}

}  // namespace
}  // namespace ashlar
