// workload.h
// ----------
// Workload: a named computation that runs on an Engine and can be asked for by name, and
// WorkloadRegistry: a list of them. The `ashlar` command (tools/) shows and runs them.
//
//   Workload Sum() {
//     return {.name = "sum",
//             .help = "the sum of 1 to N",
//             .positional = {.name = "N", .min = 1, .max = 1},
//             .run = [](WorkloadContext& context) -> absl::StatusOr<WorkloadResult> {
//               auto n = ParseInt("N", context.arguments.positional()[0], 0, 1 << 30);
//               if (!n.ok()) return n.status();
//               int64_t sum = context.engine.ParallelReduce(
//                   int64_t{1}, *n + 1, int64_t{0}, [](int64_t i) { return i; }, std::plus<>());
//               WorkloadResult result;
//               result.values.Set("sum", Json(sum));
//               return result;
//             }};
//   }
//
//   WorkloadRegistry registry;
//   registry.Add(Sum());
//
// Nothing registers itself: a program lists what it offers, and two registries live side
// by side. To add one to the command, list it in engine/workloads/workloads.cc.
//
// Thread safety: a registry is filled, then read from any thread. A Workload holds no
// state of a run; WorkloadProgress and WorkloadContext::warn may be used from any task.
// Errors: a workload returns InvalidArgument for what the user should have typed
// otherwise and other codes for what the environment did, in one line.
#ifndef ASHLAR_ENGINE_WORKLOAD_H_
#define ASHLAR_ENGINE_WORKLOAD_H_

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/engine/arguments.h"
#include "ashlar/engine/engine.h"
#include "ashlar/engine/json.h"

namespace ashlar {

// How much is done of how much, for those who watch. The total may grow.
class WorkloadProgress {
 public:
  void AddTotal(int64_t amount) { total_.fetch_add(amount, std::memory_order_relaxed); }
  void AddDone(int64_t amount) { done_.fetch_add(amount, std::memory_order_relaxed); }
  int64_t total() const { return total_.load(std::memory_order_relaxed); }
  int64_t done() const { return done_.load(std::memory_order_relaxed); }

 private:
  // relaxed: nothing hangs on them but what is shown. Apart, as both are written often.
  alignas(64) std::atomic<int64_t> total_{0};
  alignas(64) std::atomic<int64_t> done_{0};
};

// What a run is given.
struct WorkloadContext {
  Engine& engine;
  const Arguments& arguments;
  WorkloadProgress& progress;
  // Tells the user one line that stops nothing. Any thread.
  std::function<void(const std::string&)> warn = [](const std::string&) {};
};

// What a run gives.
struct WorkloadResult {
  Json values = Json::Object();  // for programs
  std::string text;              // the same for people, lines that end in newlines
  // What was worked through, for the throughput: work per second in `unit` ("bytes").
  int64_t work = 0;
  std::string unit;
};

struct Workload {
  std::string name;  // as typed: letters, digits, dashes
  std::string help;  // one line, no full stop
  Positional positional = {};
  std::vector<Option> options = {};
  std::function<absl::StatusOr<WorkloadResult>(WorkloadContext&)> run;
};

// Runs it; what it throws becomes a Status (ResourceExhausted for std::bad_alloc).
absl::StatusOr<WorkloadResult> RunWorkload(const Workload& workload, WorkloadContext& context);

class WorkloadRegistry {
 public:
  // A name twice is a failed check.
  void Add(Workload workload);

  // NotFound with the names that there are. The workload lives as long as the registry.
  absl::StatusOr<const Workload*> Find(const std::string& name) const;

  // In the order added.
  const std::deque<Workload>& workloads() const { return workloads_; }

 private:
  std::deque<Workload> workloads_;
};

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOAD_H_
