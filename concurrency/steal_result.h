// steal_result.h
// --------------
// What a thief gets from a work-stealing deque: an item, or the reason why not.
#ifndef ASHLAR_CONCURRENCY_STEAL_RESULT_H_
#define ASHLAR_CONCURRENCY_STEAL_RESULT_H_

#include <cstdint>

namespace ashlar {

enum class StealOutcome : std::uint8_t {
  kEmpty,    // there was nothing to steal
  kSuccess,  // `item` is the thief's alone
  kRetry,    // somebody else took the item first; there may be more
};

template <class T>
struct StealResult {
  StealOutcome outcome = StealOutcome::kEmpty;
  T item{};  // T() unless the outcome is kSuccess
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_STEAL_RESULT_H_
