// tsan_platform.h
// ---------------
// TsanPlatform: StdPlatform for templates that ThreadSanitizer is to run although their
// happens-before is carried by fences.
//
//   BoundedBuffer<int, TsanPlatform> buffer;   // in a test, under --config=tsan
//
// ThreadSanitizer follows atomic accesses and no fences: what a release fence and an
// acquire fence order it reports as a race. Here each fence is a read-modify-write, of its
// own order, of one object that all fences share, which is something that it follows.
// Everything else is StdPlatform's.
//
// When to use: on code whose release stores and acquire loads are relaxed ones beside
// fences. When not: where happens-before is carried by accesses and fences order stores
// before loads alone, as in all of Ashlar's templates. Those need no other platform, and
// are tested better without it.
//
// What it hides: a fence synchronises with all fences that ran before it, if their orders
// fit. In C++ it does so only where an atomic write that follows the one fence is read before
// the other. Where the fences are there and those accesses are not, or stand on the wrong
// side of their fences, a race is missed whenever the fences happen to run one after the
// other. A missing fence is seen, and so is a wrong order: two acquire fences order
// nothing. Rc11Platform (rc11_platform.h) hides none of this.
//
// Thread safety: that of StdPlatform. Progress: every fence is wait-free.
// Cost: all threads that pass fences contend for one cache line. Not for measurements.
#ifndef ASHLAR_VERIFICATION_PLATFORM_TSAN_PLATFORM_H_
#define ASHLAR_VERIFICATION_PLATFORM_TSAN_PLATFORM_H_

#include <atomic>

#include "ashlar/concurrency/platform.h"

namespace ashlar {

struct TsanPlatform : StdPlatform {
  // One of two seq_cst fences precedes the other in the object's modification order, and
  // with it, what was stored before the one precedes what is loaded after the other.
  static void Fence(std::memory_order order) noexcept { passed_.fetch_add(1, order); }
  static void FenceAfterRmw() noexcept { Fence(std::memory_order_seq_cst); }
  static void LightFence() noexcept { Fence(std::memory_order_seq_cst); }
  static void HeavyFence() noexcept { Fence(std::memory_order_seq_cst); }

 private:
  alignas(kCacheLine) static inline constinit std::atomic<unsigned> passed_{0};
};

}  // namespace ashlar

#endif  // ASHLAR_VERIFICATION_PLATFORM_TSAN_PLATFORM_H_
