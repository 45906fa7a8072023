// order_hook.h
// ------------
// OrderHook: the one place through which a checker's platform passes every atomic
// operation, fence and wake-up, so that they can be recorded, and one of them
// weakened at run time, without recompiling.
//
// A test that passes shows little until it is seen to fail: a mutation campaign
// (verification/model/mutation.h) weakens one memory order after another and
// expects each to be noticed.
//
// An operation is known by its file, its line, its kind and its ordinal among the
// operations of that kind on the line. Columns serve to find that ordinal and
// nothing else, since compilers disagree on their values, not on their sequence.
//
// Thread safety: none. Checkers run their threads as fibers of one thread.
#ifndef ASHLAR_VERIFICATION_PLATFORM_ORDER_HOOK_H_
#define ASHLAR_VERIFICATION_PLATFORM_ORDER_HOOK_H_

#include <atomic>
#include <cstddef>
#include <span>
#include <string_view>

#include "ashlar/base/source_site.h"

#if __has_include(<source_location>)
#include <source_location>
#endif

namespace ashlar::verification {

enum class Operation {
  kLoad,
  kStore,
  kReadModifyWrite,
  kCompareExchange,         // the order of success
  kCompareExchangeFailure,  // the order of failure
  kFence,
  kWake,
};

// "load", "store", "rmw", "cas", "cas-failure", "fence", "wake".
std::string_view Name(Operation operation);

// Not an order: the fence or the wake-up is left out.
inline constexpr std::memory_order kDropped{-1};

// "relaxed", ..., "seq_cst", "dropped".
std::string_view Name(std::memory_order order);

// The place of an operation, as a defaulted trailing parameter.
struct OperationSite : SourceSite {
  unsigned column;

#if defined(__cpp_lib_source_location)
  static constexpr OperationSite Current(
      SourceSite site = SourceSite::Current(),
      std::source_location where = std::source_location::current()) {
    return {site, where.column()};
  }
#else
  static constexpr OperationSite Current(SourceSite site = SourceSite::Current(),
                                         unsigned column = __builtin_COLUMN()) {
    return {site, column};
  }
#endif
};

// An operation that was executed, with the order that the source gives it. A place
// that was reached with two different orders counts as two operations.
struct ExecutedOperation {
  OperationSite site;
  Operation operation;
  std::memory_order order;
};

// Whether both stand for the same operation.
bool SameOperation(const ExecutedOperation& a, const ExecutedOperation& b);

class OrderHook {
 public:
  OrderHook() = delete;

  // The order to use for an operation whose source says `order`.
  static std::memory_order Apply(std::memory_order order, Operation operation,
                                 const OperationSite& site) {
    return mode_ == Mode::kPass ? order : ApplySlow(order, operation, site);
  }

  // Forgets what was recorded, and records from now on until Stop().
  static void Record();

  // From now on until Stop(), `operation` is executed with order `to`.
  static void Weaken(const ExecutedOperation& operation, std::memory_order to);

  // Every operation is executed as its source says.
  static void Stop() { mode_ = Mode::kPass; }

  // What was executed while recording, each operation once, in no useful sequence.
  static std::span<const ExecutedOperation> Recorded();

 private:
  enum class Mode { kPass, kRecord, kWeaken };

  static std::memory_order ApplySlow(std::memory_order order, Operation operation,
                                     const OperationSite& site);

  static inline Mode mode_ = Mode::kPass;
};

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_PLATFORM_ORDER_HOOK_H_
