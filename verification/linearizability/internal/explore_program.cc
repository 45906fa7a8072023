#include "ashlar/verification/linearizability/internal/explore_program.h"

#include <memory>
#include <utility>

#include "ashlar/verification/rc11/event_set.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/options.h"
#include "ashlar/verification/rc11/report/scenario_report.h"

namespace ashlar::verification::linearizability::internal {
namespace {

// Whose scenario it is: scenarios are made without arguments.
thread_local ExploredProgram* current = nullptr;

}  // namespace

Explored ExploreProgram(const ScenarioShape& shape, const rc11::Bounds& bounds,
                        ExploredProgram& program) {
  current = &program;
  const rc11::ScenarioType type = {
      shape.size,
      shape.alignment,
      shape.threads,
      /*more_threads=*/0,
      [](void* memory) { current->Construct(memory); },
      [](void*, unsigned index) { current->Thread(static_cast<int>(index)); },
      [](void*) { current->After(); },
      [](void*) { current->Destroy(); },
  };
  std::uint64_t waiting = 0;  // executions that rightly end so
  std::unique_ptr<rc11::Graph> wrong;
  rc11::Failure failure;
  rc11::Options options;
  options.max_executions = bounds.max_executions;
  options.max_accidents = bounds.max_accidents;
  // Longer ones are cut short, and are no failure.
  options.max_events = rc11::Graph::kMaxEvents - 1;
  options.go_on = [&, begun = false]() mutable {
    if (!std::exchange(begun, true)) program.Begin();
    return true;
  };
  options.on_failure = [&](const rc11::Graph& graph, const rc11::Failure& found) {
    if (found.kind == rc11::Failure::Kind::kHang && program.MayWait(graph)) {
      ++waiting;
      return true;
    }
    wrong = std::make_unique<rc11::Graph>();
    wrong->CopyWithout(graph, rc11::EventSet());
    failure = found;
    return false;
  };
  const rc11::Result result = rc11::ExploreScenario(type, options).result;

  Explored explored;
  explored.executions = result.executions + waiting;
  explored.complete = result.status == rc11::Result::Status::kComplete && result.cut == 0;
  if (wrong != nullptr) explored.failure = rc11::ReportExecution(type, *wrong, failure).text;
  if (wrong == nullptr && explored.executions + result.blocked == 0 && result.cut > 0) {
    explored.failure = "every execution has more operations than the checker can hold";
  }
  return explored;
}

}  // namespace ashlar::verification::linearizability::internal
