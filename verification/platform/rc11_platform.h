// rc11_platform.h
// ---------------
// Rc11Platform: runs a concurrent template under our own exhaustive checker
// (verification/rc11/explorer.h); verification/model/rc11_scenario.h makes a test of it.
//
// It has the members of StdPlatform (concurrency/platform.h).
//
//   * Atomic<T> is for a T of up to 8 bytes.
//   * A weak compare-exchange may fail for no reason; like a sleep that ends for none, or
//     a wait that runs out of time, that is an accident (rc11::Options::max_accidents).
//   * SpinWait() says that the loop it stands in has changed nothing since it last
//     called it, and goes on only if it reads another value.
//   * LightFence() and HeavyFence() order with each other, and two light ones do not: see
//     verification/rc11/axioms.h. A light one that the hook weakens is none.
//   * The end of an object's life is a write, with which no other access may race.
//   * A thread that frees memory and allocates as much again gets either the same or other
//     memory; both are explored.
//
// How threads sleep. Each word has a queue, a location that the source does not show: a
// set of threads, one bit each. Every operation on it is a relaxed read-modify-write, so
// all are in one order, as operations of the kernel on a futex are by its lock; and none
// synchronises anything, since nothing says that the kernel does so for us.
//
//   Wait   reads the word. If it holds what is expected, the thread adds itself to the
//          queue; that is one step with the read in the sense of QueueOrder (axioms.h).
//          Then it awaits that its bit is gone.
//   Wake   takes threads from the queue: all, or one of them, each of which is explored.
//
// A thread that is never taken from the queue waits for ever; if all others have ended or
// wait for ever too, that is a hang: a lost wake-up.
#ifndef ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_
#define ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_

#include <atomic>
#include <bit>
#include <chrono>
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
using verification::rc11::OperationKind;
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

inline Operation Named(Verb verb, Operation operation) {
  operation.verb = verb;
  return operation;
}

// An object that is a location. It is one object, so it cannot be copied.
class Location {
 public:
  Location(Value value, const OperationSite& site)
      : index_(FiberProgram::Current().NewLocation(this, value, site)) {}
  ~Location() { FiberProgram::Current().EndLocation(this, index_); }
  Location(const Location&) = delete;
  Location& operator=(const Location&) = delete;

  std::uint8_t index() const { return index_; }
  Value Access(const Operation& operation, const OperationSite& site) const {
    return FiberProgram::Current().Access(this, operation, site);
  }

 private:
  const std::uint8_t index_;
};

// Those who sleep on a location.
class Queue {
 public:
  explicit Queue(const Location& location)
      : index_(FiberProgram::Current().QueueOf(location.index())) {}

  // The thread is among them; `because_of_look`: of what it has just read.
  void Enter(bool because_of_look, const OperationSite& site) const {
    FiberProgram& program = FiberProgram::Current();
    Operation read = Operation::RmwRead(Order::kRelaxed, index_);
    read.verb = Verb::kSleep;
    read.sleeps = because_of_look;
    Operation write = Operation::RmwWrite(Order::kRelaxed, index_, program.Perform(read, site));
    write.value |= Value{1} << program.ThreadIndex();
    write.sleeps = because_of_look;
    program.Perform(write, site);
  }
  // Until somebody takes it out, or, if `timed`, an accident happens.
  void AwaitWake(bool timed, const OperationSite& site) const {
    FiberProgram& program = FiberProgram::Current();
    const Value self = Value{1} << program.ThreadIndex();
    Operation await = Operation::Await(Order::kRelaxed, index_, self);
    await.verb = Verb::kAwake;
    await.accident = timed;
    program.Perform(await, site);
  }
  void Wake(bool all, const OperationSite& site) const {
    FiberProgram& program = FiberProgram::Current();
    Value asleep =
        program.Perform(Named(Verb::kWake, Operation::RmwRead(Order::kRelaxed, index_)), site);
    const int count = std::popcount(static_cast<std::uint64_t>(asleep));
    if (all) {
      asleep = 0;
    } else if (count > 0) {
      Value chosen = asleep;
      for (int skip = count == 1 ? 0 : Choose(count, site); skip > 0; --skip) chosen &= chosen - 1;
      asleep &= ~(chosen & -chosen);
    }
    program.Perform(Operation::RmwWrite(Order::kRelaxed, index_, asleep), site);
  }

 private:
  // Between the halves of a read-modify-write.
  static int Choose(int ways, const OperationSite& site) {
    Operation choice = Operation::Choice(static_cast<std::uint8_t>(ways));
    choice.rmw = true;
    FiberProgram::Current().Perform(choice, site);
    return FiberProgram::Current().Chosen();
  }

  const std::uint8_t index_;
};

template <class T>
class Atomic : public verification::CheckedAtomic<Atomic<T>, T> {
  static_assert(sizeof(T) <= sizeof(Value));
  using Site = OperationSite;

 public:
  Atomic(Site site = Site::Current()) : Atomic(T{}, site) {}  // NOLINT: as std::atomic
  Atomic(T value, Site site = Site::Current()) : location_(Encode(value), site) {}  // NOLINT

  // As StdPlatform::WaitFor, or Wait.
  bool Sleep(T expected, bool timed, const Site& site) const {
    FiberProgram& program = FiberProgram::Current();
    Operation look = Operation::Read(Order::kRelaxed, location_.index());
    look.verb = Verb::kWait;
    look.compare = true;
    look.failure = Order::kRelaxed;
    look.value = Encode(expected);
    look.choices = timed ? kTimeIsUp : kForNoReason;
    look.accident = true;
    if (location_.Access(look, site) != look.value) return true;
    if (program.ThreadIndex() < 0) {
      if (!timed) program.Fail("sleeps outside of threads", site);
      return false;
    }
    if (program.Chosen() == kTimeIsUp) return false;
    if (program.Chosen() == kForNoReason) return true;
    const Queue queue(location_);
    queue.Enter(/*because_of_look=*/true, site);
    queue.AwaitWake(timed, site);
    return true;
  }
  void Wake(bool all, const Site& site) const {
    if (FiberProgram::Current().ThreadIndex() >= 0) Queue(location_).Wake(all, site);
  }

