#include "ashlar/verification/model/relacy_scenario.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "ashlar/base/check.h"
#include "ashlar/base/source_site.h"
#include "ashlar/verification/model/random_scheduler.h"
#include "ashlar/verification/platform/memory_hook.h"

#if defined(__USE_FORTIFY_LEVEL) && __USE_FORTIFY_LEVEL > 0
#error "Relacy needs -U_FORTIFY_SOURCE: its longjmp between stacks would be refused"
#endif

namespace ashlar::verification {
namespace relacy_internal {
namespace {

// As Relacy's own `new` and `delete`.
class Memory : public MemoryHook {
 public:
  void* Allocate(std::size_t bytes, std::size_t alignment) override {
    return rl::is_ctx() && alignment == 0 ? rl::ctx().alloc(bytes) : nullptr;
  }
  bool Free(void* pointer) override {
    if (!rl::is_ctx()) return false;
    rl::ctx().free(pointer);
    return true;
  }
};
Memory memory;

// Relacy's test suite around a program. It is told what to run through statics, since
// Relacy constructs it without arguments.
template <unsigned kThreads>
class Suite : public rl::test_suite<Suite<kThreads>, kThreads> {
 public:
  static_assert(kThreads <= ashlar::relacy_internal::kMostThreads);

  static inline const Program* program = nullptr;
  static inline void* scenario = nullptr;
  static inline std::uint64_t budget = 0;
  static inline std::uint64_t begun = 0;
  static inline bool stopped = false;

  Suite() { program->construct(scenario); }
  ~Suite() { program->destroy(scenario); }

  void before() {
    // A failure is run once more for its history; that does not count.
    if (!rl::ctx().collecting_history()) stopped = ++begun > budget;
    if (stopped) {
      rl::ctx().rl_until("the budget is used up",
                         ashlar::relacy_internal::Where(OperationSite::Current()));
    }
  }
  void thread(unsigned index) { program->thread(scenario, index); }
  void after() { program->after(scenario); }
};

// As rl::simulate, which would compile its third scheduler too.
template <template <rl::thread_id_t> class Scheduler, unsigned kThreads>
void Simulate(rl::test_params& params) {
  const auto run = [&params](std::ostream& state, bool again) {
    return rl::run_test<Suite<kThreads>, Scheduler<kThreads>>(params, state, again);
  };
  rl::ostringstream state;
  const rl::test_result_e result = run(state, false);
  if (result == rl::test_result_success || Suite<kThreads>::stopped) return;
  params.final_state = state.str();
  params.initial_state = params.final_state;
  params.collect_history = true;
  rl::ostringstream ignored;
  ASHLAR_CHECK(run(ignored, true) == result, "a scenario must be deterministic");
}

template <unsigned kThreads>
Outcome ExploreThreads(const Program& program, const Search& search) {
  // Other streams would grow on Relacy's heap and be freed after it.
  rl::ostringstream history;
  rl::ostringstream progress;
  rl::test_params params;
  params.output_stream = &history;
  params.progress_stream = &progress;
  params.execution_depth_limit = kMostSteps;
  params.context_bound = search.preemptions;

  using ThisSuite = Suite<kThreads>;
  const std::unique_ptr<unsigned char[]> memory(new unsigned char[program.size]);
  ThisSuite::program = &program;
  ThisSuite::scenario = memory.get();
  ThisSuite::budget = search.executions;
  ThisSuite::begun = 0;
  const auto start = std::chrono::steady_clock::now();
  const bool random = search.scheduler == Search::Scheduler::kRandom;
  if (random) {
    params.search_type = rl::sched_random;
    params.initial_state = std::to_string(search.first).append(" ").c_str();
    params.iteration_count = search.first + search.executions - 1;
    Simulate<RandomScheduler, kThreads>(params);
  } else {
    params.search_type = rl::sched_bound;
    params.initial_state = search.state.c_str();
    Simulate<rl::context_bound_scheduler, kThreads>(params);
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;

  Outcome outcome;
  outcome.seconds = time.count();
  outcome.last = params.stop_iteration;
  const bool stopped = ThisSuite::stopped;
  outcome.executions = ThisSuite::begun - (stopped ? 1 : 0);
  outcome.failed = params.test_result != rl::test_result_success && !stopped;
  outcome.complete = !random && !outcome.failed && !stopped;
  if (outcome.failed) {
    outcome.reason = rl::test_result_str(params.test_result);
    outcome.state = params.final_state.c_str();
    outcome.history = history.str().c_str();
  }
  return outcome;
}

}  // namespace

Outcome Explore(const Program& program, unsigned threads, const Search& search) {
  const ExpectationScope scope([](const SourceSite& site) {
    rl::ctx().fail_test("Expect", rl::test_result_user_assert_failed,
                        ashlar::relacy_internal::Where(site));
  });
  switch (threads) {
    case 2:
      return ExploreThreads<2>(program, search);
    case 3:
      return ExploreThreads<3>(program, search);
    case 4:
      return ExploreThreads<4>(program, search);
  }
  ASHLAR_CHECK(false, "a scenario has 2 to 4 threads");
  return {};
}

}  // namespace relacy_internal

}  // namespace ashlar::verification
