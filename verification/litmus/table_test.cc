#include "ashlar/verification/litmus/table.h"

#include <string>

#include "gtest/gtest.h"

namespace ashlar::verification::litmus {
namespace {

std::string Error(const std::string& text) {
  TableError error;
  if (ParseTable(text, "executions", &error)) return "parsed";
  return std::to_string(error.line) + ":" + std::to_string(error.column) + ": " + error.message;
}

TEST(TableTest, ReadsTheColumnsThatTheHeaderNames) {
  TableError error;
  const auto table = ParseTable(
      "# comment\n\nexecutions\tname\tsc\tprogram\r\n4\tSB\t3\tW.rlx x 1\r\n# more\n\tMP\t\tR.rlx "
      "x "
      "a",
      "executions", &error);
  ASSERT_TRUE(table.has_value()) << error.message;
  ASSERT_EQ(table->size(), 2u);
  EXPECT_EQ(table->at(0).name, "SB");
  EXPECT_EQ(table->at(0).executions, 4u);
  EXPECT_EQ(table->at(1).name, "MP");
  EXPECT_EQ(table->at(1).executions, std::nullopt);
}

TEST(TableTest, TakesTheCountsOfTheModel) {
  TableError error;
  const std::string text = "name\tprogram\texecutions\tsc\nSB\tW.rlx x 1\t4\t3\n";
  EXPECT_EQ(ParseTable(text, "sc", &error)->at(0).executions, 3u);
  EXPECT_EQ(ParseTable(text, "other", &error)->at(0).executions, std::nullopt);
}

TEST(TableTest, ErrorsSayWhereAndWhat) {
  const std::string header = "name\tprogram\texecutions\n";
  EXPECT_EQ(Error(""), "0:1: the table has no header line");
  EXPECT_EQ(Error("name\tprograms\n"),
            "1:1: the header line needs the columns 'name' and 'program', separated by tabs");
  EXPECT_EQ(Error("name\tname\n"), "1:6: a second column 'name'");
  EXPECT_EQ(Error(header + "SB\n"), "2:3: the line ends before the columns 'name' and 'program'");
  EXPECT_EQ(Error(header + "#\nSB\tW.rlx x 1; R.rlx\t1\n"), "3:20: expected a location");
  EXPECT_EQ(Error(header + "SB\tW.rlx x 1\t-1\n"), "2:14: '-1' is no number of executions");
  EXPECT_EQ(Error(header + "SB\tW.rlx x 1\t1 \n"), "2:14: '1 ' is no number of executions");
}

}  // namespace
}  // namespace ashlar::verification::litmus
