// SharedFutureState: an outcome on its way from a producer to any number of consumers.
//
// Consumers push their continuations on a list, which the producer takes and closes when it has
// written the outcome; who finds it closed runs its own. Who sleeps does so on a word beside the
// list. All hold the state by counted references, the producer too until it is through.
//
// Setting is wait-free but for the wake-up, attaching lock-free.
//
// Node: a continuation, with a Platform::Var<Node*> `next`.
#ifndef ASHLAR_SCHEDULING_INTERNAL_SHARED_FUTURE_STATE_H_
#define ASHLAR_SCHEDULING_INTERNAL_SHARED_FUTURE_STATE_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "ashlar/concurrency/platform.h"

namespace ashlar::internal {

template <class Payload, class Node, class Platform = StdPlatform, int kSpins = 100>
class SharedFutureState {
 public:
  explicit SharedFutureState(std::uint32_t holders) : holders_(holders) {}
  SharedFutureState(const SharedFutureState&) = delete;
  SharedFutureState& operator=(const SharedFutureState&) = delete;

  // The producer's before Set.
  Payload& NewOutcome() { return outcome_.Write(); }
  // Of what is ready.
  const Payload& outcome() const { return outcome_.Read(); }

  // Producer, once, when the outcome is there. Gives the continuations, in the order in which they
  // were attached, for the caller to run.
  [[nodiscard]] Node* Set() noexcept {
    // (1) release: the outcome, for (2). acquire: the continuations, from (3).
    const std::uintptr_t list = list_.exchange(kClosed, std::memory_order_acq_rel);
    // (4) release: the outcome, for (5).
    if (word_.exchange(kReady, std::memory_order_release) == kAsleep) Platform::WakeAll(word_);
    return Reversed(reinterpret_cast<Node*>(list));
  }

  // False if the outcome is there: the caller runs the continuation.
  [[nodiscard]] bool Attach(Node* continuation) noexcept {
    // (2) acquire: the outcome, if it is closed; and so in the exchange when that fails. Else the
    // nodes below, for the producer: a chain of exchanges carries them. Pairs with (1).
    std::uintptr_t list = list_.load(std::memory_order_acquire);
    do {
      if (list == kClosed) return false;
      continuation->next.Write() = reinterpret_cast<Node*>(list);
      // (3) release: the continuation, for (1).
    } while (!list_.compare_exchange_weak(list, reinterpret_cast<std::uintptr_t>(continuation),
                                          std::memory_order_release, std::memory_order_acquire));
    return true;
  }

  bool Ready() const noexcept {
    // (5) acquire: the outcome. Pairs with (4).
    return word_.load(std::memory_order_acquire) == kReady;
  }

  // Sleeps until it is ready.
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

  void Hold() noexcept {
    // relaxed: who adds a holder is one.
    holders_.fetch_add(1, std::memory_order_relaxed);
  }
  // True if the caller was the last one, and frees the state.
  [[nodiscard]] bool LetGo() noexcept {
    // (6) acq_rel: what each holder did happens before the end. Pairs with itself.
    return holders_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

 private:
  static constexpr std::uintptr_t kClosed = 1;

  static constexpr std::uint32_t kAsleep = 1;
  static constexpr std::uint32_t kReady = 2;

  bool Spin() noexcept {
    for (int i = 0; i < kSpins; ++i) {
      if (Ready()) return true;
      Platform::SpinWait();
    }
    return Ready();
  }

  void AnnounceSleep() noexcept {
    // Fails if it is ready, or announced. relaxed: who finds it ready looks at Ready().
    std::uint32_t nothing = 0;
    word_.compare_exchange_strong(nothing, kAsleep, std::memory_order_relaxed,
                                  std::memory_order_relaxed);
  }

  static Node* Reversed(Node* list) {
    Node* reversed = nullptr;
    while (list != nullptr) {
      Node* const next = list->next.Read();
      list->next.Write() = reversed;
      reversed = list;
      list = next;
    }
    return reversed;
  }

  typename Platform::template Atomic<std::uintptr_t> list_{0};
  typename Platform::template Atomic<std::uint32_t> word_{0};
  typename Platform::template Atomic<std::uint32_t> holders_;
  typename Platform::template Var<Payload> outcome_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_SHARED_FUTURE_STATE_H_
