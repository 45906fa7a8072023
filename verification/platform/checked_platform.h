// checked_platform.h
// ------------------
// What the platforms of all checkers share: the members of std::atomic and of StdPlatform
// (concurrency/platform.h) as functions that take the place of the operation and pass its
// order through the OrderHook. A checker adds what an operation does.
//
//   class Atomic : public CheckedAtomic<Atomic<T>, T> { friend ...; }
//
// needs, with orders as the hook has left them,
//
//   T Load(order, site) const
//   void Store(T value, order, site)
//   T Modify<change>(operand, order, site)
//   bool CompareExchange<is_weak>(T& expected, T desired, success, failure, site)
//
//   struct Platform : CheckedPlatform<Platform> { friend ...; }
//
// needs SpinWait(site), RunFence(order, site) for any order but relaxed,
// Allocate(bytes, alignment), CheckFree(pointer, site) before what is at the pointer is
// destroyed, and Free(pointer, bytes, site) after that.
#ifndef ASHLAR_VERIFICATION_PLATFORM_CHECKED_PLATFORM_H_
#define ASHLAR_VERIFICATION_PLATFORM_CHECKED_PLATFORM_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

#include "ashlar/verification/platform/order_hook.h"

namespace ashlar::verification {

// What a read-modify-write does to the value.
enum class Change { kExchange, kAdd, kSub, kAnd, kOr, kXor };

template <class Self, class T>
class CheckedAtomic {
  static_assert(std::is_trivially_copyable_v<T>);
  using Difference = std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T>;
  using Order = std::memory_order;
  using Site = OperationSite;
  static constexpr Order kSeqCst = std::memory_order_seq_cst;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  CheckedAtomic(const CheckedAtomic&) = delete;
  CheckedAtomic& operator=(const CheckedAtomic&) = delete;

  T load(Order order = kSeqCst, Site site = Site::Current()) const {
    return self().Load(OrderHook::Apply(order, Operation::kLoad, site), site);
  }
  void store(T value, Order order = kSeqCst, Site site = Site::Current()) {
    self().Store(value, OrderHook::Apply(order, Operation::kStore, site), site);
  }

  T exchange(T value, Order order = kSeqCst, Site site = Site::Current()) {
    return Modify<Change::kExchange>(value, order, site);
  }
  T fetch_add(Difference value, Order order = kSeqCst, Site site = Site::Current()) {
    return Modify<Change::kAdd>(value, order, site);
  }
  T fetch_sub(Difference value, Order order = kSeqCst, Site site = Site::Current()) {
    return Modify<Change::kSub>(value, order, site);
  }
  T fetch_and(T value, Order order = kSeqCst, Site site = Site::Current()) {
    return Modify<Change::kAnd>(value, order, site);
  }
  T fetch_or(T value, Order order = kSeqCst, Site site = Site::Current()) {
    return Modify<Change::kOr>(value, order, site);
  }
  T fetch_xor(T value, Order order = kSeqCst, Site site = Site::Current()) {
    return Modify<Change::kXor>(value, order, site);
  }

  bool compare_exchange_strong(T& expected, T desired, Order success, Order failure,
                               Site site = Site::Current()) {
    return CompareExchange<false>(expected, desired, success, failure, site);
  }
  bool compare_exchange_strong(T& expected, T desired, Order order = kSeqCst,
                               Site site = Site::Current()) {
    return CompareExchange<false>(expected, desired, order, FailureOrder(order), site);
  }
  bool compare_exchange_weak(T& expected, T desired, Order success, Order failure,
                             Site site = Site::Current()) {
    return CompareExchange<true>(expected, desired, success, failure, site);
  }
  bool compare_exchange_weak(T& expected, T desired, Order order = kSeqCst,
                             Site site = Site::Current()) {
    return CompareExchange<true>(expected, desired, order, FailureOrder(order), site);
  }

 protected:
  CheckedAtomic() = default;
  ~CheckedAtomic() = default;

 private:
  Self& self() { return static_cast<Self&>(*this); }
  const Self& self() const { return static_cast<const Self&>(*this); }

  static constexpr Order FailureOrder(Order success) {
    if (success == std::memory_order_acq_rel) return std::memory_order_acquire;
    if (success == std::memory_order_release) return std::memory_order_relaxed;
    return success;
  }
  template <Change kChange, class Operand>
  T Modify(Operand operand, Order order, const Site& site) {
    order = OrderHook::Apply(order, Operation::kReadModifyWrite, site);
    return self().template Modify<kChange>(operand, order, site);
  }
  template <bool kWeak>
  bool CompareExchange(T& expected, T desired, Order success, Order failure, const Site& site) {
    success = OrderHook::Apply(success, Operation::kCompareExchange, site);
    failure = OrderHook::Apply(failure, Operation::kCompareExchangeFailure, site);
    return self().template CompareExchange<kWeak>(expected, desired, success, failure, site);
  }
};

template <class Self>
struct CheckedPlatform {
  // Hot fields need not be kept apart, and over-aligned memory is a checker's trouble.
  static constexpr std::size_t kCacheLine = alignof(void*);

  using Site = OperationSite;

  static void Fence(std::memory_order order, Site site = Site::Current()) {
    order = OrderHook::Apply(order, Operation::kFence, site);
    if (order != kDropped && order != std::memory_order_relaxed) Self::RunFence(order, site);
  }
  static void FenceAfterRmw(Site site = Site::Current()) { Fence(std::memory_order_seq_cst, site); }
  static void LightFence(Site site = Site::Current()) { Fence(std::memory_order_seq_cst, site); }
  static void HeavyFence(Site site = Site::Current()) { Fence(std::memory_order_seq_cst, site); }

  static void Yield(Site site = Site::Current()) { Self::SpinWait(site); }

  // The clock stands still.
  static std::chrono::steady_clock::time_point Now() { return {}; }

  template <class T, class... Args>
  static T* Create(Args&&... args) {
    return ::new (Self::Allocate(sizeof(T), alignof(T))) T(std::forward<Args>(args)...);
  }
  template <class T>
  static void Destroy(T* pointer, Site site = Site::Current()) {
    DestroyArray(pointer, 1, site);
  }
  template <class T>
  static T* CreateArray(std::size_t count) {
    T* const array = static_cast<T*>(Self::Allocate(count * sizeof(T), alignof(T)));
    for (std::size_t i = 0; i < count; ++i) ::new (array + i) T();
    return array;
  }
  template <class T>
  static void DestroyArray(T* pointer, std::size_t count, Site site = Site::Current()) {
    if (pointer == nullptr) return;
    Self::CheckFree(pointer, site);
    for (std::size_t i = 0; i < count; ++i) pointer[i].~T();
    Self::Free(pointer, count * sizeof(T), site);
  }

 protected:
  // Whether the hook leaves out a wake-up.
  static bool Dropped(const Site& site) {
    return OrderHook::Apply(std::memory_order_relaxed, Operation::kWake, site) == kDropped;
  }
};

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_PLATFORM_CHECKED_PLATFORM_H_
