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
#include <utility>
#include <vector>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/linearizability/execution_recorder.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/calls.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/explain.h"
#include "ashlar/verification/linearizability/internal/explore_program.h"
#include "ashlar/verification/linearizability/internal/number_index.h"
#include "ashlar/verification/linearizability/internal/typed_problem.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/graph.h"

namespace ashlar::verification::linearizability::internal {

// Makes operations that wait for ever follow all that have returned.
template <class Call, class Result>
void WaitersComeLast(History<Call, Result>& history) {
  const int size = static_cast<int>(history.operations.size());
  for (int waits = 0; waits < size; ++waits) {
    if (history.operations[waits].result.has_value()) continue;
    for (int returned = 0; returned < size; ++returned) {
      if (!history.operations[returned].result.has_value()) continue;
      history.order->emplace_back(returned, waits);
    }
  }
}

// The histories of one program that were met and are right: they differ in results and order.
template <Specification S>
class HistorySet {
 public:
  bool Contains(const HistoryOf<S>& history) const {
    return index_.Find(HashOfPairs(*history.order), [&](std::uint32_t number) {
      return Same(histories_[number], history);
    }) != NumberIndex::kNone;
  }
  void Insert(const HistoryOf<S>& history) {
    index_.Add(HashOfPairs(*history.order));
    histories_.push_back(history);
  }
  std::size_t Size() const { return histories_.size(); }

 private:
  static bool Same(const HistoryOf<S>& a, const HistoryOf<S>& b) {
    return a.order == b.order &&
           std::equal(a.operations.begin(), a.operations.end(), b.operations.begin(),
                      b.operations.end(), [](const auto& x, const auto& y) {
                        return x.thread == y.thread && x.result == y.result;
                      });
  }

  NumberIndex index_;
  std::vector<HistoryOf<S>> histories_;
};

// A scenario is a recorder and, behind it, the object. In an execution that ends with threads
// waiting for ever, their last calls wait after all that has returned. If there is then no
// sequence, one of them should have returned: a wake-up was lost.
template <Specification S>
class ProgramExplorer final : public ExploredProgram {
  using Call = typename S::Call;
  using Result = typename S::Result;
  using Recorder = ExecutionRecorder<S>;

 public:
  ProgramExplorer(const Description<S>& description, const ProgramOf<S>& program, int variant)
      : description_(description), program_(program), variant_(variant) {}

  void Run(const rc11::Bounds& bounds, Findings& findings) {
    const std::size_t alignment = std::max(description_.alignment, alignof(Recorder));
    offset_ = (sizeof(Recorder) + alignment - 1) / alignment * alignment;
    const Explored explored = ExploreProgram({.size = offset_ + description_.size,
                                              .alignment = alignment,
                                              .threads = static_cast<int>(program_.size())},
                                             bounds, *this);
    findings.executions += explored.executions;
    findings.histories += right_.Size();
    findings.operations += operations_;
    findings.complete = findings.complete && explored.complete;
    if (explored.failure.empty()) return;
    const std::string program =
        VariantText(description_.variants, variant_) + ProgramText(specification_, program_) + "\n";
    const std::string history = wrong_.has_value() ? wrong_->text + "\n" : "";
    findings.wrong = wrong_.value_or(Wrong());
    findings.wrong->text = program + history + explored.failure;
  }

 private:
  void Begin() override { operations_ = 0; }
  void Construct(void* scenario) override {
    recorder_ = ::new (scenario) Recorder();
    description_.begin(Object(), variant_);
  }
  void Thread(int thread) override {
    for (const Call& call : program_[thread]) Make(thread, call);
  }
  void After() override {
    std::size_t calls = 0;
    for (const CallsOf<S>& of_thread : program_) calls += of_thread.size();
    MakeLastCalls(description_, static_cast<int>(calls) + 1,
                  [&](const Call& call) { return Make(/*thread=*/0, call); });
    rc11::FiberProgram& program = rc11::FiberProgram::Current();
    const bool right =
        program.Aside([this, history = recorder_->History()] { return IsRight(history); });
    if (!right) program.Fail("the history is not linearizable", SourceSite::Current());
  }
  void Destroy() override { description_.end(Object()); }
  bool MayWait(const rc11::Graph& graph) override {
    HistoryOf<S> history = recorder_->History(graph);
    WaitersComeLast(history);
    return IsRight(history);
  }

  void* Object() const { return reinterpret_cast<char*>(recorder_) + offset_; }

  Result Make(int thread, const Call& call) {
    auto operation = recorder_->Call(call);
    const Result result = description_.make(Object(), thread, call);
    operation.Return(result);
    description_.settle(Object(), thread, call, result);
    return result;
  }

  // Of the execution at whose end the scenario is.
  bool IsRight(const HistoryOf<S>& history) {
    operations_ += history.operations.size();
    if (right_.Contains(history)) return true;
    TypedProblem<S> problem(specification_, history, Pending::kWaits);
    wrong_ = WhatIsWrong(problem, "");
    if (wrong_.has_value()) return false;
    right_.Insert(history);
    return true;
  }

  const Description<S>& description_;
  const ProgramOf<S>& program_;
  const int variant_;
  const S specification_ = description_.specified();
  std::size_t offset_ = 0;  // of the object
  Recorder* recorder_ = nullptr;
  HistorySet<S> right_;
  std::uint64_t operations_ = 0;
  std::optional<Wrong> wrong_;
};

template <Specification S>
Findings ExploreObject(const Description<S>& description, const Exploration& exploration) {
  Findings findings;
  findings.complete = true;
  std::uint64_t number = 0;
  for (const Shape& shape : description.programs(exploration.deep)) {
    rc11::Bounds bounds;
    bounds.max_executions = exploration.max_executions;
    bounds.max_accidents = shape.accidents;
    for (const ProgramOf<S>& program : AllPrograms(description, shape.calls)) {
      for (int variant = 0; variant < description.variants; ++variant) {
        ++number;
        if (exploration.only_program != 0 && exploration.only_program != number) continue;
        ++findings.programs;
        ProgramExplorer<S>(description, program, variant).Run(bounds, findings);
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
