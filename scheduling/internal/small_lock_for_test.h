// SmallLock: a mutex of few operations, so that checkers can explore all executions of what it
// protects. Waiting spins.
#ifndef ASHLAR_SCHEDULING_INTERNAL_SMALL_LOCK_FOR_TEST_H_
#define ASHLAR_SCHEDULING_INTERNAL_SMALL_LOCK_FOR_TEST_H_

#include <atomic>

namespace ashlar::internal {

template <class Platform>
class SmallLock {
 public:
  void lock() {
    // Acquire: pairs with unlock.
    while (locked_.exchange(true, std::memory_order_acquire)) Platform::SpinWait();
  }
  bool try_lock() { return !locked_.exchange(true, std::memory_order_acquire); }
  void unlock() { locked_.store(false, std::memory_order_release); }

 private:
  typename Platform::template Atomic<bool> locked_{false};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_SMALL_LOCK_FOR_TEST_H_
