#include "ashlar/scheduling/timeout.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace ashlar::internal {

absl::Status TimeIsUp(absl::Duration time) {
  return absl::DeadlineExceededError(
      absl::StrCat("not ready within the ", absl::FormatDuration(time), " that it was given"));
}

}  // namespace ashlar::internal
