// spin_park_mutex.h
// -----------------
// SpinParkMutex: a lock of twelve bytes for sections of some nanoseconds. Who finds it taken
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
// Cost: locking is one exchange, unlocking a store and three loads, with no fence of its own
// where the system has asymmetric ones (else a full fence). A thread that goes to sleep pays for
// that: a heavy fence, which interrupts the processors that run the process's threads.
//
// Bound: wake-ups are counted in 32 bits. A thread that is stopped on its way to sleep while
// exactly a multiple of 2^32 of them pass sleeps until the next one.
//
// Source: the futex lock of U. Drepper, "Futexes are tricky", 2004, mutex 2, with the flag of
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
    if (asleep_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      return UnlockAndWake();
    // (3) release: pairs with (1) and (2).
    state_.store(kFree, std::memory_order_release);
    // Pairs with the heavy fence of who is about to sleep: either we see his flag, or he sees that
    // the lock is free.
    Platform::LightFence();
    if (asleep_.load(std::memory_order_relaxed) != 0) [[unlikely]]
      Wake();
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
    do {
      // (4) acquire: if a wake-up is counted here, the flag that it took down is down before we put
      // it up. Pairs with (6).
      const std::uint32_t wakes = wakes_.load(std::memory_order_acquire);
      asleep_.store(1, std::memory_order_relaxed);
      Platform::HeavyFence();
      if (try_lock()) break;
      Platform::Wait(wakes_, wakes);
    } while (!try_lock());
    // Others may be asleep, and whoever woke us took the flag down: before he unlocked, so it is up
    // when we unlock.
    asleep_.store(1, std::memory_order_relaxed);
  }

  // Wakes one of those asleep, who will wake the next. Meanwhile nobody else has to.
  [[gnu::noinline]] void UnlockAndWake() noexcept {
    asleep_.store(0, std::memory_order_relaxed);
    // (5) release: as (3).
    state_.store(kFree, std::memory_order_release);
    Wake();
  }

  [[gnu::noinline]] void Wake() noexcept {
    // (6) release: pairs with (4). Who is about to sleep with a flag that was taken down does not
    // sleep: he sees the count change.
    wakes_.fetch_add(1, std::memory_order_release);
    Platform::WakeOne(wakes_);
  }

  Word state_{kFree};
  Word asleep_{0};  // a flag: somebody may be asleep, or about to
  Word wakes_{0};   // counts wake-ups; this is what they sleep on
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_SPIN_PARK_MUTEX_H_
