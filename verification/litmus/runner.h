// runner.h
// --------
// RunProgram: explores a litmus program and sums up its executions.
#ifndef ASHLAR_VERIFICATION_LITMUS_RUNNER_H_
#define ASHLAR_VERIFICATION_LITMUS_RUNNER_H_

#include <cstdint>
#include <map>
#include <string>

#include "ashlar/verification/litmus/litmus_program.h"
#include "ashlar/verification/rc11/explorer.h"

namespace ashlar::verification::litmus {

struct RunOptions {
  rc11::Options explorer;  // by Options::threads
  // What costs time is counted on request.
  bool outcomes = false;
  bool races = false;
  bool races_have_no_outcome = false;  // with both: what a racy execution ends with is left out
  bool duplicates = false;
  bool tokens = false;  // of outcomes and races, if these are counted
};

struct Summary {
  rc11::Result result;
  std::uint64_t racy = 0;        // executions with a data race
  std::uint64_t duplicates = 0;  // executions that came before; needs memory for each
  // How many executions end with these registers and memory: "0.a=1 1.b=0 x=1", a
  // thread's number before its registers.
  std::map<std::string, std::uint64_t> outcomes;
  // One execution for each outcome, and one with a race: see rc11::Options::token.
  std::map<std::string, std::string> tokens;
  std::string racy_token;
};

Summary RunProgram(const LitmusProgram& program, const RunOptions& options = {});

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_RUNNER_H_
