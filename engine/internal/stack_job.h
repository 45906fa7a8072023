// StackJob: the forked half of a Join. It lives on the forking thread's stack.
#ifndef ASHLAR_ENGINE_INTERNAL_STACK_JOB_H_
#define ASHLAR_ENGINE_INTERNAL_STACK_JOB_H_

#include <atomic>
#include <cstdint>

namespace ashlar::internal {

struct StackJob {
  static constexpr std::uint32_t kNobody = ~std::uint32_t{0};
  static constexpr std::uint32_t kDone = kNobody - 1;

  explicit StackJob(void (*run_job)(StackJob*)) : run(run_job), thief(kNobody) {}

  // Runs the job on a thief and keeps the outcome in the job. Does not throw.
  void (*const run)(StackJob*);

  // The worker that stole the job, once it has; kDone when the outcome is there.
  std::atomic<std::uint32_t> thief;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_STACK_JOB_H_
