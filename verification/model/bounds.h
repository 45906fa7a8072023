// bounds.h
// --------
// Bounds: how far a test explores, by its flags [defaults]:
//
//   --iterations=N    random executions a scenario [50000]
//   --bound=N         preemptions in the bounded search [2]
//   --limit=N         at most so many executions of it [100000]
//   --executions=N    at most so many under RC11 [50000]
//   --first=N         the number, which is the seed, of the first random execution [1]
//
// and by the environment: ASHLAR_MODEL_SCALE=N multiplies --iterations, --limit and
// --executions and, if above 1, adds a preemption to the default bound (--config=deep).
#ifndef ASHLAR_VERIFICATION_MODEL_BOUNDS_H_
#define ASHLAR_VERIFICATION_MODEL_BOUNDS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "ashlar/verification/model/scenario.h"

namespace ashlar::verification {

struct Bounds {
  std::uint64_t iterations = 50'000;
  std::uint64_t preemptions = 2;
  std::uint64_t limit = 100'000;
  std::uint64_t executions = 50'000;
  std::uint64_t first = 1;

  // The searches with the budget divided by `share`; those with none left are missing.
  std::vector<Search> Searches(std::uint64_t share = 1) const;
};

// Where the value of a flag goes.
using Flag = std::variant<std::string*, std::uint64_t*>;

// Takes the environment and "--NAME=VALUE" arguments: those of the bounds and `others`, by
// name. False, and an error on stderr, for what is no such flag or no such value.
bool ParseFlags(int argc, char** argv, Bounds& bounds,
                const std::map<std::string_view, Flag>& others);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_BOUNDS_H_
