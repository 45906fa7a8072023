// relacy_conformance [--executions=N] [--expect=FILE] TABLE
//
// Compares what Relacy shows of each program of a table (table.h) in N random executions,
// 20000 by default, with what RC11 allows. A data race counts as an outcome, in place of
// what the execution ends with. Prints a line for each program, separated by tabs: its
// name; the verdict; how many of the model's outcomes Relacy showed. Then those it did not
// show ("missed") and those that are forbidden ("extra"), the first few.
//
//   exact           the same outcomes
//   missed          Relacy did not show all: too few executions, or it never will
//   extra           Relacy shows what RC11 forbids: it may report an error where none is
//   missed, extra
//   not run         Relacy cannot, as with more than four threads
//
// FILE has the columns `name` and `verdict`, separated by tabs; lines that start with #
// are comments. Returns 0; 1 if the verdicts differ from it; 2 if something cannot be read.
#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/verification/litmus/relacy_runner.h"
#include "ashlar/verification/litmus/runner.h"
#include "ashlar/verification/litmus/table.h"
#include "ashlar/verification/model/junit.h"
#include "ashlar/verification/rc11/explorer.h"

namespace ashlar::verification::litmus {
namespace {

using Outcomes = std::set<std::string>;

struct Arguments {
  std::string table;
  std::string expect;
  std::uint64_t executions = 20'000;
};

constexpr char kUsage[] = "usage: relacy_conformance [--executions=N] [--expect=FILE] TABLE\n";
constexpr std::uint64_t kMostExecutions = 100'000'000;

std::optional<Arguments> ParseArguments(int argc, char** argv) {
  constexpr std::string_view kExecutions = "--executions=";
  constexpr std::string_view kExpect = "--expect=";
  Arguments parsed;
  for (int i = 1; i < argc; ++i) {
    std::string_view argument = argv[i];
    if (argument.starts_with(kExpect)) {
      parsed.expect = argument.substr(kExpect.size());
    } else if (argument.starts_with(kExecutions)) {
      argument.remove_prefix(kExecutions.size());
      const char* const end = argument.data() + argument.size();
      const auto [stop, error] = std::from_chars(argument.data(), end, parsed.executions);
      if (error != std::errc() || stop != end || parsed.executions < 1 ||
          parsed.executions > kMostExecutions) {
        return std::nullopt;
      }
    } else if (argument.starts_with("-") || !parsed.table.empty()) {
      return std::nullopt;
    } else {
      parsed.table = argument;
    }
  }
  if (parsed.table.empty()) return std::nullopt;
  return parsed;
}

std::optional<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  if (file) return text.str();
  std::cerr << "relacy_conformance: cannot read '" << path << "'\n";
  return std::nullopt;
}

struct Allowed {
  Outcomes to_show;  // of executions without a race, and the race if there is one
  Outcomes all;      // also what racy executions end with: a race may go unnoticed
};

// Nothing if the model could not be explored.
std::optional<Allowed> Explore(const LitmusProgram& program) {
  Allowed allowed;
  RunOptions options;
  options.outcomes = true;
  options.races = true;
  Summary summary = RunProgram(program, options);
  if (summary.result.status != rc11::Result::Status::kComplete) return std::nullopt;
  for (const auto& [outcome, count] : summary.outcomes) allowed.all.insert(outcome);
  allowed.to_show = allowed.all;
  if (summary.racy == 0) return allowed;
  options.races_have_no_outcome = true;
  summary = RunProgram(program, options);
  allowed.to_show = {kRelacyRace};
  for (const auto& [outcome, count] : summary.outcomes) allowed.to_show.insert(outcome);
  allowed.all.insert(kRelacyRace);
  return allowed;
}

void PrintSome(const char* what, const Outcomes& outcomes) {
  constexpr std::size_t kSome = 5;
  std::size_t printed = 0;
  for (const std::string& outcome : outcomes) {
    if (printed++ == kSome) break;
    std::cout << "  " << what << '\t' << outcome << '\n';
  }
  if (outcomes.size() > kSome) {
    std::cout << "  " << what << "\tand " << outcomes.size() - kSome << " more\n";
  }
}

Outcomes Difference(const Outcomes& a, const Outcomes& b) {
  Outcomes difference;
  std::set_difference(a.begin(), a.end(), b.begin(), b.end(),
                      std::inserter(difference, difference.end()));
  return difference;
}

// Prints what is said of the program, and returns the verdict.
std::string Compare(const TableRow& row, std::uint64_t executions) {
  std::cout << row.name << '\t';
  const std::string why_not = WhyNotUnderRelacy(row.program);
  if (!why_not.empty()) {
    std::cout << "not run\t" << why_not << '\n';
    return "not run";
  }
  const std::optional<Allowed> allowed = Explore(row.program);
  if (!allowed) {
    std::cout << "not run\tthe model could not be explored\n";
    return "not run";
  }
  const Outcomes shown = RunUnderRelacy(row.program, executions);
  const Outcomes missed = Difference(allowed->to_show, shown);
  const Outcomes extra = Difference(shown, allowed->all);
  std::string verdict = missed.empty() ? "" : "missed";
  if (!extra.empty()) verdict.append(verdict.empty() ? "extra" : ", extra");
  if (verdict.empty()) verdict = "exact";
  std::cout << verdict << '\t' << allowed->to_show.size() - missed.size() << " of "
            << allowed->to_show.size() << '\n';
  PrintSome("missed", missed);
  PrintSome("extra", extra);
  return verdict;
}

// Names and verdicts.
using Verdicts = std::map<std::string, std::string>;

std::optional<Verdicts> ReadVerdicts(const std::string& path) {
  const std::optional<std::string> text = ReadFile(path);
  if (!text) return std::nullopt;
  Verdicts verdicts;
  std::istringstream lines(*text);
  std::string line;
  bool header = true;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.empty() || line.front() == '#') continue;
    const std::size_t tab = line.find('\t');
    if (tab == std::string::npos || (header && line != "name\tverdict")) {
      std::cerr << path << ':' << number << ": expected the columns 'name' and 'verdict'\n";
      return std::nullopt;
    }
    if (!header) verdicts[line.substr(0, tab)] = line.substr(tab + 1);
    header = false;
  }
  return verdicts;
}

