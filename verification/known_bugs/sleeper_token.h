// sleeper_token.h
// ---------------
// A worker announces its sleep by a bit and waits for a token, which whoever clears the bit
// leaves for it.
//
// Our own, found by our checker before anybody used it (engine/internal/idle_workers.h): the
// waker cleared the bit without acquiring the announcement. The sleeper had taken its last
// token away before it announced itself, but in modification order that could come after
// the waker's new token: it slept for ever. Kin to the lost unpark of HotSpot, where the
// same store lingered in a store buffer:
//
//   https://bugs.openjdk.org/browse/JDK-6822370
//
// Invisible to Relacy, whose modification order is the order of execution.
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_SLEEPER_TOKEN_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_SLEEPER_TOKEN_H_

#include <atomic>
#include <cstdint>

namespace ashlar::known_bugs {

enum class TokenBug { kNone, kNotAcquired };

template <class Platform, TokenBug kBug>
class Bed {
 public:
  void Sleep() {
    sleeping_.fetch_or(1, std::memory_order_release);
    while (token_.load(std::memory_order_relaxed) == 0) Platform::Wait(token_, 0);
    token_.store(0, std::memory_order_relaxed);
  }
  // False if nobody sleeps.
  bool Wake() {
    if (sleeping_.load(std::memory_order_relaxed) == 0) return false;
    sleeping_.fetch_and(
        0, kBug == TokenBug::kNotAcquired ? std::memory_order_relaxed : std::memory_order_acquire);
    token_.store(1, std::memory_order_relaxed);
    Platform::WakeOne(token_);
    return true;
  }

 private:
  typename Platform::template Atomic<unsigned> sleeping_{0};
  typename Platform::template Atomic<std::uint32_t> token_{0};
};

template <TokenBug kBug>
struct SleepTwice {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 2;
    Bed<Platform, kBug> bed;

    void Thread(unsigned index) {
      for (int i = 0; i < 2; ++i) {
        if (index == 0) {
          bed.Sleep();
        } else {
          while (!bed.Wake()) Platform::SpinWait();
        }
      }
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_SLEEPER_TOKEN_H_
