// platform.h
// ----------
// StdPlatform: what Ashlar's concurrent templates stand on in production.
//
// Every concurrent template takes its atomics from a policy,
//
//   template <class T, class Platform = StdPlatform> class ChaseLevDeque;
//
// so that the code that ships is the code that the checkers run: other platforms
// (verification/platform/) have the same members, and give each operation a place
// in the source through a defaulted trailing parameter. StdPlatform adds nothing to
// std::atomic and plain fields.
//
// A platform has
//
//   kCacheLine           bytes that two threads' hot fields are kept apart by
//   Atomic<T>            as std::atomic<T>
//   Var<T>               plain shared data: Read() and Write() give references; a
//                        checker sees races on it. Every non-atomic field that two
//                        threads touch is one.
//   Fence(order)         as std::atomic_thread_fence, cheaper for seq_cst on x86
//   FenceAfterRmw()      a seq_cst fence that directly follows a read-modify-write,
//                        free where that instruction is a fence already (x86)
//   LightFence(), HeavyFence()
//                        the asymmetric pair (asymmetric_fence.h)
//   SpinWait()           in every retry loop: pause, or a checker's yield
//   Yield()              lets another thread run that is ready to
//   Wait(word, expected), WaitFor(word, expected, timeout), WakeOne(word), WakeAll(word)
//                        sleep while the word holds `expected`; may return at any time
//   Now()                a steady clock, as std::chrono::steady_clock::time_point
//   Create<T>(args...), Destroy(pointer)
//   CreateArray<T>(count), DestroyArray(pointer, count)
//                        what a structure allocates, seen by leak checkers. The array's
//                        elements are value-initialised. Creating throws std::bad_alloc.
#ifndef ASHLAR_CONCURRENCY_PLATFORM_H_
#define ASHLAR_CONCURRENCY_PLATFORM_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "ashlar/base/source_site.h"
#include "ashlar/concurrency/asymmetric_fence.h"

namespace ashlar {

struct StdPlatform {
  static constexpr std::size_t kCacheLine = 64;

  template <class T>
  using Atomic = std::atomic<T>;

  template <class T>
  class Var {
   public:
    Var() = default;
    explicit Var(T value) : value_(std::move(value)) {}
    const T& Read() const noexcept { return value_; }
    T& Write() noexcept { return value_; }

   private:
    T value_{};
  };

  static void Fence(std::memory_order order) noexcept {
    if (order == std::memory_order_seq_cst) {
      FullFence();
    } else {
      std::atomic_thread_fence(order);
    }
  }
  static void FenceAfterRmw() noexcept {
#if defined(__x86_64__)
    // The locked instruction is the fence; this one keeps the compiler from moving loads up.
    std::atomic_signal_fence(std::memory_order_seq_cst);
#else
    Fence(std::memory_order_seq_cst);
#endif
  }
  static void LightFence() noexcept { AsymmetricLightFence(); }
  static void HeavyFence() noexcept { AsymmetricHeavyFence(); }

  static void SpinWait() noexcept {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
  }

  // A system call, 0.2 us and more.
  static void Yield() noexcept;

  // Sleeps while `word` holds `expected`. Returns at once if it does not, on a
  // wake-up, and now and then for no reason. Blocking.
  static void Wait(const Atomic<std::uint32_t>& word, std::uint32_t expected) noexcept;

  // The same, for at most `timeout`. False only when the time is up.
  static bool WaitFor(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::chrono::nanoseconds timeout) noexcept;

  // Wake one or all of the threads that sleep on `word`. A system call each.
  static void WakeOne(const Atomic<std::uint32_t>& word) noexcept;
  static void WakeAll(const Atomic<std::uint32_t>& word) noexcept;

  static std::chrono::steady_clock::time_point Now() noexcept {
    return std::chrono::steady_clock::now();
  }

  template <class T, class... Args>
  static T* Create(Args&&... args) {
    return new T(std::forward<Args>(args)...);
  }
  template <class T>
  static void Destroy(T* pointer) noexcept {
    delete pointer;
  }
  template <class T>
  static T* CreateArray(std::size_t count) {
    return new T[count]();
  }
  template <class T>
  static void DestroyArray(T* pointer, std::size_t) noexcept {
    delete[] pointer;
  }
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_PLATFORM_H_
