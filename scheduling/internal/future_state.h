// FutureState: an outcome on its way from a producer to a consumer, who agree in one word.
//
//                     the producer sets
//      nothing -------------------------> ready: the consumer's
//         |                                  |
//         | the consumer leaves              | the consumer leaves
//         v                                  v
//       left ------------------------->    over: whoever came second runs the continuation,
//                the producer sets               and frees the state
//
// To leave is to attach a continuation or, with none, to drop the future. Each side changes the
// word once, by adding a bit; so neither waits for the other, and who comes second owns all. A
// producer that sees that the consumer has left need not add its own.
//
// A consumer that sleeps has a bit of its own. A producer that sees it has to wake the consumer,
// which, awake by then, must not free the word under the wake-up: so that producer adds one bit
// more when it is through, and only then the state is ready as above.
//
// One producer, one consumer, each one thread at a time. Setting and leaving are wait-free, but
// for the wake-up.
//
// Payload: what is handed over, default-constructed. Node: a continuation; here only a pointer.
// kSpins: how often a consumer looks, with a SpinWait in between, before it sleeps.
#ifndef ASHLAR_SCHEDULING_INTERNAL_FUTURE_STATE_H_
#define ASHLAR_SCHEDULING_INTERNAL_FUTURE_STATE_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "ashlar/concurrency/platform.h"

namespace ashlar::internal {

template <class Payload, class Node, class Platform = StdPlatform, int kSpins = 100>
class FutureState {
 public:
  FutureState() = default;
  FutureState(const FutureState&) = delete;
  FutureState& operator=(const FutureState&) = delete;

  // The producer's before Set, the consumer's once it is ready, the owner's in the end.
  Payload& outcome() { return outcome_.Write(); }

  // Producer, once, when the outcome is there. True: the consumer has left, and the state is the
  // caller's; else it must not be touched any more.
  [[nodiscard]] bool Set() noexcept {
    // (6) acquire: the continuation, and the consumer's last touch. Pairs with (3).
    if ((word_.load(std::memory_order_acquire) & kLeft) != 0) return true;
    // (1) release: the outcome, for (3), (4) and (5). acquire: the continuation of (3).
    std::uint32_t before = word_.fetch_add(kReady, std::memory_order_acq_rel);
    if (before == kAsleep) [[unlikely]] {
      Platform::WakeAll(word_);
      // (2) release: our last touch, for (3) and (4). acquire: the continuation of (3).
      before = word_.fetch_add(kWoken, std::memory_order_acq_rel);
    }
    return (before & kLeft) != 0;
  }

  // Consumer, once. `continuation` may be null. True: the outcome is there, and the state is the
  // caller's; else it must not be touched any more, and the producer will run the continuation.
  [[nodiscard]] bool Leave(Node* continuation) noexcept {
    continuation_.Write() = continuation;
    // (3) release: the continuation, and our last touch, for (1), (2) and (6). acquire: the
    // outcome.
    return IsOwned(word_.fetch_add(kLeft, std::memory_order_acq_rel));
  }

  // Consumer: whether the state is the caller's already, without Leave.
  bool Owned() const noexcept {
    // (4) acquire: the outcome, and the producer's last touch. Pairs with (1) and (2).
    return IsOwned(word_.load(std::memory_order_acquire));
  }

  // Consumer.
  bool Ready() const noexcept {
    // (5) acquire: the outcome. Pairs with (1).
    return (word_.load(std::memory_order_acquire) & kReady) != 0;
  }

  // Consumer: sleeps until it is ready.
  void Wait() noexcept {
    if (Spin()) return;
    AnnounceSleep();
    while (!Ready()) Platform::Wait(word_, kAsleep);
  }

  // The same, for at most `timeout`. False if it is not ready by then.
  bool WaitFor(std::chrono::nanoseconds timeout) noexcept {
    if (Spin()) return true;
    const auto deadline = Platform::Now() + timeout;
    AnnounceSleep();
    bool in_time = true;
    while (!Ready()) {
      if (!in_time) return false;
      const auto now = Platform::Now();
      in_time = now < deadline && Platform::WaitFor(word_, kAsleep, deadline - now);
    }
    return true;
  }

  // The owner's.
  Node* continuation() const { return continuation_.Read(); }

 private:
  static constexpr std::uint32_t kReady = 1;
  static constexpr std::uint32_t kLeft = 2;
  static constexpr std::uint32_t kAsleep = 4;
  static constexpr std::uint32_t kWoken = 8;

  // Whether the producer has touched the state for the last time.
  static bool IsOwned(std::uint32_t word) {
    return (word & kReady) != 0 && (word & (kAsleep | kWoken)) != kAsleep;
  }

  bool Spin() noexcept {
    for (int i = 0; i < kSpins; ++i) {
      if (Ready()) return true;
      Platform::SpinWait();
    }
    return Ready();
  }

  void AnnounceSleep() noexcept {
    // Fails if it is ready, and never again wakes anybody, or announced before. relaxed: who
    // finds it ready looks at Ready().
    std::uint32_t nothing = 0;
    word_.compare_exchange_strong(nothing, kAsleep, std::memory_order_relaxed,
                                  std::memory_order_relaxed);
  }

  typename Platform::template Atomic<std::uint32_t> word_{0};
  typename Platform::template Var<Node*> continuation_;
  typename Platform::template Var<Payload> outcome_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_FUTURE_STATE_H_
