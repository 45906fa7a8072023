// wait_outcome.h
// --------------
// How a call ends that may be refused, or waits: with what it wanted, or with the reason why not.
//
//   switch (const auto next = queue.PopFor(10ms); next.outcome) {
//     case WaitOutcome::kOk: return Serve(*next.item);
//     case WaitOutcome::kClosed: return Finish();
//     default: return DoSomethingElse();
//   }
//
// Each primitive says which of them its calls give.
#ifndef ASHLAR_CONCURRENCY_WAIT_OUTCOME_H_
#define ASHLAR_CONCURRENCY_WAIT_OUTCOME_H_

#include <cstddef>
#include <cstdint>
#include <optional>

namespace ashlar {

enum class WaitOutcome : std::uint8_t {
  kOk,        // done
  kEmpty,     // there is nothing to take at the moment
  kFull,      // there is no room at the moment
  kClosed,    // and never will be again
  kTimedOut,  // there was none until the time was up
  kStopped,   // there was none until the caller was asked to stop
};

template <class T>
struct WaitResult {
  WaitOutcome outcome = WaitOutcome::kEmpty;
  std::optional<T> item;  // if the outcome is kOk, and only then

  explicit operator bool() const noexcept { return outcome == WaitOutcome::kOk; }
};

struct WaitBatchResult {
  WaitOutcome outcome = WaitOutcome::kEmpty;
  std::size_t count = 0;  // of items; 0 unless the outcome is kOk

  explicit operator bool() const noexcept { return outcome == WaitOutcome::kOk; }
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_WAIT_OUTCOME_H_
