#include "ashlar/verification/model/model_test.h"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "ashlar/verification/model/bounds.h"
#include "ashlar/verification/model/junit.h"
#include "ashlar/verification/model/readable_history.h"
#include "ashlar/verification/rc11/options.h"

namespace ashlar::verification {
namespace {

constexpr int kMostThreads = 256;

struct Flags {
  Bounds bounds;
  std::string scenario;
  std::string state;
  std::string token;
  std::string drawings;
  std::uint64_t threads = 1;
};

std::vector<Search> Searches(const Flags& flags) {
  std::vector<Search> searches = flags.bounds.Searches();
  for (Search& search : searches) {
    const bool bounded = search.scheduler == Search::Scheduler::kBounded;
    search.state = bounded ? flags.state : flags.token;
    search.explain = true;
    search.workers = static_cast<int>(flags.threads);
  }
  return searches;
}

std::string Describe(const Search& search, const Outcome& outcome) {
  if (outcome.failed) return outcome.reason;
  if (outcome.cut > 0) return "ok, " + std::to_string(outcome.cut) + " more cut short";
  if (!outcome.complete) return "ok";
  return search.scheduler == Search::Scheduler::kExhaustive ? "ok, all executions"
                                                            : "ok, all within the bound";
}

void Write(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  file.close();
  std::printf(file ? "Drawn: %s\n" : "Cannot write %s\n", path.c_str());
}

// What runs the program once more. Under Bazel its path is one in a sandbox, soon gone.
std::string Command(const char* program) {
  const char* const target = std::getenv("TEST_TARGET");
  return target == nullptr ? program : "bazel run " + std::string(target) + " --";
}

// What a search of a scenario came to.
struct Run {
  Search search;
  Outcome outcome;
};

// The flags that bring a failure back alone.
std::string Again(const Run& run) {
  const Outcome& outcome = run.outcome;
  switch (run.search.scheduler) {
    case Search::Scheduler::kRandom:
      return "--executions=0 --limit=0 --iterations=1 --first=" + std::to_string(outcome.last);
    case Search::Scheduler::kBounded:
      return "--executions=0 --iterations=0 --bound=" + std::to_string(run.search.preemptions) +
             " --state='" + outcome.state + "'";
    case Search::Scheduler::kExhaustive:
      return "--iterations=0 --limit=0 --token='" + outcome.state + "'";
  }
  return "";
}

// One of the failures, and how to see each. RC11's is the one that explains itself.
void PrintFailures(const char* program, const Flags& flags, const Scenario& scenario,
                   const std::vector<Run>& runs) {
  const Run* told = nullptr;
  for (const Run& run : runs) {
    const bool explained = run.search.scheduler == Search::Scheduler::kExhaustive;
    if (run.outcome.failed && (told == nullptr || explained)) told = &run;
  }
  if (told == nullptr) return;
  std::printf("\nFAILED: %s (%s)\n%s\n", scenario.name.c_str(), told->search.Name().c_str(),
              ReadableHistory(told->search, told->outcome.history).c_str());
  for (const Run& run : runs) {
    if (!run.outcome.failed) continue;
    std::printf("To see what %s found: %s --scenario=%s %s\n", run.search.Name().c_str(),
                Command(program).c_str(), scenario.name.c_str(), Again(run).c_str());
  }
  if (!told->outcome.dot.empty() && !flags.drawings.empty()) {
    Write(flags.drawings + "/" + scenario.name + ".dot", told->outcome.dot);
    Write(flags.drawings + "/" + scenario.name + ".mmd", told->outcome.mermaid);
  }
  std::printf("\n");
}

void PrintBounds(const Bounds& bounds) {
  const rc11::Bounds execution;
  std::printf(
      "at most %ju random schedules, %ju schedules with %ju preemptions, and %ju executions "
      "under RC11,\neach of at most %d operations and %d accident%s\n\n",
      std::uintmax_t{bounds.iterations}, std::uintmax_t{bounds.limit},
      std::uintmax_t{bounds.preemptions}, std::uintmax_t{bounds.executions}, execution.max_events,
      execution.max_accidents, execution.max_accidents == 1 ? "" : "s");
}

JUnitCase Row(const Scenario& scenario, const Search& search, const Outcome& outcome) {
  JUnitCase row{scenario.name,
                search.Name(),
                outcome.seconds,
                {{"executions", std::to_string(outcome.executions)},
                 {"complete", outcome.complete ? "true" : "false"},
                 {"cut", std::to_string(outcome.cut)},
                 {"threads", std::to_string(scenario.threads)}},
                {}};
  if (outcome.failed) row.failure = outcome.reason;
  return row;
}

}  // namespace

int RunModelTest(int argc, char** argv, const std::vector<Scenario>& scenarios) {
  Flags flags;
  if (const char* folder = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) flags.drawings = folder;
  if (!ParseFlags(argc, argv, flags.bounds,
                  {{"scenario", &flags.scenario},
                   {"state", &flags.state},
                   {"token", &flags.token},
                   {"drawings", &flags.drawings},
                   {"threads", &flags.threads}})) {
    return 2;
  }
  if (flags.threads < 1 || flags.threads > kMostThreads) {
    std::fprintf(stderr, "%s: --threads is from 1 to %d\n", argv[0], kMostThreads);
    return 2;
  }

  PrintBounds(flags.bounds);
  std::printf("%-32s %7s  %-8s %11s  %7s\n", "scenario", "threads", "search", "executions",
              "seconds");
  bool found = false;
  bool passed = true;
  std::vector<JUnitCase> rows;
  for (const Scenario& scenario : scenarios) {
    if (!flags.scenario.empty() && scenario.name != flags.scenario) continue;
    found = true;
    std::vector<Run> runs;
    for (const Search& search : Searches(flags)) {
      if (!scenario.Takes(search)) continue;
      const Outcome outcome = scenario.Explore(search);
      std::printf("%-32s %7u  %-8s %11ju  %7.2f  %s\n", scenario.name.c_str(), scenario.threads,
                  search.Name().c_str(), std::uintmax_t{outcome.executions}, outcome.seconds,
                  Describe(search, outcome).c_str());
      std::fflush(stdout);
      passed = passed && !outcome.failed;
      rows.push_back(Row(scenario, search, outcome));
      runs.push_back({search, outcome});
    }
    PrintFailures(argv[0], flags, scenario, runs);
  }
  if (!found) {
    std::fprintf(stderr, "there is no scenario %s\n", flags.scenario.c_str());
    return 2;
  }
  return WriteJUnit("model", rows) && passed ? 0 : 1;
}

}  // namespace ashlar::verification
