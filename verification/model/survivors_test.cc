#include "ashlar/verification/model/survivors.h"

#include <string>

#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

const std::string kHeader = "file\tfunction\toperation\tordinal\tfrom\tto\tclaim\treason\n";
const std::string kSteal = "x.h\tSteal\tcas\t2\trelease\trelaxed\tunseen\tload buffering\n";

std::string ErrorOf(const std::string& text) {
  std::string error;
  EXPECT_FALSE(ParseSurvivors(text, error)) << text;
  return error;
}

TEST(SurvivorsTest, ALineIsAMutantAClaimAndAReason) {
  std::string error;
  const auto survivors = ParseSurvivors(
      "# what may survive\n" + kHeader + "\n" + kSteal +
          "x.h\tWake\twake\t1\t-\tdropped\tequivalent\twhoever sleeps, \"wakes\" by itself",
      error);
  ASSERT_TRUE(survivors) << error;
  ASSERT_EQ(survivors->size(), 2u);
  const Survivor& steal = survivors->front();
  EXPECT_EQ(steal.file, "x.h");
  EXPECT_EQ(steal.function, "Steal");
  EXPECT_EQ(steal.operation, Operation::kCompareExchange);
  EXPECT_EQ(steal.ordinal_in_function, 2u);
  EXPECT_EQ(steal.from, std::memory_order_release);
  EXPECT_EQ(steal.to, std::memory_order_relaxed);
  EXPECT_EQ(steal.claim, Claim::kUnseen);
  EXPECT_EQ(steal.reason, "load buffering");
  EXPECT_EQ(steal.line, 4u);
  const Survivor& wake = survivors->back();
  EXPECT_EQ(wake.operation, Operation::kWake);
  EXPECT_EQ(wake.to, kDropped);
  EXPECT_EQ(wake.claim, Claim::kEquivalent);
  EXPECT_EQ(wake.line, 5u);
}

TEST(SurvivorsTest, AMutantIsReadAsItIsWritten) {
  for (const std::string mutant :
       {"x.h\tSteal\tcas\t2\trelease\trelaxed", "x.h\tWake\twake\t1\t-\tdropped"}) {
    std::string error;
    const auto survivors = ParseSurvivors(kHeader + mutant + "\tunseen\tno reason\n", error);
    ASSERT_TRUE(survivors) << error;
    EXPECT_EQ(MutantColumns(survivors->front()), mutant);
  }
}

TEST(SurvivorsTest, AMalformedLineIsAnErrorWithItsPlace) {
  const auto error_of_row = [](const std::string& row) { return ErrorOf(kHeader + kSteal + row); };
  EXPECT_EQ(error_of_row("x.h\tPop\tcas\t1\trelease\trelaxed\tunseen\n"),
            "3:37: 7 columns instead of 8");
  EXPECT_EQ(error_of_row("x.h\tPop\tcas\t1\trelease\trelaxed\tunseen\twhy\tmore\n"),
            "3:46: 9 columns instead of 8");
  EXPECT_EQ(error_of_row("x.h\t\tcas\t1\trelease\trelaxed\tunseen\twhy\n"), "3:5: no function");
  EXPECT_EQ(error_of_row("x.h\tPop\tcas\t1\trelease\trelaxed\tunseen\t\n"), "3:38: no reason");
  EXPECT_EQ(error_of_row("x.h\tPop\tcsa\t1\trelease\trelaxed\tunseen\twhy\n"),
            "3:9: 'csa' is no 'operation'");
  EXPECT_EQ(error_of_row("x.h\tPop\tcas\t0\trelease\trelaxed\tunseen\twhy\n"),
            "3:13: '0' is no 'ordinal'");
  EXPECT_EQ(error_of_row("x.h\tPop\tcas\t1st\trelease\trelaxed\tunseen\twhy\n"),
            "3:13: '1st' is no 'ordinal'");
  EXPECT_EQ(error_of_row("x.h\tPop\tcas\t1\t-\trelaxed\tunseen\twhy\n"), "3:15: '-' is no 'from'");
  EXPECT_EQ(error_of_row("x.h\tPop\twake\t1\trelaxed\tdropped\tunseen\twhy\n"),
            "3:16: 'relaxed' is no 'from'");
  EXPECT_EQ(error_of_row("x.h\tPop\tcas\t1\trelease\trlx\tunseen\twhy\n"),
            "3:23: 'rlx' is no 'to'");
  EXPECT_EQ(error_of_row("x.h\tPop\tcas\t1\trelease\trelaxed\tright\twhy\n"),
            "3:31: 'right' is no 'claim'");
  EXPECT_EQ(error_of_row(kSteal), "3:1: the mutant of line 2 again");
}

TEST(SurvivorsTest, ATableHasAHeader) {
  EXPECT_EQ(ErrorOf(kSteal).substr(0, 26), "1:1: the header line must ");
  EXPECT_EQ(ErrorOf(""), "1:1: the header line is missing");
  EXPECT_EQ(ErrorOf("# nothing\n"), "2:1: the header line is missing");
}

TEST(SurvivorsTest, AHeaderAloneIsAnEmptyList) {
  std::string error;
  EXPECT_TRUE(ParseSurvivors(kHeader, error)->empty());
}

}  // namespace
}  // namespace ashlar::verification
