// CancellationState: what a cancellation source and its tokens share: the reason why it was
// cancelled, if it was, and the callbacks that are to run when it is.
//
// The reason is a word of its own, which is written once, under the lock; who polls reads nothing
// else. The callbacks are a list under the lock. Who cancels takes them from it one by one, and
// runs each without the lock, so that others may be registered and deregistered meanwhile.
//
// Holders share the state by counted references; the last one destroys it.
// Progress: polling is wait-free, all else blocking.
#ifndef ASHLAR_SCHEDULING_INTERNAL_CANCELLATION_STATE_H_
#define ASHLAR_SCHEDULING_INTERNAL_CANCELLATION_STATE_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/spin_park_mutex.h"
#include "ashlar/scheduling/internal/running_call.h"

namespace ashlar::internal {

template <class Platform = StdPlatform, class Mutex = SpinParkMutex<Platform>>
class CancellationState {
  template <class T>
  using Var = typename Platform::template Var<T>;

 public:
  // A function that is to run at the cancellation. The owner keeps it until it is deregistered.
  class Callback {
   public:
    using Run = void (*)(Callback&);
    explicit Callback(Run run) noexcept : run_(run) {}
    Callback(const Callback&) = delete;
    Callback& operator=(const Callback&) = delete;

   private:
    friend CancellationState;
    const Run run_;
    Var<bool> listed_{false};
    Var<Callback*> next_{nullptr};
    Var<Callback*> previous_{nullptr};
  };

  // With one reference.
  CancellationState() = default;
  CancellationState(const CancellationState&) = delete;
  CancellationState& operator=(const CancellationState&) = delete;

  void Refer() noexcept {
    // relaxed: who makes another reference has one.
    references_.fetch_add(1, std::memory_order_relaxed);
  }
  // Gives a reference back.
  void Release() noexcept {
    // (1) acq_rel: what each holder did happens before the end. Pairs with itself.
    if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) Platform::Destroy(this);
  }

  // 0 while it is not cancelled. What precedes the cancellation happens before what follows a
  // Reason() that tells of it.
  std::uint32_t Reason() const noexcept {
    if (reason_.load(std::memory_order_relaxed) == 0) [[likely]]
      return 0;
    // (2) acquire: pairs with (3).
    return reason_.load(std::memory_order_acquire);
  }

  // False, without effect, if it was cancelled before. `reason`: not 0. `thread`: a name for the
  // calling thread. Runs the callbacks, the last one that was registered first.
  bool Cancel(std::uint32_t reason, const void* thread) noexcept {
    mutex_.lock();
    if (reason_.load(std::memory_order_relaxed) != 0) return mutex_.unlock(), false;
    // (3) release: pairs with (2).
    reason_.store(reason, std::memory_order_release);
    bool awaited = false;
    while (Callback* const callback = first_.Read()) {
      Unlist(*callback);
      running_.Begin(callback, thread);
      mutex_.unlock();
      if (awaited) [[unlikely]]
        running_.Wake();
      callback->run_(*callback);
      mutex_.lock();
      awaited = running_.End();
    }
    mutex_.unlock();
    if (awaited) [[unlikely]]
      running_.Wake();
    return true;
  }

  // False if it is cancelled already; then the callback will not run.
  [[nodiscard]] bool Register(Callback& callback) noexcept {
    if (Reason() != 0) return false;
    mutex_.lock();
    if (reason_.load(std::memory_order_relaxed) != 0) return mutex_.unlock(), false;
    callback.listed_.Write() = true;
    callback.next_.Write() = first_.Read();
    if (first_.Read() != nullptr) first_.Read()->previous_.Write() = &callback;
    first_.Write() = &callback;
    mutex_.unlock();
    return true;
  }

  // Of one that was registered, once. Afterwards it does not run, and is not running but on this
  // very thread.
  void Deregister(Callback& callback, const void* thread) noexcept {
    mutex_.lock();
    std::optional<std::uint32_t> ticket;
    if (callback.listed_.Read()) {
      Unlist(callback);
    } else {
      ticket = running_.Join(&callback, thread);
    }
    mutex_.unlock();
    if (ticket) [[unlikely]]
      running_.Await(*ticket);
  }

 private:
  void Unlist(Callback& callback) noexcept {
    Callback* const next = callback.next_.Read();
    Callback* const previous = callback.previous_.Read();
    if (next != nullptr) next->previous_.Write() = previous;
    (previous != nullptr ? previous->next_ : first_).Write() = next;
    callback.listed_.Write() = false;
  }

  typename Platform::template Atomic<std::uint32_t> reason_{0};
  typename Platform::template Atomic<std::uint32_t> references_{1};
  Mutex mutex_;
  Var<Callback*> first_{nullptr};
  RunningCall<Platform> running_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_CANCELLATION_STATE_H_
