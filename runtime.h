// runtime.h
// ---------
// The whole runtime in one header: everything public, and Context, which owns one of each.
//
//   ashlar::Context context;
//   context.engine().ParallelFor(0, n, [&](int i) { Render(i); });
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
#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/split_deque.h"
#include "ashlar/engine/engine.h"
#include "ashlar/engine/task_handle.h"
#include "ashlar/engine/topology.h"
#include "ashlar/engine/trace.h"
#include "ashlar/engine/usable_cpus.h"
#include "ashlar/engine/work_stealing_scheduler.h"
#include "ashlar/scheduling/executor.h"

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
