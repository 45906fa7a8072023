// explorer.h
// ----------
// Explore: runs a program in every way that the memory model allows, each exactly once.
//
// Two runs are the same execution if every read reads from the same write and the writes
// of each location have the same modification order; the interleaving does not count.
// What is explored is the graph, not the schedule, so the number of runs is that of
// executions, and a run costs about as much as its events.
//
// The algorithm is that of TruSt (Kokologiannakis et al., "Truly Stateless, Optimal
// Dynamic Partial Order Reduction", POPL 2022). An event is appended at a time: a read
// branches over the writes that it may read from, a write over its places in the
// modification order. A write is also offered to the reads that came before it: such a
// read is made to read from it (revisited), and what came after the read is deleted,
// unless the write depends on it. To get each graph once, a read is revisited only from
// the one graph in which all that is deleted was chosen as if it were newest at its time.
//
// Memory: one graph for each revisit that the current one stems from; no set of graphs
// already seen. Thread safety: one exploration uses one program, and no globals.
#ifndef ASHLAR_VERIFICATION_RC11_EXPLORER_H_
#define ASHLAR_VERIFICATION_RC11_EXPLORER_H_

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>

#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

struct Options {
  Model model = Model::kRc11;
  std::uint64_t max_executions = std::numeric_limits<std::uint64_t>::max();

  // For testing the tests: an axiom that is off must be missed by some program.
  bool coherence = true;
  bool atomicity = true;
  bool seq_cst = true;

  // How many operations of an execution may come out in a way that is an accident: a weak
  // compare-exchange that fails, a sleep that ends, for no reason.
  int max_accidents = 1;

  // If set, data races and threads that wait for ever are looked for, and each failure is
  // given to it with the graph that has it. True goes on: the thread that failed goes no
  // further, the others do. False ends the exploration, as the first failure that the
  // program itself finds does if this is not set.
  std::function<bool(const Graph& graph, const Failure& failure)> on_failure;
  // If set, asked at the end of every execution, of failed ones too. False stops.
  std::function<bool()> go_on;
};

struct Result {
  enum class Status {
    kComplete,  // every execution was explored
    kStopped,   // by max_executions, or by the observer
    kFailed,    // by a failure
  };
  Status status = Status::kComplete;
  std::uint64_t executions = 0;  // in which all threads ended
  std::uint64_t blocked = 0;     // in which one waits for ever
  // How many failures there were, and the first. An execution in which a thread failed
  // counts as none of the above.
  std::uint64_t failures = 0;
  std::optional<Failure> failure;
  // What it took: graphs with one more event, or a read revisited, that satisfied the axioms.
  std::uint64_t steps = 0;
  std::uint64_t revisits = 0;
};

// Called with each execution. The program is where the execution ended. False stops.
using Observer = std::function<bool(const Graph& graph, bool blocked)>;

Result Explore(Program& program, const Options& options = {}, const Observer& observer = nullptr);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_EXPLORER_H_
