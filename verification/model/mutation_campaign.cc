#include "ashlar/verification/model/mutation_campaign.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "ashlar/verification/model/bounds.h"
#include "ashlar/verification/model/junit.h"
#include "ashlar/verification/model/mutation.h"
#include "ashlar/verification/model/readable_history.h"
#include "ashlar/verification/model/survivors.h"

namespace ashlar::verification {
namespace {

constexpr std::uint64_t kShare = 10;       // of the scenarios' budget
constexpr std::uint64_t kQuickShare = 50;  // of that: a first look that kills most mutants

std::vector<Search> MutantSearches(const Bounds& bounds) {
  std::vector<Search> searches = bounds.Searches(kShare * kQuickShare);
  for (Search& search : bounds.Searches(kShare)) searches.push_back(std::move(search));
  // What nothing killed is explored as far as the original was, to know that it is as good.
  if (bounds.executions > 0) searches.push_back(Search::Exhaustive(bounds.executions));
  return searches;
}

std::optional<std::vector<Survivor>> ReadSurvivors(const std::string& path) {
  if (path.empty()) return std::vector<Survivor>();
  std::ifstream file(path);
  const std::string text(std::istreambuf_iterator<char>(file), {});
  if (!file) {
    std::fprintf(stderr, "cannot read %s\n", path.c_str());
    return std::nullopt;
  }
  std::string error;
  std::optional<std::vector<Survivor>> survivors = ParseSurvivors(text, error);
  if (!survivors) std::fprintf(stderr, "%s:%s\n", path.c_str(), error.c_str());
  return survivors;
}

// Whether the scenarios pass as they are; what they execute is recorded.
bool Record(const Bounds& bounds, const std::vector<Scenario>& scenarios) {
  bool passed = true;
  OrderHook::Record();
  for (const Scenario& scenario : scenarios) {
    for (const Search& search : bounds.Searches(kShare)) {
      if (!scenario.Takes(search)) continue;
      const Outcome outcome = scenario.Explore(search);
      if (!outcome.failed) continue;
      passed = false;
      std::printf("FAILED without a mutation: %s (%s): %s\n", scenario.name.c_str(),
                  search.Name().c_str(), outcome.reason.c_str());
    }
  }
  OrderHook::Stop();
  return passed;
}

// Leaves out the places in the files of a list with commas. False if there are none in one.
bool LeaveOut(std::string_view files, std::vector<Place>& places) {
  while (!files.empty()) {
    const std::string_view file = files.substr(0, files.find(','));
    files.remove_prefix(std::min(file.size() + 1, files.size()));
    if (std::erase_if(places, [&](const Place& place) { return place.file == file; }) > 0) continue;
    std::printf("FAILED: the scenarios execute no operation in %s\n", std::string(file).c_str());
    return false;
  }
  return true;
}

std::string Describe(const Place& place) {
  std::string text = place.file + ":" + std::to_string(place.executed.site.line) + " " +
                     std::string(Name(place.executed.operation));
  if (place.ordinal_on_line > 1) text += "#" + std::to_string(place.ordinal_on_line);
  return text + " in " + place.function + " (" + std::to_string(place.ordinal_in_function) + ")";
}

std::string Change(const Mutant& mutant) {
  const ExecutedOperation& executed = mutant.place.executed;
  return std::string(NameOfOrder(executed.operation, executed.order)) + " -> " +
         std::string(Name(mutant.to));
}

// What the exhaustive searches of a mutant that was not killed say.
std::string Evidence(const Mutant& mutant) {
  if (mutant.executions == 0) return "RC11 has not explored it";
  return (mutant.all_explored ? "RC11: none of all " : "RC11: none of the first ") +
         std::to_string(mutant.executions) + " executions fails";
}

std::string Describe(const Mutant& mutant) {
  switch (mutant.verdict) {
    case Verdict::kKilled:
      return "killed by " + mutant.scenario + " (" + mutant.search.Name() + ") after " +
             std::to_string(mutant.outcome.executions) + ": " + mutant.outcome.reason;
    case Verdict::kAccepted:
      return std::string(Name(mutant.entry.claim)) + ": " + mutant.entry.reason + " [" +
             Evidence(mutant) + "]";
    case Verdict::kSurvived:
      if (!mutant.claim_fails) return "SURVIVED [" + Evidence(mutant) + "]";
      return "SURVIVED: listed as equivalent, which RC11 has to show by running all executions [" +
             Evidence(mutant) + "]";
  }
  return "";
}

void Print(std::size_t number, const Mutant& mutant) {
  std::printf("%3zu  %-62s %-20s %s\n", number, Describe(mutant.place).c_str(),
              Change(mutant).c_str(), Describe(mutant).c_str());
}

std::string Describe(const StaleEntry& stale, const std::string& list) {
  return list + ":" + std::to_string(stale.entry.line) + ": " +
         (stale.killed ? "this mutant is killed" : "there is no such mutant");
}

void Print(const MutationReport& report, const std::string& list) {
  std::printf("mutants: place in function (which of its kind there), change, verdict\n");
  for (std::size_t i = 0; i < report.mutants.size(); ++i) Print(i + 1, report.mutants[i]);
  for (const StaleEntry& stale : report.stale) {
    std::printf("STALE %s\n", Describe(stale, list).c_str());
  }

  const std::size_t killed = report.Count(Verdict::kKilled);
  const std::size_t accepted = report.Count(Verdict::kAccepted);
  const std::size_t survived = report.Count(Verdict::kSurvived);
  std::printf("%zu mutants: %zu killed, %zu accepted, %zu survived; score %.1f %%\n",
              report.mutants.size(), killed, accepted, survived,
              survived == 0 ? 100.0 : 100.0 * killed / static_cast<double>(killed + survived));

  bool first = true;
  for (const Mutant& mutant : report.mutants) {
    if (mutant.verdict != Verdict::kSurvived || mutant.claim_fails) continue;
    if (first) std::printf("Write a scenario that fails, or list with its reason (survivors.h):\n");
    first = false;
    std::printf("%s\tCLAIM\tREASON\n", MutantColumns(mutant.entry).c_str());
  }
}

void AddPlace(const Place& place, JUnitCase& row) {
  row.properties = {{"file", place.file},
                    {"line", std::to_string(place.executed.site.line)},
                    {"function", place.function},
                    {"operation", std::string(Name(place.executed.operation))}};
}

// All mutants, the places that have none, and the entries that must go.
std::vector<JUnitCase> Rows(const MutationReport& report, const std::vector<Place>& places,
                            const std::string& list) {
  std::vector<JUnitCase> rows;
  const auto add = [&](std::string name, const char* kind) -> JUnitCase& {
    rows.push_back({std::move(name), kind, 0, {}, {}});
    return rows.back();
  };
  for (const Mutant& mutant : report.mutants) {
    JUnitCase& row = add(Describe(mutant.place) + " " + Change(mutant), "mutant");
    const ExecutedOperation& executed = mutant.place.executed;
    const bool killed = mutant.verdict == Verdict::kKilled;
    row.seconds = mutant.seconds;
    AddPlace(mutant.place, row);
    const auto property = [&](const char* name, std::string_view value) {
      row.properties.emplace_back(name, value);
    };
    property("from", NameOfOrder(executed.operation, executed.order));
    property("to", Name(mutant.to));
    property("verdict", Name(mutant.verdict));
    property("executions", std::to_string(killed ? mutant.outcome.executions : mutant.executions));
    if (killed) {
      property("by", mutant.scenario);
      property("search", mutant.search.Name());
      property("reason", mutant.outcome.reason);
    } else {
      property("all_explored", mutant.all_explored ? "true" : "false");
    }
    if (mutant.verdict == Verdict::kAccepted) {
      property("claim", Name(mutant.entry.claim));
      property("reason", mutant.entry.reason);
    }
    if (mutant.verdict == Verdict::kSurvived) row.failure = Describe(mutant);
  }
  for (const Place& place : places) {
    const ExecutedOperation& executed = place.executed;
    if (!WeakerByOneStep(executed.operation, executed.order).empty()) continue;
    JUnitCase& row = add(Describe(place), "place");
    AddPlace(place, row);
    row.properties.emplace_back("order", NameOfOrder(executed.operation, executed.order));
  }
  for (const StaleEntry& stale : report.stale) {
    add(MutantColumns(stale.entry), "survivor").failure = Describe(stale, list);
  }
  return rows;
}

// Shows the end of one mutant. 0 if it was killed.
int ShowMutant(const MutationReport& report, const std::vector<Scenario>& scenarios,
               std::uint64_t number) {
  if (number > report.mutants.size()) {
    std::fprintf(stderr, "there is no mutant %ju\n", std::uintmax_t{number});
    return 2;
  }
  const Mutant& mutant = report.mutants[number - 1];
  Print(number, mutant);
  if (mutant.verdict != Verdict::kKilled) return 1;
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
  std::printf("%s\n", ReadableHistory(mutant.search, std::move(outcome.history)).c_str());
  return 0;
}

}  // namespace

int RunMutationTest(int argc, char** argv, const std::vector<Scenario>& scenarios) {
  Bounds bounds;
  std::string list;
  std::string elsewhere;
  std::uint64_t number = 0;
  if (!ParseFlags(argc, argv, bounds,
                  {{"survivors", &list}, {"elsewhere", &elsewhere}, {"mutant", &number}})) {
    return 2;
  }
  const std::optional<std::vector<Survivor>> survivors = ReadSurvivors(list);
  if (!survivors || !Record(bounds, scenarios)) return 1;

  std::vector<Place> places = Places(OrderHook::Recorded());
  if (!LeaveOut(elsewhere, places)) return 1;
  if (places.empty()) {
    std::printf("FAILED: the scenarios execute no operation in a header that is looked at\n");
    return 1;
  }
  const MutationReport report = RunMutants(places, scenarios, MutantSearches(bounds), *survivors);
  if (number > 0) return ShowMutant(report, scenarios, number);
  Print(report, list);
  return WriteJUnit("mutation", Rows(report, places, list)) && report.Passed() ? 0 : 1;
}

}  // namespace ashlar::verification
