#include "ashlar/engine/workloads/nqueens.h"

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(NqueensTest, CountsAreTheKnownOnes) {
  // The On-Line Encyclopedia of Integer Sequences, A000170.
  const std::vector<int64_t> known = {1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200};
  for (int workers : {1, 2, 4}) {
    auto engine = Engine::Create({.workers = workers});
    ASSERT_TRUE(engine.ok()) << engine.status();
    for (int n = 1; n <= static_cast<int>(known.size()); ++n) {
      WorkloadProgress progress;
      EXPECT_EQ(CountQueens(**engine, n, progress), known[static_cast<std::size_t>(n - 1)]) << n;
      EXPECT_EQ(progress.done(), progress.total()) << n;
    }
  }
}

TEST(NqueensTest, SizeIsChecked) {
  auto engine = Engine::Create({.workers = 1});
  ASSERT_TRUE(engine.ok()) << engine.status();
  const Workload workload = NqueensWorkload();
  for (const char* n : {"0", "-1", "21", "x", "", "8.5"}) {
    const auto arguments = ParseArguments(workload.options, workload.positional, {n});
    ASSERT_TRUE(arguments.ok()) << arguments.status();
    WorkloadProgress progress;
    WorkloadContext context{.engine = **engine, .arguments = *arguments, .progress = progress};
    EXPECT_EQ(RunWorkload(workload, context).status().message(),
              std::string("N has to be a whole number from 1 to 20, not '") + n + "'");
  }
}

}  // namespace
}  // namespace ashlar
