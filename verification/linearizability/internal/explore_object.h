// explore_object.h
// ----------------
// ExploreObject: every execution of small programs of a described object (object.h).
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_OBJECT_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_OBJECT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/base/source_site.h"
#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/drawing.h"
#include "ashlar/verification/linearizability/execution_recorder.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/calls.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/explore_program.h"
#include "ashlar/verification/linearizability/internal/waiting.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/options.h"

namespace ashlar::verification::linearizability::internal {

// The histories of one program that were met and are right: they differ in results and order.
template <Specification S>
class HistorySet {
 public:
  bool Contains(const HistoryOf<S>& history) const {
    const auto found = histories_.find(HashOf(history));
    return found != histories_.end() &&
           std::any_of(found->second.begin(), found->second.end(),
                       [&](const HistoryOf<S>& other) { return Same(other, history); });
  }
  void Insert(const HistoryOf<S>& history) {
    histories_[HashOf(history)].push_back(history);
    ++size_;
  }
  std::size_t Size() const { return size_; }

 private:
  static std::size_t HashOf(const HistoryOf<S>& history) {
    return absl::Hash<std::vector<std::pair<int, int>>>()(*history.order);
  }
  static bool Same(const HistoryOf<S>& a, const HistoryOf<S>& b) {
    return a.order == b.order &&
           std::equal(a.operations.begin(), a.operations.end(), b.operations.begin(),
                      b.operations.end(), [](const auto& x, const auto& y) {
                        return x.thread == y.thread && x.result == y.result;
                      });
  }

  std::unordered_map<std::size_t, std::vector<HistoryOf<S>>> histories_;
  std::size_t size_ = 0;
};

template <Described D>
class ProgramExplorer {
  using S = Waiting<typename D::Specification>;

 public:
  ProgramExplorer(const ProgramOf<D>& program, int variant)
      : program_(program), variant_(variant) {}

  void Run(const rc11::Bounds& bounds, Findings& findings) {
    current_ = this;
    const rc11::ScenarioType type = {
        sizeof(Scenario),
        alignof(Scenario),
        static_cast<int>(program_.size()),
        /*more_threads=*/0,
        [](void* memory) { ::new (memory) Scenario(); },
        [](void* scenario, unsigned index) { static_cast<Scenario*>(scenario)->Thread(index); },
        [](void* scenario) { static_cast<Scenario*>(scenario)->After(); },
        [](void* scenario) { static_cast<Scenario*>(scenario)->~Scenario(); },
    };
    const auto begin = [this] { operations_ = 0; };
    const auto may_wait = [this](const rc11::Graph& graph) {
      HistoryOf<S> history = recorder_->History(graph);
      PendingWait<typename D::Specification>(history);
      return IsRight(history);
    };
    const Explored explored = ExploreProgram(type, bounds, begin, may_wait);
    findings.executions += explored.executions;
    findings.histories += histories_.Size();
    findings.operations += operations_;
    findings.complete = findings.complete && explored.complete;
    if (explored.failure.empty()) return;
    findings.wrong.emplace();
    findings.wrong->text = ProgramText<D>(program_, variant_) + "\n";
    if (drawing_.has_value()) findings.wrong->text += Columns(*drawing_) + "\n";
    findings.wrong->text += explored.failure;
    findings.wrong->drawing = std::move(drawing_);
  }

 private:
  using Recorder = ExecutionRecorder<S>;

  struct Scenario {
    D object = Begin<D>(current_->variant_);
    Recorder recorder;

    Scenario() { current_->recorder_ = &recorder; }

    void Thread(unsigned index) {
      const int thread = static_cast<int>(index);
      for (const CallOf<D>& call : current_->program_[index]) Make(thread, call);
    }
    void After() {
      MakeLastCalls<D>(current_->Calls() + 1,
                       [&](const CallOf<D>& call) { return Make(/*thread=*/0, call); });
      rc11::FiberProgram& program = rc11::FiberProgram::Current();
      const bool right =
          program.Aside([history = recorder.History()] { return current_->IsRight(history); });
      if (!right) program.Fail("the history is not linearizable", SourceSite::Current());
    }
    ResultOf<D> Make(int thread, const CallOf<D>& call) {
      auto operation = recorder.Call(call);
      const ResultOf<D> result = object.Do(thread, call);
      operation.Return({result, false});
      Settle(object, thread, call, result);
      return result;
    }
  };

  int Calls() const {
    std::size_t calls = 0;
    for (const CallsOf<D>& of_thread : program_) calls += of_thread.size();
    return static_cast<int>(calls);
  }

  // Of the execution at whose end the scenario is.
  bool IsRight(const HistoryOf<S>& history) {
    operations_ += history.operations.size();
    if (histories_.Contains(history)) return true;
    const S specification = S();
    const absl::StatusOr<Verdict> verdict = CheckLinearizable(specification, history);
    ASHLAR_CHECK(verdict.ok(), "a recorded history is one");
    if (verdict->outcome == Outcome::kLinearizable) {
      histories_.Insert(history);
      return true;
    }
    drawing_ = Draw(specification, history, *verdict);
    return false;
  }

  // Whose scenario it is: scenarios are made without arguments.
  static inline thread_local ProgramExplorer* current_ = nullptr;

  const ProgramOf<D>& program_;
  const int variant_;
  const Recorder* recorder_ = nullptr;
  HistorySet<S> histories_;
  std::uint64_t operations_ = 0;
  std::optional<Drawing> drawing_;
};

template <Described D>
Findings ExploreObject(const Exploration& exploration) {
  Findings findings;
  findings.complete = true;
  std::uint64_t number = 0;
  for (const Shape& shape : Shapes<D>(exploration.deep)) {
    rc11::Bounds bounds;
    bounds.max_executions = exploration.max_executions;
    bounds.max_accidents = shape.accidents;
    for (const ProgramOf<D>& program : AllPrograms<D>(shape.calls)) {
      for (int variant = 0; variant < Variants<D>(); ++variant) {
        ++number;
        if (exploration.only_program != 0 && exploration.only_program != number) continue;
        ++findings.programs;
        ProgramExplorer<D>(program, variant).Run(bounds, findings);
        if (!findings.wrong.has_value()) continue;
        findings.wrong->program = number;
        findings.complete = false;
        return findings;
      }
    }
  }
  return findings;
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_EXPLORE_OBJECT_H_
