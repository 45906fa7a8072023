// oracle_for_test.h
// -----------------
// Enumerate: the executions of a small program by brute force, for comparison with
// Explore().
//
// It tries each thread next, each write for each read, each place for each write, and
// keeps what satisfies the axioms, written down as in the paper and computed from
// nothing. That shares no idea with the explorer, and of the code only how a finished
// execution is hashed.
#ifndef ASHLAR_VERIFICATION_RC11_ORACLE_FOR_TEST_H_
#define ASHLAR_VERIFICATION_RC11_ORACLE_FOR_TEST_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>

#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

struct Enumeration {
  std::set<std::uint64_t> executions;  // the ExecutionHash of each, also of blocked ones
  std::uint64_t racy = 0;              // how many of them have a data race
};

// Nothing if there are more than `limit` graphs, complete or not, to look at.
std::optional<Enumeration> Enumerate(Program& program, Model model, std::size_t limit);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_ORACLE_FOR_TEST_H_
