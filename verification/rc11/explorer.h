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
// already seen. Thread safety: an exploration uses the programs it is given, and no globals.
#ifndef ASHLAR_VERIFICATION_RC11_EXPLORER_H_
#define ASHLAR_VERIFICATION_RC11_EXPLORER_H_

#include <functional>
#include <memory>
#include <string>

#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/options.h"
#include "ashlar/verification/rc11/path.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/search.h"

namespace ashlar::verification::rc11 {

Result Explore(Program& program, const Options& options = {}, const Observer& observer = nullptr);

// The same by several threads, each with a program of its own, which it makes itself. The
// counts are those of one thread; the sequence of executions is not. Callbacks come from
// any of the threads, one at a time.
using ProgramFactory = std::function<std::unique_ptr<Program>()>;
Result Explore(const ProgramFactory& make_program, int threads, const Options& options = {},
               const Observer& observer = nullptr);

// A line of text that stands for the execution `graph`: see Options::token.
inline std::string Token(const Graph& graph) { return ToText(PathTo(graph)); }

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_EXPLORER_H_
