// stress_object.h
// ---------------
// StressObject: rounds of random calls of a described object (object.h) by real threads.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_STRESS_OBJECT_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_STRESS_OBJECT_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/drawing.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/calls.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/team.h"
#include "ashlar/verification/linearizability/stress_recorder.h"

namespace ashlar::verification::linearizability::internal {

inline constexpr int kCallsOfFirst = 16;
inline constexpr int kCallsOfOthers = 8;

// Operations that overlap one of another thread.
template <class Call, class Result>
std::uint64_t Overlapping(const History<Call, Result>& history) {
  std::uint64_t count = 0;
  for (const auto& a : history.operations) {
    for (const auto& b : history.operations) {
      if (a.thread != b.thread && a.called <= b.returned && b.called <= a.returned) {
        ++count;
        break;
      }
    }
  }
  return count;
}

template <Described D>
class Stresser {
  using S = typename D::Specification;
  using Recorder = StressRecorder<S>;
  using Clock = std::chrono::steady_clock;

 public:
  Stresser(int threads, const S& specification, Returns returns, std::uint32_t seed)
      : threads_(threads),
        specification_(specification),
        counts_(threads, kCallsOfOthers),
        recorder_(threads, kMostCalls, returns) {
    counts_[0] = kCallsOfFirst;
    for (int thread = 0; thread < threads; ++thread) {
      pauses_.emplace_back(seed + static_cast<std::uint32_t>(thread) + 1);
    }
    calls_.seed(seed);
  }

  void Run(Clock::duration time, Findings& findings) {
    Team team(threads_, [this] { return ProgramText<D>(program_, variant_); });
    const Clock::time_point end = Clock::now() + time;
    do {
      program_ = RandomProgram<D>(counts_, calls_);
      variant_ = static_cast<int>(findings.programs++ % Variants<D>());
      D object = Begin<D>(variant_);
      team.Run([&](int thread) { RunThread(object, thread); });
      MakeLastCalls<D>(kMostCalls - kCallsOfFirst,
                       [&](const CallOf<D>& call) { return Make(object, /*thread=*/0, call); });
      Check(findings);
    } while (!findings.wrong.has_value() && Clock::now() < end);
  }

 private:
  // With the last ones.
  static constexpr int kMostCalls = 2 * kCallsOfFirst + (D::kThreads - 1) * kCallsOfOthers + 1;

  void RunThread(D& object, int thread) {
    for (const CallOf<D>& call : program_[thread]) {
      // So that rounds differ in what overlaps.
      for (int i = Choose(pauses_[thread], 64); i > 0; --i) {
        std::atomic_signal_fence(std::memory_order_seq_cst);
      }
      Make(object, thread, call);
    }
  }

  ResultOf<D> Make(D& object, int thread, const CallOf<D>& call) {
    typename Recorder::Log& log = recorder_.Of(thread);
    log.Call(call);
    const ResultOf<D> result = object.Do(thread, call);
    log.Return(result);
    Settle(object, thread, call, result);
    return result;
  }

  void Check(Findings& findings) {
    const HistoryOf<S> history = recorder_.Take();
    ++findings.executions;
    ++findings.histories;
    findings.operations += history.operations.size();
    findings.overlapping += Overlapping(history);
    const absl::StatusOr<Verdict> verdict = CheckLinearizable(specification_, history);
    ASHLAR_CHECK(verdict.ok(), "a recorded history is one");
    if (verdict->outcome == Outcome::kLinearizable) return;
    Drawing drawing = Draw(specification_, history, *verdict);
    std::string text;
    if (Variants<D>() > 1) text = "variant " + std::to_string(variant_) + "\n";
    findings.wrong = {text + Columns(drawing), std::move(drawing)};
  }

  const int threads_;
  const S specification_;
  std::vector<int> counts_;
  Recorder recorder_;
  Random calls_;
  std::vector<Random> pauses_;  // of each thread
  ProgramOf<D> program_;
  int variant_ = 0;
};

template <Described D>
Findings StressObject(const Stress& stress) {
  using S = typename D::Specification;
  std::vector<std::pair<S, Returns>> notions = {{S(), Returns::kVisible}};
  if constexpr (requires { D::Late(); }) notions.emplace_back(D::Late(), Returns::kAtOnce);
  constexpr int kFewest = D::kThreads < 2 ? 1 : 2;
  const auto parts = static_cast<double>(notions.size()) * (D::kThreads - kFewest + 1);
  const auto time = std::chrono::duration_cast<std::chrono::steady_clock::duration>(
      std::chrono::duration<double>(stress.seconds / parts));
  Findings findings;
  for (const auto& [specification, returns] : notions) {
    for (int threads = kFewest; threads <= D::kThreads; ++threads) {
      Stresser<D>(threads, specification, returns, stress.seed).Run(time, findings);
      if (findings.wrong.has_value()) return findings;
    }
  }
  return findings;
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_STRESS_OBJECT_H_
