// reenactment.h
// -------------
// Reenactment: runs a scenario once more in the very execution that a graph is, in the
// order of its report. For names, for a log of the steps, and for a debugger:
//
//   (gdb) break ashlar::verification::rc11::OnStep if step == 4
//   (gdb) run
//   (gdb) backtrace      # on the stack of the thread that has just done step 4
//
// Only who reads from whom, and in which order writes are, is taken from the graph: it may
// come from another run, or from another process, in which addresses were others.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_REENACTMENT_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_REENACTMENT_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/report/execution_order.h"
#include "ashlar/verification/rc11/report/names.h"
#include "ashlar/verification/rc11/report/source_files.h"

namespace ashlar::verification::rc11 {

class Reenactment {
 public:
  Reenactment(const ScenarioType& type, const Graph& graph, const Failure& failure);
  ~Reenactment();

  // What was run, with the addresses of this run. If the scenario did something else, that
  // is the failure, and the graph ends there.
  const Graph& graph() const { return *graph_; }
  // Whether the thread that found the failure has found it again.
  bool Fails() const { return fails_; }
  const Failure& failure() const { return failure_; }
  const std::vector<Step>& steps() const { return steps_; }
  const Names& names() const { return *names_; }

  // Runs it again. Each step is a line for `print`, which may be null, and a call of
  // OnStep() on the stack of the thread that has done it; so is what After() does if that
  // is what failed.
  void Run(const std::function<void(const std::string& line)>& print);

 private:
  // Builds graph_, event by event.
  void Follow(const Graph& graph);
  bool Append(const Graph& graph, EventId id, const Operation& operation);
  // Whether the thread goes no further: behind a race nothing holds any more.
  bool IsEnd(const Graph& graph, EventId id) const;

  FiberProgram program_;
  const std::unique_ptr<Graph> graph_ = std::make_unique<Graph>();
  Failure failure_;
  bool fails_ = true;
  std::vector<Step> steps_;
  const SourceFiles files_;
  std::unique_ptr<Names> names_;
  EventId new_id_[256] = {};  // of each event of the graph that was given
  EventSet placed_;
};

// Does nothing: a place for breakpoints. Steps are numbered as in the report; what runs
// outside of threads is step 0 of thread -1.
void OnStep(int step, int thread, const char* text);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_REENACTMENT_H_
