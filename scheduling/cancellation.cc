#include "ashlar/scheduling/cancellation.h"

#include "absl/status/status.h"

namespace ashlar {

absl::Status CancellationToken::status() const {
  switch (reason()) {
    case CancellationReason::kNone:
      return absl::OkStatus();
    case CancellationReason::kCancelled:
      return absl::CancelledError("cancelled");
    case CancellationReason::kDeadlineExceeded:
      return absl::DeadlineExceededError("the deadline has passed");
  }
  return absl::InternalError("unknown reason of a cancellation");
}

}  // namespace ashlar
