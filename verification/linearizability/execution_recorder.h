// execution_recorder.h
// --------------------
// ExecutionRecorder: is an object linearizable in every execution that the memory model
// allows? A scenario (model/rc11_scenario.h) records what it asks of the object:
//
//   struct PushAndSteal {
//     static constexpr int kThreads = 2;
//     ChaseLevDeque<int, Rc11Platform> deque;
//     ExecutionRecorder<WorkStealingDeque<int>> recorder;
//     void Thread(unsigned index) {
//       if (index == 0) {
//         auto push = recorder.Call(WorkStealingDeque<int>::Push(1));
//         deque.Push(1);
//         push.Return(WorkStealingDeque<int>::Done());
//       } else ...
//     }
//     void After() { recorder.ExpectLinearizable(); }
//   };
//
// and ExploreRc11 shows whether there is an execution that is not.
//
// What that means. In a model execution there is no time. Of two operations a precedes b
// if a's last event happens before b's first: because they are in one thread, because the
// scenario synchronises them, or because b's first event itself synchronises with a's last.
// The execution is linearizable if some sequence of all its operations agrees with that
// order and with the specification. That is the notion of CDSSpec (Ou, Demsky, "Checking
// concurrent data structures under the C/C++11 memory model", PPoPP 2017) and of Relinche
// (Golovin, Kokologiannakis, Vafeiadis, "Relinche: Automatically checking linearizability
// under relaxed memory consistency", POPL 2025). Compared with linearizability in real
// time:
//
//   * An operation that nothing orders after another may act as if it came first: a pop that
//     ran "later" may say empty. A user who has no happens-before cannot tell.
//   * It does not compose: two objects that are both linearizable need not be so together.
//     For that, one recorder records the calls of both.
//   * It says nothing of happens-before between a push and the pop of its item. That is
//     what data races on the items' Vars are for.
//
// What the scenario's constructor records precedes all threads, and what After() records
// follows them. An operation without events of its own is placed by its neighbours in the
// thread. One that has not returned when its thread ends is pending.
//
// The recorder adds no event and no order, and allocates nothing before After().
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_EXECUTION_RECORDER_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_EXECUTION_RECORDER_H_

#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/base/source_site.h"
#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/drawing.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/specification.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/graph.h"

namespace ashlar::verification::linearizability {

// Where an operation of a scenario stands in its thread.
struct Extent {
  int thread = 0;  // -1: outside of all
  int begin = 0;   // events of the thread before it
  int end = 0;     // and until it returned
  bool pending = true;
  bool after = false;  // outside of all: after them, not before
};

// The pairs that happens-before makes, besides the order of each thread.
std::vector<std::pair<int, int>> HappensBefore(const rc11::Graph& graph,
                                               std::span<const Extent> operations);

// For at most `kOperations` in an execution.
template <Specification S, int kOperations = 32>
class ExecutionRecorder {
  using CallOf = typename S::Call;
  using ResultOf = typename S::Result;
  // It lives in the scenario, which may be forgotten without being destroyed.
  static_assert(std::is_trivially_copyable_v<CallOf> && std::is_trivially_copyable_v<ResultOf>);

 public:
  class Operation {
   public:
    void Return(const ResultOf& result) {
      recorder_->results_[index_] = result;
      recorder_->extents_[index_].end = rc11::FiberProgram::Current().Now().events;
      recorder_->extents_[index_].pending = false;
    }

   private:
    friend class ExecutionRecorder;
    Operation(ExecutionRecorder* recorder, int index) : recorder_(recorder), index_(index) {}
    ExecutionRecorder* recorder_;
    int index_;
  };

  // The running thread is about to call.
  Operation Call(const CallOf& call) {
    ASHLAR_CHECK(size_ < kOperations, "more operations than the recorder has room for");
    const rc11::FiberProgram& program = rc11::FiberProgram::Current();
    const auto [thread, events] = program.Now();
    calls_[size_] = call;
    extents_[size_] = {
        .thread = thread, .begin = events, .end = events, .after = program.Execution() != nullptr};
    return Operation(this, size_++);
  }

  // In After(): what was recorded.
  HistoryOf<S> History() const {
    const rc11::Graph* const execution = rc11::FiberProgram::Current().Execution();
    ASHLAR_CHECK(execution != nullptr, "there is a history when all threads have ended");
    return History(*execution);
  }
  // What was recorded up to the end of a graph where the scenario is. Thread by thread: in
  // which sequence the checker ran them says nothing.
  HistoryOf<S> History(const rc11::Graph& graph) const {
    HistoryOf<S> history;
    history.threads = graph.Threads() + 1;  // one for what is outside of them
    std::vector<Extent> extents;
    for (int thread = 0; thread < history.threads; ++thread) {
      for (int i = 0; i < size_; ++i) {
        const bool outside = extents_[i].thread < 0;
        if ((outside ? graph.Threads() : extents_[i].thread) != thread) continue;
        auto& operation = history.operations.emplace_back();
        operation.thread = thread;
        operation.call = calls_[i];
        if (!extents_[i].pending) operation.result = results_[i];
        extents.push_back(extents_[i]);
      }
    }
    history.order = HappensBefore(graph, extents);
    return history;
  }

  // In After(): fails the execution, with a drawing, unless it is linearizable.
  void ExpectLinearizable(const S& specification = S(),
                          SourceSite site = SourceSite::Current()) const {
    const HistoryOf<S> history = History();
    rc11::FiberProgram& program = rc11::FiberProgram::Current();
    // A search may need more than the memory of a scenario.
    const std::string why = program.Aside([&] {
      const absl::StatusOr<Verdict> verdict = CheckLinearizable(specification, history);
      if (!verdict.ok()) return std::string(verdict.status().message());
      if (verdict->outcome == Outcome::kLinearizable) return std::string();
      return Columns(Draw(specification, history, *verdict));
    });
    if (!why.empty()) program.Fail(why, site);
  }

 private:
  CallOf calls_[kOperations] = {};
  ResultOf results_[kOperations] = {};
  Extent extents_[kOperations] = {};
  int size_ = 0;
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_EXECUTION_RECORDER_H_
