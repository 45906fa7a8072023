// hardware.h
// ----------
// RunOnHardware: a litmus program run many times by real threads, and what came out.
//
// Each thread of the program is a thread of the system, which takes part in all runs. A
// run has locations of its own, each on a cache line of its own; a barrier releases the
// threads together, with a small random delay for each. Orders are what the compiler
// makes of them (execution.h), F.light and F.heavy are those of asymmetric_fence.h.
// Accesses that are not atomic are run as relaxed ones, since a race would be undefined:
// the model allows the same outcomes for both.
//
// A program may have more threads than the machine; then they take turns, and little
// that is interesting comes out.
//
// What is not seen may still be possible. What is seen and forbidden is wrong somewhere:
// in the model, the compiler or the processor. One case is known: load buffering, which
// C++ and some Arm processors allow, and rc11/axioms.h does not.
//
// Thread safety: none needed; blocking. Cost: `time`, and the start of the threads.
#ifndef ASHLAR_VERIFICATION_LITMUS_HARDWARE_H_
#define ASHLAR_VERIFICATION_LITMUS_HARDWARE_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <ostream>
#include <string>

#include "ashlar/verification/litmus/litmus_program.h"

namespace ashlar::verification::litmus {

struct HardwareOptions {
  std::uint64_t runs = 0;  // 0: as many as `time` has room for, at least one
  std::chrono::nanoseconds time = std::chrono::milliseconds(10);
};

// An outcome (outcome.h), and how often it came out.
using Histogram = std::map<std::string, std::uint64_t>;

Histogram RunOnHardware(const LitmusProgram& program, const HardwareOptions& options = {});

// Prints each outcome that was seen, and whether the model allows it; those that it
// allows and that were not seen (the first twenty); and the sums. Returns how many of
// those that were seen are forbidden.
std::uint64_t PrintHistogram(const Histogram& seen, const Histogram& allowed, std::ostream& out);

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_HARDWARE_H_
