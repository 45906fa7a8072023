// rc11_platform.h
// ---------------
// Rc11Platform: runs a concurrent template under our own exhaustive checker
// (verification/rc11/explorer.h); verification/model/rc11_scenario.h makes a test of it.
//
// It has the members of StdPlatform (concurrency/platform.h) except those that sleep:
// Wait, WaitFor, WakeOne, WakeAll, and Now.
//
//   * Atomic<T> is for a T of up to 8 bytes.
//   * A weak compare-exchange fails only if the value differs.
//   * SpinWait() says that the loop it stands in has changed nothing since it last
//     called it, and goes on only if it reads another value.
//   * LightFence() and HeavyFence() are both seq_cst fences.
//   * Memory is never reused within an execution, and leaks are not looked for.
#ifndef ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_
#define ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include "ashlar/verification/platform/order_hook.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar {
namespace rc11_internal {

using verification::OperationSite;
using verification::OrderHook;
using verification::rc11::FiberProgram;
using verification::rc11::Operation;
using verification::rc11::Order;
using verification::rc11::Value;
using verification::rc11::Verb;

using Kind = verification::Operation;

inline Order Convert(std::memory_order order) {
  switch (order) {
    case std::memory_order_relaxed:
      return Order::kRelaxed;
    case std::memory_order_consume:
    case std::memory_order_acquire:
      return Order::kAcquire;
    case std::memory_order_release:
      return Order::kRelease;
    case std::memory_order_acq_rel:
      return Order::kAcqRel;
    default:
      return Order::kSeqCst;
  }
}

// What the hook makes of `order`. Never for what can be dropped.
inline Order Apply(std::memory_order order, Kind kind, const OperationSite& site) {
  return Convert(OrderHook::Apply(order, kind, site));
}

template <class T>
class Atomic {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) <= sizeof(Value));
  using Difference = std::conditional_t<std::is_pointer_v<T>, std::ptrdiff_t, T>;
  using Site = OperationSite;

 public:
  using value_type = T;
  static constexpr bool is_always_lock_free = true;

  Atomic(Site site = Site::Current()) : Atomic(T{}, site) {}  // NOLINT: as std::atomic
  Atomic(T value, Site site = Site::Current())                // NOLINT: as std::atomic
      : location_(FiberProgram::Current().NewLocation(this, Encode(value), site)) {}
  Atomic(const Atomic&) = delete;
  Atomic& operator=(const Atomic&) = delete;

  T load(std::memory_order order = std::memory_order_seq_cst, Site site = Site::Current()) const {
    return Decode(Perform(Operation::Read(Apply(order, Kind::kLoad, site), location_), site));
  }
  void store(T value, std::memory_order order = std::memory_order_seq_cst,
             Site site = Site::Current()) {
    Perform(Operation::Write(Apply(order, Kind::kStore, site), location_, Encode(value)), site);
  }

  T exchange(T value, std::memory_order order = std::memory_order_seq_cst,
             Site site = Site::Current()) {
    return Modify(Verb::kExchange, order, site, [&](T) { return value; });
  }
  T fetch_add(Difference by, std::memory_order order = std::memory_order_seq_cst,
              Site site = Site::Current()) {
    return Modify(Verb::kFetchAdd, order, site, [&](T old) { return static_cast<T>(old + by); });
  }
  T fetch_sub(Difference by, std::memory_order order = std::memory_order_seq_cst,
              Site site = Site::Current()) {
    return Modify(Verb::kFetchSub, order, site, [&](T old) { return static_cast<T>(old - by); });
  }
  T fetch_and(T mask, std::memory_order order = std::memory_order_seq_cst,
              Site site = Site::Current()) {
    return Modify(Verb::kFetchAnd, order, site, [&](T old) { return static_cast<T>(old & mask); });
  }
  T fetch_or(T mask, std::memory_order order = std::memory_order_seq_cst,
             Site site = Site::Current()) {
    return Modify(Verb::kFetchOr, order, site, [&](T old) { return static_cast<T>(old | mask); });
  }
  T fetch_xor(T mask, std::memory_order order = std::memory_order_seq_cst,
              Site site = Site::Current()) {
    return Modify(Verb::kFetchXor, order, site, [&](T old) { return static_cast<T>(old ^ mask); });
  }

  bool compare_exchange_strong(T& expected, T desired, std::memory_order success,
                               std::memory_order failure, Site site = Site::Current()) {
    return CompareExchange(Verb::kCompareExchangeStrong, expected, desired, success, failure, site);
  }
  bool compare_exchange_strong(T& expected, T desired,
                               std::memory_order order = std::memory_order_seq_cst,
                               Site site = Site::Current()) {
    return compare_exchange_strong(expected, desired, order, FailureOrder(order), site);
  }
  bool compare_exchange_weak(T& expected, T desired, std::memory_order success,
                             std::memory_order failure, Site site = Site::Current()) {
    return CompareExchange(Verb::kCompareExchangeWeak, expected, desired, success, failure, site);
  }
  bool compare_exchange_weak(T& expected, T desired,
                             std::memory_order order = std::memory_order_seq_cst,
                             Site site = Site::Current()) {
    return compare_exchange_weak(expected, desired, order, FailureOrder(order), site);
  }

 private:
  static Value Encode(T value) {
    // Reports show what is below zero as that.
    if constexpr (std::is_integral_v<T>) return static_cast<Value>(value);
    Value encoded = 0;
    std::memcpy(&encoded, &value, sizeof(T));
    return encoded;
  }
  static T Decode(Value encoded) {
    if constexpr (std::is_integral_v<T>) return static_cast<T>(encoded);
    T value;
    std::memcpy(&value, &encoded, sizeof(T));
    return value;
  }
  static constexpr std::memory_order FailureOrder(std::memory_order success) {
    if (success == std::memory_order_acq_rel) return std::memory_order_acquire;
    if (success == std::memory_order_release) return std::memory_order_relaxed;
    return success;
  }
  static Value Perform(const Operation& operation, const Site& site) {
    return FiberProgram::Current().Perform(operation, site);
  }
  static Operation Named(Verb verb, Operation operation) {
    operation.verb = verb;
    return operation;
  }
  template <class Change>
  T Modify(Verb verb, std::memory_order source_order, const Site& site, Change change) {
    const Order order = Apply(source_order, Kind::kReadModifyWrite, site);
    const T old = Decode(Perform(Named(verb, Operation::RmwRead(order, location_)), site));
    Perform(Operation::RmwWrite(order, location_, Encode(change(old))), site);
    return old;
  }
  bool CompareExchange(Verb verb, T& expected, T desired, std::memory_order success_order,
                       std::memory_order failure_order, const Site& site) {
    const Order success = Apply(success_order, Kind::kCompareExchange, site);
    const Order failure = Apply(failure_order, Kind::kCompareExchangeFailure, site);
    const Value wanted = Encode(expected);
    const Value seen =
        Perform(Named(verb, Operation::CompareRead(success, failure, location_, wanted)), site);
    if (seen == wanted) {
      Perform(Operation::RmwWrite(success, location_, Encode(desired)), site);
      return true;
    }
    expected = Decode(seen);
    return false;
  }

  std::uint8_t location_;
};

