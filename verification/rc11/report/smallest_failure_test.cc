#include "ashlar/verification/rc11/report/smallest_failure.h"

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/script_for_test.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using O = Operation;

constexpr std::uint64_t kMany = 1'000'000;

Result Search(std::vector<std::vector<Operation>> threads, SmallestFailure* smallest) {
  Script script(std::move(threads));
  Options options;
  options.on_failure = [&](const Graph& graph, const Failure& failure) {
    return smallest->Add(graph, failure);
  };
  options.go_on = [&] { return smallest->GoOn(); };
  return Explore(script, options);
}

TEST(SmallestFailureTest, LeavesOutWhatTheFailureDoesNotDependOn) {
  SmallestFailure smallest;
  // A race on the first location, and much that has nothing to do with it.
  Search({{O::Write(kPlain, 0, 1), O::Write(kRelaxed, 1, 1)},
          {O::Read(kRelaxed, 1), O::Write(kPlain, 0, 2), O::Read(kRelaxed, 1)},
          {O::Write(kRelaxed, 1, 2), O::Read(kRelaxed, 2)}},
         &smallest);
  ASSERT_TRUE(smallest.Found());
  EXPECT_EQ(smallest.failure().kind, Failure::Kind::kRace);
  EXPECT_EQ(smallest.graph().Size(), 3) << "two writes, and a read of the initial value";
  EXPECT_EQ(smallest.graph().ThreadSize(2), 0);
}

TEST(SmallestFailureTest, NothingIsFoundInWhatIsRight) {
  SmallestFailure smallest;
  const Result result = Search({{O::Write(kRelaxed, 0, 1)}, {O::Read(kRelaxed, 0)}}, &smallest);
  EXPECT_FALSE(smallest.Found());
  EXPECT_EQ(result.status, Result::Status::kComplete);
}

TEST(SmallestFailureTest, GoesOnAfterTheFirstFailureOnlyForAWhile) {
  const std::vector<Operation> busy(6, O::Write(kRelaxed, 1, 1));
  std::vector<Operation> racing = busy;
  racing.push_back(O::Write(kPlain, 0, 1));
  SmallestFailure few({.executions = 10, .time = std::chrono::hours(1)});
  const Result result = Search({racing, racing, busy}, &few);
  EXPECT_TRUE(few.Found());
  EXPECT_LE(result.executions + result.failures, 11u);

  SmallestFailure brief({.executions = kMany, .time = std::chrono::nanoseconds(0)});
  const Result stopped = Search({racing, racing, busy}, &brief);
  EXPECT_LT(stopped.executions + stopped.failures, 100u);
}

}  // namespace
}  // namespace ashlar::verification::rc11
