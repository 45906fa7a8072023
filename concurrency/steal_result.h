// steal_result.h
// --------------
// What a thief gets from a work-stealing deque: items, or the reason why not.
#ifndef ASHLAR_CONCURRENCY_STEAL_RESULT_H_
#define ASHLAR_CONCURRENCY_STEAL_RESULT_H_

#include <cstddef>
#include <cstdint>

namespace ashlar {

enum class StealOutcome : std::uint8_t {
  kEmpty,    // there was nothing to steal
  kSuccess,  // what was taken is the thief's alone
  kRetry,    // somebody else took the item first; there may be more
};

template <class T>
struct StealResult {
  StealOutcome outcome = StealOutcome::kEmpty;
  T item{};  // T() unless the outcome is kSuccess
};

struct StealBatchResult {
  StealOutcome outcome = StealOutcome::kEmpty;
  std::size_t count = 0;  // of items; at least 1 if the outcome is kSuccess, else 0
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_STEAL_RESULT_H_
