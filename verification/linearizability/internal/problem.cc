#include "ashlar/verification/linearizability/internal/problem.h"

namespace ashlar::verification::linearizability::internal {

absl::StatusOr<Order> Problem::MakeOrder() const {
  return Timed() ? Order::OfTimes(threads_, places_) : Order::OfPairs(threads_, places_, *pairs_);
}

}  // namespace ashlar::verification::linearizability::internal
