// parser.h
// --------
// Parse: reads a litmus program.
//
//   W.rlx x 1; W.rel y 1 || R.acq y a; when(a == 1) R.rlx x b
//
// `||` separates threads, `;` operations. Locations start at 0, as do registers, which
// belong to their thread. Operations, with the orders na rlx acq rel ar sc:
//
//   R.order location register                          load
//   W.order location expression                        store
//   A.order location expression register               fetch_add
//   X.order location expression register               exchange
//   C.order.order location expected desired register   strong compare_exchange, with the
//                                                      orders of success and failure
//   F.order                                            fence; also F.light and F.heavy, the
//                                                      asymmetric ones (rc11/axioms.h)
//   when(expression) operation                         only if not 0
//
// The register of a read-modify-write gets the old value. `na` is data that is not
// atomic. Expressions are those of expression.h; where an operation has several operands,
// blanks separate them, and an expression has blanks in parentheses only.
#ifndef ASHLAR_VERIFICATION_LITMUS_PARSER_H_
#define ASHLAR_VERIFICATION_LITMUS_PARSER_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "ashlar/verification/litmus/litmus_program.h"

namespace ashlar::verification::litmus {

struct ParseError {
  std::size_t column = 0;  // in the text, from 1
  std::string message;
};

// Nothing, and `error` set, if the text is no program.
std::optional<LitmusProgram> Parse(std::string_view text, ParseError* error);

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_PARSER_H_
