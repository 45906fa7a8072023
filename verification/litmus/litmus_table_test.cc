// The counts of litmus_table.tsv, and that they depend on each axiom.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "ashlar/verification/litmus/runner.h"
#include "ashlar/verification/litmus/table.h"
#include "ashlar/verification/rc11/axioms.h"
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
  for (const TableRow& row : table) {
    RunOptions options;
    options.explorer.model = model;
    options.duplicates = true;
    const Summary summary = RunProgram(row.program, options);
    EXPECT_EQ(summary.result.status, Status::kComplete) << row.name;
    ASSERT_TRUE(row.executions.has_value()) << row.name;
    EXPECT_EQ(summary.result.executions, *row.executions) << row.name;
    EXPECT_EQ(summary.duplicates, 0u) << row.name;
    EXPECT_EQ(summary.result.blocked, 0u) << row.name;
  }
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

// How many programs of moderate size have another count with these options.
int Differing(const rc11::Options& explorer) {
  int differing = 0;
  for (const TableRow& row : Table()) {
    if (row.executions > 1000u) continue;
    RunOptions options;
    options.explorer = explorer;
    options.explorer.max_executions = 10'000;  // without an axiom there may be very many
    differing += RunProgram(row.program, options).result.executions != row.executions;
  }
  return differing;
}

TEST(LitmusTableTest, NoticesTheLossOfAnyAxiom) {
  EXPECT_EQ(Differing({}), 0);
  rc11::Options options;
  options.coherence = false;
  EXPECT_GT(Differing(options), 0);
  options = {};
  options.atomicity = false;
  EXPECT_GT(Differing(options), 0);
  options = {};
  options.seq_cst = false;
  EXPECT_GT(Differing(options), 0);
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
