#include "ashlar/verification/model/mutation.h"

#include <algorithm>
#include <chrono>
#include <tuple>
#include <utility>

#include "ashlar/verification/platform/short_path.h"

namespace ashlar::verification {
namespace {

using Orders = std::vector<std::memory_order>;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcqRel = std::memory_order_acq_rel;
constexpr auto kSeqCst = std::memory_order_seq_cst;

// Whether both stand at the same place, whatever their orders.
bool SamePlace(const Place& a, const Place& b) {
  const auto key = [](const Place& place) {
    const ExecutedOperation& executed = place.executed;
    return std::tie(place.file, executed.site.line, executed.site.column, executed.operation);
  };
  return key(a) == key(b);
}

// Numbers each place among the earlier ones of its kind that `same_group` puts together.
template <class SameGroup>
unsigned Ordinal(std::span<const Place> places, std::size_t index, SameGroup same_group) {
  unsigned ordinal = 1;
  for (std::size_t i = 0; i < index; ++i) {
    if (!same_group(places[i], places[index])) continue;
    if (SamePlace(places[i], places[index])) return ordinal;
    if (!SamePlace(places[i], places[i + 1])) ++ordinal;
  }
  return ordinal;
}

// Whether some scenario notices.
void TryToKill(Mutant& mutant, const std::vector<Scenario>& scenarios,
               const std::vector<Search>& searches) {
  for (const Search& search : searches) {
    const bool exhaustive = search.scheduler == Search::Scheduler::kExhaustive;
    if (exhaustive) {
      mutant.all_explored = true;
      mutant.executions = 0;
    }
    for (const Scenario& scenario : scenarios) {
      if (!scenario.Takes(search)) {
        mutant.all_explored = false;
        continue;
      }
      Outcome outcome = scenario.Explore(search);
      if (exhaustive) {
        mutant.all_explored = mutant.all_explored && outcome.complete;
        mutant.executions += outcome.executions;
      }
      if (!outcome.failed) continue;
      mutant.verdict = Verdict::kKilled;
      mutant.scenario = scenario.name;
      mutant.search = search;
      mutant.outcome = std::move(outcome);
      return;
    }
  }
}

bool SameMutant(const Survivor& entry, const Mutant& mutant) {
  const Place& place = mutant.place;
  return entry.file == place.file && entry.function == place.function &&
         entry.operation == place.executed.operation &&
         entry.ordinal_in_function == place.ordinal_in_function &&
         entry.from == place.executed.order && entry.to == mutant.to;
}

// Holds a mutant that nothing has killed against the list.
void Judge(Mutant& mutant, const std::vector<Survivor>& survivors) {
  const auto entry = std::find_if(survivors.begin(), survivors.end(),
                                  [&](const Survivor& e) { return SameMutant(e, mutant); });
  if (entry == survivors.end()) {
    const Place& place = mutant.place;
    mutant.entry = {place.file,
                    place.function,
                    place.executed.operation,
                    place.ordinal_in_function,
                    place.executed.order,
                    mutant.to,
                    Claim::kUnseen,
                    "",
                    0};
    return;
  }
  mutant.entry = *entry;
  mutant.claim_fails = entry->claim == Claim::kEquivalent && !mutant.all_explored;
  if (!mutant.claim_fails) mutant.verdict = Verdict::kAccepted;
}

Mutant RunMutant(const Place& place, std::memory_order to, const std::vector<Scenario>& scenarios,
                 const std::vector<Search>& searches, const std::vector<Survivor>& survivors) {
  Mutant mutant;
  mutant.place = place;
  mutant.to = to;
  const auto start = std::chrono::steady_clock::now();
  OrderHook::Weaken(place.executed, to);
  TryToKill(mutant, scenarios, searches);
  OrderHook::Stop();
  mutant.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (mutant.verdict != Verdict::kKilled) Judge(mutant, survivors);
  return mutant;
}

}  // namespace

std::string_view Name(Verdict verdict) {
  if (verdict == Verdict::kKilled) return "killed";
  return verdict == Verdict::kAccepted ? "accepted" : "survived";
}

std::vector<Place> Places(std::span<const ExecutedOperation> recorded) {
  std::vector<Place> places;
  for (const ExecutedOperation& executed : recorded) {
    std::string file(ShortPath(executed.site.file));
    if (file.ends_with(".cc")) continue;
    // gcc names the arguments of a function template, clang does not.
    std::string function = executed.site.function;
    function.resize(std::min(function.find('<'), function.size()));
    places.push_back({executed, std::move(file), std::move(function), 0, 0});
  }
  std::sort(places.begin(), places.end(), [](const Place& a, const Place& b) {
    const auto key = [](const Place& place) {
      const ExecutedOperation& executed = place.executed;
      return std::tie(place.file, executed.site.line, executed.operation, executed.site.column,
                      executed.order);
    };
    return key(a) < key(b);
  });
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto same_kind = [](const Place& a, const Place& b) {
      return a.file == b.file && a.executed.operation == b.executed.operation;
    };
    places[i].ordinal_on_line = Ordinal(places, i, [&](const Place& a, const Place& b) {
      return same_kind(a, b) && a.executed.site.line == b.executed.site.line;
    });
    places[i].ordinal_in_function = Ordinal(places, i, [&](const Place& a, const Place& b) {
      return same_kind(a, b) && a.function == b.function;
    });
  }
  return places;
}

