// GatherState: several inputs that end on any threads; the first of them that decides, and the last
// of them, who completes the whole.
//
// Holders: one for each input, one for who sets it up, and whoever comes from outside, to cancel,
// while there is somebody left. What each did while it held happens before the completion.
//
// Wait-free but for Hold, which is lock-free.
#ifndef ASHLAR_SCHEDULING_INTERNAL_GATHER_STATE_H_
#define ASHLAR_SCHEDULING_INTERNAL_GATHER_STATE_H_

#include <atomic>
#include <cstdint>

#include "ashlar/concurrency/platform.h"

namespace ashlar::internal {

template <class Platform = StdPlatform>
class GatherState {
 public:
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};

  explicit GatherState(std::uint32_t holders) : holders_(holders) {}
  GatherState(const GatherState&) = delete;
  GatherState& operator=(const GatherState&) = delete;

  // True for the first. relaxed: nobody reads what it did before the completion.
  [[nodiscard]] bool Claim(std::uint32_t index) noexcept {
    std::uint32_t nobody = kNobody;
    return first_.load(std::memory_order_relaxed) == kNobody &&
           first_.compare_exchange_strong(nobody, index, std::memory_order_relaxed,
                                          std::memory_order_relaxed);
  }

  // Who claimed, or kNobody. For who completes.
  std::uint32_t first() const noexcept { return first_.load(std::memory_order_relaxed); }

  // False if it is complete. relaxed: what the holder touches was set up before it could come.
  [[nodiscard]] bool Hold() noexcept {
    std::uint32_t holders = holders_.load(std::memory_order_relaxed);
    do {
      if (holders == 0) return false;
    } while (!holders_.compare_exchange_weak(holders, holders + 1, std::memory_order_relaxed,
                                             std::memory_order_relaxed));
    return true;
  }

  // True for the last, who completes.
  [[nodiscard]] bool LetGo() noexcept {
    // acq_rel: pairs with itself.
    return holders_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  }

 private:
  typename Platform::template Atomic<std::uint32_t> holders_;
  typename Platform::template Atomic<std::uint32_t> first_{kNobody};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_GATHER_STATE_H_
