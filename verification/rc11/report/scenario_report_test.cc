#include "ashlar/verification/rc11/report/scenario_report.h"

#include <fstream>
#include <sstream>
#include <string>

#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/rc11/options.h"
#include "ashlar/verification/rc11/report/wrong_for_test.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using rc11::Result;
using rc11::ScenarioReport;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

TEST(ScenarioReportTest, ExplainsARace) {
  EXPECT_EQ(
      ReportRc11<OneLetter>().text,
      R"text(data race on value: T0's write at verification/rc11/report/wrong_for_test.h:23 and T1's read at verification/rc11/report/wrong_for_test.h:29

  No happens-before: the store at wrong_for_test.h:24 (step 3) is relaxed. With release, the two
  accesses would be ordered.
      full_.store(true, std::memory_order_relaxed);  // should be release

     T0                       T1
  1  full.load(acquire) -> 0                           wrong_for_test.h:22 TryPut   initial value
  2  value.Write()                                     wrong_for_test.h:23 TryPut   RACES with 5
  3  full.store(1, relaxed)                            wrong_for_test.h:24 TryPut
  4                           full.load(acquire) -> 1  wrong_for_test.h:28 TryTake  reads 3, no happens-before
  5                           value.Read()             wrong_for_test.h:29 TryTake  RACES with 2
)text");
}

TEST(ScenarioReportTest, ExplainsAHang) {
  EXPECT_EQ(ReportRc11<TwoQueue>().text,
            R"text(waits for ever: T1 at verification/rc11/report/wrong_for_test.h:67

  T1 waits for nodes[1].locked to change: it reads 1, from step 5, the last write in its
  modification order.
      while (me.locked.load(std::memory_order_acquire)) Platform::SpinWait();
  It never sees the 0 of the store at wrong_for_test.h:79 (step 10), which step 5 overwrites.
      next->locked.store(false, std::memory_order_release);
  The store at wrong_for_test.h:66 (step 7) is relaxed. With release, this execution would not
  exist.
      previous->next.store(&me, std::memory_order_relaxed);  // should be release

     T0                    T1
  1  nodes[0].next.store(nullptr, relaxed)                                 wrong_for_test.h:62 Lock
  2  nodes[0].locked.store(1, relaxed)                                     wrong_for_test.h:63 Lock
  3  tail.exchange(&nodes[0], acq_rel) -> nullptr                          wrong_for_test.h:64 Lock    initial value
  4                        nodes[1].next.store(nullptr, relaxed)           wrong_for_test.h:62 Lock
  5                        nodes[1].locked.store(1, relaxed)               wrong_for_test.h:63 Lock
  6                        tail.exchange(&nodes[1], acq_rel) -> &nodes[0]  wrong_for_test.h:64 Lock    reads 3, synchronises
  7                        nodes[0].next.store(&nodes[1], relaxed)         wrong_for_test.h:66 Lock
  8                        nodes[1].locked.load(acquire) -> 1              wrong_for_test.h:67 Lock    reads 5
  9  nodes[0].next.load(acquire) -> &nodes[1]                              wrong_for_test.h:70 Unlock  reads 7, no happens-before
 10  nodes[1].locked.store(0, release)                                     wrong_for_test.h:79 Unlock  LATE: 5 overwrites it
                           waits for ever                                  wrong_for_test.h:67 Lock
)text");
}

