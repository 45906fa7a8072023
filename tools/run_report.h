// run_report.h
// ------------
// What the `ashlar` command says about a run: the workload's result, its throughput and
// what each worker did, for people or as one JSON object.
//
// Thread safety: functions of their arguments.
#ifndef ASHLAR_TOOLS_RUN_REPORT_H_
#define ASHLAR_TOOLS_RUN_REPORT_H_

#include <cstdint>
#include <string>

#include "ashlar/engine/engine.h"
#include "ashlar/engine/workload.h"

namespace ashlar {

struct RunReport {
  std::string workload;
  WorkloadResult result;
  double seconds = 0;
  EngineStats stats;
  std::string trace_file;  // empty: none
  int64_t trace_spans = 0;
  int64_t trace_dropped = 0;
};

std::string RunReportText(const RunReport& report);

// The workload's values stand at the top, under their own names.
std::string RunReportJson(RunReport report);

}  // namespace ashlar

#endif  // ASHLAR_TOOLS_RUN_REPORT_H_
