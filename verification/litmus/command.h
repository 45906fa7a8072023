// command.h
// ---------
// RunLitmus: the program //verification/litmus, apart from main().
//
//   litmus [--model=rc11|rc11-paper|sc] [--program=NAME] [--count] [--outcomes] [--races]
//          [--tokens] [--token=TOKEN] [--threads=N] [--time=SECONDS] TABLE
//   litmus [--model=rc11|rc11-paper|sc] [--program=NAME] --hardware[=RUNS] TABLE
//
// Explores each program of a table (table.h) and prints a line for it: its name, the
// number of its executions, and what the table says, separated by tabs.
//
//   --model     the memory model (rc11/axioms.h); also the column that the numbers are
//               compared with (`executions` for rc11)
//   --program   only the programs of that name
//   --count     prints the counts alone, and compares nothing
//   --outcomes  adds the registers and the memory that executions end with, a line each
//   --races     adds the number of executions that have a data race
//   --tokens    adds a token to each outcome, and to the races: it stands for one of the
//               executions (rc11::Options::token)
//   --token     explores that execution alone, and prints its outcome
//   --threads   how many threads explore a program; the counts are the same
//   --time      explores each program for at most so long
//   --hardware  runs each program on this machine (hardware.h), RUNS times or for 10 ms,
//               and prints how often each outcome came out, and whether the model allows
//               it. Accesses that are not atomic are run as relaxed ones.
//
// Returns 0; 1 if a count differs, a program could not be explored, or the machine showed
// an outcome that the model forbids; 2 if the table or
// the command line cannot be read.
#ifndef ASHLAR_VERIFICATION_LITMUS_COMMAND_H_
#define ASHLAR_VERIFICATION_LITMUS_COMMAND_H_

#include <ostream>
#include <string>
#include <vector>

namespace ashlar::verification::litmus {

int RunLitmus(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_COMMAND_H_
