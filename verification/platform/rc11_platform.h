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
//   * LightFence() and HeavyFence() order with each other, and two light ones do not: see
//     verification/rc11/axioms.h. A light one that the hook weakens is none.
//   * Memory is never reused within an execution, and leaks are not looked for.
#ifndef ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_
#define ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "ashlar/verification/platform/checked_platform.h"
#include "ashlar/verification/platform/order_hook.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar {
namespace rc11_internal {

using verification::Change;
using verification::OperationSite;
using verification::rc11::FiberProgram;
using verification::rc11::Operation;
using verification::rc11::Order;
using verification::rc11::Value;
using verification::rc11::Verb;

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

template <class T>
class Atomic : public verification::CheckedAtomic<Atomic<T>, T> {
  static_assert(sizeof(T) <= sizeof(Value));
  using Site = OperationSite;

 public:
  Atomic(Site site = Site::Current()) : Atomic(T{}, site) {}  // NOLINT: as std::atomic
  Atomic(T value, Site site = Site::Current())                // NOLINT: as std::atomic
      : location_(FiberProgram::Current().NewLocation(this, Encode(value), site)) {}

 private:
  friend verification::CheckedAtomic<Atomic, T>;

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
  static Value Perform(const Operation& operation, const Site& site) {
    return FiberProgram::Current().Perform(operation, site);
  }
  static Operation Named(Verb verb, Operation operation) {
    operation.verb = verb;
    return operation;
  }

  T Load(std::memory_order order, const Site& site) const {
    return Decode(Perform(Operation::Read(Convert(order), location_), site));
  }
  void Store(T value, std::memory_order order, const Site& site) {
    Perform(Operation::Write(Convert(order), location_, Encode(value)), site);
  }
  template <Change kChange, class Operand>
  T Modify(Operand operand, std::memory_order source_order, const Site& site) {
    constexpr Verb kVerbs[] = {Verb::kExchange, Verb::kFetchAdd, Verb::kFetchSub,
                               Verb::kFetchAnd, Verb::kFetchOr,  Verb::kFetchXor};
    constexpr Verb kVerb = kVerbs[static_cast<int>(kChange)];
    const Order order = Convert(source_order);
    const T old = Decode(Perform(Named(kVerb, Operation::RmwRead(order, location_)), site));
    const Value value = Encode(Changed<kChange>(old, operand));
    Perform(Operation::RmwWrite(order, location_, value), site);
    return old;
  }
  template <Change kChange, class Operand>
  static T Changed(T old, Operand operand) {
    if constexpr (kChange == Change::kExchange) return operand;
    if constexpr (kChange == Change::kAdd) return static_cast<T>(old + operand);
    if constexpr (kChange == Change::kSub) return static_cast<T>(old - operand);
    if constexpr (kChange == Change::kAnd) return static_cast<T>(old & operand);
    if constexpr (kChange == Change::kOr) return static_cast<T>(old | operand);
    if constexpr (kChange == Change::kXor) return static_cast<T>(old ^ operand);
  }
  template <bool kWeak>
  bool CompareExchange(T& expected, T desired, std::memory_order success_order,
                       std::memory_order failure_order, const Site& site) {
    constexpr Verb kVerb = kWeak ? Verb::kCompareExchangeWeak : Verb::kCompareExchangeStrong;
    const Order success = Convert(success_order);
    const Order failure = Convert(failure_order);
    const Value wanted = Encode(expected);
    const Value seen =
        Perform(Named(kVerb, Operation::CompareRead(success, failure, location_, wanted)), site);
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

struct Rc11Platform : verification::CheckedPlatform<Rc11Platform> {
  template <class T>
  using Atomic = rc11_internal::Atomic<T>;

  template <class T>
  using Var = rc11_internal::Var<T>;

  static void SpinWait(Site site = Site::Current()) {
    Perform(rc11_internal::Operation::Spin(), site);
  }

  static void LightFence(Site site = Site::Current()) {
    if (ApplyToFence(site) != std::memory_order_seq_cst) return;
    Perform(rc11_internal::Operation::Fence(rc11_internal::Order::kLight), site);
  }
  static void HeavyFence(Site site = Site::Current()) {
    const std::memory_order order = ApplyToFence(site);
    if (order == verification::kDropped || order == std::memory_order_relaxed) return;
    const bool heavy = order == std::memory_order_seq_cst;
    Perform(rc11_internal::Operation::Fence(heavy ? rc11_internal::Order::kHeavy
                                                  : rc11_internal::Convert(order)),
            site);
  }

 private:
  friend verification::CheckedPlatform<Rc11Platform>;

  static std::memory_order ApplyToFence(const Site& site) {
    return verification::OrderHook::Apply(std::memory_order_seq_cst,
                                          verification::Operation::kFence, site);
  }
  static void Perform(const rc11_internal::Operation& operation, const Site& site) {
    rc11_internal::FiberProgram::Current().Perform(operation, site);
  }
  static void RunFence(std::memory_order order, const Site& site) {
    Perform(rc11_internal::Operation::Fence(rc11_internal::Convert(order)), site);
  }
  static void* Allocate(std::size_t bytes, std::size_t /*alignment*/) {
    return rc11_internal::FiberProgram::Current().Allocate(bytes);
  }
  static void Free(void* /*pointer*/, std::size_t /*bytes*/) {}
};

}  // namespace ashlar

#endif  // ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_
