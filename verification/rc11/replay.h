// replay.h
// --------
// Replay: keeps a program where a graph is, by running again what it has to.
//
// It runs nothing before it is asked what a thread does next. If threads are independent
// (Program::Independent), only that thread is run again, and only if what it was given
// last is no longer so; otherwise all of them are.
#ifndef ASHLAR_VERIFICATION_RC11_REPLAY_H_
#define ASHLAR_VERIFICATION_RC11_REPLAY_H_

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

class Replay {
 public:
  explicit Replay(Program& program) : program_(program), independent_(program.Independent()) {}

  // After Restart() of the program: what each thread does first.
  void Start(Operation* pending);

  // What `thread` does after its events in `graph`. False if it cannot be brought there.
  [[nodiscard]] bool Next(const Graph& graph, int thread, Operation* next);
  // Brings every thread to where it is in `graph`.
  [[nodiscard]] bool CatchUp(const Graph& graph);
  // The last event that `thread` had is gone, or has another value.
  void Forget(int thread) { stale_ |= independent_ ? 1u << thread : ~0u; }

  // Why a thread could not be brought where it was.
  const Failure& failure() const { return failure_; }

 private:
  // Not even what comes before its first operation.
  static constexpr int kNotStarted = -1;

  // Runs the thread's events up to `end` again, and what comes before them.
  bool Run(const Graph& graph, int thread, int end);
  bool CatchUpAlone(const Graph& graph, int thread);
  bool RunAllAgain(const Graph& graph);

  Program& program_;
  const bool independent_;
  unsigned stale_ = 0;                  // threads that have to be restarted; bit i is thread i
  int done_[Graph::kMaxThreads];        // events that each thread has run; see kNotStarted
  Operation next_[Graph::kMaxThreads];  // what it does after them
  Failure failure_;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPLAY_H_
