// verdict.h
// ---------
// Verdict: what CheckLinearizable (checker.h) has found out, and its Limits.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_VERDICT_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_VERDICT_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace ashlar::verification::linearizability {

enum class Outcome {
  kLinearizable,
  kNotLinearizable,
  kUnknown,  // a limit came first
};

// For the whole history.
struct Limits {
  std::size_t operations = std::numeric_limits<std::size_t>::max();
  std::uint64_t configurations = 10'000'000;
  std::chrono::nanoseconds time = std::chrono::nanoseconds::max();
};

// Operations are known by their index in the history.
struct Verdict {
  Outcome outcome = Outcome::kUnknown;
  // kLinearizable: the operations that took effect, in a sequence that explains them.
  // Otherwise: the longest beginning of such a sequence that was found.
  std::vector<int> sequence;
  // kNotLinearizable: after that beginning one of these would have to take effect next,
  // and the specification allows none of them.
  std::vector<int> stuck;
  // kNotLinearizable: a line for each of them. kUnknown: which limit it was.
  std::string why;
  // What `sequence` and `stuck` are about: the operations of one key, if there are keys.
  std::vector<int> part;
  // How many were visited.
  std::uint64_t configurations = 0;
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_VERDICT_H_
