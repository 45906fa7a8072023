// closable_queue.h
// ----------------
// A queue that is closed, and then drained by whoever has closed it.
//
// A push claims its place by one word and learns from another whether the queue is closed:
// it may do so after the look and after the drain, and what was accepted is never received.
// Both have to be decided in one word:
//
//   https://github.com/rust-lang/futures-rs/issues/909
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_CLOSABLE_QUEUE_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_CLOSABLE_QUEUE_H_

#include <atomic>

#include "ashlar/verification/model/expectation.h"

namespace ashlar::known_bugs {

enum class CloseBug { kNone, kTwoWords };

template <class Platform, CloseBug kBug, int kCapacity>
class ClosableQueue {
 public:
  // False if it is closed.
  bool Push(int value) {
    if (kBug == CloseBug::kTwoWords && closed_.load(std::memory_order_seq_cst)) return false;
    const int claims = claims_.fetch_add(kOneClaim, std::memory_order_relaxed);
    if (claims % kOneClaim != 0) return false;
    cells_[claims / kOneClaim].store(value, std::memory_order_release);
    return true;
  }
  // Calls receive(value) for all that was accepted.
  template <class Receive>
  void CloseAndDrain(Receive&& receive) {
    int claims = 0;
    if (kBug == CloseBug::kTwoWords) {
      closed_.store(true, std::memory_order_seq_cst);
      claims = claims_.load(std::memory_order_seq_cst);
    } else {
      claims = claims_.fetch_or(kClosed, std::memory_order_relaxed);
    }
    for (int i = 0; i < claims / kOneClaim; ++i) {
      int value;
      while ((value = cells_[i].load(std::memory_order_acquire)) == 0) Platform::SpinWait();
      receive(value);
    }
  }

 private:
  static constexpr int kClosed = 1;
  static constexpr int kOneClaim = 2;

  typename Platform::template Atomic<int> claims_{0};  // places claimed, and kClosed
  typename Platform::template Atomic<bool> closed_{false};
  typename Platform::template Atomic<int> cells_[kCapacity];  // 0 is empty
};

// What two threads push is received or refused.
template <CloseBug kBug>
struct CloseAgainstClaim {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 3;
    ClosableQueue<Platform, kBug, 2> queue;
    int accepted[2] = {};
    int received = 0;

    void Thread(unsigned index) {
      if (index < 2) {
        accepted[index] = queue.Push(1) ? 1 : 0;
      } else {
        queue.CloseAndDrain([this](int value) { received += value; });
      }
    }
    void After() { verification::Expect(received == accepted[0] + accepted[1]); }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_CLOSABLE_QUEUE_H_
