// The programs of litmus_table.tsv against brute force, under every model: the same
// executions. Those of too many graphs are left out.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "ashlar/verification/litmus/interpreter.h"
#include "ashlar/verification/litmus/table.h"
#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/execution_hash.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/oracle_for_test.h"
#include "gtest/gtest.h"

namespace ashlar::verification::litmus {
namespace {

using rc11::Model;

class LitmusOracleTest : public testing::TestWithParam<Model> {};

TEST_P(LitmusOracleTest, FindsTheSameExecutions) {
  std::ostringstream text;
  text << std::ifstream("verification/litmus/litmus_table.tsv").rdbuf();
  TableError error;
  const std::optional<std::vector<TableRow>> table = ParseTable(text.str(), "executions", &error);
  ASSERT_TRUE(table.has_value()) << error.message;
  int compared = 0;
  for (const TableRow& row : *table) {
    if (row.executions > 100u) continue;
    Interpreter interpreter(row.program);
    const std::optional<rc11::Enumeration> expected =
        rc11::Enumerate(interpreter, GetParam(), 5'000);
    if (!expected) continue;
    rc11::Options options;
    options.model = GetParam();
    std::set<std::uint64_t> found;
    rc11::Explore(interpreter, options, [&](const rc11::Graph& graph, bool) {
      found.insert(ExecutionHash(graph));
      return true;
    });
    EXPECT_EQ(found, expected->executions) << row.name;
    ++compared;
  }
  std::printf("%d of %zu programs\n", compared, table->size());
  RecordProperty("programs", compared);
  EXPECT_GE(compared, 100);
}

INSTANTIATE_TEST_SUITE_P(Models, LitmusOracleTest,
                         testing::Values(Model::kRc11, Model::kRc11Paper, Model::kSc));

}  // namespace
}  // namespace ashlar::verification::litmus