 private:
  friend verification::CheckedAtomic<Atomic, T>;

  // Ways in which a sleep ends.
  static constexpr int kForNoReason = 1;
  static constexpr int kTimeIsUp = 2;

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

  T Load(std::memory_order order, const Site& site) const {
    return Decode(location_.Access(Operation::Read(Convert(order), location_.index()), site));
  }
  void Store(T value, std::memory_order order, const Site& site) {
    location_.Access(Operation::Write(Convert(order), location_.index(), Encode(value)), site);
  }
  template <Change kChange, class Operand>
  T Modify(Operand operand, std::memory_order source_order, const Site& site) {
    constexpr Verb kVerbs[] = {Verb::kExchange, Verb::kFetchAdd, Verb::kFetchSub,
                               Verb::kFetchAnd, Verb::kFetchOr,  Verb::kFetchXor};
    constexpr Verb kVerb = kVerbs[static_cast<int>(kChange)];
    const Order order = Convert(source_order);
    const Operation read = Named(kVerb, Operation::RmwRead(order, location_.index()));
    const T old = Decode(location_.Access(read, site));
    Finish(order, Changed<kChange>(old, operand), site);
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
    const Order success = Convert(success_order);
    Operation read = Operation::CompareRead(success, Convert(failure_order), location_.index(),
                                            Encode(expected));
    read.verb = kWeak ? Verb::kCompareExchangeWeak : Verb::kCompareExchangeStrong;
    read.choices = kWeak;
    read.accident = kWeak;
    const Value seen = location_.Access(read, site);
    if (seen != read.value) {
      expected = Decode(seen);
      return false;
    }
    if (FiberProgram::Current().Chosen() != 0) return false;
    Finish(success, desired, site);
    return true;
  }
  // The second half of a read-modify-write.
  void Finish(Order order, T value, const Site& site) {
    FiberProgram::Current().Perform(Operation::RmwWrite(order, location_.index(), Encode(value)),
                                    site);
  }

  const Location location_;
};

// Plain storage. The checker sees the accesses, not the values: those that do not race
// have only one.
template <class T>
class Var {
  using Site = OperationSite;

 public:
  Var(Site site = Site::Current()) : location_(0, site) {}  // NOLINT
  explicit Var(T value, Site site = Site::Current())
      : location_(0, site), value_(std::move(value)) {}

  const T& Read(Site site = Site::Current()) const {
    location_.Access(Operation::Read(Order::kPlain, location_.index()), site);
    return value_;
  }
  T& Write(Site site = Site::Current()) {
    location_.Access(Operation::Write(Order::kPlain, location_.index(), 0), site);
    return value_;
  }

 private:
  const Location location_;  // first, so that both have one address
  T value_{};
};

}  // namespace rc11_internal

struct Rc11Platform : verification::CheckedPlatform<Rc11Platform> {
  template <class T>
  using Atomic = rc11_internal::Atomic<T>;

  template <class T>
  using Var = rc11_internal::Var<T>;

  static void LightFence(Site site = Site::Current()) {
    if (ApplyToFence(site) == std::memory_order_seq_cst) {
      Perform(rc11_internal::Operation::Fence(rc11_internal::Order::kLight), site);
    }
  }
  static void HeavyFence(Site site = Site::Current()) {
    const std::memory_order order = ApplyToFence(site);
    if (order == verification::kDropped || order == std::memory_order_relaxed) return;
    const bool heavy = order == std::memory_order_seq_cst;
    Perform(rc11_internal::Operation::Fence(heavy ? rc11_internal::Order::kHeavy
                                                  : rc11_internal::Convert(order)),
            site);
  }

  // One of 0, 1, ..., ways - 1, each of which is explored. For what is random in production.
  static int Choose(int ways, Site site = Site::Current()) {
    return rc11_internal::FiberProgram::Current().Choice(ways, site);
  }

  static void SpinWait(Site site = Site::Current()) {
    Perform(rc11_internal::Operation::Spin(), site);
  }

  static void Wait(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                   Site site = Site::Current()) {
    word.Sleep(expected, /*timed=*/false, site);
  }
  // The time may be up at any moment.
  static bool WaitFor(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                      std::chrono::nanoseconds timeout, Site site = Site::Current()) {
    return timeout > timeout.zero() && word.Sleep(expected, /*timed=*/true, site);
  }
  static void WakeOne(const Atomic<std::uint32_t>& word, Site site = Site::Current()) {
    if (!Dropped(site)) word.Wake(/*all=*/false, site);
  }
  static void WakeAll(const Atomic<std::uint32_t>& word, Site site = Site::Current()) {
    if (!Dropped(site)) word.Wake(/*all=*/true, site);
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
  static void* Allocate(std::size_t bytes, std::size_t alignment) {
    return rc11_internal::FiberProgram::Current().Allocate(bytes, alignment);
  }
  static void CheckFree(const void* pointer, const Site& site) {
    rc11_internal::FiberProgram::Current().CheckFree(pointer, site);
  }
  static void Free(void* pointer, std::size_t /*bytes*/, const Site& site) {
    rc11_internal::FiberProgram::Current().Free(pointer, site);
  }
};

}  // namespace ashlar

#endif  // ASHLAR_VERIFICATION_PLATFORM_RC11_PLATFORM_H_