// Plain storage. The checker sees the accesses, not the values: those that do not race
// have only one.
template <class T>
class Var {
  using Site = OperationSite;

 public:
  Var(Site site = Site::Current())  // NOLINT
      : location_(FiberProgram::Current().NewLocation(this, 0, site)) {}
  explicit Var(T value, Site site = Site::Current())
      : value_(std::move(value)), location_(FiberProgram::Current().NewLocation(this, 0, site)) {}

  const T& Read(Site site = Site::Current()) const {
    FiberProgram::Current().Perform(Operation::Read(Order::kPlain, location_), site);
    return value_;
  }
  T& Write(Site site = Site::Current()) {
    FiberProgram::Current().Perform(Operation::Write(Order::kPlain, location_, 0), site);
    return value_;
  }

 private:
  T value_{};
  std::uint8_t location_;
};

}  // namespace rc11_internal

struct Rc11Platform {
  static constexpr std::size_t kCacheLine = alignof(void*);

  template <class T>
  using Atomic = rc11_internal::Atomic<T>;

  template <class T>
  using Var = rc11_internal::Var<T>;

  using Site = verification::OperationSite;

  static void Fence(std::memory_order order, Site site = Site::Current()) {
    order = verification::OrderHook::Apply(order, verification::Operation::kFence, site);
    if (order == verification::kDropped || order == std::memory_order_relaxed) return;
    Perform(rc11_internal::Operation::Fence(rc11_internal::Convert(order)), site);
  }
  static void FenceAfterRmw(Site site = Site::Current()) { Fence(std::memory_order_seq_cst, site); }
  static void LightFence(Site site = Site::Current()) { Fence(std::memory_order_seq_cst, site); }
  static void HeavyFence(Site site = Site::Current()) { Fence(std::memory_order_seq_cst, site); }

  static void SpinWait(Site site = Site::Current()) {
    Perform(rc11_internal::Operation::Spin(), site);
  }
  static void Yield(Site site = Site::Current()) { SpinWait(site); }

  template <class T, class... Args>
  static T* Create(Args&&... args) {
    return ::new (Allocate<T>(1)) T(std::forward<Args>(args)...);
  }
  template <class T>
  static void Destroy(T* pointer) {
    if (pointer != nullptr) pointer->~T();
  }
  template <class T>
  static T* CreateArray(std::size_t count) {
    T* const array = static_cast<T*>(Allocate<T>(count));
    for (std::size_t i = 0; i < count; ++i) ::new (array + i) T();
    return array;
  }
  template <class T>
  static void DestroyArray(T* pointer, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) pointer[i].~T();
  }

 private:
  static void Perform(const rc11_internal::Operation& operation, const Site& site) {
    rc11_internal::FiberProgram::Current().Perform(operation, site);
  }
  template <class T>
  static void* Allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    return rc11_internal::FiberProgram::Current().Allocate(count * sizeof(T));
  }
};

}  // namespace ashlar

#endif  // ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_
