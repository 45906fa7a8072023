#include "ashlar/verification/rc11/report/text.h"

#include <memory>
#include <string>
#include <vector>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/report/execution_for_test.h"
#include "ashlar/verification/rc11/report/names.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using testing::IsSubstring;
using O = Operation;

// Of a program that stands in a file.
class MailboxNames : public Names {
 public:
  std::string Location(int location) const override { return location == 0 ? "letter" : "full"; }
  std::string Line(const SourceSite& place) const override {
    return place.line == 12 ? "full_.store(true, kRelaxed);" : "";
  }
};

Operation At(unsigned line, const char* function, Operation operation) {
  operation.place = {.file = "out/bin/base/_virtual_includes/mailbox/ashlar/base/mailbox.h",
                     .function = function,
                     .line = line};
  return operation;
}

TEST(TextReportTest, SaysWhichOrderLetsTwoAccessesRace) {
  const auto graph = FindExecution(
      {{At(11, "Put", O::Write(kPlain, 0, 0)), At(12, "Put", O::Write(kRelaxed, 1, 1))},
       {At(21, "Take", O::Read(kAcquire, 1)), At(22, "Take", O::Read(kPlain, 0))}},
      Reads({1, 0}));
  ASSERT_NE(graph, nullptr);
  Failure failure;
  failure.kind = Failure::Kind::kRace;
  failure.first = graph->ThreadAt(0, 0);
  failure.second = graph->ThreadAt(1, 1);
  EXPECT_EQ(
      TextReport(*graph, failure, MailboxNames()),
      R"text(data race on letter: T0's write at base/mailbox.h:11 and T1's read at base/mailbox.h:22

  No happens-before: the store at mailbox.h:12 (step 2) is relaxed. With release, the two
  accesses would be ordered.
      full_.store(true, kRelaxed);

     T0                      T1
  1  letter.Write()                                   mailbox.h:11 Put   RACES with 4
  2  full.store(1, relaxed)                           mailbox.h:12 Put
  3                          full.load(acquire) -> 1  mailbox.h:21 Take  reads 2, no happens-before
  4                          letter.Read()            mailbox.h:22 Take  RACES with 1
)text");
}

TEST(TextReportTest, NeedsNeitherPlacesNorNames) {
  const auto graph = FindExecution({{O::Write(kRelaxed, 0, 1), O::Read(kRelaxed, 1)},
                                    {O::Write(kRelaxed, 1, 1), O::Read(kRelaxed, 0)}},
                                   Reads({0, 0}));
  ASSERT_NE(graph, nullptr);
  Failure failure;
  failure.message = "false expectation";
  EXPECT_EQ(TextReport(*graph, failure), R"text(false expectation in After()

  Step 4 reads an old value of x: step 1 has written 1.
  There is no fence between the store of step 1 and the load of step 2.
  There is no fence between the store of step 3 and the load of step 4.
  With a seq_cst fence in each of these places, this execution would not exist.

     T0                    T1
  1  x.store(1, relaxed)
  2  y.load(relaxed) -> 0                          initial value
  3                        y.store(1, relaxed)
  4                        x.load(relaxed) -> 0    initial value, OLD: 1 is newer
     In the end x = 1 (step 1), y = 1 (step 3).
)text");
}

// The thread waits for 1, which another write hides.
TEST(TextReportTest, SaysWhatAThreadWaitsFor) {
  const auto graph = FindExecution(
      {{At(5, "Lock", O::Write(kRelaxed, 0, 2)), At(6, "Lock", O::RmwRead(kRelaxed, 1)),
        O::RmwWrite(kRelaxed, 1, 7), At(7, "Lock", O::Read(kAcquire, 0))},
       {At(9, "Unlock", O::RmwRead(kAcquire, 1)), O::RmwWrite(kAcquire, 1, 8),
        At(10, "Unlock", O::Write(kRelaxed, 0, 1))}},
      [](const Graph& g) {
        return Reads({0, 2, 7})(g) && Ends({2})(g);
      });
  ASSERT_NE(graph, nullptr);
  Failure failure;
  failure.kind = Failure::Kind::kHang;
  failure.thread = 0;
  failure.place = {.file = "lock.h", .function = "Lock", .line = 7};
  failure.waiting = {{0, failure.place}};
  EXPECT_EQ(TextReport(*graph, failure), R"text(waits for ever: T0 at lock.h:7

  T0 waits for x to change: it reads 2, from step 1, the last write in its modification order.
  It never sees the 1 of the store at mailbox.h:10 (step 5), which step 1 overwrites.
  The read-modify-write at mailbox.h:6 (step 2) is relaxed. With release, this execution would
  not exist.

     T0                           T1
  1  x.store(2, relaxed)                                       mailbox.h:5 Lock
  2  y.exchange(7, relaxed) -> 0                               mailbox.h:6 Lock     initial value
  3  x.load(acquire) -> 2                                      mailbox.h:7 Lock     reads 1
  4                               y.exchange(8, acquire) -> 7  mailbox.h:9 Unlock   reads 2, no happens-before
  5                               x.store(1, relaxed)          mailbox.h:10 Unlock  LATE: 1 overwrites it
     waits for ever                                            lock.h:7 Lock
)text");
}

