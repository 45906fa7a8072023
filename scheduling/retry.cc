#include "ashlar/scheduling/retry.h"

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/base/check.h"

namespace ashlar {

bool IsWorthARetry(const absl::Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
      return true;
    default:
      return false;
  }
}

namespace internal {

Backoffs::Backoffs(const RetryOptions& options)
    : longest_(options.longest_pause),
      factor_(options.factor),
      jitter_(options.jitter),
      left_(options.attempts - 1),
      next_(std::min(options.first_pause, options.longest_pause)),
      random_(options.seed != 0
                  ? options.seed
                  : static_cast<std::uint64_t>(
                        std::chrono::steady_clock::now().time_since_epoch().count())) {
  ASHLAR_CHECK(options.attempts >= 1, "there is one attempt at least");
  ASHLAR_CHECK(options.factor >= 1, "pauses do not shrink");
  ASHLAR_CHECK(options.jitter >= 0 && options.jitter <= 1, "the jitter is a part of the pause");
  ASHLAR_CHECK(options.first_pause >= absl::ZeroDuration(), "a pause takes time");
  ASHLAR_CHECK(options.is_worth_it != nullptr, "nobody says what is worth a retry");
}

absl::Duration Backoffs::Next() {
  if (left_ == 0) return -absl::InfiniteDuration();
  --left_;
  // splitmix64, by S. Vigna.
  std::uint64_t z = random_ += 0x9e3779b97f4a7c15;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
  z = (z ^ z >> 27) * 0x94d049bb133111eb;
  const double random = static_cast<double>((z ^ z >> 31) >> 11) * 0x1p-53;
  const absl::Duration pause = next_ * (1 - jitter_ * random);
  next_ = std::min(next_ * factor_, longest_);
  return pause;
}

}  // namespace internal
}  // namespace ashlar
