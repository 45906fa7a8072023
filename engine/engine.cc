#include "ashlar/engine/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ashlar/engine/usable_cpus.h"

namespace ashlar {

absl::StatusOr<std::unique_ptr<Engine>> Engine::Create(EngineConfig config) {
  if (config.workers < 0 || config.workers > kMaxWorkers) {
    return absl::InvalidArgumentError(absl::StrCat("EngineConfig::workers is ", config.workers,
                                                   "; give 1 to ", kMaxWorkers,
                                                   ", or 0 for as many as the process may use"));
  }
  if (config.kept_results < 1 || config.kept_results > std::size_t{1} << 32) {
    return absl::InvalidArgumentError(
        absl::StrCat("EngineConfig::kept_results is ", config.kept_results, "; give 1 to 2^32"));
  }
  int workers = config.workers;
  if (workers == 0) workers = std::min(UsableCpus::Detect().count, kMaxWorkers);
  auto scheduler = WorkStealingScheduler::Start(
      {.workers = workers, .name = config.name, .trace = config.trace});
  if (!scheduler.ok()) return scheduler.status();
  return std::unique_ptr<Engine>(new Engine(*std::move(scheduler), config.kept_results));
}

Engine::Engine(std::unique_ptr<WorkStealingScheduler> scheduler, std::size_t kept_results)
    : scheduler_(std::move(scheduler)),
      shelf_(std::make_unique<internal::ResultShelf>(kept_results)),
      created_ns_(TraceLog::NowNs()) {}

Engine::~Engine() { Shutdown(ShutdownMode::kDrain); }

void Engine::Shutdown(ShutdownMode mode) {
  scheduler_->Stop(mode == ShutdownMode::kCancel ? WorkStealingScheduler::StopMode::kCancel
                                                 : WorkStealingScheduler::StopMode::kDrain);
}

EngineStats Engine::Stats() const {
  EngineStats stats;
  const int64_t uptime_ns = TraceLog::NowNs() - created_ns_;
  stats.uptime = absl::Nanoseconds(uptime_ns);
  for (int i = 0; i < worker_count(); ++i) {
    const internal::Worker::Stats worker = scheduler_->worker(i).stats();
    const double idle = static_cast<double>(worker.idle_ns) / static_cast<double>(uptime_ns);
    stats.workers.push_back({.tasks = worker.tasks,
                             .steals = worker.steals,
                             .sleeps = worker.sleeps,
                             .busy_share = std::clamp(1.0 - idle, 0.0, 1.0)});
  }
  return stats;
}

int64_t EngineStats::tasks() const {
  int64_t sum = 0;
  for (const Worker& worker : workers) sum += worker.tasks;
  return sum;
}

int64_t EngineStats::steals() const {
  int64_t sum = 0;
  for (const Worker& worker : workers) sum += worker.steals;
  return sum;
}

}  // namespace ashlar