TEST(ScenarioReportTest, FindsTheMissingFence) {
  EXPECT_EQ(ReportRc11<TwoItems>().text,
            R"text(false expectation in After() at verification/rc11/report/wrong_for_test.h:162

      Expect(times[1] == 1 && times[2] == 1);
  Step 21 reads an old value of top: step 19 has written 2.
  There is no fence between the store at wrong_for_test.h:111 (step 20) and the load at
  wrong_for_test.h:113 (step 21). With a seq_cst fence, this execution would not exist.
      bottom_.store(bottom, std::memory_order_relaxed);
      int top = top_.load(std::memory_order_relaxed);

     T0                          T1
  1  bottom.load(relaxed) -> 0                                                       wrong_for_test.h:104 Push   initial value
  2  items#0.store(1, relaxed)                                                       wrong_for_test.h:105 Push
  3  Fence(release)                                                                  wrong_for_test.h:106 Push
  4  bottom.store(1, relaxed)                                                        wrong_for_test.h:107 Push
  5  bottom.load(relaxed) -> 1                                                       wrong_for_test.h:104 Push   reads 4
  6  items#1.store(2, relaxed)                                                       wrong_for_test.h:105 Push
  7  Fence(release)                                                                  wrong_for_test.h:106 Push
  8  bottom.store(2, relaxed)                                                        wrong_for_test.h:107 Push
  9  bottom.load(relaxed) -> 2                                                       wrong_for_test.h:110 Pop    reads 8
 10                              top.load(acquire) -> 0                              wrong_for_test.h:127 Steal  initial value
 11                              Fence(seq_cst)                                      wrong_for_test.h:128 Steal
 12                              bottom.load(acquire) -> 2                           wrong_for_test.h:129 Steal  reads 8, synchronises with 7
 13                              items#0.load(relaxed) -> 1                          wrong_for_test.h:131 Steal  reads 2
 14                              top.compare_exchange_strong(0, 1, seq_cst) -> true  wrong_for_test.h:132 Steal  initial value
 15                              top.load(acquire) -> 1                              wrong_for_test.h:127 Steal  reads 14
 16                              Fence(seq_cst)                                      wrong_for_test.h:128 Steal
 17                              bottom.load(acquire) -> 2                           wrong_for_test.h:129 Steal  reads 8
 18                              items#1.load(relaxed) -> 2                          wrong_for_test.h:131 Steal  reads 6
 19                              top.compare_exchange_strong(1, 2, seq_cst) -> true  wrong_for_test.h:132 Steal  reads 14
 20  bottom.store(1, relaxed)                                                        wrong_for_test.h:111 Pop
 21  top.load(relaxed) -> 0                                                          wrong_for_test.h:113 Pop    initial value, OLD: 19 is newer
 22  items#1.load(relaxed) -> 2                                                      wrong_for_test.h:116 Pop    reads 6
 23  bottom.load(relaxed) -> 1                                                       wrong_for_test.h:110 Pop    reads 20
 24  bottom.store(0, relaxed)                                                        wrong_for_test.h:111 Pop
 25  top.load(relaxed) -> 2                                                          wrong_for_test.h:113 Pop    reads 19, no happens-before
 26  bottom.store(1, relaxed)                                                        wrong_for_test.h:123 Pop
     In the end top = 2 (step 19), bottom = 1 (step 26), items#0 = 1 (step 2), items#1 = 2 (step
     6).
)text");
}

