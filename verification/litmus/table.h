// table.h
// -------
// ParseTable: a table of litmus programs with the numbers of their executions.
//
//   name <tab> program <tab> executions
//   SB   <tab> W.rlx x 1; R.rlx y a || W.rlx y 1; R.rlx x b <tab> 4
//
// The first line names the columns, in any order. `executions` is for RC11; further
// columns are named after their model: `rc11-paper`, `sc`. Lines that start with # are
// comments; empty ones are skipped. A count that is empty or missing is unknown.
#ifndef ASHLAR_VERIFICATION_LITMUS_TABLE_H_
#define ASHLAR_VERIFICATION_LITMUS_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/verification/litmus/litmus_program.h"

namespace ashlar::verification::litmus {

struct TableRow {
  std::string name;
  LitmusProgram program;
  std::optional<std::uint64_t> executions;
};

struct TableError {
  std::size_t line = 0;  // from 1
  std::size_t column = 0;
  std::string message;
};

// Nothing, and `error` set, if the text is no table. Takes the counts from the column
// `counts`; if there is none, all are unknown.
std::optional<std::vector<TableRow>> ParseTable(std::string_view text, std::string_view counts,
                                                TableError* error);

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_TABLE_H_
