// litmus_program.h
// ----------------
// LitmusProgram: a litmus test as data: threads of operations on shared locations.
#ifndef ASHLAR_VERIFICATION_LITMUS_LITMUS_PROGRAM_H_
#define ASHLAR_VERIFICATION_LITMUS_LITMUS_PROGRAM_H_

#include <cstdint>
#include <string>
#include <vector>

#include "ashlar/verification/litmus/expression.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::litmus {

// One operation of the notation (parser.h).
struct Statement {
  enum class Kind : std::uint8_t { kRead, kWrite, kFetchAdd, kExchange, kCompareExchange, kFence };
  Kind kind = Kind::kFence;
  rc11::Order order = rc11::Order::kPlain;
  rc11::Order failure = rc11::Order::kPlain;  // kCompareExchange
  std::uint8_t location = 0;                  // all but kFence
  Expression guard;                           // empty: always
  Expression expected;                        // kCompareExchange
  Expression operand;                         // what is written or added
  int target = 0;                             // the register that gets what was read
};

struct LitmusThread {
  std::vector<Statement> statements;
  std::vector<std::string> registers;  // their names
};

struct LitmusProgram {
  std::vector<LitmusThread> threads;
  std::vector<std::string> locations;  // their names; each holds 0 at first
};

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_LITMUS_PROGRAM_H_