TEST(TextReportTest, ReadModifyWritesAreCalledAsInTheSource) {
  const auto named = [](Verb verb, Operation operation) {
    operation.verb = verb;
    return operation;
  };
  const auto graph =
      FindExecution({{named(Verb::kFetchAdd, O::RmwRead(kRelaxed, 0)), O::RmwWrite(kRelaxed, 0, 3),
                      named(Verb::kFetchOr, O::RmwRead(kAcqRel, 0)), O::RmwWrite(kAcqRel, 0, 7),
                      named(Verb::kExchange, O::RmwRead(kRelease, 0)), O::RmwWrite(kRelease, 0, 1),
                      named(Verb::kCompareExchangeWeak, O::CompareRead(kSeqCst, kRelaxed, 0, 1)),
                      O::RmwWrite(kSeqCst, 0, 2),
                      named(Verb::kCompareExchangeStrong, O::CompareRead(kSeqCst, kRelaxed, 0, 1)),
                      O::Fence(kAcquire)}},
                    [](const Graph&) { return true; });
  ASSERT_NE(graph, nullptr);
  Failure failure;
  failure.message = "false expectation";
  failure.thread = 0;
  EXPECT_EQ(TextReport(*graph, failure), R"text(false expectation in T0

  No memory order forbids this: it is an interleaving in which every read sees the newest value.

     T0
  1  x.fetch_add(3, relaxed) -> 0                                   initial value
  2  x.fetch_or(.., acq_rel) -> 3, now 7                            reads 1
  3  x.exchange(1, release) -> 7                                    reads 2
  4  x.compare_exchange_weak(1, 2, seq_cst) -> true                 reads 3
  5  x.compare_exchange_strong(1, .., relaxed) -> false, it is 2    reads 4
  6  Fence(acquire)
     false expectation
)text");
}

TEST(TextReportTest, ManyWideColumnsOverlap) {
  const std::vector<Operation> thread(2, O::Write(kSeqCst, 0, 1'000'000'000));
  const auto graph =
      FindExecution({thread, thread, thread, thread}, [](const Graph&) { return true; });
  ASSERT_NE(graph, nullptr);
  Failure failure;
  failure.kind = Failure::Kind::kTooLarge;
  EXPECT_EQ(TextReport(*graph, failure), R"text(more than 128 operations in one execution

  A loop without SpinWait(), or too much for one scenario: these are all steps that fit.

     T0                    T1                    T2                    T3
  1  x.store(1000000000, seq_cst)
  2  x.store(1000000000, seq_cst)
  3                        x.store(1000000000, seq_cst)
  4                        x.store(1000000000, seq_cst)
  5                                              x.store(1000000000, seq_cst)
  6                                              x.store(1000000000, seq_cst)
  7                                                                    x.store(1000000000, seq_cst)
  8                                                                    x.store(1000000000, seq_cst)
)text");
}

TEST(TextReportTest, SaysThatAScenarioMustBeDeterministic) {
  const auto graph = FindExecution({{O::Write(kRelaxed, 0, 1)}}, [](const Graph&) { return true; });
  Failure failure;
  failure.kind = Failure::Kind::kNotDeterministic;
  failure.thread = 0;
  failure.place = {.file = "lock.h", .function = "Lock", .line = 7};
  const std::string text = TextReport(*graph, failure);
  EXPECT_PRED_FORMAT2(IsSubstring, "not deterministic: T0 did something else", text);
  EXPECT_PRED_FORMAT2(IsSubstring, "clock", text);
}

}  // namespace
}  // namespace ashlar::verification::rc11
