// Something is done once; whoever comes later sees what was done.
#ifndef DOWNSTREAM_ONCE_H_
#define DOWNSTREAM_ONCE_H_

#include <atomic>

#include "ashlar/concurrency/platform.h"

namespace downstream {

template <class Platform = ashlar::StdPlatform>
class Once {
 public:
  // True for the first, who calls End() when it is done. For all others it is done already.
  bool Begin() {
    State state = State::kNew;
    if (state_.compare_exchange_strong(state, State::kBegun, std::memory_order_acquire,
                                       std::memory_order_acquire)) {
      return true;
    }
    while (state != State::kDone) {
      Platform::SpinWait();
      state = state_.load(std::memory_order_acquire);
    }
    return false;
  }
  void End() { state_.store(State::kDone, std::memory_order_release); }

 private:
  enum class State { kNew, kBegun, kDone };
  typename Platform::template Atomic<State> state_{State::kNew};
};

}  // namespace downstream

#endif  // DOWNSTREAM_ONCE_H_
