// spin_park_mutex.h
// -----------------
// SpinParkMutex: a lock of eight bytes for sections of some nanoseconds. Who finds it taken
// spins for a moment, then sleeps.
//
//   SpinParkMutex<> mutex;
//   const std::lock_guard lock(mutex);
//
// When to use: very many locks, each held for as long as it takes to look something up, by
// threads that may be more than processors. When not: for all else there is std::mutex, which is
// larger, costs a second locked instruction, and knows debuggers and priorities.
//
// Guarantees. One thread at a time; what precedes an unlock happens before what follows the next
// lock. No wake-up is lost: while the lock is free, no thread sleeps that nobody has woken. Not
// fair: who comes may pass those who wait, and nothing bounds how often. Not recursive: a thread
// that locks twice waits for itself. try_lock fails only while the lock is held.
//
// Parameters: kSpins, how often a thread looks before it sleeps, with a SpinWait (10 to 140
// cycles) in between.
// Thread safety: any member from any thread; unlock from the thread that locked. An unlock looks
// at the lock once more after it has given it away, so no other thread may destroy it before
// the unlock has returned.
// Progress: blocking; try_lock and an unlock that wakes nobody are wait-free.
// Errors: none. A failed check as asymmetric_fence.h says.
// Cost: locking is one exchange, unlocking a store and two loads, with no fence of its own
// where the system has asymmetric ones (else a full fence). A thread that goes to sleep pays for
// that: a heavy fence, which interrupts the processors that run the process's threads.
//
// Source: the futex lock of U. Drepper, "Futexes are tricky", 2004, mutex 2, with a count of
// sleepers beside the word, so that unlocking need not read what it overwrites.
#ifndef ASHLAR_CONCURRENCY_SPIN_PARK_MUTEX_H_
#define ASHLAR_CONCURRENCY_SPIN_PARK_MUTEX_H_

#include <atomic>
#include <cstdint>

#include "ashlar/concurrency/platform.h"

namespace ashlar {

// Its members have the standard's names, so that the standard's guards take it.
template <class Platform = StdPlatform, int kSpins = 100>
class SpinParkMutex {
 public:
  SpinParkMutex() = default;
  SpinParkMutex(const SpinParkMutex&) = delete;
  SpinParkMutex& operator=(const SpinParkMutex&) = delete;

  void lock() noexcept {
    // (1) acquire: pairs with (3).
    if (state_.exchange(kLocked, std::memory_order_acquire) != kFree) [[unlikely]]
      LockAfterWait();
  }

  bool try_lock() noexcept {
    // relaxed: a look, so that those who wait do not take the line from each other.
    return state_.load(std::memory_order_relaxed) == kFree &&
           // (2) acquire: as (1).
           state_.exchange(kLocked, std::memory_order_acquire) == kFree;
  }

  void unlock() noexcept {
    // (3) release: pairs with (1) and (2).
    state_.store(kFree, std::memory_order_release);
    // Pairs with the heavy fence of who is about to sleep: either we see him, or he sees that the
    // lock is free.
    Platform::LightFence();
    if (sleepers_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      Platform::WakeOne(state_);
  }

 private:
  using Word = typename Platform::template Atomic<std::uint32_t>;

  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kLocked = 1;

  [[gnu::noinline]] void LockAfterWait() noexcept {
    for (int i = 0; i < kSpins; ++i) {
      Platform::SpinWait();
      if (try_lock()) return;
    }
    sleepers_.fetch_add(1, std::memory_order_relaxed);
    Platform::HeavyFence();
    // One woken is as good as another: who is passed by a newcomer will be woken by him.
    while (!try_lock()) Platform::Wait(state_, kLocked);
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }

  Word state_{kFree};
  Word sleepers_{0};  // those between going to sleep and holding the lock
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_SPIN_PARK_MUTEX_H_
