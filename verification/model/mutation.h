// mutation.h
// ----------
// Mutation of memory orders: are the scenarios sharp, is every order needed?
//
// Each order that the scenarios execute, in any file but a .cc, is weakened by one step
// (and, if nobody notices, by one more), each fence and each wake-up is left out. Every such
// mutant must be killed, that is, make a scenario fail, or be accepted with a reason
// that a person wrote down. A mutant that survives says one of three things:
//
//   * the order is stronger than needed: weaken it in the source;
//   * no scenario needs it yet: write one;
//   * the checker cannot tell the difference: accept it, and say why.
#ifndef ASHLAR_VERIFICATION_MODEL_MUTATION_H_
#define ASHLAR_VERIFICATION_MODEL_MUTATION_H_

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ashlar/verification/model/scenario.h"
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

// A mutant that may survive. The place is told by function and ordinal there, so that
// it outlives edits elsewhere in the file.
struct Accepted {
  std::string file;
  std::string function;
  Operation operation;
  unsigned ordinal_in_function;
  std::memory_order from;
  std::memory_order to;
  std::string reason;
};

struct Mutant {
  Place place;
  std::memory_order to;
  bool killed = false;
  std::string scenario;  // that killed it
  Search search;         // that killed it
  Outcome outcome;       // of the search that killed it
  std::string reason;    // if it survived and is accepted
  // If it survived: whether exhaustive searches ran every execution of every scenario,
  // and how many.
  bool all_explored = false;
  std::uint64_t executions = 0;
};

struct MutationReport {
  std::vector<Mutant> mutants;
  // Entries that name no mutant that survived: they must go.
  std::vector<Accepted> stale;
};

// The recorded operations but those in .cc files, which are the scenarios' own, from top
// to bottom.
std::vector<Place> Places(std::span<const ExecutedOperation> recorded);

// The next weaker orders. A fence has kDropped beside them, so that leaving it out is
// always tried.
std::vector<std::memory_order> WeakerByOneStep(Operation operation, std::memory_order order);

// Runs the mutants of all places through all scenarios, with each of the searches, the
// cheapest first.
MutationReport RunMutants(const std::vector<Place>& places, const std::vector<Scenario>& scenarios,
                          const std::vector<Search>& searches,
                          const std::vector<Accepted>& accepted);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_MUTATION_H_
