#include "ashlar/verification/litmus/command.h"

#include <charconv>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "ashlar/verification/litmus/hardware.h"
#include "ashlar/verification/litmus/runner.h"
#include "ashlar/verification/litmus/table.h"
#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"

namespace ashlar::verification::litmus {
namespace {

constexpr char kUsage[] =
    "usage: litmus [--model=rc11|rc11-paper|sc] [--count] [--outcomes] [--races] TABLE\n"
    "       litmus [--model=rc11|rc11-paper|sc] --hardware[=RUNS] TABLE\n"
    "--hardware runs each program on this machine, for 10 ms or RUNS times, and prints a\n"
    "histogram of outcomes; accesses that are not atomic are run as relaxed ones.\n";

struct Arguments {
  std::string table;
  std::string_view counts = "executions";  // the column of the model
  RunOptions run;
  bool compare = true;
  std::optional<HardwareOptions> hardware;
};

// Above 0. Nothing if the text is no such number.
std::optional<std::uint64_t> ParseRuns(std::string_view text) {
  std::uint64_t runs = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, runs);
  if (error != std::errc() || stop != end || runs == 0) return std::nullopt;
  return runs;
}

std::optional<Arguments> ParseArguments(const std::vector<std::string>& arguments,
                                        std::ostream& err) {
  constexpr std::string_view kRuns = "--hardware=";
  Arguments parsed;
  bool explores = false;  // whether there is an option that is of no use with --hardware
  for (const std::string& argument : arguments) {
    if (argument == "--model=rc11") {
      parsed.run.explorer.model = rc11::Model::kRc11;
      parsed.counts = "executions";
    } else if (argument == "--model=rc11-paper") {
      parsed.run.explorer.model = rc11::Model::kRc11Paper;
      parsed.counts = "rc11-paper";
    } else if (argument == "--model=sc") {
      parsed.run.explorer.model = rc11::Model::kSc;
      parsed.counts = "sc";
    } else if (argument == "--count") {
      parsed.compare = false;
      explores = true;
    } else if (argument == "--outcomes") {
      parsed.run.outcomes = true;
      explores = true;
    } else if (argument == "--races") {
      parsed.run.races = true;
      explores = true;
    } else if (argument == "--hardware") {
      parsed.hardware.emplace();
    } else if (argument.starts_with(kRuns)) {
      const auto runs = ParseRuns(std::string_view(argument).substr(kRuns.size()));
      if (!runs) {
        err << "litmus: no number of runs in '" << argument << "'\n" << kUsage;
        return std::nullopt;
      }
      parsed.hardware = HardwareOptions{.runs = *runs};
    } else if (argument.starts_with("-")) {
      err << "litmus: unknown option '" << argument << "'\n" << kUsage;
      return std::nullopt;
    } else if (!parsed.table.empty()) {
      err << "litmus: more than one table\n" << kUsage;
      return std::nullopt;
    } else {
      parsed.table = argument;
    }
  }
  if (parsed.hardware && explores) {
    err << "litmus: --hardware goes with --model alone\n" << kUsage;
    return std::nullopt;
  }
  if (!parsed.table.empty()) return parsed;
  err << kUsage;
  return std::nullopt;
}

const char* WhyIncomplete(const rc11::Result& result) {
  const bool too_large = result.failure && result.failure->kind == rc11::Failure::Kind::kTooLarge;
  return too_large ? "an execution has more than 128 events" : "stopped";
}

// Prints the line of a program. False if something is wrong with it.
bool Report(const TableRow& row, const Arguments& arguments, const Summary& summary,
            std::ostream& out) {
  const std::uint64_t executions = summary.result.executions;
  out << row.name << '\t' << executions;
  const bool complete = summary.result.status == rc11::Result::Status::kComplete;
  const bool compare = arguments.compare && row.executions.has_value();
  const bool equal = !compare || *row.executions == executions;
  if (compare) out << '\t' << *row.executions;
  if (arguments.run.races) out << "\traces: " << summary.racy;
  if (!complete) out << "\tINCOMPLETE: " << WhyIncomplete(summary.result);
  if (complete && !equal) out << "\tMISMATCH";
  out << '\n';
  for (const auto& [outcome, count] : summary.outcomes) {
    out << "  " << count << '\t' << outcome << '\n';
  }
  return complete && equal;
}

struct Wrong {
  bool incomplete;
  std::uint64_t forbidden;
};

// A histogram of the program on this machine.
Wrong ReportHardware(const TableRow& row, const Arguments& arguments, std::ostream& out) {
  RunOptions run = arguments.run;
  run.outcomes = true;
  const Summary summary = RunProgram(row.program, run);
  out << row.name << '\n';
  if (summary.result.status != rc11::Result::Status::kComplete) {
    out << "  INCOMPLETE: " << WhyIncomplete(summary.result) << '\n';
    return {true, 0};
  }
  const Histogram seen = RunOnHardware(row.program, *arguments.hardware);
  return {false, PrintHistogram(seen, summary.outcomes, out)};
}

int RunOnThisMachine(const std::vector<TableRow>& table, const Arguments& arguments,
                     std::ostream& out) {
  std::uint64_t incomplete = 0;
  std::uint64_t forbidden = 0;
  for (const TableRow& row : table) {
    const Wrong wrong = ReportHardware(row, arguments, out);
    incomplete += wrong.incomplete;
    forbidden += wrong.forbidden;
  }
  out << "# " << table.size() << " programs, " << incomplete << " not explored, " << forbidden
      << " forbidden outcomes\n";
  return incomplete + forbidden == 0 ? 0 : 1;
}

}  // namespace

int RunLitmus(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
  const std::optional<Arguments> parsed = ParseArguments(arguments, err);
  if (!parsed) return 2;
  std::ifstream file(parsed->table);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    err << "litmus: cannot read '" << parsed->table << "'\n";
    return 2;
  }
  TableError error;
  const std::optional<std::vector<TableRow>> table = ParseTable(text.str(), parsed->counts, &error);
  if (!table) {
    err << parsed->table << ':' << error.line << ':' << error.column << ": " << error.message
        << '\n';
    return 2;
  }

  if (parsed->hardware) return RunOnThisMachine(*table, *parsed, out);

  const auto start = std::chrono::steady_clock::now();
  std::uint64_t wrong = 0;
  std::uint64_t known = 0;
  std::uint64_t executions = 0;
  for (const TableRow& row : *table) {
    const Summary summary = RunProgram(row.program, parsed->run);
    executions += summary.result.executions;
    known += row.executions.has_value();
    wrong += !Report(row, *parsed, summary, out);
  }
  if (parsed->compare) {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    out << "# " << table->size() << " programs, " << known << " with a known count, " << wrong
        << " wrong; " << executions << " executions in " << std::fixed << std::setprecision(2)
        << seconds.count() << " s\n";
  }
  return wrong == 0 ? 0 : 1;
}

}  // namespace ashlar::verification::litmus
