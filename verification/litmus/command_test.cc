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

TEST(LitmusCommandTest, SeveralThreadsCountTheSame) {
  const std::string table = Table(kStoreBuffering);
  const std::vector<std::string> flags = {"--count", "--outcomes", "--races"};
  std::vector<std::string> by_threads = flags;
  by_threads.push_back("--threads=3");
  const auto run = [&](std::vector<std::string> arguments) {
    arguments.push_back(table);
    return RunWith(arguments).out;
  };
  EXPECT_EQ(run(by_threads), run(flags));
}

TEST(LitmusCommandTest, ATokenBringsOneExecutionBack) {
  const std::string table = Table(kStoreBuffering);
  const Ran all = RunWith({"--program=SB", "--outcomes", "--tokens", table});
  EXPECT_THAT(all.out, StartsWith("SB\t4\t4\n"));
  const std::string outcome = "  1\t0.a=0 1.b=1 x=1 y=1";
  const std::size_t at = all.out.find(outcome + "\t");
  ASSERT_NE(at, all.out.npos) << all.out;
  const std::size_t begin = at + outcome.size() + 1;
  const std::string token = all.out.substr(begin, all.out.find('\n', begin) - begin);
  EXPECT_EQ(RunWith({"--program=SB", "--token=" + token, table}).out, "SB\t1\n" + outcome + "\n");

  const Ran races = RunWith({"--program=race", "--count", "--races", "--tokens", table});
  EXPECT_THAT(races.out, StartsWith("race\t2\traces: 2\t0w"));
}

TEST(LitmusCommandTest, RefusesATokenOfAnotherProgram) {
  const std::string table = Table(kStoreBuffering);
  const Ran other = RunWith({"--program=race", "--token=0wi.0ri.1wi.1ri", table});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.out, HasSubstr("INCOMPLETE: the token is of another program"));
  EXPECT_EQ(RunWith({"--program=SB", "--token=what", table}).status, 1);
  EXPECT_THAT(RunWith({"--token=0wi", table}).err, HasSubstr("--token goes with --program"));
  EXPECT_THAT(RunWith({"--program=MP", table}).err, HasSubstr("no program 'MP'"));
}

TEST(LitmusCommandTest, StopsInTime) {
  std::string threads = "A.rlx x 1 r";
  for (int i = 1; i < 16; ++i) threads += " || A.rlx x 1 r";  // 16! executions
  const std::string table = Table("name\tprogram\nfactorial\t" + threads + "\n");
  const Ran ran = RunWith({"--count", "--time=1", "--threads=2", table});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.out, EndsWith("\tINCOMPLETE: stopped\n"));
  EXPECT_THAT(RunWith({"--time=0", table}).err, HasSubstr("no number of seconds"));
  EXPECT_THAT(RunWith({"--threads=many", table}).err, HasSubstr("no number of threads"));
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
  EXPECT_THAT(RunWith({"--hardware", "--races", table}).err,
              HasSubstr("--model and --program alone"));
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
