#include "ashlar/verification/platform/order_hook.h"

#include <array>
#include <cstdint>
#include <cstring>

#include "ashlar/base/check.h"

namespace ashlar::verification {
namespace {

// Fixed storage: what is allocated during a checker's run counts as the program's.
constexpr std::size_t kCapacity = 1024;
std::array<ExecutedOperation, kCapacity> recorded;
std::size_t recorded_count = 0;

// An open hash table of places in `recorded`, counted from 1; 0 is free.
constexpr std::size_t kSlots = 4 * kCapacity;
std::array<std::uint16_t, kSlots> slots;

ExecutedOperation weakened;
std::memory_order weakened_to;

void Note(const ExecutedOperation& operation) {
  std::size_t slot = operation.site.line * 64 + operation.site.column * 8 +
                     static_cast<std::size_t>(operation.operation);
  for (;; ++slot) {
    std::uint16_t& index = slots[slot % kSlots];
    if (index == 0) {
      ASHLAR_CHECK(recorded_count < kCapacity);
      recorded[recorded_count++] = operation;
      index = static_cast<std::uint16_t>(recorded_count);
    }
    if (SameOperation(recorded[index - 1], operation)) return;
  }
}

}  // namespace

std::string_view Name(Operation operation) {
  constexpr std::string_view kNames[] = {"load",        "store", "rmw", "cas",
                                         "cas-failure", "fence", "wake"};
  return kNames[static_cast<int>(operation)];
}

std::string_view Name(std::memory_order order) {
  constexpr std::string_view kNames[] = {"dropped", "relaxed", "consume", "acquire",
                                         "release", "acq_rel", "seq_cst"};
  return kNames[static_cast<int>(order) + 1];
}

bool SameOperation(const ExecutedOperation& a, const ExecutedOperation& b) {
  return a.site.line == b.site.line && a.site.column == b.site.column &&
         a.operation == b.operation && a.order == b.order &&
         (a.site.file == b.site.file || std::strcmp(a.site.file, b.site.file) == 0);
}

std::memory_order OrderHook::ApplySlow(std::memory_order order, Operation operation,
                                       const OperationSite& site) {
  const ExecutedOperation executed{site, operation, order};
  if (mode_ == Mode::kWeaken) return SameOperation(executed, weakened) ? weakened_to : order;
  Note(executed);
  return order;
}

void OrderHook::Record() {
  recorded_count = 0;
  slots.fill(0);
  mode_ = Mode::kRecord;
}

void OrderHook::Weaken(const ExecutedOperation& operation, std::memory_order to) {
  weakened = operation;
  weakened_to = to;
  mode_ = Mode::kWeaken;
}

std::span<const ExecutedOperation> OrderHook::Recorded() {
  return {recorded.data(), recorded_count};
}

}  // namespace ashlar::verification
