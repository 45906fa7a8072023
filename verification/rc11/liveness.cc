#include "ashlar/verification/rc11/liveness.h"

#include <algorithm>

namespace ashlar::verification::rc11 {
namespace {

// More than a backoff pauses before it looks again.
constexpr int kIdleTurns = 200;
constexpr int kMostTurns = 1000;
constexpr int kMostSteps = 1000;  // in a turn

class FairRun {
 public:
  FairRun(Program& program, const Graph& graph, const Operation* pending) : program_(program) {
    threads_ = graph.Threads();
    std::copy_n(pending, threads_, pending_);
    for (int i = 0; i < graph.Locations(); ++i) values_[i] = graph[graph.MoLast(i)].value;
  }

  bool WaitsForEver() {
    int idle = 0;
    for (int turn = 0; turn < kMostTurns && idle < kIdleTurns; ++turn) {
      ++idle;
      for (int thread = 0; thread < threads_; ++thread) {
        if (pending_[thread].kind == OperationKind::kDone) continue;
        switch (RunTurn(thread)) {
          case Turn::kNothing:
            break;
          case Turn::kChange:
            idle = 0;
            break;
          case Turn::kEnd:
            return false;
        }
      }
    }
    return idle == kIdleTurns;
  }

 private:
  enum class Turn { kNothing, kChange, kEnd };

  // Lets a thread run until it waits.
  Turn RunTurn(int thread) {
    Operation& operation = pending_[thread];
    bool changes = false;
    if (operation.kind == OperationKind::kSpin) operation = program_.Resume(thread, 0);
    for (int step = 0; step < kMostSteps; ++step) {
      Value& value = values_[operation.location];
      switch (operation.kind) {
        case OperationKind::kSpin:
          return changes ? Turn::kChange : Turn::kNothing;
        case OperationKind::kDone:
        case OperationKind::kFail:  // another execution has it
          return Turn::kEnd;
        case OperationKind::kRead:
          if (operation.await) {
            if ((value & operation.value) != 0) {
              if (operation.accident) return Turn::kEnd;  // its time may run out
              return changes ? Turn::kChange : Turn::kNothing;
            }
            changes = true;
          }
          break;
        case OperationKind::kWrite:
          changes = changes || value != operation.value;
          value = operation.value;
          break;
        default:
          break;
      }
      if (operation.choices != 0) program_.Choose(thread, 0);
      operation = program_.Resume(thread, operation.kind == OperationKind::kRead ? value : 0);
    }
    return Turn::kEnd;
  }

  Program& program_;
  int threads_;
  Operation pending_[Graph::kMaxThreads];
  Value values_[Graph::kMaxLocations] = {};
};

}  // namespace

bool WaitForEver(Program& program, const Graph& graph, const Operation* pending) {
  return FairRun(program, graph, pending).WaitsForEver();
}

}  // namespace ashlar::verification::rc11
