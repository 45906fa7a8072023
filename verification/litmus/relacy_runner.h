// relacy_runner.h
// ---------------
// RunUnderRelacy: a litmus program under Relacy's random scheduler, and what came out.
//
// For comparing what Relacy shows with what the model allows. An execution ends in an
// outcome (outcome.h), or with a failure, by name: "DATA RACE".
//
// Deterministic: execution number n has seed n. A binary with this in it is a program
// without GoogleTest (platform/relacy_platform.h). Thread safety: none.
#ifndef ASHLAR_VERIFICATION_LITMUS_RELACY_RUNNER_H_
#define ASHLAR_VERIFICATION_LITMUS_RELACY_RUNNER_H_

#include <cstdint>
#include <set>
#include <string>

#include "ashlar/verification/litmus/litmus_program.h"

namespace ashlar::verification::litmus {

inline constexpr char kRelacyRace[] = "DATA RACE";

// Why Relacy cannot run the program, if it cannot: too many threads (4), locations (16) or
// registers (64), or a location that some accesses take for atomic and others do not.
// Empty if it can.
std::string WhyNotUnderRelacy(const LitmusProgram& program);

// What the first `executions` executions show. Each failure costs memory for good, so that
// the 100th is the last execution.
std::set<std::string> RunUnderRelacy(const LitmusProgram& program, std::uint64_t executions);

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_RELACY_RUNNER_H_
