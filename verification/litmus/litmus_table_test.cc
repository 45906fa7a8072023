// The counts of litmus_table.tsv, and that they depend on each rule of the checker.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/verification/litmus/runner.h"
#include "ashlar/verification/litmus/table.h"
#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/rule.h"
#include "gtest/gtest.h"

namespace ashlar::verification::litmus {
namespace {

using Status = rc11::Result::Status;

std::vector<TableRow> ReadTable(const char* counts) {
  std::ostringstream text;
  text << std::ifstream("verification/litmus/litmus_table.tsv").rdbuf();
  TableError error;
  auto rows = ParseTable(text.str(), counts, &error);
  EXPECT_TRUE(rows.has_value()) << error.line << ":" << error.column << ": " << error.message;
  return rows ? *rows : std::vector<TableRow>();
}

const std::vector<TableRow>& Table() {
  static const std::vector<TableRow> table = ReadTable("executions");
  return table;
}

void ExpectEveryCount(rc11::Model model, const char* counts) {
  const std::vector<TableRow> table = ReadTable(counts);
  EXPECT_GE(table.size(), 100u);
  std::uint64_t executions = 0;
  for (const TableRow& row : table) {
    RunOptions options;
    options.explorer.model = model;
    options.duplicates = true;
    const Summary summary = RunProgram(row.program, options);
    executions += summary.result.executions;
    EXPECT_EQ(summary.result.status, Status::kComplete) << row.name;
    ASSERT_TRUE(row.executions.has_value()) << row.name;
    EXPECT_EQ(summary.result.executions, *row.executions) << row.name;
    EXPECT_EQ(summary.duplicates, 0u) << row.name;
    EXPECT_EQ(summary.result.blocked, 0u) << row.name;
  }
  testing::Test::RecordProperty("programs", std::to_string(table.size()));
  testing::Test::RecordProperty("executions", std::to_string(executions));
}

TEST(LitmusTableTest, EveryCountIsExactAndNoExecutionComesTwice) {
  ExpectEveryCount(rc11::Model::kRc11, "executions");
}

TEST(LitmusTableTest, EveryCountOfThePaperIsExact) {
  ExpectEveryCount(rc11::Model::kRc11Paper, "rc11-paper");
}

TEST(LitmusTableTest, EveryCountOfSequentialConsistencyIsExact) {
  ExpectEveryCount(rc11::Model::kSc, "sc");
}

// The two models of RC11 differ in two programs of the literature, and are told apart.
TEST(LitmusTableTest, TellsThePaperFromThisVariant) {
  const std::vector<TableRow> paper = ReadTable("rc11-paper");
  std::vector<std::string> different;
  for (std::size_t i = 0; i < paper.size(); ++i) {
    if (paper[i].executions != Table()[i].executions) different.push_back(paper[i].name);
  }
  EXPECT_EQ(different, (std::vector<std::string>{"WWmerge1", "Z6.U"}));
}

// Leaves out each rule of the model and of the exploration: which programs notice?

using rc11::Rule;

constexpr std::pair<Rule, const char*> kRules[] = {
    {Rule::kCoherenceWithWrites, "CoherenceWithWrites"},
    {Rule::kCoherenceWithReads, "CoherenceWithReads"},
    {Rule::kAtomicityOfNew, "AtomicityOfNew"},
    {Rule::kAtomicityOfOld, "AtomicityOfOld"},
    {Rule::kAcquireRead, "AcquireRead"},
    {Rule::kAcquireFence, "AcquireFence"},
    {Rule::kReleaseWrite, "ReleaseWrite"},
    {Rule::kReleaseFence, "ReleaseFence"},
    {Rule::kReleaseSequence, "ReleaseSequence"},
    {Rule::kFailureOrder, "FailureOrder"},
    {Rule::kLightAcquires, "LightAcquires"},
    {Rule::kLightReleases, "LightReleases"},
    {Rule::kSeqCst, "SeqCst"},
    {Rule::kScbSb, "ScbSb"},
    {Rule::kScbSbHbSb, "ScbSbHbSb"},
    {Rule::kScbHbOnLocation, "ScbHbOnLocation"},
    {Rule::kMo, "Mo"},
    {Rule::kFr, "Fr"},
    {Rule::kPscHbAfterFence, "PscHbAfterFence"},
    {Rule::kPscHbBeforeFence, "PscHbBeforeFence"},
    {Rule::kPscFenceHb, "PscFenceHb"},
    {Rule::kPscFenceEco, "PscFenceEco"},
    {Rule::kPscAsymmetric, "PscAsymmetric"},
    {Rule::kOlderPlaces, "OlderPlaces"},
    {Rule::kRevisits, "Revisits"},
    {Rule::kMaximalRead, "MaximalRead"},
    {Rule::kMaximalWriteIsNewest, "MaximalWriteIsNewest"},
    {Rule::kMaximalWriteIsUnread, "MaximalWriteIsUnread"}};
static_assert(std::size(kRules) + 1 == static_cast<std::size_t>(Rule::kCount));

// What hb orders two fences is sb, or leads over a write and a read of it: the rest of psc
// orders them too.
constexpr Rule kRedundant = Rule::kPscFenceHb;

bool Notices(const TableRow& row, Rule without) {
  RunOptions options;
  options.duplicates = true;
  options.races = true;
  const Summary right = RunProgram(row.program, options);
  options.explorer.without = without;
  // Without some, there may be very many, or no end.
  options.explorer.max_executions = 10'000;
  options.explorer.max_time = std::chrono::milliseconds(200);
  const Summary wrong = RunProgram(row.program, options);
  return wrong.duplicates != 0 || wrong.result.executions != right.result.executions ||
         wrong.racy != right.racy || wrong.result.status != Status::kComplete;
}

TEST(LitmusTableTest, NoticesTheLossOfAnyRule) {
  int rules_noticed = 0;
  for (const auto& [rule, name] : kRules) {
    std::string noticed;
    int programs = 0;
    for (const TableRow& row : Table()) {
      if (row.executions > 100u || programs == 3 || !Notices(row, rule)) continue;
      noticed += " " + row.name;
      ++programs;
    }
    std::printf("%-22s%s\n", name, noticed.c_str());
    rules_noticed += !noticed.empty();
    if (rule == kRedundant) {
      EXPECT_EQ(noticed, "") << "not redundant";
    } else {
      EXPECT_NE(noticed, "") << name;
    }
  }
  RecordProperty("rules", std::to_string(std::size(kRules)));
  RecordProperty("noticed", std::to_string(rules_noticed));
}

TEST(LitmusTableTest, SequentialConsistencyAllowsNoMore) {
  rc11::Options sc;
  sc.model = rc11::Model::kSc;
  int fewer = 0;
  for (const TableRow& row : Table()) {
    RunOptions options;
    options.outcomes = true;
    if (row.executions > 1000u) continue;
    const Summary weak = RunProgram(row.program, options);
    options.duplicates = true;
    options.explorer = sc;
    const Summary strong = RunProgram(row.program, options);
    EXPECT_EQ(strong.duplicates, 0u) << row.name;
    fewer += strong.result.executions < weak.result.executions;
    for (const auto& [outcome, count] : strong.outcomes) {
      EXPECT_TRUE(weak.outcomes.contains(outcome)) << row.name << ": " << outcome;
    }
  }
  EXPECT_GT(fewer, 0);
}

}  // namespace
}  // namespace ashlar::verification::litmus
