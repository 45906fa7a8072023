// StackJob: the forked half of a Join. It lives on the forking thread's stack.
#ifndef ASHLAR_ENGINE_INTERNAL_STACK_JOB_H_
#define ASHLAR_ENGINE_INTERNAL_STACK_JOB_H_

#include <atomic>
#include <cstdint>

#include "ashlar/concurrency/platform.h"

namespace ashlar::internal {

template <class Platform = StdPlatform>
class StackJob {
 public:
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};
  static constexpr std::uint32_t kDone = kNobody - 1;

  explicit StackJob(void (*run)(StackJob*)) : run_(run), thief_(kNobody) {}

  // By the worker `thief`, which has stolen the job.
  void Run(std::uint32_t thief) {
    // Relaxed: who sees the name looks into that worker's deque, which has orders of its own.
    thief_.store(thief, std::memory_order_relaxed);
    run_(this);
  }

  // At the end of run(), which keeps the outcome in the job. The job may be gone after it.
  void Finish() {
    // Release: pairs with thief(); the outcome is seen.
    thief_.store(kDone, std::memory_order_release);
  }

  // The worker that runs the job; kNobody if it has not said so yet, kDone at the end.
  std::uint32_t thief() const { return thief_.load(std::memory_order_acquire); }

 private:
  void (*const run_)(StackJob*);  // does not throw
  typename Platform::template Atomic<std::uint32_t> thief_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_STACK_JOB_H_
