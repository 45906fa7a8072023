// rounds.h
// --------
// RunRounds: real threads that run rounds, one after another, for a time; and what overlapped.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_ROUNDS_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_ROUNDS_H_

#include <cstdint>
#include <span>
#include <string>

#include "ashlar/verification/linearizability/order.h"

namespace ashlar::verification::linearizability::internal {

class Rounds {
 public:
  // In the caller's thread: before a round, and after it. It was the last one if End says false.
  virtual void Begin() = 0;
  virtual bool End() = 0;
  // In all threads at once.
  virtual void Run(int thread) = 0;
  // What a round does that does not end.
  virtual std::string Text() const = 0;

 protected:
  ~Rounds() = default;
};

// At least one.
void RunRounds(int threads, double seconds, Rounds& rounds);

// Operations that overlap one of another thread.
std::uint64_t Overlapping(std::span<const Order::Place> operations);

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_ROUNDS_H_
