// scenario_report.h
// -----------------
// ReportScenario: explores a scenario, and explains the smallest failure that it finds.
// model/rc11_scenario.h has ReportRc11<S>(), which takes a struct.
//
// The exploration goes on for a while after the first failure (SmallestFailure::Budget), so
// a mutation campaign, which wants only to know, uses ExploreScenario().
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_SCENARIO_REPORT_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_SCENARIO_REPORT_H_

#include <memory>
#include <string>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/options.h"
#include "ashlar/verification/rc11/report/smallest_failure.h"

namespace ashlar::verification::rc11 {

struct ScenarioReport {
  Result result;  // its token is that of the failure that is reported
  // The rest is empty if there was no failure.
  Failure failure;
  std::shared_ptr<const Graph> graph;
  std::string text;     // text.h
  std::string dot;      // dot.h
  std::string mermaid;  // mermaid.h
  std::string steps;    // a line for each, as they were run

  bool Failed() const { return graph != nullptr; }
};

// With Options::token, that execution is also run step by step: see reenactment.h, and
// ScenarioReport::steps.
ScenarioReport ReportScenario(const ScenarioType& type, Options options = {},
                              SmallestFailure::Budget budget = {});

// The report of one execution, which has been found before.
ScenarioReport ReportExecution(const ScenarioType& type, const Graph& graph, const Failure& failure,
                               bool run_steps = false);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_SCENARIO_REPORT_H_
