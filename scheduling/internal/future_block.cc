#include "ashlar/scheduling/internal/future_block.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/internal/continuation.h"

namespace ashlar::internal {
namespace {

thread_local constinit Posting* posting_here [[gnu::tls_model("initial-exec")]] = nullptr;

}  // namespace

absl::Status BrokenPromise() {
  return absl::InternalError("a promise was dropped without an outcome");
}

absl::Status NotReadyInTime(absl::Duration timeout) {
  return absl::DeadlineExceededError(
      absl::StrCat("the future is not ready within ", absl::FormatDuration(timeout)));
}

void Posted::Drop(Dispatched* what) {
  if (posting_here != nullptr && posting_here->what_ == what) {
    posting_here->dropped_ = true;
    return;
  }
  RunChain(what->Refuse(absl::CancelledError("the executor dropped a continuation unrun")));
}

Posting::Posting(Dispatched* what) : what_(what), outer_(std::exchange(posting_here, this)) {}

Posting::~Posting() { posting_here = outer_; }

Continuation* Posting::End(absl::Status status) noexcept {
  if (!dropped_) return nullptr;
  if (status.ok()) status = absl::CancelledError("the executor dropped a continuation unrun");
  return what_->Refuse(std::move(status));
}

}  // namespace ashlar::internal
