// The `ashlar` command: shows the machine and runs workloads. tools/README.md is its
// manual. Exit codes: 0, 1 for what the environment did, 2 for what should have been typed
// otherwise; each error is one line on standard error.
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ashlar/base/version.h"
#include "ashlar/engine/arguments.h"
#include "ashlar/engine/engine.h"
#include "ashlar/engine/topology.h"
#include "ashlar/engine/trace.h"
#include "ashlar/engine/workload.h"
#include "ashlar/engine/workloads/workloads.h"
#include "ashlar/tools/machine_report.h"
#include "ashlar/tools/progress_bar.h"
#include "ashlar/tools/run_report.h"

namespace ashlar {
namespace {

constexpr int kEnvironmentError = 1;
constexpr int kUsageError = 2;

using Words = std::vector<std::string>;

int Fail(const absl::Status& status, const std::string& hint = "") {
  const bool usage = status.code() == absl::StatusCode::kInvalidArgument;
  std::fprintf(stderr, "ashlar: %s%s\n", std::string(status.message()).c_str(),
               usage ? hint.c_str() : "");
  return usage ? kUsageError : kEnvironmentError;
}

// Output that did not arrive is an error, not a success.
int Print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) {
    return 0;
  }
  std::perror("ashlar: cannot write to standard output");
  return kEnvironmentError;
}

Option FormatOption() {
  return {.name = "format",
          .value = std::string("text"),
          .help = "how the result is written to standard output",
          .choices = {"text", "json"}};
}

std::vector<Option> RunOptions() {
  return {{.name = "workers",
           .value = int64_t{0},
           .help = "worker threads; as many as CPUs may be used, if not given",
           .min = 1,
           .max = Engine::kMaxWorkers},
          FormatOption(),
          {.name = "trace",
           .value = std::string(),
           .help = "a file to write what each worker did when, for https://ui.perfetto.dev"}};
}

std::string Columns(const std::string& left, const std::string& right) {
  return "  " + left + std::string(left.size() < 24 ? 24 - left.size() : 2, ' ') + right + "\n";
}

std::string UsageOf(const Workload& workload) {
  const std::string arguments = workload.positional.Usage();
  return workload.name + (arguments.empty() ? "" : " " + arguments);
}

std::string ListOf(const std::vector<Option>& options) {
  std::string text;
  for (const Option& option : options) {
    std::string help = option.help;
    // A default below the minimum stands for one that help describes.
    if (const auto* number = std::get_if<int64_t>(&option.value);
        number != nullptr && static_cast<double>(*number) >= option.min) {
      help += " (" + std::to_string(*number) + ")";
    }
    text += Columns(option.Usage(), help);
  }
  return text;
}

std::string ListOf(const WorkloadRegistry& registry) {
  std::string text;
  for (const Workload& workload : registry.workloads()) {
    text += Columns(UsageOf(workload), workload.help);
  }
  return text;
}

std::string HelpText(const WorkloadRegistry& registry) {
  return "ashlar: runs workloads on a work-stealing engine.\n"
         "\n" +
         Columns("ashlar info", "this machine, and what the process may use of it") +
         Columns("ashlar workloads", "what can be run") +
         Columns("ashlar run NAME ...", "runs it") +
         Columns("ashlar help [NAME]", "this, or the options of a workload") +
         Columns("ashlar --version", "the version") + "\nWorkloads:\n" + ListOf(registry) +
         "\nOptions of run:\n" + ListOf(RunOptions()) +
         "\nExample:\n  ashlar run wordcount /usr/share/doc\n";
}

std::string HelpText(const Workload& workload) {
  std::string text = "ashlar run " + workload.name + " [OPTIONS]";
  if (workload.positional.max > 0) text += " " + workload.positional.Usage();
  text += "\n" + workload.help + "\n\n";
  if (!workload.options.empty()) text += "Its options:\n" + ListOf(workload.options) + "\n";
  return text + "Options of run:\n" + ListOf(RunOptions());
}

int Help(const WorkloadRegistry& registry, const Words& words) {
  auto arguments = ParseArguments({}, {.name = "NAME", .min = 0, .max = 1}, words);
  if (!arguments.ok()) return Fail(arguments.status());
  if (arguments->positional().empty()) return Print(HelpText(registry));
  const auto workload = registry.Find(arguments->positional()[0]);
  if (!workload.ok()) {
    return Fail(absl::InvalidArgumentError(std::string(workload.status().message())));
  }
  return Print(HelpText(**workload));
}

