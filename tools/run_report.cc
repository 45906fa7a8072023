#include "ashlar/tools/run_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "ashlar/engine/json.h"
#include "ashlar/engine/workloads/text_format.h"

namespace ashlar {
namespace {

double Throughput(const RunReport& report) {
  return report.seconds > 0 ? static_cast<double>(report.result.work) / report.seconds : 0;
}

std::string Fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.*f", decimals, value);
  return text;
}

// "412 MB/s", "1,234 solutions/s".
std::string ThroughputText(const RunReport& report) {
  const double rate = Throughput(report);
  if (report.result.unit != "bytes") {
    return Grouped(std::llround(rate)) + " " + report.result.unit + "/s";
  }
  return (rate >= 1e9   ? Fixed(rate / 1e9, 2) + " GB"
          : rate >= 1e7 ? Fixed(rate / 1e6, 0) + " MB"
          : rate >= 1e5 ? Fixed(rate / 1e6, 1) + " MB"
                        : Fixed(rate / 1e3, 1) + " kB") +
         "/s";
}

}  // namespace

std::string RunReportText(const RunReport& report) {
  std::string text =
      report.result.text + "\n" + Fixed(report.seconds, 3) + " s, " + ThroughputText(report) +
      ", " + Counted(static_cast<int64_t>(report.stats.workers.size()), "worker") + ", " +
      Counted(report.stats.tasks(), "task") + ", " + Counted(report.stats.steals(), "steal") + "\n";
  int index = 0;
  for (const EngineStats::Worker& worker : report.stats.workers) {
    text += "  worker " + std::to_string(index++) + ": " + Fixed(100 * worker.busy_share, 0) +
            " % busy, " + Counted(worker.tasks, "task") + ", " + Counted(worker.steals, "steal") +
            "\n";
  }
  if (!report.trace_file.empty()) {
    text += "trace: " + report.trace_file + ", " + Counted(report.trace_spans, "span");
    if (report.trace_dropped > 0) {
      text += ", " + Grouped(report.trace_dropped) + " more did not fit";
    }
    text += "; open it with https://ui.perfetto.dev\n";
  }
  return text;
}

std::string RunReportJson(RunReport report) {
  Json workers = Json::Array();
  for (const EngineStats::Worker& worker : report.stats.workers) {
    workers.Add(Json::Object()
                    .Set("tasks", Json(worker.tasks))
                    .Set("steals", Json(worker.steals))
                    .Set("sleeps", Json(worker.sleeps))
                    .Set("busy_share", Json(worker.busy_share)));
  }
  const double throughput = Throughput(report);
  Json json = Json::Object().Set("workload", Json(report.workload));
  json.Merge(std::move(report.result.values));
  json.Set("seconds", Json(report.seconds))
      .Set("throughput", Json::Object()
                             .Set("value", Json(throughput))
                             .Set("unit", Json(report.result.unit + "/s")))
      .Set("engine", Json::Object()
                         .Set("workers", Json(static_cast<int64_t>(report.stats.workers.size())))
                         .Set("tasks", Json(report.stats.tasks()))
                         .Set("steals", Json(report.stats.steals()))
                         .Set("per_worker", std::move(workers)));
  if (!report.trace_file.empty()) {
    json.Set("trace", Json::Object()
                          .Set("file", Json(report.trace_file))
                          .Set("spans", Json(report.trace_spans))
                          .Set("dropped", Json(report.trace_dropped)));
  }
  return json.ToString() + "\n";
}

}  // namespace ashlar
