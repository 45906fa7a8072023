#include "ashlar/verification/rc11/report/scenario_report.h"

#include <utility>

#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/report/dot.h"
#include "ashlar/verification/rc11/report/mermaid.h"
#include "ashlar/verification/rc11/report/reenactment.h"
#include "ashlar/verification/rc11/report/text.h"

namespace ashlar::verification::rc11 {

ScenarioReport ReportScenario(const ScenarioType& type, Options options,
                              SmallestFailure::Budget budget) {
  const bool run_steps = !options.token.empty();
  SmallestFailure smallest(budget);
  const auto on_failure = std::move(options.on_failure);
  options.on_failure = [&](const Graph& graph, const Failure& failure) {
    const bool go_on = on_failure == nullptr || on_failure(graph, failure);
    return smallest.Add(graph, failure) && go_on;
  };
  const auto go_on = std::move(options.go_on);
  options.go_on = [&] { return smallest.GoOn() && (go_on == nullptr || go_on()); };
  Result result = Explore(type, options);
  ScenarioReport report;
  if (smallest.Found()) {
    const bool fails = Reenactment(type, smallest.graph(), smallest.failure()).Fails();
    report = ReportExecution(type, fails ? smallest.graph() : smallest.whole_graph(),
                             smallest.failure(), run_steps);
    result.status = Result::Status::kFailed;
    result.failure = report.failure;
    result.token = Token(*report.graph);
  }
  report.result = std::move(result);
  return report;
}

ScenarioReport ReportExecution(const ScenarioType& type, const Graph& graph, const Failure& failure,
                               bool run_steps) {
  Reenactment run(type, graph, failure);
  ScenarioReport report;
  report.failure = run.failure();
  report.graph = std::make_shared<Graph>(run.graph());
  report.text = TextReport(run.graph(), run.failure(), run.names());
  report.dot = Dot(run.graph(), run.failure(), run.names());
  report.mermaid = Mermaid(run.graph(), run.failure(), run.names());
  if (run_steps) run.Run([&](const std::string& line) { report.steps += line + "\n"; });
  return report;
}

}  // namespace ashlar::verification::rc11
