// Continuation: what is to be done once something else has ended, and the loop that does it.
//
// A continuation gives the one that is due because of it, so that a chain is a loop, however
// long it is. Where user code that a continuation calls makes others due (it sets a promise),
// they run inside of the call, up to a depth; below that they are put off until the thread is back
// in its outermost loop, or waits for a future.
#ifndef ASHLAR_SCHEDULING_INTERNAL_CONTINUATION_H_
#define ASHLAR_SCHEDULING_INTERNAL_CONTINUATION_H_

#include "ashlar/concurrency/platform.h"

namespace ashlar::internal {

class Continuation {
 public:
  // Once. Gives the next one, or null; may destroy this.
  virtual Continuation* Run() noexcept = 0;

  // In a list of those that wait for the same, or that are put off.
  StdPlatform::Var<Continuation*> next;

 protected:
  Continuation() = default;
  ~Continuation() = default;
};

// Runs them all, or puts them off.
void RunChainFrom(Continuation& first) noexcept;
// Null: nothing.
inline void RunChain(Continuation* first) noexcept {
  if (first != nullptr) RunChainFrom(*first);
}

// Runs what this thread has put off, before it blocks.
void RunPutOff() noexcept;

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_CONTINUATION_H_
