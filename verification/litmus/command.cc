#include "ashlar/verification/litmus/command.h"

#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iomanip>
#include <limits>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "ashlar/verification/litmus/hardware.h"
#include "ashlar/verification/litmus/runner.h"
#include "ashlar/verification/litmus/table.h"
#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"

namespace ashlar::verification::litmus {
namespace {

constexpr char kUsage[] =
    "usage: litmus [--model=rc11|rc11-paper|sc] [--program=NAME] [--count] [--outcomes] [--races]\n"
    "              [--tokens] [--token=TOKEN] [--threads=N] [--time=SECONDS] TABLE\n"
    "       litmus [--model=rc11|rc11-paper|sc] [--program=NAME] --hardware[=RUNS] TABLE\n"
    "--tokens prints a token for each outcome and each race, which are lines for --token: with\n"
    "--program, it explores the one execution that it stands for, and prints its outcome.\n"
    "--threads explores by so many threads, --time for at most so long a program.\n"
    "--hardware runs each program on this machine, for 10 ms or RUNS times, and prints a\n"
    "histogram of outcomes; accesses that are not atomic are run as relaxed ones.\n";

struct Arguments {
  std::string table;
  std::string program;                     // empty: all
  std::string_view counts = "executions";  // the column of the model
  RunOptions run;
  bool compare = true;
  std::optional<HardwareOptions> hardware;
};

// From 1 to `most`. Nothing if the text is no such number.
std::optional<std::uint64_t> ParseNumber(std::string_view text, std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || number == 0 || number > most) return std::nullopt;
  return number;
}

class ArgumentParser {
 public:
  explicit ArgumentParser(std::ostream& err) : err_(err) {}

  std::optional<Arguments> Run(const std::vector<std::string>& arguments) {
    for (const std::string& argument : arguments) {
      if (!Take(argument)) return std::nullopt;
    }
    if (parsed_.hardware && explores_) {
      return Refuse("--hardware goes with --model and --program alone"), std::nullopt;
    }
    if (!parsed_.run.explorer.token.empty() && parsed_.program.empty()) {
      return Refuse("--token goes with --program"), std::nullopt;
    }
    if (!parsed_.table.empty()) return parsed_;
    err_ << kUsage;
    return std::nullopt;
  }

 private:
  static constexpr std::uint64_t kMostThreads = 256;
  static constexpr std::uint64_t kMostSeconds = 1'000'000'000;

  bool Refuse(const std::string& why) {
    err_ << "litmus: " << why << '\n' << kUsage;
    return false;
  }

  bool Take(const std::string& argument) {
    const std::size_t equals = argument.find('=');
    const bool has_value = equals != argument.npos;
    const std::string name = argument.substr(0, equals);
    const std::string value = has_value ? argument.substr(equals + 1) : "";
    if (!argument.starts_with("-")) return TakeTable(argument);
    if (name == "--model" && TakeModel(value)) return true;
    if (argument == "--hardware") return parsed_.hardware.emplace(), true;
    if (name == "--hardware") {
      constexpr std::uint64_t kMost = std::numeric_limits<std::uint64_t>::max();
      return TakeNumber("runs", argument, value, kMost, [&](std::uint64_t runs) {
        parsed_.hardware = HardwareOptions{.runs = runs};
      });
    }
    if (name == "--program" && !value.empty()) return parsed_.program = value, true;
    explores_ = true;  // an option that is of no use with --hardware
    if (argument == "--count") return !(parsed_.compare = false);
    if (argument == "--outcomes") return parsed_.run.outcomes = true;
    if (argument == "--races") return parsed_.run.races = true;
    if (argument == "--tokens") return parsed_.run.tokens = true;
    if (name == "--token" && !value.empty()) {
      parsed_.run.explorer.token = value;
      parsed_.compare = false;
      return parsed_.run.outcomes = true;
    }
    if (name == "--threads") {
      return TakeNumber("threads", argument, value, kMostThreads, [&](std::uint64_t threads) {
        parsed_.run.explorer.threads = static_cast<int>(threads);
      });
    }
    if (name == "--time") {
      return TakeNumber("seconds", argument, value, kMostSeconds, [&](std::uint64_t seconds) {
        parsed_.run.explorer.max_time = std::chrono::seconds(seconds);
      });
    }
    return Refuse("unknown option '" + argument + "'");
  }

  bool TakeTable(const std::string& path) {
    if (!parsed_.table.empty()) return Refuse("more than one table");
    parsed_.table = path;
    return true;
  }

  bool TakeModel(const std::string& name) {
    struct NamedModel {
      std::string_view name;
      rc11::Model model;
      std::string_view column;
    };
    constexpr NamedModel kModels[] = {{"rc11", rc11::Model::kRc11, "executions"},
                                      {"rc11-paper", rc11::Model::kRc11Paper, "rc11-paper"},
                                      {"sc", rc11::Model::kSc, "sc"}};
    for (const NamedModel& known : kModels) {
      if (known.name != name) continue;
      parsed_.run.explorer.model = known.model;
      parsed_.counts = known.column;
      return true;
    }
    return false;
  }

  template <class Set>
  bool TakeNumber(const char* of_what, const std::string& argument, const std::string& value,
                  std::uint64_t most, Set set) {
    const std::optional<std::uint64_t> number = ParseNumber(value, most);
    if (!number) return Refuse(std::string("no number of ") + of_what + " in '" + argument + "'");
    set(*number);
    return true;
  }

  std::ostream& err_;
  Arguments parsed_;
  bool explores_ = false;
};

const char* WhyIncomplete(const rc11::Result& result) {
  const bool too_large = result.failure && result.failure->kind == rc11::Failure::Kind::kTooLarge;
  if (result.status == rc11::Result::Status::kUnreadable) return "the token is of another program";
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
  if (!summary.racy_token.empty()) out << '\t' << summary.racy_token;
  if (!complete) out << "\tINCOMPLETE: " << WhyIncomplete(summary.result);
  if (complete && !equal) out << "\tMISMATCH";
  out << '\n';
  for (const auto& [outcome, count] : summary.outcomes) {
    out << "  " << count << '\t' << outcome;
    if (arguments.run.tokens) out << '\t' << summary.tokens.at(outcome);
    out << '\n';
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
  const std::optional<Arguments> parsed = ArgumentParser(err).Run(arguments);
  if (!parsed) return 2;
  std::ifstream file(parsed->table);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    err << "litmus: cannot read '" << parsed->table << "'\n";
    return 2;
  }
  TableError error;
  std::optional<std::vector<TableRow>> table = ParseTable(text.str(), parsed->counts, &error);
  if (!table) {
    err << parsed->table << ':' << error.line << ':' << error.column << ": " << error.message
        << '\n';
    return 2;
  }

  if (!parsed->program.empty()) {
    std::erase_if(*table, [&](const TableRow& row) { return row.name != parsed->program; });
    if (table->empty()) {
      err << "litmus: no program '" << parsed->program << "' in " << parsed->table << '\n';
      return 2;
    }
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
