#include "ashlar/verification/model/exhaustive_search.h"

#include <chrono>
#include <utility>

#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/report/scenario_report.h"

namespace ashlar::verification {

Outcome SearchExhaustively(const rc11::ScenarioType& type, const Search& search) {
  rc11::Options options;
  options.max_executions = search.executions;
  options.token = search.state;
  options.threads = search.workers;
  options.max_events = rc11::Graph::kMaxEvents - 1;

  Outcome outcome;
  rc11::Result result;
  const auto start = std::chrono::steady_clock::now();
  if (search.explain) {
    rc11::ScenarioReport report = rc11::ReportScenario(type, options);
    result = std::move(report.result);
    outcome.failed = report.Failed();
    outcome.reason = report.text.substr(0, report.text.find('\n'));
    outcome.history = report.steps.empty() ? "" : report.steps + "\n";
    outcome.history += report.text;
    outcome.dot = std::move(report.dot);
    outcome.mermaid = std::move(report.mermaid);
  } else {
    rc11::ScenarioResult explored = rc11::ExploreScenario(type, options);
    result = std::move(explored.result);
    outcome.failed = !explored.failure.empty();
    outcome.reason = std::move(explored.failure);
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
  outcome.seconds = time.count();
  outcome.executions = result.executions + result.blocked + (outcome.failed ? 1 : 0);
  outcome.complete = result.status == rc11::Result::Status::kComplete && result.cut == 0;
  outcome.cut = result.cut;
  outcome.state = result.token;
  if (!outcome.failed && outcome.executions == 0 && outcome.cut > 0) {
    outcome.failed = true;
    outcome.reason = "every execution has more operations than the checker can hold";
  }
  return outcome;
}

}  // namespace ashlar::verification
