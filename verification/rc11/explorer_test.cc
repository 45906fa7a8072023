#include "ashlar/verification/rc11/explorer.h"

#include <cstdint>
#include <set>
#include <vector>

#include "ashlar/verification/rc11/execution_hash.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/script_for_test.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using Kind = Failure::Kind;
using Status = Result::Status;

constexpr int kX = 0;
constexpr int kY = 1;

Script StoreBuffering(Order order) {
  return Script({{Operation::Write(order, kX, 1), Operation::Read(order, kY)},
                 {Operation::Write(order, kY, 1), Operation::Read(order, kX)}});
}

TEST(ExplorerTest, ExploresEveryExecutionOfTheModel) {
  Script relaxed = StoreBuffering(kRelaxed);
  EXPECT_EQ(Explore(relaxed).executions, 4u);
  Script seq_cst = StoreBuffering(kSeqCst);
  EXPECT_EQ(Explore(seq_cst).executions, 3u);
  Options sc;
  sc.model = Model::kSc;
  EXPECT_EQ(Explore(relaxed, sc).executions, 3u);
}

TEST(ExplorerTest, ShowsEachExecutionOnce) {
  std::vector<std::vector<Operation>> threads(
      3, {Operation::Write(kRelaxed, kX, 1), Operation::Read(kRelaxed, kX),
          Operation::Write(kRelease, kY, 1), Operation::Read(kAcquire, kY)});
  Script script(threads);
  std::set<std::uint64_t> seen;
  const Result result = Explore(script, {}, [&](const Graph& graph, bool blocked) {
    EXPECT_FALSE(blocked);
    EXPECT_EQ(graph.Size(), 12);
    EXPECT_TRUE(seen.insert(ExecutionHash(graph)).second);
    return true;
  });
  EXPECT_EQ(result.status, Status::kComplete);
  EXPECT_EQ(result.executions, seen.size());
  EXPECT_GT(result.executions, 1000u);
}

TEST(ExplorerTest, FindsRaces) {
  Script script({{Operation::Write(kPlain, kX, 1)}, {Operation::Read(kPlain, kX)}});
  int racy = 0;
  Explore(script, {}, [&](const Graph& graph, bool) {
    const Race race = FindRace(graph);
    if (race.first == Graph::kNone) return true;
    EXPECT_NE(graph[race.first].thread, graph[race.second].thread);
    ++racy;
    return true;
  });
  EXPECT_EQ(racy, 2);
}

// Waits for x to become 1, spinning.
class Waiter : public Script {
 public:
  using Script::Script;
  Operation Resume(int thread, Value value) override {
    if (thread == 0) return Script::Resume(thread, value);
    // It reads, and is resumed with the value, and reads again when it was to wait.
    read_ = !read_;
    if (read_) return Operation::Read(kAcquire, kX);
    return value == 1 ? Operation() : Operation::Spin();
  }
  void Restart() override {
    Script::Restart();
    read_ = false;
  }

 private:
  bool read_ = false;
};

TEST(ExplorerTest, CountsExecutionsThatWaitForEverApart) {
  Waiter waiter({{Operation::Write(kRelease, kX, 1)}, {}});
  const Result result = Explore(waiter, {}, [](const Graph& graph, bool blocked) {
    EXPECT_EQ(blocked, graph[graph.ThreadAt(1, 0)].value == 0);
    return true;
  });
  EXPECT_EQ(result.executions, 1u);
  EXPECT_EQ(result.blocked, 1u);
}

TEST(ExplorerTest, StopsWhenItIsTold) {
  Script script = StoreBuffering(kRelaxed);
  Options two;
  two.max_executions = 2;
  Result result = Explore(script, two);
  EXPECT_EQ(result.status, Status::kStopped);
  EXPECT_EQ(result.executions, 2u);
  result = Explore(script, {}, [](const Graph&, bool) { return false; });
  EXPECT_EQ(result.status, Status::kStopped);
  EXPECT_EQ(result.executions, 1u);
}

