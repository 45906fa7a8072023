// explore_program.h
// -----------------
// ExploreProgram: a program's executions, up to the first one that is wrong, which is
// reported.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_PROGRAM_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/options.h"

namespace ashlar::verification::linearizability::internal {

class ExploredProgram {
 public:
  // Trials are over, which are executions that count for nothing.
  virtual void Begin() = 0;

  // Its scenario (rc11::ScenarioType), one at a time.
  virtual void Construct(void* scenario) = 0;
  virtual void Thread(int thread) = 0;
  virtual void After() = 0;
  virtual void Destroy() = 0;

  // Whether the threads that wait for ever at the end of a graph are right to. The scenario is
  // where the graph is.
  virtual bool MayWait(const rc11::Graph& graph) = 0;

 protected:
  ~ExploredProgram() = default;
};

struct ScenarioShape {
  std::size_t size;
  std::size_t alignment;
  int threads;
};

struct Explored {
  std::uint64_t executions = 0;
  bool complete = false;
  std::string failure;  // the report; empty if there is none
};

// `bounds`: those of executions and accidents hold.
Explored ExploreProgram(const ScenarioShape& shape, const rc11::Bounds& bounds,
                        ExploredProgram& program);

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_PROGRAM_H_
