// stress_object.h
// ---------------
// StressObject: rounds of random calls of a described object (object.h) by real threads.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_STRESS_OBJECT_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_STRESS_OBJECT_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/calls.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/explain.h"
#include "ashlar/verification/linearizability/internal/random.h"
#include "ashlar/verification/linearizability/internal/rounds.h"
#include "ashlar/verification/linearizability/internal/typed_problem.h"
#include "ashlar/verification/linearizability/stress_recorder.h"

namespace ashlar::verification::linearizability::internal {

inline constexpr int kCallsOfFirst = 16;
inline constexpr int kCallsOfOthers = 8;

template <Specification S>
class Stresser final : public Rounds {
  using Call = typename S::Call;
  using Result = typename S::Result;
  using Recorder = StressRecorder<S>;

 public:
  Stresser(const Description<S>& description, int threads, const S& specification, Returns returns,
           std::uint32_t seed, Findings& findings)
      : description_(description),
        specification_(specification),
        findings_(findings),
        counts_(threads, kCallsOfOthers),
        // With the last ones.
        most_calls_(2 * kCallsOfFirst + (description.threads - 1) * kCallsOfOthers + 1),
        recorder_(threads, most_calls_, returns),
        calls_(seed) {
    counts_[0] = kCallsOfFirst;
    for (int thread = 0; thread < threads; ++thread) {
      pauses_.emplace_back(seed + static_cast<std::uint32_t>(thread) + 1);
    }
  }

  void Begin() override {
    program_ = RandomProgram(description_, counts_, calls_);
    variant_ = static_cast<int>(findings_.programs++ % description_.variants);
    object_.emplace(description_, variant_);
  }
  void Run(int thread) override {
    for (const Call& call : program_[thread]) {
      // So that rounds differ in what overlaps.
      for (std::size_t i = pauses_[thread].Below(64); i > 0; --i) {
        std::atomic_signal_fence(std::memory_order_seq_cst);
      }
      Make(thread, call);
    }
  }
  bool End() override {
    MakeLastCalls(description_, most_calls_ - kCallsOfFirst,
                  [&](const Call& call) { return Make(/*thread=*/0, call); });
    object_.reset();
    const HistoryOf<S> history = recorder_.Take();
    TypedProblem<S> problem(specification_, history);
    ++findings_.executions;
    ++findings_.histories;
    findings_.operations += history.operations.size();
    findings_.overlapping += Overlapping(problem.Places());
    findings_.wrong = WhatIsWrong(problem, VariantText(description_.variants, variant_));
    return !findings_.wrong.has_value();
  }
  std::string Text() const override {
    return VariantText(description_.variants, variant_) + ProgramText(specification_, program_);
  }

 private:
  Result Make(int thread, const Call& call) {
    typename Recorder::Log& log = recorder_.Of(thread);
    log.Call(call);
    const Result result = description_.make(object_->Get(), thread, call);
    log.Return(result);
    description_.settle(object_->Get(), thread, call, result);
    return result;
  }

  const Description<S>& description_;
  const S& specification_;
  Findings& findings_;
  std::vector<int> counts_;
  const int most_calls_;
  Recorder recorder_;
  Random calls_;
  std::vector<Random> pauses_;  // of each thread
  ProgramOf<S> program_;
  int variant_ = 0;
  std::optional<Instance<S>> object_;
};

template <Specification S>
Findings StressObject(const Description<S>& description, const Stress& stress) {
  Findings findings;
  const int fewest = std::min(description.threads, 2);
  const int notions = description.late == nullptr ? 1 : 2;
  const double seconds = stress.seconds / (notions * (description.threads - fewest + 1));
  for (int notion = 0; notion < notions; ++notion) {
    const S specification = notion == 0 ? description.specified() : description.late();
    const Returns returns = notion == 0 ? Returns::kVisible : Returns::kAtOnce;
    for (int threads = fewest; threads <= description.threads; ++threads) {
      Stresser<S> stresser(description, threads, specification, returns, stress.seed, findings);
      RunRounds(threads, seconds, stresser);
      if (findings.wrong.has_value()) return findings;
    }
  }
  return findings;
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_STRESS_OBJECT_H_
