#include "ashlar/verification/model/model_test.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ashlar/verification/platform/short_path.h"

namespace ashlar::verification {
namespace {

constexpr std::uint64_t kMutantShare = 10;  // of the scenarios' budget
constexpr std::uint64_t kQuickShare = 50;   // a first look that kills most mutants

struct Flags {
  std::string scenario;
  std::uint64_t iterations = 50'000;
  std::uint64_t bound = 2;
  std::uint64_t limit = 100'000;
  std::uint64_t executions = 50'000;
  bool mutation = true;
  std::uint64_t first = 1;
  std::string state;
  std::string token;
  std::string drawings;
  std::uint64_t mutant = 0;
};

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

// Takes "--NAME=VALUE". False if there is no such flag, or no such value.
bool TakeFlag(std::string_view argument, Flags& flags) {
  const std::size_t equals = argument.find('=');
  if (equals == argument.npos) return false;
  const std::string_view name = argument.substr(0, equals);
  const std::string_view value = argument.substr(equals + 1);
  const auto number = [&](std::uint64_t& flag) {
    const std::optional<std::uint64_t> parsed = Number(value);
    if (parsed) flag = *parsed;
    return parsed.has_value();
  };
  if (name == "--scenario") return flags.scenario = value, true;
  if (name == "--state") return flags.state = value, true;
  if (name == "--token") return flags.token = value, true;
  if (name == "--drawings") return flags.drawings = value, true;
  if (name == "--executions") return number(flags.executions);
  if (name == "--iterations") return number(flags.iterations);
  if (name == "--bound") return number(flags.bound);
  if (name == "--limit") return number(flags.limit);
  if (name == "--first") return number(flags.first) && flags.first > 0;
  if (name == "--mutant") return number(flags.mutant) && flags.mutant > 0;
  if (name == "--mutation") return flags.mutation = value != "no", value == "no" || value == "yes";
  return false;
}

std::optional<Flags> ParseFlags(int argc, char** argv) {
  Flags flags;
  if (const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) flags.drawings = folder;
  if (const char* text = std::getenv("ASHLAR_MODEL_SCALE")) {
    const std::optional<std::uint64_t> scale = Number(text);
    if (!scale || *scale == 0) {
      std::fprintf(stderr, "ASHLAR_MODEL_SCALE: not a positive number: %s\n", text);
      return std::nullopt;
    }
    flags.iterations *= *scale;
    flags.limit *= *scale;
    flags.executions *= *scale;
    flags.bound += *scale > 1 ? 1 : 0;
  }
  for (int i = 1; i < argc; ++i) {
    if (!TakeFlag(argv[i], flags)) {
      std::fprintf(stderr, "%s: unknown flag or value: %s\n", argv[0], argv[i]);
      return std::nullopt;
    }
  }
  return flags;
}

// The searches with the budget divided by `share`.
std::vector<Search> Searches(const Flags& flags, std::uint64_t share) {
  std::vector<Search> searches;
  if (flags.iterations >= share) {
    searches.push_back(Search::Random(flags.iterations / share, flags.first));
  }
  if (flags.limit >= share) {
    searches.push_back(
        Search::Bounded(static_cast<unsigned>(flags.bound), flags.limit / share, flags.state));
  }
  if (flags.executions >= share) {
    searches.push_back(Search::Exhaustive(flags.executions / share, flags.token));
    searches.back().explain = share == 1;
  }
  return searches;
}

std::vector<Search> MutantSearches(const Flags& flags) {
  std::vector<Search> searches = Searches(flags, kMutantShare * kQuickShare);
  for (Search& search : Searches(flags, kMutantShare)) searches.push_back(std::move(search));
  // What nothing killed is explored to the end, to know that it is as good as the original.
  if (flags.executions > 0) searches.push_back(Search::Exhaustive(flags.executions));
  return searches;
}

std::string Describe(const Search& search) {
  if (search.scheduler == Search::Scheduler::kRandom) return "random";
  if (search.scheduler == Search::Scheduler::kExhaustive) return "rc11";
  return "bound " + std::to_string(search.preemptions);
}

std::string Describe(const Search& search, const Outcome& outcome) {
  if (outcome.failed) return outcome.reason;
  if (outcome.cut > 0) return "ok, " + std::to_string(outcome.cut) + " more cut short";
  if (!outcome.complete) return "ok";
  return search.scheduler == Search::Scheduler::kExhaustive ? "ok, all executions"
                                                            : "ok, all within the bound";
}

// Gives addresses short names, in the sequence in which they appear.
class Nicknames {
 public:
  // "<0x55d0c1b2a3f0>" becomes "<#1>".
  std::string Replace(const std::string& word) {
    const std::size_t begin = word.find("0x");
    if (begin == word.npos) return word;
    const std::size_t end =
        std::min(word.find_first_not_of("0123456789abcdef", begin + 2), word.size());
    const std::string address = word.substr(begin, end - begin);
    auto at = std::find(addresses_.begin(), addresses_.end(), address);
    if (at == addresses_.end()) at = addresses_.insert(at, address);
    return word.substr(0, begin) + "#" + std::to_string(at - addresses_.begin() + 1) +
           word.substr(end);
  }

