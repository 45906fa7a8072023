// order.h
// -------
// Order: which operations of a history precede which, in the one form that the search
// uses, whether it comes from times or from pairs.
//
// The operations of a thread follow each other, so those of them that precede a given
// operation are always its first few. The order is therefore a table with, for each
// operation and each thread, how many of the thread's operations precede it: a vector
// clock. A set of operations with all that precedes them is, likewise, a number for each
// thread.
//
// Memory: 4 bytes for each operation and thread. Errors: InvalidArgument, which says what
// is wrong with which operation.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_ORDER_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_ORDER_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace ashlar::verification::linearizability {

// In any unit, from any beginning.
using Time = std::int64_t;

class Order {
 public:
  // Where an operation stands. Operations are known by their index in a list of these.
  struct Place {
    int thread = 0;
    bool pending = false;  // it was called and never returned
    Time called = 0;
    Time returned = 0;  // unless it is pending
  };

  // One that returned before another was called, precedes it. At the same time is not
  // before. In a list, those of one thread stand in any order.
  static absl::StatusOr<Order> OfTimes(int threads, std::span<const Place> places);
  // The first of each pair precedes the second, as do the earlier ones of a thread in the
  // list, and what follows from these. Times are not looked at.
  static absl::StatusOr<Order> OfPairs(int threads, std::span<const Place> places,
                                       std::span<const std::pair<int, int>> pairs);

  // This order, with more pairs and what follows from them. Nothing if there is then none.
  std::optional<Order> With(std::span<const std::pair<int, int>> pairs) const;
  // The order of some of the operations, which get the indices 0, 1, ...
  Order Of(std::span<const int> operations) const;

  int Threads() const { return static_cast<int>(sequences_.size()); }
  int Size() const { return static_cast<int>(index_.size()); }
  // The operations of a thread, in their order.
  std::span<const int> Sequence(int thread) const { return sequences_[thread]; }
  // For each thread, how many of its operations precede this one.
  std::span<const std::uint32_t> Before(int operation) const {
    return {before_.data() + sequences_.size() * static_cast<std::size_t>(operation),
            sequences_.size()};
  }
  bool Precedes(int a, int b) const { return index_[a] < Before(b)[thread_[a]]; }
  int Thread(int operation) const { return thread_[operation]; }
  int IndexInThread(int operation) const { return static_cast<int>(index_[operation]); }
  bool Pending(int operation) const { return pending_[operation]; }
  // All operations, in an order that agrees with this one: those that were over first
  // come first, pending ones last.
  std::span<const int> ByRank() const { return by_rank_; }

 private:
  // Sets all but `before_` and `by_rank_`. `places` are in the order of their threads.
  absl::Status SetSequences(int threads, std::span<const Place> places, std::span<const int> order);
  // Adds the pairs and what follows to `before_`, and sets `by_rank_`. Gives an operation
  // that then precedes itself or follows one that does, or -1.
  int Close(std::span<const std::pair<int, int>> pairs);

  std::vector<std::vector<int>> sequences_;
  std::vector<int> thread_;
  std::vector<std::uint32_t> index_;  // in its thread
  std::vector<bool> pending_;
  std::vector<std::uint32_t> before_;  // a row for each operation
  std::vector<int> by_rank_;
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_ORDER_H_
