// spin_lock_for_test.h
// --------------------
// SpinLockForTest: a lock whose mutants are known, for the test of the harness.
//
// Not for use. The exchange is acq_rel on purpose, stronger than the acquire that it
// needs: the campaign must find that out.
#ifndef ASHLAR_VERIFICATION_MODEL_SPIN_LOCK_FOR_TEST_H_
#define ASHLAR_VERIFICATION_MODEL_SPIN_LOCK_FOR_TEST_H_

#include <atomic>

namespace ashlar {

template <class Platform>
class SpinLockForTest {
 public:
  void Lock() {
    while (locked_.exchange(true, std::memory_order_acq_rel)) Platform::SpinWait();
  }
  void Unlock() { locked_.store(false, std::memory_order_release); }

 private:
  typename Platform::template Atomic<bool> locked_{false};
};

}  // namespace ashlar

#endif  // ASHLAR_VERIFICATION_MODEL_SPIN_LOCK_FOR_TEST_H_
