// outcome.h
// ---------
// OutcomeText: what an execution of a litmus program ends with, as a line of text.
#ifndef ASHLAR_VERIFICATION_LITMUS_OUTCOME_H_
#define ASHLAR_VERIFICATION_LITMUS_OUTCOME_H_

#include <cstdint>
#include <span>
#include <string>

#include "ashlar/verification/litmus/litmus_program.h"

namespace ashlar::verification::litmus {

// "0.a=1 1.b=0 x=1": the registers, each after the number of its thread, and the memory.
// `values` are those, in this order: thread by thread, then the locations.
std::string OutcomeText(const LitmusProgram& program, std::span<const std::int64_t> values);

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_OUTCOME_H_