 private:
  std::vector<std::string> addresses_;
};

// Relacy's history without what makes it hard to read: build folders before the paths,
// addresses, and the second half, which repeats it thread by thread.
std::string Readable(const Search& search, std::string history) {
  if (search.scheduler == Search::Scheduler::kExhaustive) return history;
  history.resize(std::min(history.find("\nthread 0:"), history.size()));
  Nicknames nicknames;
  std::string readable;
  std::size_t at = 0;
  while (at < history.size()) {
    const std::size_t end = std::min(history.find_first_of(" \n", at), history.size());
    readable +=
        nicknames.Replace(std::string(ShortPath(std::string_view(history).substr(at, end - at))));
    at = std::min(history.find_first_not_of(" \n", end), history.size());
    readable.append(history, end, at - end);
  }
  return readable;
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  std::printf(file ? "Drawn: %s\n" : "Cannot write %s\n", path.c_str());
}

void PrintFailure(const char* program, const Flags& flags, const Scenario& scenario,
                  const Search& search, const Outcome& outcome) {
  std::printf("\nFAILED: %s: %s\n%s\n", scenario.name.c_str(), outcome.reason.c_str(),
              Readable(search, outcome.history).c_str());
  std::printf("To see it again: %s --scenario=%s ", program, scenario.name.c_str());
  switch (search.scheduler) {
    case Search::Scheduler::kRandom:
      std::printf("--executions=0 --limit=0 --iterations=1 --first=%ju\n",
                  std::uintmax_t{outcome.last});
      break;
    case Search::Scheduler::kBounded:
      std::printf("--executions=0 --iterations=0 --bound=%u --state='%s'\n", search.preemptions,
                  outcome.state.c_str());
      break;
    case Search::Scheduler::kExhaustive:
      std::printf("--iterations=0 --limit=0 --token='%s'\n", outcome.state.c_str());
      if (flags.drawings.empty()) break;
      Write(flags.drawings + "/" + scenario.name + ".dot", outcome.dot);
      Write(flags.drawings + "/" + scenario.name + ".mmd", outcome.mermaid);
      break;
  }
}

// Explores every scenario. Whether all of them passed.
bool RunScenarios(const char* program, const Flags& flags, const std::vector<Scenario>& scenarios) {
  std::printf("%-32s %7s  %-8s %11s  %7s\n", "scenario", "threads", "search", "executions",
              "seconds");
  bool passed = true;
  for (const Scenario& scenario : scenarios) {
    for (const Search& search : Searches(flags, 1)) {
      if (!scenario.Takes(search)) continue;
      const Outcome outcome = scenario.Explore(search);
      std::printf("%-32s %7u  %-8s %11ju  %7.2f  %s\n", scenario.name.c_str(), scenario.threads,
                  Describe(search).c_str(), std::uintmax_t{outcome.executions}, outcome.seconds,
                  Describe(search, outcome).c_str());
      if (outcome.failed) PrintFailure(program, flags, scenario, search, outcome);
      std::fflush(stdout);
      passed = passed && !outcome.failed;
    }
  }
  return passed;
}

std::string Describe(const Place& place) {
  std::string text = place.file + ":" + std::to_string(place.executed.site.line) + " " +
                     std::string(Name(place.executed.operation));
  if (place.ordinal_on_line > 1) text += "#" + std::to_string(place.ordinal_on_line);
  return text + " in " + place.function + " (" + std::to_string(place.ordinal_in_function) + ")";
}

// What the exhaustive searches of a survivor say.
std::string Evidence(const Mutant& mutant) {
  if (mutant.executions == 0) return "";
  return (mutant.all_explored ? " [rc11: none of all " : " [rc11: none of the first ") +
         std::to_string(mutant.executions) + " executions fails]";
}

void PrintMutant(std::size_t number, const Mutant& mutant) {
  const bool is_wake = mutant.place.executed.operation == Operation::kWake;
  const std::string change =
      (is_wake ? "" : std::string(Name(mutant.place.executed.order)) + " -> ") +
      std::string(Name(mutant.to));
  std::printf("%3zu  %-62s %-20s ", number, Describe(mutant.place).c_str(), change.c_str());
  if (mutant.killed) {
    std::printf("killed by %s (%s) after %ju: %s\n", mutant.scenario.c_str(),
                Describe(mutant.search).c_str(), std::uintmax_t{mutant.outcome.executions},
                mutant.outcome.reason.c_str());
  } else if (!mutant.reason.empty()) {
    std::printf("accepted: %s%s\n", mutant.reason.c_str(), Evidence(mutant).c_str());
  } else {
    std::printf("SURVIVED%s\n", Evidence(mutant).c_str());
  }
}

// Whether every mutant is killed or accepted, and every accepted entry is needed.
bool PrintReport(const MutationReport& report) {
  std::size_t killed = 0;
  std::size_t accepted = 0;
  std::printf("\nmutants: place in function (which of its kind there), change, verdict\n");
  for (std::size_t i = 0; i < report.mutants.size(); ++i) {
    const Mutant& mutant = report.mutants[i];
    PrintMutant(i + 1, mutant);
    killed += mutant.killed ? 1 : 0;
    accepted += mutant.reason.empty() ? 0 : 1;
  }
  for (const Accepted& entry : report.stale) {
    std::printf("STALE accepted entry, no such survivor: %s %s in %s (%u) %s -> %s\n",
                entry.file.c_str(), Name(entry.operation).data(), entry.function.c_str(),
                entry.ordinal_in_function, Name(entry.from).data(), Name(entry.to).data());
  }
  const std::size_t survived = report.mutants.size() - killed - accepted;
  std::printf("%zu mutants: %zu killed, %zu accepted, %zu survived; %zu stale entries\n",
              report.mutants.size(), killed, accepted, survived, report.stale.size());
  return survived == 0 && report.stale.empty();
}

// Shows the end of one mutant. 0 if it was killed.
int ShowMutant(const MutationReport& report, const std::vector<Scenario>& scenarios,
               std::uint64_t number) {
  if (number > report.mutants.size()) {
    std::fprintf(stderr, "there is no mutant %ju\n", std::uintmax_t{number});
    return 2;
  }
  const Mutant& mutant = report.mutants[number - 1];
  PrintMutant(number, mutant);
  if (!mutant.killed) return 1;
  Outcome outcome = mutant.outcome;
  if (mutant.search.scheduler == Search::Scheduler::kExhaustive) {
    Search search = mutant.search;
    search.explain = true;
    const auto scenario = std::find_if(scenarios.begin(), scenarios.end(), [&](const Scenario& s) {
      return s.name == mutant.scenario;
    });
    OrderHook::Weaken(mutant.place.executed, mutant.to);
    outcome = scenario->Explore(search);
    OrderHook::Stop();
  }
  std::printf("%s\n", Readable(mutant.search, std::move(outcome.history)).c_str());
  return 0;
}

}  // namespace

int RunModelTest(int argc, char** argv, const std::vector<Scenario>& scenarios,
                 const std::vector<Accepted>& accepted) {
  const std::optional<Flags> flags = ParseFlags(argc, argv);
  if (!flags) return 2;

  std::vector<Scenario> chosen;
  for (const Scenario& scenario : scenarios) {
    if (flags->scenario.empty() || scenario.name == flags->scenario) chosen.push_back(scenario);
  }
  if (chosen.empty()) {
    std::fprintf(stderr, "there is no scenario %s\n", flags->scenario.c_str());
    return 2;
  }

  OrderHook::Record();
  const bool passed = RunScenarios(argv[0], *flags, chosen);
  OrderHook::Stop();
  if (!passed) return 1;
  if (!flags->mutation || !flags->scenario.empty()) return 0;

  const MutationReport report =
      RunMutants(Places(OrderHook::Recorded()), chosen, MutantSearches(*flags), accepted);
  if (flags->mutant > 0) return ShowMutant(report, chosen, flags->mutant);
  return PrintReport(report) ? 0 : 1;
}

}  // namespace ashlar::verification
