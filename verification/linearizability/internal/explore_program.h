// explore_program.h
// -----------------
// ExploreProgram: a program's executions, up to the first one that is wrong, which is
// reported.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_PROGRAM_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_PROGRAM_H_

#include <cstdint>
#include <functional>
#include <string>

#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/options.h"

namespace ashlar::verification::linearizability::internal {

struct Explored {
  std::uint64_t executions = 0;
  bool complete = false;
  std::string failure;  // the report; empty if there is none
};

// `bounds`: those of executions and accidents hold. `begin`: called when trials are over, which are
// executions that count for nothing. `may_wait`: whether the threads that wait for ever at the end
// of a graph are right to. The scenario is where the graph is.
Explored ExploreProgram(const rc11::ScenarioType& type, const rc11::Bounds& bounds,
                        const std::function<void()>& begin,
                        const std::function<bool(const rc11::Graph& graph)>& may_wait);

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_PROGRAM_H_
