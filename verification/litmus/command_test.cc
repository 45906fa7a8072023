#include "ashlar/verification/litmus/command.h"

#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::litmus {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

struct Ran {
  int status;
  std::string out;
  std::string err;
};

Ran RunWith(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = RunLitmus(arguments, out, err);
  return {status, out.str(), err.str()};
}

std::string Table(const std::string& text) {
  const std::string path = testing::TempDir() + "/litmus_command_test.tsv";
  std::ofstream(path) << text;
  return path;
}

constexpr char kStoreBuffering[] =
    "name\tprogram\texecutions\tsc\n"
    "SB\tW.rlx x 1; R.rlx y a || W.rlx y 1; R.rlx x b\t4\t3\n"
    "race\tW.na x 1 || R.na x a\n";

TEST(LitmusCommandTest, PrintsTheCountsAndWhatTheTableSays) {
  const Ran ran = RunWith({Table(kStoreBuffering)});
  EXPECT_EQ(ran.status, 0);
  EXPECT_THAT(ran.out,
              StartsWith("SB\t4\t4\nrace\t2\n# 2 programs, 1 with a known count, 0 wrong;"));
}

TEST(LitmusCommandTest, ComparesWithTheColumnOfTheModel) {
  EXPECT_THAT(RunWith({"--model=sc", Table(kStoreBuffering)}).out,
              StartsWith("SB\t3\t3\nrace\t2\n"));
}

TEST(LitmusCommandTest, AMismatchIsAFailure) {
  const std::string table = Table("name\tprogram\texecutions\nW\tW.rlx x 1\t2\n");
  const Ran ran = RunWith({table});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, StartsWith("W\t1\t2\tMISMATCH\n"));
  const Ran count = RunWith({"--count", table});
  EXPECT_EQ(count.status, 0);
  EXPECT_EQ(count.out, "W\t1\n");
}

TEST(LitmusCommandTest, PrintsOutcomesAndRaces) {
  const Ran ran = RunWith({"--count", "--outcomes", "--races", Table(kStoreBuffering)});
  EXPECT_EQ(ran.out,
            "SB\t4\traces: 0\n"
            "  1\t0.a=0 1.b=0 x=1 y=1\n"
            "  1\t0.a=0 1.b=1 x=1 y=1\n"
            "  1\t0.a=1 1.b=0 x=1 y=1\n"
            "  1\t0.a=1 1.b=1 x=1 y=1\n"
            "race\t2\traces: 2\n"
            "  1\t1.a=0 x=1\n"
            "  1\t1.a=1 x=1\n");
}

TEST(LitmusCommandTest, RunsProgramsOnThisMachine) {
  const std::string table = Table(kStoreBuffering);
  const Ran ran = RunWith({"--hardware=100", table});
  EXPECT_EQ(ran.status, 0) << ran.out;
  EXPECT_THAT(ran.out, StartsWith("SB\n  "));
  EXPECT_THAT(ran.out, HasSubstr("\n  model allows 4, this CPU showed "));
  EXPECT_THAT(ran.out, EndsWith("\n# 2 programs, 0 not explored, 0 forbidden outcomes\n"));
  EXPECT_EQ(RunWith({"--hardware", table}).status, 0);
  EXPECT_THAT(RunWith({"--hardware=0", table}).err, HasSubstr("no number of runs"));
  EXPECT_THAT(RunWith({"--hardware=1x", table}).err, HasSubstr("no number of runs"));
  EXPECT_THAT(RunWith({"--hardware", "--races", table}).err, HasSubstr("--model alone"));
}

TEST(LitmusCommandTest, SaysWhatItCannotRead) {
  Ran ran = RunWith({Table("name\tprogram\nSB\tW.rlx x 1 ||\tR.rlx\n")});
  EXPECT_EQ(ran.status, 0);  // a thread without operations, and a column without a name
  const std::string table = Table("name\tprogram\nSB\tW.rlx x\n");
  ran = RunWith({table});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.err, table + ":2:11: expected a number or a register\n");
  ran = RunWith({"/no/such/table"});
  EXPECT_EQ(ran.status, 2);
  EXPECT_EQ(ran.err, "litmus: cannot read '/no/such/table'\n");
  EXPECT_EQ(RunWith({}).status, 2);
  EXPECT_THAT(RunWith({"--modle=sc", table}).err, HasSubstr("unknown option '--modle=sc'"));
  EXPECT_THAT(RunWith({table, table}).err, HasSubstr("more than one table"));
}

TEST(LitmusCommandTest, AProgramThatIsTooLargeIsAFailure) {
  std::string fences = "W.rlx x 1";
  for (int i = 0; i < 128; ++i) fences += ";F.sc";
  const Ran ran = RunWith({"--count", Table("name\tprogram\nfences\t" + fences + "\n")});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, EndsWith("INCOMPLETE: an execution has more than 128 events\n"));
}

}  // namespace
}  // namespace ashlar::verification::litmus
