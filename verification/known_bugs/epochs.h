// epochs.h
// --------
// Epoch-based reclamation (Fraser 2004) for two threads: what is retired in an epoch is
// freed two epochs later, when nobody can have it any more.
//
//   kOwnEpoch   the retiring thread stamps with the epoch in which it is pinned. The global
//               one may be ahead, and with it a thread that has what is retired: it is
//               freed an epoch too early. https://github.com/crossbeam-rs/crossbeam/pull/42
//   kOneEpoch   freed one epoch later, while threads that were pinned before still run
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_EPOCHS_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_EPOCHS_H_

#include <atomic>

#include "ashlar/verification/model/expectation.h"

namespace ashlar::known_bugs {

enum class EpochBug { kNone, kOwnEpoch, kOneEpoch };

template <class Platform, EpochBug kBug>
class Epochs {
 public:
  void Pin(unsigned thread) {
    pinned_[thread].store(global_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    Platform::Fence(std::memory_order_seq_cst);
  }
  void Unpin(unsigned thread) { pinned_[thread].store(kNowhere, std::memory_order_release); }

  // The epoch in which a pinned thread has made something unreachable.
  int Stamp(unsigned thread) {
    if (kBug == EpochBug::kOwnEpoch) return pinned_[thread].load(std::memory_order_relaxed);
    Platform::Fence(std::memory_order_seq_cst);
    return global_.load(std::memory_order_relaxed);
  }
  bool MayFree(int stamp) {
    return global_.load(std::memory_order_acquire) - stamp >= (kBug == EpochBug::kOneEpoch ? 1 : 2);
  }

  // Unless somebody is still pinned in the epoch before.
  void TryAdvance() {
    int epoch = global_.load(std::memory_order_relaxed);
    Platform::Fence(std::memory_order_seq_cst);
    for (auto& pinned : pinned_) {
      const int at = pinned.load(std::memory_order_acquire);
      if (at != kNowhere && at != epoch) return;
    }
    global_.compare_exchange_strong(epoch, epoch + 1, std::memory_order_acq_rel,
                                    std::memory_order_relaxed);
  }

 private:
  static constexpr int kNowhere = -1;

  typename Platform::template Atomic<int> global_{0};
  typename Platform::template Atomic<int> pinned_[2] = {{kNowhere}, {kNowhere}};
};

// One thread reads what the other takes away.
template <EpochBug kBug>
struct EpochReclaim {
  template <class Platform>
  struct Scenario {
    using Item = typename Platform::template Var<int>;
    static constexpr unsigned kThreads = 2;
    Epochs<Platform, kBug> epochs;
    Item* item = Platform::template Create<Item>(1);
    typename Platform::template Atomic<Item*> shared{item};
    bool freed = false;

    void Thread(unsigned index) {
      if (index == 0) {
        epochs.TryAdvance();
        epochs.Pin(0);
        Item* const seen = shared.load(std::memory_order_acquire);
        if (seen != nullptr) verification::Expect(seen->Read() == 1);
        epochs.Unpin(0);
        return;
      }
      epochs.Pin(1);
      shared.store(nullptr, std::memory_order_relaxed);
      const int stamp = epochs.Stamp(1);
      epochs.Unpin(1);
      for (int i = 0; i < 2; ++i) epochs.TryAdvance();
      freed = epochs.MayFree(stamp);
      if (freed) Platform::Destroy(item);
    }
    void After() {
      if (!freed) Platform::Destroy(item);
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_EPOCHS_H_
