// mutation.h
// ----------
// Mutation of memory orders: are the scenarios sharp, is every order needed?
//
// Each order that the scenarios execute, in any file but a .cc, is weakened by one step
// (and, if nobody notices, by one more), each fence and each wake-up is left out. Every such
// mutant must be killed, that is, make a scenario fail, or stand in the list of survivors with
// a reason that a person wrote down. A mutant that survives says one of three things:
//
//   * the order is stronger than needed: weaken it in the source;
//   * no scenario needs it yet: write one;
//   * the checker cannot tell the difference: list it, and say why (survivors.h).
#ifndef ASHLAR_VERIFICATION_MODEL_MUTATION_H_
#define ASHLAR_VERIFICATION_MODEL_MUTATION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/survivors.h"
#include "ashlar/verification/platform/order_hook.h"

namespace ashlar::verification {

// An operation, as people name it.
struct Place {
  ExecutedOperation executed;
  std::string file;              // "concurrency/event_count.h"
  std::string function;          // "Notify"
  unsigned ordinal_on_line;      // 1, 2, ... among its kind, from left to right
  unsigned ordinal_in_function;  // the same, from top to bottom
};

enum class Verdict {
  kKilled,
  kAccepted,  // it survived, is listed, and what is claimed there holds
  kSurvived,  // and is not listed, or the claim does not hold
};

// "killed", "accepted", "survived".
std::string_view Name(Verdict verdict);

struct Mutant {
  Place place;
  std::memory_order to;
  Verdict verdict = Verdict::kSurvived;
  // If it was killed: the scenario, the search and its end.
  std::string scenario;
  Search search;
  Outcome outcome;
  // If not: whether exhaustive searches ran every execution of every scenario, and how many.
  bool all_explored = false;
  std::uint64_t executions = 0;
  // If it is accepted, its line in the list. If it survived, that line with `claim_fails`
  // set if there is one, else what a line would need besides a claim and a reason.
  Survivor entry;
  bool claim_fails = false;
  double seconds = 0;
};

// An entry of the list that must go.
struct StaleEntry {
  Survivor entry;
  bool killed;  // else there is no such mutant
};

struct MutationReport {
  std::vector<Mutant> mutants;
  std::vector<StaleEntry> stale;

  std::size_t Count(Verdict verdict) const;
  // Whether all mutants are killed or accepted, and no entry is stale.
  bool Passed() const { return Count(Verdict::kSurvived) == 0 && stale.empty(); }
};

// The recorded operations but those in .cc files, which are the scenarios' own, from top
// to bottom.
std::vector<Place> Places(std::span<const ExecutedOperation> recorded);

// The next weaker orders. A fence has kDropped beside them, so that leaving it out is
// always tried.
std::vector<std::memory_order> WeakerByOneStep(Operation operation, std::memory_order order);

// Runs the mutants of all places through all scenarios, with each of the searches, the
// cheapest first, and holds what survives against the list.
MutationReport RunMutants(const std::vector<Place>& places, const std::vector<Scenario>& scenarios,
                          const std::vector<Search>& searches,
                          const std::vector<Survivor>& survivors);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_MUTATION_H_
