// scenario.h
// ----------
// Scenario: a small concurrent program that a checker explores, and what comes out.
//
// This is the half of the model tests that knows no checker; relacy_scenario.h and
// verified_scenario.h make a Scenario of an ordinary struct.
#ifndef ASHLAR_VERIFICATION_MODEL_SCENARIO_H_
#define ASHLAR_VERIFICATION_MODEL_SCENARIO_H_

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace ashlar::verification {

// How to explore.
struct Search {
  enum class Scheduler {
    kRandom,      // a random schedule an execution; execution number n has seed n
    kBounded,     // every schedule with at most `preemptions` preemptions, depth first
    kExhaustive,  // every execution that RC11 allows, whatever the schedule
  };
  Scheduler scheduler = Scheduler::kRandom;
  unsigned preemptions = 2;
  std::uint64_t executions = 10'000;  // at most this many
  std::uint64_t first = 1;            // kRandom: the number of the first execution
  // From Outcome::state. kBounded: where to begin. kExhaustive: the only execution to run.
  std::string state;
  bool explain = false;  // kExhaustive: a failure's history is wanted
  int workers = 1;       // kExhaustive: threads that explore; the hook must not record

  // "random", "bound 2", "rc11".
  std::string Name() const {
    if (scheduler == Scheduler::kRandom) return "random";
    if (scheduler == Scheduler::kExhaustive) return "rc11";
    return "bound " + std::to_string(preemptions);
  }

  static Search Random(std::uint64_t executions, std::uint64_t first = 1) {
    Search search;
    search.executions = executions;
    search.first = first;
    return search;
  }
  static Search Bounded(unsigned preemptions, std::uint64_t executions, std::string state = "") {
    Search search;
    search.scheduler = Scheduler::kBounded;
    search.preemptions = preemptions;
    search.executions = executions;
    search.state = std::move(state);
    return search;
  }
  static Search Exhaustive(std::uint64_t executions, std::string state = "") {
    Search search;
    search.scheduler = Scheduler::kExhaustive;
    search.executions = executions;
    search.state = std::move(state);
    return search;
  }
};

// What was found.
struct Outcome {
  bool failed = false;
  std::string reason;            // of the failure: "DATA RACE", "DEADLOCK", ...
  bool complete = false;         // kBounded, kExhaustive: there are no others
  std::uint64_t executions = 0;  // how many were run; the last one is the failure
  std::uint64_t cut = 0;         // kExhaustive: besides, too long and ended early
  std::uint64_t last = 0;        // kRandom: the number of the last execution
  std::string state;             // kBounded, kExhaustive: of the failure
  std::string history;           // of the failure, step by step
  std::string dot;               // kExhaustive: the failure, drawn for Graphviz
  std::string mermaid;           // and for Markdown
  double seconds = 0;
};

struct Scenario {
  std::string name;
  unsigned threads = 0;
  std::function<Outcome(const Search&)> explore;      // kRandom, kBounded
  std::function<Outcome(const Search&)> explore_all;  // kExhaustive; may be missing

  bool Takes(const Search& search) const {
    return search.scheduler != Search::Scheduler::kExhaustive || explore_all != nullptr;
  }
  Outcome Explore(const Search& search) const {
    return (search.scheduler == Search::Scheduler::kExhaustive ? explore_all : explore)(search);
  }
};

// What the programs of model_main.cc and mutation_main.cc explore. Defined by the file of
// scenarios that verified_primitive() links with them.
std::vector<Scenario> Scenarios();

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_SCENARIO_H_
