// random_scheduler.h
// ------------------
// RandomScheduler: which thread runs next under Relacy, and what else is left to chance, at
// random. Execution number n has seed n.
//
// It stands in for rl::random_scheduler, whose generator gives a choice between two threads
// one weak bit: in 1,000,000 seeds of 40 choices there are 34,666 different sequences, and
// never the same thread more than seven times in a row. An error that needs a thread to
// stand still for longer was never found.
//
// Source of the generator: G. L. Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom
// number generators", OOPSLA 2014.
#ifndef ASHLAR_VERIFICATION_MODEL_RANDOM_SCHEDULER_H_
#define ASHLAR_VERIFICATION_MODEL_RANDOM_SCHEDULER_H_

#include <cstdint>
#include <istream>
#include <ostream>

#include "ashlar/verification/platform/relacy_platform.h"

namespace ashlar::verification::relacy_internal {

// Every seed has a sequence of its own.
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed = 0) : state_(Mixed(seed)) {}

  // Below `limit`.
  unsigned Next(unsigned limit) {
    state_ += kStep;
    return static_cast<unsigned>((Mixed(state_) >> 32) * limit >> 32);
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;

  static std::uint64_t Mixed(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  std::uint64_t state_;
};

// The names are those that rl::scheduler calls.
template <rl::thread_id_t kThreads>
class RandomScheduler
    : public rl::scheduler<RandomScheduler<kThreads>, rl::scheduler_thread_info, kThreads> {
  using Base = rl::scheduler<RandomScheduler, rl::scheduler_thread_info, kThreads>;

 public:
  struct task_t {};

  RandomScheduler(rl::test_params& params, typename Base::shared_context_t& context,
                  rl::thread_id_t dynamic_threads)
      : Base(params, context, dynamic_threads) {}

  rl::thread_id_t iteration_begin_impl() {
    random_ = SplitMix(this->iter_);
    return AnyRunning();
  }
  bool iteration_end_impl() { return this->iter_ == this->params_.iteration_count; }

  rl::thread_id_t schedule_impl(rl::unpark_reason& reason, unsigned /*yield*/) {
    // A wait may run out of time, or end for no reason.
    if (WakesOneOf(this->timed_thread_count_, kOneInSoManyRunsOut)) {
      reason = rl::unpark_reason_timeout;
      return Woken(this->timed_threads_, this->timed_thread_count_);
    }
    if (this->running_threads_count > 0 &&
        WakesOneOf(this->spurious_thread_count_, kOneInSoManyEnds)) {
      reason = rl::unpark_reason_spurious;
      return Woken(this->spurious_threads_, this->spurious_thread_count_);
    }
    reason = rl::unpark_reason_normal;
    return AnyRunning();
  }

  unsigned rand_impl(unsigned limit, rl::sched_type /*what_for*/) { return random_.Next(limit); }
  rl::iteration_t iteration_count_impl() { return this->params_.iteration_count; }

  // The number of the execution is all there is to know.
  void get_state_impl(std::ostream& /*out*/) {}
  void set_state_impl(std::istream& /*in*/) {}

  void on_thread_block(rl::thread_id_t /*thread*/, bool /*yields*/) {}

 private:
  static constexpr unsigned kOneInSoManyRunsOut = 4;
  static constexpr unsigned kOneInSoManyEnds = 8;

  rl::thread_id_t AnyRunning() {
    return this->running_threads[random_.Next(this->running_threads_count)];
  }
  // Always if nobody else can run.
  bool WakesOneOf(rl::thread_id_t sleepers, unsigned one_in) {
    return sleepers > 0 && (this->running_threads_count == 0 || random_.Next(one_in) == 0);
  }
  rl::thread_id_t Woken(rl::scheduler_thread_info** sleepers, rl::thread_id_t count) {
    const rl::thread_id_t thread = sleepers[random_.Next(count)]->index_;
    this->unpark_thread(thread);
    return thread;
  }

  SplitMix random_;
};

}  // namespace ashlar::verification::relacy_internal

#endif  // ASHLAR_VERIFICATION_MODEL_RANDOM_SCHEDULER_H_
