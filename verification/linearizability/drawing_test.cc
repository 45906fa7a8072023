#include "ashlar/verification/linearizability/drawing.h"

#include <string>
#include <vector>

#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/specifications.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using Deque = WorkStealingDeque<int>;
using Words = Register<std::string>;

template <class S>
Drawing DrawingOf(const S& specification, const HistoryOf<S>& history,
                  std::size_t max_operations = 100) {
  return Draw(specification, history, *CheckLinearizable(specification, history), max_operations);
}

HistoryOf<Deque> TakenTwice() {
  return {.threads = 3,
          .operations = {{0, Deque::Push(1), Deque::Done(), 0, 10},
                         {0, Deque::Pop(), Deque::Took(1), 20, 40},
                         {1, Deque::Steal(), Deque::Took(1), 25, 45},
                         {2, Deque::Steal(), {}, 30}}};
}

TEST(DrawingTest, ColumnsShowWhatOverlapsAndWhatIsStuck) {
  EXPECT_EQ(Columns(DrawingOf(Deque(), TakenTwice())),
            "not linearizable: 2 of 4 operations have a place\n"
            "operation 2 of thread 1, Steal() -> 1: in the state [] the specification answers "
            "empty or retry\n"
            "\n"
            "thread 0              thread 1           thread 2\n"
            "- #1 Push(1) -> done\n"
            "+ #2 Pop() -> 1\n"
            "|                     + !! Steal() -> 1\n"
            "|                     |                  + -- Steal() pending\n"
            "+                     |                  |\n"
            "                      +                  |\n");
}

TEST(DrawingTest, ColumnsOfAGraphSayWhatFollowsWhat) {
  HistoryOf<Deque> history = TakenTwice();
  history.order = {{0, 2}};
  EXPECT_THAT(Columns(DrawingOf(Deque(), history)),
              HasSubstr("thread 0               thread 1                     thread 2\n"
                        "0: #1 Push(1) -> done                               3: -- Steal() "
                        "pending\n"
                        "1: !! Pop() -> 1       2: #2 Steal() -> 1  after 0\n"));
}

TEST(DrawingTest, SvgHasABarForEachOperation) {
  const std::string svg = Svg(DrawingOf(Deque(), TakenTwice()));
  EXPECT_THAT(svg, testing::StartsWith("<svg xmlns="));
  EXPECT_THAT(svg, HasSubstr("<g class=\"stuck\"><title>Steal() -&gt; 1\n"
                             "operation 2 of thread 1\n"
                             "called at 25, returned at 45\n"));
  EXPECT_THAT(svg, HasSubstr("then the state is [1]"));
  EXPECT_THAT(svg, HasSubstr("stroke-dasharray")) << "the pending one";
  EXPECT_THAT(svg, Not(HasSubstr("marker-end"))) << "no arrows between times";
  HistoryOf<Deque> graph = TakenTwice();
  graph.order = {{0, 2}};
  EXPECT_THAT(Svg(DrawingOf(Deque(), graph)), HasSubstr("marker-end"));
}

TEST(DrawingTest, TextsAreEscaped) {
  const std::string svg = Svg(DrawingOf(
      Words(), {.threads = 1, .operations = {{0, Words::Write("<&\">"), "<&\">", 0, 1}}}));
  EXPECT_THAT(svg, HasSubstr("Write(&lt;&amp;&quot;&gt;)"));
  EXPECT_THAT(svg, Not(HasSubstr("<&")));
}

TEST(DrawingTest, OfALongHistoryTheEndIsDrawn) {
  HistoryOf<Counter> history;
  history.threads = 2;
  for (int i = 0; i < 1000; ++i) {
    history.operations.push_back({i % 2, Counter::Add(1), i == 700 ? 0 : i, 10 * i, 10 * i + 5});
  }
  const Drawing drawing = DrawingOf(Counter(), history, 20);
  EXPECT_THAT(drawing.bars, SizeIs(20));
  EXPECT_EQ(drawing.title, "not linearizable: 700 of 1000 operations have a place, 20 are drawn");
  bool stuck = false;
  for (const Drawing::Bar& bar : drawing.bars) {
    stuck = stuck || (bar.stuck && bar.operation == 700);
    EXPECT_NEAR(bar.operation, 700, 10);
  }
  EXPECT_TRUE(stuck);
}

TEST(DrawingTest, AtTheSameTimeAThreadReturnsBeforeItCalls) {
  const Drawing drawing = DrawingOf(
      Counter(),
      {.threads = 1, .operations = {{0, Counter::Add(1), 0, 0, 5}, {0, Counter::Add(1), 1, 5, 9}}});
  EXPECT_LT(drawing.bars[0].to, drawing.bars[1].from);
}

TEST(DrawingTest, NothingCanBeDrawn) {
  EXPECT_THAT(Svg(DrawingOf(Counter(), {})), HasSubstr("linearizable: 0 of 0"));
  EXPECT_THAT(Columns(DrawingOf(Counter(), {})), HasSubstr("linearizable: 0 of 0"));
}

}  // namespace
}  // namespace ashlar::verification::linearizability
