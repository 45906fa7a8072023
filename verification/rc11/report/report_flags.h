// report_flags.h
// --------------
// What the main() of a test needs to report failures: flags, and PrintReport().
//
//   --replay=TOKEN   runs one execution, which a failure printed the token of, step by step
//   --dot=FILE       writes the failing execution for Graphviz
//   --mermaid=FILE   writes it for Markdown
//
// In a test that Bazel runs, both drawings are outputs of the test in any case.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_REPORT_FLAGS_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_REPORT_FLAGS_H_

#include <string>
#include <string_view>

#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/report/scenario_report.h"

namespace ashlar::verification::rc11 {

struct ReportFlags {
  std::string replay = {};
  std::string dot = {};
  std::string mermaid = {};
};

// Takes "--NAME=VALUE". False if it is none of them.
bool TakeReportFlag(std::string_view argument, ReportFlags* flags);

// Prints the failure of the scenario `name`, writes the drawings, and says how to see it
// again: `program --scenario=NAME --replay=TOKEN`.
void PrintReport(const char* program, std::string_view name, const ScenarioReport& report,
                 const ReportFlags& flags);

// Runs the execution that flags.replay stands for, prints its steps and its report. False,
// and says so, if the token is not of this scenario, or the execution does not fail now.
bool Replay(const char* program, std::string_view name, const ScenarioType& type,
            const ReportFlags& flags);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_REPORT_FLAGS_H_