TEST(ExplorerTest, ReportsAnExecutionThatIsTooLarge) {
  Script script({std::vector<Operation>(Graph::kMaxEvents + 1, Operation::Fence(kRelease))});
  EXPECT_EQ(Explore(script).failure->kind, Kind::kTooLarge);
  Script endless({std::vector<Operation>(10'000, Operation::Write(kRelaxed, kX, 1)),
                  {Operation::Read(kRelaxed, kX)}});
  EXPECT_EQ(Explore(endless).failure->kind, Kind::kTooLarge);
}

// The failures of all executions.
std::vector<Failure> Failures(Program& program, Result* result) {
  std::vector<Failure> failures;
  Options options;
  options.on_failure = [&](const Graph&, const Failure& failure) {
    failures.push_back(failure);
    return true;
  };
  *result = Explore(program, options);
  EXPECT_EQ(result->status, Status::kComplete);
  EXPECT_EQ(result->failures, failures.size());
  return failures;
}

TEST(ExplorerTest, GoesOnAfterAFailure) {
  // Both ways to read race, and no thread goes on to more.
  Result result;
  Script race({{Operation::Write(kPlain, kX, 1), Operation::Write(kPlain, kY, 1)},
               {Operation::Read(kPlain, kX), Operation::Read(kPlain, kY)}});
  for (const Failure& failure : Failures(race, &result)) EXPECT_EQ(failure.kind, Kind::kRace);
  EXPECT_EQ(result.failures, 2u);
  EXPECT_EQ(result.executions, 0u);

  // The thread that fails keeps none of the others from writing what it should have read.
  class Expecter : public Script {
   public:
    using Script::Script;
    Operation Resume(int thread, Value value) override {
      Operation operation = Script::Resume(thread, value);
      if (thread == 0 && operation.kind == OperationKind::kDone && value != 2) {
        operation.kind = OperationKind::kFail;
      }
      return operation;
    }
  };
  Expecter expecter({{Operation::Read(kRelaxed, kX)},
                     {Operation::Write(kRelaxed, kX, 1), Operation::Write(kRelaxed, kX, 2)}});
  for (const Failure& failure : Failures(expecter, &result)) EXPECT_EQ(failure.thread, 0);
  EXPECT_EQ(result.failures, 2u);
  EXPECT_EQ(result.executions, 1u);
}

TEST(ExplorerTest, TellsOfThreadsThatWaitForEver) {
  Waiter waiter({{Operation::Write(kRelease, kX, 2)}, {}});
  Result result;
  const std::vector<Failure> failures = Failures(waiter, &result);
  ASSERT_EQ(failures.size(), 2u) << "also if it has not seen the write yet";
  for (const Failure& failure : failures) {
    EXPECT_EQ(failure.kind, Kind::kHang);
    ASSERT_EQ(failure.waiting.size(), 1u);
    EXPECT_EQ(failure.waiting[0].thread, 1);
  }
  EXPECT_EQ(result.blocked, 2u);
}

// Writes another value each time it is restarted.
class Moody : public Script {
 public:
  using Script::Script;
  Operation Resume(int thread, Value value) override {
    Operation operation = Script::Resume(thread, value);
    if (operation.kind == OperationKind::kWrite) operation.value = restarts_;
    return operation;
  }
  void Restart() override {
    Script::Restart();
    ++restarts_;
  }

 private:
  Value restarts_ = 0;
};

TEST(ExplorerTest, NoticesAProgramThatIsNotDeterministic) {
  Moody moody({{Operation::Write(kRelaxed, kX, 1)}, {Operation::Read(kRelaxed, kX)}});
  EXPECT_EQ(Explore(moody).failure->kind, Kind::kNotDeterministic);
}

}  // namespace
}  // namespace ashlar::verification::rc11