std::string ContentOf(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

TEST(ScenarioReportTest, TheGuideShowsWhatIsPrinted) {
  const std::string guide = ContentOf("docs/verification.md");
  EXPECT_THAT(guide, HasSubstr("```\n" + ReportRc11<OneLetter>().text + "```\n"));
  EXPECT_THAT(guide, HasSubstr("```\n" + ReportRc11<TwoQueue>().text + "```\n"));
  EXPECT_THAT(guide, HasSubstr("```\n" + ReportRc11<TwoItems>().text + "```\n"));
  EXPECT_THAT(guide, HasSubstr("```mermaid\n" + ReportRc11<OneLetter>().mermaid + "```\n"));
}

TEST(ScenarioReportTest, ExplainsALostWakeUp) {
  EXPECT_EQ(ReportRc11<EarlyWakeUp>().text,
            R"text(waits for ever: T1 at verification/rc11/report/wrong_for_test.h:185

  T1 sleeps on ready: in step 3 it read 0, from the initial value, and nobody wakes it after
  that.
      while (ready.load(std::memory_order_acquire) == 0) Rc11Platform::Wait(ready, 0);
  It does not see the 1 of the store at wrong_for_test.h:183 (step 5).
  The wake-up of step 1 comes before it falls asleep.
  No memory order forbids this: it is an interleaving in which every read sees the newest value.

     T0                       T1
  1  wakes nobody                                       wrong_for_test.h:182 Thread
  2                           ready.load(acquire) -> 0  wrong_for_test.h:185 Thread  initial value
  3                           Wait(ready, 0) -> it is   wrong_for_test.h:185 Thread  initial value
  4                           falls asleep              wrong_for_test.h:185 Thread
  5  ready.store(1, release)                            wrong_for_test.h:183 Thread
                              waits for ever            wrong_for_test.h:185 Thread
)text");
}

TEST(ScenarioReportTest, ExplainsADeadlock) {
  EXPECT_EQ(
      ReportRc11<Crossed>().text,
      R"text(waits for ever: T0 at verification/rc11/report/wrong_for_test.h:199 and T1 at verification/rc11/report/wrong_for_test.h:202

  T0 waits for right, which T1 has locked in step 2.
      right.lock();
  T1 waits for left, which T0 has locked in step 1.
      left.lock();
  No memory order forbids this: it is an interleaving in which every read sees the newest value.

     T0                            T1
  1  left.lock()                                                wrong_for_test.h:198 Thread  initial value
  2                                right.lock()                 wrong_for_test.h:201 Thread  initial value
  3                                left.lock() finds it locked  wrong_for_test.h:202 Thread  reads 1
  4  right.lock() finds it locked                               wrong_for_test.h:199 Thread  reads 2
     waits for ever                                             wrong_for_test.h:199 Thread
                                   waits for ever               wrong_for_test.h:202 Thread
)text");
}

TEST(ScenarioReportTest, ExplainsAUseAfterFree) {
  EXPECT_EQ(
      ReportRc11<ReadsTooLate>().text,
      R"text(use after free: the object was destroyed by thread 0 at verification/rc11/report/wrong_for_test.h:220 in Thread, and used in T1 at verification/rc11/report/wrong_for_test.h:222

      read->text.Read();
  No memory order forbids this: it is an interleaving in which every read sees the newest value.

     Initially note = &A.
     T0                                     T1
  1                                         note.load(acquire) -> &A  wrong_for_test.h:221 Thread  initial value
  2  note.exchange(nullptr, acquire) -> &A                            wrong_for_test.h:220 Thread  initial value
  3  A is destroyed                                                   wrong_for_test.h:220 Thread
                                            use after free            wrong_for_test.h:222 Thread
)text");
}

TEST(ScenarioReportTest, SaysThatNoOrderIsToBlame) {
  EXPECT_EQ(ReportRc11<LostUpdate>().text,
            R"text(false expectation in After() at verification/rc11/report/wrong_for_test.h:172

      void After() { Expect(count.load() == 2); }
  No memory order forbids this: it is an interleaving in which every read sees the newest value.

     T0                        T1
  1                            count.load(seq_cst) -> 0  wrong_for_test.h:171 Thread  initial value
  2  count.load(seq_cst) -> 0                            wrong_for_test.h:171 Thread  initial value
  3  count.store(1, seq_cst)                             wrong_for_test.h:171 Thread
  4                            count.store(1, seq_cst)   wrong_for_test.h:171 Thread
     In the end count = 1 (step 4).
)text");
}

struct Right {
  static constexpr int kThreads = 2;
  Rc11Platform::Atomic<int> count{0};
  void Thread(unsigned) { count.fetch_add(1, std::memory_order_relaxed); }
  void After() { Expect(count.load() == 2); }
};

TEST(ScenarioReportTest, HasNothingToSayOfWhatIsRight) {
  const ScenarioReport report = ReportRc11<Right>();
  EXPECT_FALSE(report.Failed());
  EXPECT_THAT(report.text, IsEmpty());
  EXPECT_EQ(report.result.status, Result::Status::kComplete);
  EXPECT_EQ(report.result.executions, 2u);
}

// What threads hand to each other behind the checker's back is in no graph.
struct FailsForWhatIsNoOperation {
  static constexpr int kThreads = 2;
  bool done = false;
  Rc11Platform::Atomic<int> x{0};
  void Thread(unsigned index) {
    if (index == 0) {
      x.store(1);
      done = true;
      x.store(2);
    } else {
      x.load();
      Expect(!done);
    }
  }
};

TEST(ScenarioReportTest, LeavesNothingOutThatTheFailureNeeds) {
  const ScenarioReport report = ReportRc11<FailsForWhatIsNoOperation>();
  ASSERT_TRUE(report.Failed());
  EXPECT_THAT(report.text, HasSubstr("x.store(1, seq_cst)"));
}

// The addresses of another run are others.
TEST(ScenarioReportTest, AnExecutionIsFoundAgainInAnotherRun) {
  const ScenarioReport report = ReportRc11<TwoQueue>();
  ASSERT_TRUE(report.Failed());
  EXPECT_EQ(rc11::ReportExecution(Rc11Type<TwoQueue>(), *report.graph, report.failure).text,
            report.text);
}

struct ReadsTheAddress {
  static constexpr int kThreads = 1;
  static inline int runs = 0;
  Rc11Platform::Atomic<int> x{0};
  void Thread(unsigned) {
    if (++runs > 1) Rc11Platform::Fence(std::memory_order_seq_cst);
    x.store(1);
  }
  void After() { Expect(false); }
};

TEST(ScenarioReportTest, AScenarioThatDoesSomethingElseIsSaidToDoSo) {
  const ScenarioReport report = ReportRc11<ReadsTheAddress>();
  ASSERT_TRUE(report.Failed());
  EXPECT_THAT(report.text, StartsWith("not deterministic: T0 did something else"));
}

TEST(ScenarioReportTest, DrawsWhatItExplains) {
  const ScenarioReport report = ReportRc11<OneLetter>();
  EXPECT_THAT(report.dot, HasSubstr("full.store(1, relaxed)"));
  EXPECT_THAT(report.mermaid, HasSubstr("full.store(1, relaxed)"));
}

// A line brings the execution back, in any process, and runs it step by step.
template <class S>
ScenarioReport Replayed() {
  const ScenarioReport report = ReportRc11<S>();
  rc11::Options options;
  options.token = report.result.token;
  const ScenarioReport again = ReportRc11<S>(options);
  EXPECT_EQ(again.text, report.text) << report.result.token;
  EXPECT_EQ(again.result.failures, 1u);
  EXPECT_EQ(again.result.token, report.result.token);
  return again;
}

TEST(ScenarioReportTest, ATokenRunsTheExecutionStepByStep) {
  const std::string steps = Replayed<OneLetter>().steps;
  EXPECT_THAT(steps, StartsWith("1  T0  full.load(acquire) -> 0  verification/rc11/report/"));
  EXPECT_THAT(steps, HasSubstr("\n5  T1  value.Read()  "));
  EXPECT_THAT(steps, EndsWith("TryTake\n"));
}

TEST(ScenarioReportTest, ATokenRunsWhatAfterDoes) {
  EXPECT_THAT(Replayed<LostUpdate>().steps, HasSubstr("\nafter  count.load() -> 1"));
}

TEST(ScenarioReportTest, ATokenRunsHangsAndLongExecutions) {
  EXPECT_THAT(Replayed<TwoQueue>().steps, HasSubstr("\n10  T0  "));
  EXPECT_THAT(Replayed<TwoItems>().steps, HasSubstr("\n26  T0  "));
}

TEST(ScenarioReportTest, SaysOfAWrongTokenThatItIsOne) {
  rc11::Options options;
  options.token = "no token";
  const ScenarioReport report = ReportRc11<OneLetter>(options);
  EXPECT_EQ(report.result.status, Result::Status::kUnreadable);
  EXPECT_FALSE(report.Failed());
}

}  // namespace
}  // namespace ashlar::verification