int Workloads(const WorkloadRegistry& registry, const Words& words) {
  const auto arguments = ParseArguments({}, {}, words);
  if (!arguments.ok()) return Fail(arguments.status());
  return Print(ListOf(registry));
}

int Info(const Words& words) {
  const auto arguments = ParseArguments({FormatOption()}, {}, words);
  if (!arguments.ok()) return Fail(arguments.status());
  const auto machine = Topology::Detect();
  if (!machine.ok()) return Fail(machine.status());
  return Print(arguments->String("format") == "json" ? MachineReportJson(*machine)
                                                     : MachineReportText(*machine));
}

int Run(const WorkloadRegistry& registry, const Words& words) {
  if (words.empty() || words[0].substr(0, 1) == "-") {
    return Fail(
        absl::InvalidArgumentError("run needs the name of a workload first; see `ashlar "
                                   "workloads`"));
  }
  const auto found = registry.Find(words[0]);
  if (!found.ok()) {
    return Fail(absl::InvalidArgumentError(std::string(found.status().message())));
  }
  const Workload& workload = **found;
  const Words rest(words.begin() + 1, words.end());
  if (rest == Words{"--help"}) return Print(HelpText(workload));

  const std::string hint = "; see `ashlar help " + workload.name + "`";
  std::vector<Option> options = workload.options;
  for (Option& option : RunOptions()) options.push_back(std::move(option));
  const auto arguments = ParseArguments(options, workload.positional, rest);
  if (!arguments.ok()) return Fail(arguments.status(), hint);

  RunReport report;
  report.workload = workload.name;
  report.trace_file = arguments->String("trace");
  // Before the run, not after hours of it.
  if (!report.trace_file.empty()) {
    const absl::Status writable = TraceLog::CheckWritable(report.trace_file);
    if (!writable.ok()) return Fail(writable);
  }

  TraceLog trace({.process_name = "ashlar run " + workload.name});
  {
    auto engine = Engine::Create({.workers = static_cast<int>(arguments->Int("workers")),
                                  .trace = report.trace_file.empty() ? nullptr : &trace});
    if (!engine.ok()) return Fail(engine.status());
    WorkloadProgress progress;
    ProgressBar bar(workload.name, &progress, ProgressBar::WantedOnStderr());
    WorkloadContext context{
        .engine = **engine,
        .arguments = *arguments,
        .progress = progress,
        .warn = [&bar](const std::string& line) { bar.Print("ashlar: " + line); }};
    const auto start = std::chrono::steady_clock::now();
    auto result = RunWorkload(workload, context);
    report.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    bar.Stop();
    if (!result.ok()) return Fail(result.status(), hint);
    report.result = *std::move(result);
    report.stats = (*engine)->Stats();
  }

  absl::Status traced;
  if (!report.trace_file.empty()) {
    traced = trace.WriteChromeTrace(report.trace_file);
    report.trace_spans = trace.spans();
    report.trace_dropped = trace.dropped();
    if (!traced.ok()) report.trace_file.clear();
  }
  // The result is worth having also where the trace could not be written.
  const bool json = arguments->String("format") == "json";
  const int printed = Print(json ? RunReportJson(std::move(report)) : RunReportText(report));
  return traced.ok() ? printed : Fail(traced);
}

// `bazel run` starts programs among their run files; paths are meant from where it was
// called.
void GoWhereTheUserIs() {
  const char* const place = std::getenv("BUILD_WORKING_DIRECTORY");
  char here[4096];
  if (place == nullptr || getcwd(here, sizeof(here)) == nullptr) return;
  if (std::string(here).find(".runfiles") == std::string::npos) return;
  if (chdir(place) != 0) std::perror("ashlar: cannot go back to where bazel was called");
}

int Main(const Words& words) {
  GoWhereTheUserIs();
  const WorkloadRegistry registry = BuiltInWorkloads();
  if (words.empty()) {
    std::fputs(HelpText(registry).c_str(), stderr);
    return kUsageError;
  }
  const std::string& command = words[0];
  const Words rest(words.begin() + 1, words.end());
  if (command == "run") return Run(registry, rest);
  if (command == "info") return Info(rest);
  if (command == "workloads") return Workloads(registry, rest);
  if (command == "help" || command == "--help" || command == "-h") return Help(registry, rest);
  if (command == "--version") return Print(std::string("ashlar ") + kVersion + "\n");
  return Fail(absl::InvalidArgumentError("unknown command '" + command +
                                         "'; known: run, info, workloads, help"));
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) {
  try {
    return ashlar::Main(ashlar::Words(argv + (argc > 0), argv + argc));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "ashlar: %s\n", e.what());
    return ashlar::kEnvironmentError;
  }
}
