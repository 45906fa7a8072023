// A task is claimed once, its result is visible to whoever sees it finished, its waiters
// wake, and its last holder may clear it away.

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "ashlar/engine/internal/task_word.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

// A task whose result is a number.
template <class Platform>
class Result {
 public:
  explicit Result(std::uint32_t holders) : word_(holders) {}

  TaskWord<Platform>& word() { return word_; }

  // Whether the caller was the one to run it.
  bool TryRun(std::uint32_t worker) {
    if (!word_.TryClaim(worker)) return false;
    result_.Write() = 7;
    const auto finished = word_.Finish(TaskPhase::kCompleted);
    if (finished.waiters) word_.Wake();
    if (finished.last) Clear();
    return true;
  }
  void Note() { note_.Write() = 1; }
  void Expect7() { Expect(result_.Read() == 7); }
  void Drop() {
    if (word_.DropHolder()) Clear();
  }
  bool cleared() { return cleared_.Read(); }

 private:
  // By the last holder, after everybody else's last look.
  void Clear() {
    Expect(!cleared_.Read());
    cleared_.Write() = true;
    result_.Write() = 0;
    note_.Write() = 0;
  }

  TaskWord<Platform> word_;
  typename Platform::template Var<int> result_;
  typename Platform::template Var<int> note_;  // what another holder wrote into the task
  typename Platform::template Var<bool> cleared_;
};

template <class Platform>
struct ClaimedOnce {
  static constexpr unsigned kThreads = 3;
  Result<Platform> task{4};
  int claims[3] = {};

  void Thread(unsigned index) {
    claims[index] = index == 2 ? task.word().TryCancel() : task.TryRun(index);
  }
  void After() { Expect(claims[0] + claims[1] + claims[2] == 1); }
};

template <class Platform>
struct ResultIsVisible {
  static constexpr unsigned kThreads = 2;
  Result<Platform> task{2};

  void Thread(unsigned index) {
    if (index == 0) {
      task.TryRun(0);
    } else if (task.word().finished()) {
      task.Expect7();
    }
  }
};

// A claimed task that nobody runs any more is finished.
template <class Platform>
struct NoRunnerMeansFinished {
  static constexpr unsigned kThreads = 2;
  Result<Platform> task{2};
  typename Platform::template Atomic<bool> claimed{false};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(task.word().TryClaim(5));
      claimed.store(true, std::memory_order_release);
      Finish();
    } else if (claimed.load(std::memory_order_acquire)) {
      const std::optional<std::uint32_t> runner = task.word().runner();
      if (runner) return Expect(*runner == 5);
      Expect(result.Read() == 1);
    }
  }
  void Finish() {
    result.Write() = 1;
    task.word().Finish(TaskPhase::kFailed);
  }
  typename Platform::template Var<int> result;
};

template <class Platform>
struct SleepersWake {
  static constexpr unsigned kThreads = 3;
  Result<Platform> task{3};

  void Thread(unsigned index) {
    if (index == 0) {
      task.TryRun(0);
      return;
    }
    while (task.word().AnnounceWaiter()) task.word().Sleep(std::nullopt);
    task.Expect7();
  }
};

template <class Platform>
struct TimedSleeperGivesUpOrSeesTheResult {
  static constexpr unsigned kThreads = 2;
  Result<Platform> task{2};

  void Thread(unsigned index) {
    if (index == 0) {
      task.TryRun(0);
      return;
    }
    if (task.word().AnnounceWaiter()) task.word().Sleep(std::chrono::seconds(1));
    if (task.word().finished()) task.Expect7();
  }
};

template <class Platform>
struct LastHolderClears {
  static constexpr unsigned kThreads = 3;
  Result<Platform> task{3};

  void Thread(unsigned index) {
    if (index == 0) {
      task.TryRun(0);
      return;
    }
    if (task.word().finished()) task.Expect7();
    task.Drop();
  }
  void After() { Expect(task.cleared()); }
};

// Also when the last one is the runner.
template <class Platform>
struct RunnerClears {
  static constexpr unsigned kThreads = 2;
  Result<Platform> task{2};

  void Thread(unsigned index) {
    if (index == 0) {
      task.TryRun(0);
    } else {
      task.Note();
      task.Drop();
    }
  }
  void After() { Expect(task.cleared()); }
};

template <class Platform>
struct HoldersCanBeAdded {
  static constexpr unsigned kThreads = 2;
  Result<Platform> task{2};

  void Thread(unsigned index) {
    if (index == 0) {
      task.TryRun(0);
      return;
    }
    task.word().AddHolder();
    task.Drop();
    if (task.word().finished()) task.Expect7();
    task.Drop();
  }
  void After() { Expect(task.cleared()); }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  using namespace internal;
  return {
      MakeScenario<ClaimedOnce>("ClaimedOnce"),
      MakeScenario<ResultIsVisible>("ResultIsVisible"),
      MakeScenario<NoRunnerMeansFinished>("NoRunnerMeansFinished"),
      MakeScenario<SleepersWake>("SleepersWake"),
      MakeScenario<TimedSleeperGivesUpOrSeesTheResult>("TimedSleeperGivesUpOrSeesTheResult"),
      MakeScenario<LastHolderClears>("LastHolderClears"),
      MakeScenario<RunnerClears>("RunnerClears"),
      MakeScenario<HoldersCanBeAdded>("HoldersCanBeAdded"),
  };
}

}  // namespace ashlar::verification
