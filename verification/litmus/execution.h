// execution.h
// -----------
// ExecuteThread: runs a thread of a litmus program, for real, on a Platform's atomics.
//
// Orders are constants where an operation is called, so that the compiler emits what it
// would emit for a program that says so: given an order at run time, it takes seq_cst.
//
// `Memory` has
//
//   Platform::Atomic<std::int64_t>& At(int location)
//   std::int64_t ReadPlain(int location)              data that is not atomic
//   void WritePlain(int location, std::int64_t value)
//
// Build with -O2: without optimization, compilers forget that an order is constant.
#ifndef ASHLAR_VERIFICATION_LITMUS_EXECUTION_H_
#define ASHLAR_VERIFICATION_LITMUS_EXECUTION_H_

#include <atomic>
#include <cstdint>
#include <type_traits>

#include "ashlar/verification/litmus/litmus_program.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::litmus {
namespace internal_execution {

template <std::memory_order kOrder>
using Constant = std::integral_constant<std::memory_order, kOrder>;

// The orders of the three kinds of operations; the notation has no others.
template <class Function>
auto WithLoadOrder(rc11::Order order, Function function) {
  switch (order) {
    case rc11::Order::kAcquire:
      return function(Constant<std::memory_order_acquire>());
    case rc11::Order::kSeqCst:
      return function(Constant<std::memory_order_seq_cst>());
    default:
      return function(Constant<std::memory_order_relaxed>());
  }
}

template <class Function>
auto WithStoreOrder(rc11::Order order, Function function) {
  switch (order) {
    case rc11::Order::kRelease:
      return function(Constant<std::memory_order_release>());
    case rc11::Order::kSeqCst:
      return function(Constant<std::memory_order_seq_cst>());
    default:
      return function(Constant<std::memory_order_relaxed>());
  }
}

template <class Function>
auto WithOrder(rc11::Order order, Function function) {
  switch (order) {
    case rc11::Order::kAcquire:
      return function(Constant<std::memory_order_acquire>());
    case rc11::Order::kRelease:
      return function(Constant<std::memory_order_release>());
    case rc11::Order::kAcqRel:
      return function(Constant<std::memory_order_acq_rel>());
    case rc11::Order::kSeqCst:
      return function(Constant<std::memory_order_seq_cst>());
    default:
      return function(Constant<std::memory_order_relaxed>());
  }
}

template <class Platform>
void Fence(rc11::Order order) {
  if (order == rc11::Order::kLight) return Platform::LightFence();
  if (order == rc11::Order::kHeavy) return Platform::HeavyFence();
  WithOrder(order, [](auto constant) { Platform::Fence(constant); });
}

// gcc 12 knows no failure order above the success order, which C++17 allows: it warns, and
// takes seq_cst for both.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Winvalid-memory-model"
#endif
// The old value.
template <class Atomic>
std::int64_t CompareExchange(Atomic& atomic, const Statement& statement, std::int64_t expected,
                             std::int64_t desired) {
  WithOrder(statement.order, [&](auto success) {
    WithLoadOrder(statement.failure, [&](auto failure) {
      atomic.compare_exchange_strong(expected, desired, success, failure);
    });
  });
  return expected;
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

}  // namespace internal_execution

// `registers` hold 0, and in the end what the thread has read.
template <class Platform, class Memory>
void ExecuteThread(const LitmusThread& thread, Memory& memory, std::int64_t* registers) {
  using namespace internal_execution;
  using Kind = Statement::Kind;
  for (const Statement& statement : thread.statements) {
    if (!statement.guard.Empty() && statement.guard.Evaluate(registers) == 0) continue;
    const int location = statement.location;
    const rc11::Order order = statement.order;
    const std::int64_t operand =
        statement.operand.Empty() ? 0 : statement.operand.Evaluate(registers);
    // Of a thread that reads nothing, there are no registers.
    const auto read = [&](std::int64_t value) { registers[statement.target] = value; };
    switch (statement.kind) {
      case Kind::kRead:
        read(order == rc11::Order::kPlain
                 ? memory.ReadPlain(location)
                 : WithLoadOrder(order, [&](auto o) { return memory.At(location).load(o); }));
        break;
      case Kind::kWrite:
        if (order == rc11::Order::kPlain) {
          memory.WritePlain(location, operand);
        } else {
          WithStoreOrder(order, [&](auto o) { memory.At(location).store(operand, o); });
        }
        break;
      case Kind::kFetchAdd:
        read(WithOrder(order, [&](auto o) { return memory.At(location).fetch_add(operand, o); }));
        break;
      case Kind::kExchange:
        read(WithOrder(order, [&](auto o) { return memory.At(location).exchange(operand, o); }));
        break;
      case Kind::kCompareExchange:
        read(CompareExchange(memory.At(location), statement, statement.expected.Evaluate(registers),
                             operand));
        break;
      case Kind::kFence:
        Fence<Platform>(order);
        break;
    }
  }
}

}  // namespace ashlar::verification::litmus

#endif  // ASHLAR_VERIFICATION_LITMUS_EXECUTION_H_
