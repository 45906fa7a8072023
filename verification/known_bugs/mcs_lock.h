// mcs_lock.h
// ----------
// The queue lock of Mellor-Crummey and Scott (TOCS 1991), with the four orders whose loss
// hangs it.
//
// In each case the initialisation of a node comes, in modification order, after what the
// neighbour has stored there: `next` is null again and the link lost, or `locked` is true
// again and the lock never passed on. VSync found such barriers missing from deployed locks:
//
//   Oberhauser et al., VSync, ASPLOS 2021, https://doi.org/10.1145/3445814.3446748
//
// Invisible to Relacy, whose modification order is the order of execution.
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_MCS_LOCK_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_MCS_LOCK_H_

#include <atomic>

#include "ashlar/verification/model/expectation.h"

namespace ashlar::known_bugs {

enum class McsBug {
  kNone,
  kExchangeAcquire,     // was acq_rel
  kLinkRelaxed,         // was release
  kNextRelaxed,         // was acquire
  kAwaitedNextRelaxed,  // was acquire
};

template <class Platform, McsBug kBug>
class McsLock {
 public:
  struct Node {
    typename Platform::template Atomic<Node*> next{nullptr};
    typename Platform::template Atomic<bool> locked{false};
  };

  void Lock(Node& me) {
    me.next.store(nullptr, std::memory_order_relaxed);
    me.locked.store(true, std::memory_order_relaxed);
    Node* const previous = tail_.exchange(
        &me,
        Unless(McsBug::kExchangeAcquire, std::memory_order_acq_rel, std::memory_order_acquire));
    if (previous == nullptr) return;
    previous->next.store(&me, Unless(McsBug::kLinkRelaxed, std::memory_order_release));
    while (me.locked.load(std::memory_order_acquire)) Platform::SpinWait();
  }
  void Unlock(Node& me) {
    Node* next = me.next.load(Unless(McsBug::kNextRelaxed, std::memory_order_acquire));
    if (next == nullptr) {
      Node* expected = &me;
      if (tail_.compare_exchange_strong(expected, nullptr, std::memory_order_release,
                                        std::memory_order_relaxed)) {
        return;
      }
      const auto order = Unless(McsBug::kAwaitedNextRelaxed, std::memory_order_acquire);
      while ((next = me.next.load(order)) == nullptr) Platform::SpinWait();
    }
    next->locked.store(false, std::memory_order_release);
  }

 private:
  static constexpr std::memory_order Unless(McsBug bug, std::memory_order right,
                                            std::memory_order wrong = std::memory_order_relaxed) {
    return kBug == bug ? wrong : right;
  }

  typename Platform::template Atomic<Node*> tail_{nullptr};
};

// Each thread locks once.
template <McsBug kBug>
struct McsCount {
  template <class Platform>
  struct Scenario {
    using Lock = McsLock<Platform, kBug>;
    static constexpr unsigned kThreads = 2;
    Lock lock;
    typename Lock::Node nodes[kThreads];
    typename Platform::template Var<int> count;

    void Thread(unsigned index) {
      lock.Lock(nodes[index]);
      count.Write() += 1;
      lock.Unlock(nodes[index]);
    }
    void After() { verification::Expect(count.Read() == 2); }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_MCS_LOCK_H_
