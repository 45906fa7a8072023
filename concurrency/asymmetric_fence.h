// asymmetric_fence.h
// ------------------
// A pair of fences for store-load ordering whose cost lies on one side (P1202).
//
//   hot side                      cold side
//     x.store(1, relaxed);          y.store(1, relaxed);
//     AsymmetricLightFence();       AsymmetricHeavyFence();
//     r = y.load(relaxed);          s = x.load(relaxed);
//
// r == 0 and s == 0 cannot both happen, as though both sides had a seq_cst fence.
// Two light fences give no such guarantee.
//
// Where the system offers membarrier(2) the light fence costs nothing at run time
// (it only stops the compiler) and the heavy one interrupts every core that runs a
// thread of the process: from 0.1 us when no other thread runs to 16 us and more in
// a virtual machine. Where membarrier is missing or forbidden (old kernels, some
// containers) both are full fences. The choice falls before main(); in static
// initialisers that run earlier light fences are full, and the two sides agree all
// the same. A process that forbids membarrier to itself later, by seccomp, is
// stopped by a failed check in its next heavy fence.
//
// Use it where the heavy side is rare: epoch advance, a thread about to sleep. Do
// not use it where both sides are frequent; two full fences are cheaper there.
//
// Both are wait-free and may be called from any thread.
#ifndef ASHLAR_CONCURRENCY_ASYMMETRIC_FENCE_H_
#define ASHLAR_CONCURRENCY_ASYMMETRIC_FENCE_H_

#include <atomic>

namespace ashlar {

// A seq_cst fence. On x86 a locked instruction on a cold byte of the stack: 4.5 ns
// where clang's `mfence` takes 9.8 (LLVM issue 91731).
inline void FullFence() noexcept {
#if defined(__x86_64__)
  // It changes nothing. Not at the stack pointer itself: a call has just written its
  // return address there, and the locked instruction would wait for that store.
  __asm__ __volatile__("lock orb $0, -64(%%rsp)" ::: "memory", "cc");
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

namespace internal_asymmetric_fence {
// Set once the kernel has registered this process for expedited barriers, never cleared.
extern constinit std::atomic<bool> light_is_free;
void HeavyFence() noexcept;
}  // namespace internal_asymmetric_fence

// True if light fences are free here because membarrier(2) works.
inline bool AsymmetricFenceIsFree() noexcept {
  // relaxed: see IsRegistered in the .cc file.
  return internal_asymmetric_fence::light_is_free.load(std::memory_order_relaxed);
}

inline void AsymmetricLightFence() noexcept {
  if (AsymmetricFenceIsFree()) [[likely]] {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  } else {
    FullFence();
  }
}

inline void AsymmetricHeavyFence() noexcept { internal_asymmetric_fence::HeavyFence(); }

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_ASYMMETRIC_FENCE_H_
