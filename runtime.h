// runtime.h
// ---------
// The whole runtime in one header: everything public, and Context, which owns one of each.
//
//   ashlar::Context context;
//   context.engine().ParallelFor(0, n, [&](int i) { Render(i); });
//   ashlar::TaskGroup group(context.engine());
//   ashlar::Future<int> size = ashlar::Async(context.engine(), [] { return Size(); });
//
// Depend on //:runtime and include this to have all of Ashlar; depend on a single target
// and include its header to have no more than that.
#ifndef ASHLAR_RUNTIME_H_
#define ASHLAR_RUNTIME_H_

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "ashlar/base/check.h"
#include "ashlar/base/source_site.h"
#include "ashlar/concurrency/asymmetric_fence.h"
#include "ashlar/concurrency/backoff.h"
#include "ashlar/concurrency/blocking_mpmc_queue.h"
#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/hazard_pointer.h"
#include "ashlar/concurrency/lock_free_priority_queue.h"
#include "ashlar/concurrency/lock_free_queue.h"
#include "ashlar/concurrency/lock_free_stack.h"
#include "ashlar/concurrency/lock_free_stack_ebr.h"
#include "ashlar/concurrency/mpmc_queue.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/priority_queue.h"
#include "ashlar/concurrency/relaxed_priority_queue.h"
#include "ashlar/concurrency/sharded_map.h"
#include "ashlar/concurrency/spin_park_mutex.h"
#include "ashlar/concurrency/split_deque.h"
#include "ashlar/concurrency/spsc_queue.h"
#include "ashlar/concurrency/thread_epochs.h"
#include "ashlar/concurrency/work_stealing_queue.h"
#include "ashlar/engine/engine.h"
#include "ashlar/engine/task_handle.h"
#include "ashlar/engine/topology.h"
#include "ashlar/engine/trace.h"
#include "ashlar/engine/usable_cpus.h"
#include "ashlar/engine/work_stealing_scheduler.h"
#include "ashlar/memory/arena_allocator.h"
#include "ashlar/memory/arena_memory_resource.h"
#include "ashlar/memory/block_pool.h"
#include "ashlar/memory/concurrent_arena.h"
#include "ashlar/memory/memory_pool.h"
#include "ashlar/memory/numa.h"
#include "ashlar/memory/object_pool.h"
#include "ashlar/memory/slab_source.h"
#include "ashlar/scheduling/async_scope.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/combinators.h"
#include "ashlar/scheduling/deadline_cancellation.h"
#include "ashlar/scheduling/delay.h"
#include "ashlar/scheduling/executor.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/generator.h"
#include "ashlar/scheduling/inline_executor.h"
#include "ashlar/scheduling/manual_executor.h"
#include "ashlar/scheduling/manual_timer_service.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/retry.h"
#include "ashlar/scheduling/shared_future.h"
#include "ashlar/scheduling/spawn.h"
#include "ashlar/scheduling/task.h"
#include "ashlar/scheduling/task_group.h"
#include "ashlar/scheduling/timeout.h"
#include "ashlar/scheduling/timer_service.h"
#include "ashlar/scheduling/timer_thread.h"

namespace ashlar {

// One engine, made when it is first asked for: a library can hold a Context without
// costing its users a thread. Thread-safe. Destroying it drains the engine.
class Context {
 public:
  explicit Context(EngineConfig config = {}) : config_(std::move(config)) {}
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  // Makes the engine now. The error of Engine::Create; after one, a later call tries
  // again.
  absl::Status Start() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (engine_ != nullptr) return absl::OkStatus();
    auto engine = Engine::Create(config_);
    if (engine.ok()) engine_ = *std::move(engine);
    return engine.status();
  }

  // The engine. That none can be made is a failed check; call Start first where the
  // config is not your own.
  Engine& engine() {
    const absl::Status started = Start();
    ASHLAR_CHECK(started.ok(), std::string(started.message()).c_str());
    return *engine_;
  }

 private:
  const EngineConfig config_;
  std::mutex mutex_;
  std::unique_ptr<Engine> engine_;  // set once, under mutex_
};

}  // namespace ashlar

#endif  // ASHLAR_RUNTIME_H_
