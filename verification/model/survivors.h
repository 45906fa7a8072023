// survivors.h
// -----------
// The mutants of a primitive that may survive, each with what is claimed of it and why: a
// table beside the scenarios, with tabs between its columns and the header line
//
//   file  function  operation  ordinal  from  to  claim  reason
//
// The first four name a place: the first, second, ... operation of a kind (`load`, `store`,
// `rmw`, `cas`, `cas-failure`, `fence`, `wake`) in a function, from top to bottom, so that
// the table outlives edits elsewhere in the file. `from` and `to` are orders; `to` may be
// `dropped`, `from` is `-` for a wake-up. Claims:
//
//   equivalent  RC11 runs every execution of every scenario, and none fails. Looked at again
//               each time: where not all were run, the claim does not hold.
//   unseen      neither checker can tell, though C++ may: the reason stands for itself.
//
// Lines that start with # are comments; empty ones are skipped.
#ifndef ASHLAR_VERIFICATION_MODEL_SURVIVORS_H_
#define ASHLAR_VERIFICATION_MODEL_SURVIVORS_H_

#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/verification/platform/order_hook.h"

namespace ashlar::verification {

enum class Claim { kEquivalent, kUnseen };

struct Survivor {
  std::string file;
  std::string function;
  Operation operation;
  unsigned ordinal_in_function;
  std::memory_order from;
  std::memory_order to;
  Claim claim;
  std::string reason;
  std::size_t line;  // in the table
};

// What stands in the column `from`.
std::string_view NameOfOrder(Operation operation, std::memory_order order);

std::string_view Name(Claim claim);

// The columns that name the mutant, all but the claim and its reason.
std::string MutantColumns(const Survivor& survivor);

// Nothing, and in `error` "LINE:COLUMN: what is wrong", if the text is no such table.
std::optional<std::vector<Survivor>> ParseSurvivors(std::string_view text, std::string& error);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_SURVIVORS_H_
