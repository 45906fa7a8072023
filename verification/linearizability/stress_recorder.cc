#include "ashlar/verification/linearizability/stress_recorder.h"

#include <atomic>
#include <chrono>

namespace ashlar::verification::linearizability::internal {
namespace {

// Later instructions begin when earlier loads are complete and earlier instructions were
// executed. It does not wait for stores.
void WaitForLoads() {
#if defined(__x86_64__)
  __builtin_ia32_lfence();
#elif defined(__aarch64__)
  asm volatile("dsb ld\n\tisb" ::: "memory");
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

Time Now() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Time BeforeCall() {
  const Time now = Now();
  WaitForLoads();
  return now;
}

Time AfterReturn(Returns returns) {
  if (returns == Returns::kVisible) std::atomic_thread_fence(std::memory_order_seq_cst);
  WaitForLoads();
  return Now();
}

}  // namespace ashlar::verification::linearizability::internal