std::vector<std::memory_order> WeakerByOneStep(Operation operation, std::memory_order order) {
  switch (operation) {
    case Operation::kLoad:
    case Operation::kCompareExchangeFailure:
      if (order == kSeqCst) return {kAcquire};
      if (order == kAcquire) return {kRelaxed};
      return {};
    case Operation::kStore:
      if (order == kSeqCst) return {kRelease};
      if (order == kRelease) return {kRelaxed};
      return {};
    case Operation::kReadModifyWrite:
    case Operation::kCompareExchange:
      if (order == kSeqCst) return {kAcqRel};
      if (order == kAcqRel) return {kAcquire, kRelease};
      if (order == kAcquire || order == kRelease) return {kRelaxed};
      return {};
    case Operation::kFence:
      if (order == kSeqCst) return {kAcqRel, kDropped};
      if (order == kAcqRel) return {kAcquire, kRelease, kDropped};
      if (order == kAcquire || order == kRelease) return {kDropped};
      return {};
    case Operation::kWake:
      if (order == kDropped) return {};
      return {kDropped};
  }
  return {};
}

std::size_t MutationReport::Count(Verdict verdict) const {
  return static_cast<std::size_t>(
      std::count_if(mutants.begin(), mutants.end(),
                    [&](const Mutant& mutant) { return mutant.verdict == verdict; }));
}

MutationReport RunMutants(const std::vector<Place>& places, const std::vector<Scenario>& scenarios,
                          const std::vector<Search>& searches,
                          const std::vector<Survivor>& survivors) {
  MutationReport report;
  for (const Place& place : places) {
    const Operation operation = place.executed.operation;
    Orders orders = WeakerByOneStep(operation, place.executed.order);
    for (std::size_t i = 0; i < orders.size(); ++i) {
      report.mutants.push_back(RunMutant(place, orders[i], scenarios, searches, survivors));
      if (report.mutants.back().verdict == Verdict::kKilled) continue;
      for (std::memory_order next : WeakerByOneStep(operation, orders[i])) {
        if (std::find(orders.begin(), orders.end(), next) == orders.end()) orders.push_back(next);
      }
    }
  }
  for (const Survivor& entry : survivors) {
    const auto mutant = std::find_if(report.mutants.begin(), report.mutants.end(),
                                     [&](const Mutant& each) { return SameMutant(entry, each); });
    const bool exists = mutant != report.mutants.end();
    if (exists && mutant->verdict != Verdict::kKilled) continue;
    report.stale.push_back({entry, exists});
  }
  return report;
}

}  // namespace ashlar::verification
