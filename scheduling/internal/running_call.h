// RunningCall: which of its owner's callbacks is running, and who waits for the end of it.
//
// Whoever destroys a callback has to wait while another thread runs it, but not in the callback
// itself, where that would have no end. The owner has a lock, and one thread at a time that runs
// callbacks, without the lock:
//
//   lock; take the callback from the list; running.Begin(&callback, ThisThread()); unlock;
//   run it;                                  // it may be destroyed meanwhile, by itself
//   lock; awaited = running.End(); unlock;
//   if (awaited) running.Wake();
//
// and who destroys one:
//
//   lock; if it is in the list, take it out and be done;
//   ticket = running.Join(&callback, ThisThread()); unlock;
//   if (ticket) running.Await(*ticket);
//
// The owner must outlive all of this. What the callback did happens before the return of Await.
#ifndef ASHLAR_SCHEDULING_INTERNAL_RUNNING_CALL_H_
#define ASHLAR_SCHEDULING_INTERNAL_RUNNING_CALL_H_

#include <atomic>
#include <cstdint>
#include <optional>

namespace ashlar::internal {

// The calling thread's name. Not for scenarios, whose threads are fibers.
inline const void* ThisThread() noexcept {
  static thread_local constinit char name = 0;
  return &name;
}

template <class Platform>
class RunningCall {
 public:
  // Under the lock.
  void Begin(const void* call, const void* thread) noexcept {
    call_.Write() = call;
    thread_.Write() = thread;
  }

  // Under the lock. True if somebody waits, whom Wake() wakes.
  [[nodiscard]] bool End() noexcept {
    call_.Write() = nullptr;
    if (!awaited_.Read()) [[likely]]
      return false;
    awaited_.Write() = false;
    // (1) release: pairs with (2). The load is of a number that only changes under the lock.
    ended_.store(ended_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    return true;
  }

  // Without the lock.
  void Wake() noexcept { Platform::WakeAll(ended_); }

  // Under the lock. Nothing if the call is not running, or on this thread.
  [[nodiscard]] std::optional<std::uint32_t> Join(const void* call, const void* thread) noexcept {
    if (call_.Read() != call || thread_.Read() == thread) return std::nullopt;
    awaited_.Write() = true;
    return ended_.load(std::memory_order_relaxed);
  }

  // Without the lock.
  void Await(std::uint32_t ticket) noexcept {
    // (2) acquire: pairs with (1).
    while (ended_.load(std::memory_order_acquire) == ticket) Platform::Wait(ended_, ticket);
  }

 private:
  template <class T>
  using Var = typename Platform::template Var<T>;

  Var<const void*> call_{nullptr};
  Var<const void*> thread_{nullptr};
  Var<bool> awaited_{false};
  // Counts the ends of calls that somebody waited for.
  typename Platform::template Atomic<std::uint32_t> ended_{0};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_RUNNING_CALL_H_
