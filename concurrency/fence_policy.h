// fence_policy.h
// --------------
// How a structure pays for the store-load ordering between its two sides.
//
// Such a structure has a hot side (a deque's owner, a notifier) and a cold side (a
// thief, a thread about to sleep). Each side stores, then fences, then loads what the
// other side stores, and one of the two is sure to see the other. The policy is a
// template parameter:
//
//   FullFencePolicy        both sides run a full fence, 4 to 7 ns each. The default of most.
//   AsymmetricFencePolicy  the hot side pays nothing, the cold side a membarrier(2)
//                          that interrupts every core running the process: 0.1 to 16 us
//                          and more. Choose it where the cold side is rare. Where
//                          membarrier is missing it behaves as the full one.
//
// A policy has Hot<Platform>(), Cold<Platform>() and ColdAfterRmw<Platform>(): the cold
// fence where an atomic read-modify-write stands directly before it.
#ifndef ASHLAR_CONCURRENCY_FENCE_POLICY_H_
#define ASHLAR_CONCURRENCY_FENCE_POLICY_H_

#include <atomic>

namespace ashlar {

struct FullFencePolicy {
  template <class Platform>
  static void Hot() noexcept {
    Platform::Fence(std::memory_order_seq_cst);
  }
  template <class Platform>
  static void Cold() noexcept {
    Platform::Fence(std::memory_order_seq_cst);
  }
  template <class Platform>
  static void ColdAfterRmw() noexcept {
    Platform::FenceAfterRmw();
  }
};

struct AsymmetricFencePolicy {
  template <class Platform>
  static void Hot() noexcept {
    Platform::LightFence();
  }
  template <class Platform>
  static void Cold() noexcept {
    Platform::HeavyFence();
  }
  template <class Platform>
  static void ColdAfterRmw() noexcept {
    Platform::HeavyFence();
  }
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_FENCE_POLICY_H_
