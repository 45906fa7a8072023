// dekker.h
// --------
// Each of two threads says that it comes, and enters if the other one has not said so.
//
// Only a seq_cst fence orders a store with a later load; with an acq_rel one both may
// enter. The same pattern, with less than that fence, between a sleeping thread and its
// waker:
//
//   https://github.com/scylladb/seastar/pull/1488
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_DEKKER_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_DEKKER_H_

#include <atomic>

namespace ashlar::known_bugs {

template <std::memory_order kFence>
struct Dekker {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 2;
    typename Platform::template Atomic<bool> comes[kThreads];
    typename Platform::template Var<int> entered;

    void Thread(unsigned index) {
      comes[index].store(true, std::memory_order_relaxed);
      Platform::Fence(kFence);
      if (!comes[1 - index].load(std::memory_order_relaxed)) entered.Write() += 1;
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_DEKKER_H_