// How many differ; prints each.
int PrintDifferences(const Verdicts& expected, const Verdicts& found) {
  const auto verdict_in = [](const Verdicts& verdicts, const std::string& name) {
    const auto it = verdicts.find(name);
    return it == verdicts.end() ? "absent" : it->second;
  };
  Verdicts both = expected;
  both.insert(found.begin(), found.end());
  int different = 0;
  for (const auto& [name, verdict] : both) {
    const std::string is = verdict_in(found, name);
    const std::string was = verdict_in(expected, name);
    if (is == was) continue;
    ++different;
    std::cout << "# DIFFERENT: " << name << " is " << is << ", expected was " << was << '\n';
  }
  return different;
}

int Main(int argc, char** argv) {
  const std::optional<Arguments> arguments = ParseArguments(argc, argv);
  if (!arguments) {
    std::cerr << kUsage;
    return 2;
  }
  const std::optional<std::string> text = ReadFile(arguments->table);
  if (!text) return 2;
  TableError error;
  const std::optional<std::vector<TableRow>> table = ParseTable(*text, "executions", &error);
  if (!table) {
    std::cerr << arguments->table << ':' << error.line << ':' << error.column << ": "
              << error.message << '\n';
    return 2;
  }
  std::optional<Verdicts> expected;
  if (!arguments->expect.empty() && !(expected = ReadVerdicts(arguments->expect))) return 2;

  Verdicts found;
  std::map<std::string, int> programs_with;
  for (const TableRow& row : *table) {
    const std::string verdict = Compare(row, arguments->executions);
    found[row.name] = verdict;
    ++programs_with[verdict];
  }
  std::cout << "# " << table->size() << " programs, " << arguments->executions << " executions";
  for (const auto& [verdict, count] : programs_with) {
    std::cout << "; " << verdict << ": " << count;
  }
  std::cout << '\n';
  const int different = expected ? PrintDifferences(*expected, found) : 0;

  JUnitCase row{"VerdictsAreThoseOfTheList", "relacy", 0, {}, {}};
  row.properties.emplace_back("programs", std::to_string(table->size()));
  for (const auto& [verdict, count] : programs_with) {
    row.properties.emplace_back(verdict, std::to_string(count));
  }
  if (different > 0) row.failure = std::to_string(different) + " verdicts differ";
  return WriteJUnit("relacy_conformance", {row}) && different == 0 ? 0 : 1;
}

}  // namespace
}  // namespace ashlar::verification::litmus

int main(int argc, char** argv) { return ashlar::verification::litmus::Main(argc, argv); }
