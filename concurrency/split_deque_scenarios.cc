// Fork and join over a split deque: every task runs exactly once, sees what was written
// before its fork, and is seen by its join, whatever thieves do.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ashlar/concurrency/split_deque.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;

// A stack of forked tasks, numbered from the bottom.
template <class Platform>
class Tasks {
 public:
  static constexpr std::size_t kMost = 4;

  explicit Tasks(std::size_t capacity = kMost) : deque_(capacity) {}

  void Fork() {
    Task& task = tasks_[forked_];
    task.state.Write() = State::kForked;
    task.done.store(false, kRelaxed);
    task.place = deque_.Push(forked_, [] {});
    Expect(task.place != nullptr);
    ++forked_;
  }
  // Whether the task was still there.
  bool Join() {
    Task& task = tasks_[--forked_];
    const bool there = deque_.Pop(task.place, [] {});
    if (there) {
      Run(task);
    } else {
      while (!task.done.load(kAcquire)) Platform::SpinWait();
      deque_.Release(task.place);
    }
    Expect(task.state.Read() == State::kDone);
    return there;
  }
  // So that the next fork publishes.
  void Request() { deque_.Request(); }
  std::size_t PublicSize() const { return deque_.PublicSize(); }
  bool Full() {
    return deque_.Push(0, [] {}) == nullptr;
  }

  void Steal() { RunStolen(deque_.Steal()); }
  // Whether it got one.
  bool StealWhile(const typename Platform::template Atomic<bool>& allowed) {
    return RunStolen(deque_.StealIf([&](std::uint32_t) { return allowed.load(kRelaxed); }));
  }

 private:
  using Deque = SplitDeque<std::size_t, Platform>;
  enum class State { kNone, kForked, kDone };

  struct Task {
    typename Platform::template Var<State> state;
    typename Platform::template Atomic<bool> done;
    typename Deque::Place* place = nullptr;  // the owner's
  };

  bool RunStolen(StealResult<std::size_t> result) {
    if (result.outcome != StealOutcome::kSuccess) return false;
    Task& task = tasks_[result.item];
    Run(task);
    task.done.store(true, kRelease);
    return true;
  }

  // Two who run the same one are found here, or race.
  static void Run(Task& task) {
    Expect(task.state.Read() == State::kForked);
    task.state.Write() = State::kDone;
  }

  Deque deque_;
  Task tasks_[kMost];
  std::size_t forked_ = 0;  // the owner's
};

// The owner and a thief meet on the only public task.
template <class Platform>
struct LastPublicTask {
  static constexpr unsigned kThreads = 2;
  Tasks<Platform> tasks;

  LastPublicTask() {
    tasks.Request();
    tasks.Fork();
  }
  void Thread(unsigned index) { index == 0 ? (void)tasks.Join() : tasks.Steal(); }
};

template <class Platform>
struct LastPublicTaskTwoThieves {
  static constexpr unsigned kThreads = 3;
  Tasks<Platform> tasks;

  LastPublicTaskTwoThieves() {
    tasks.Request();
    tasks.Fork();
  }
  void Thread(unsigned index) { index == 0 ? (void)tasks.Join() : tasks.Steal(); }
};

// A thief asks, the owner publishes, and takes back what nobody came for.
template <class Platform>
struct RequestIsMet {
  static constexpr unsigned kThreads = 2;
  Tasks<Platform> tasks;

  void Thread(unsigned index) {
    if (index > 0) {
      tasks.Steal();
      tasks.Steal();
      return;
    }
    for (int i = 0; i < 3; ++i) tasks.Fork();
    for (int i = 0; i < 3; ++i) tasks.Join();
  }
};

// Public tasks are taken back by halves while thieves take the oldest.
template <class Platform>
struct HalvesAreTakenBack {
  static constexpr unsigned kThreads = 3;
  Tasks<Platform> tasks;

  HalvesAreTakenBack() {
    for (int i = 0; i < 3; ++i) {
      tasks.Request();
      tasks.Fork();
    }
  }
  void Thread(unsigned index) {
    if (index > 0) return tasks.Steal();
    for (int i = 0; i < 3; ++i) tasks.Join();
  }
};

// A place that was taken back or stolen is used by a new task, and a slow thief still
// remembers the old word.
template <class Platform>
struct PlacesAreUsedAgain {
  static constexpr unsigned kThreads = 3;
  Tasks<Platform> tasks{1};

  PlacesAreUsedAgain() {
    tasks.Request();
    tasks.Fork();
  }
  void Thread(unsigned index) {
    if (index > 0) return tasks.Steal();
    tasks.Join();
    tasks.Request();
    tasks.Fork();
    Expect(tasks.Full());
    tasks.Join();
  }
};

// A condition that ended before a task was forked does not hold for it,
template <class Platform>
struct ConditionSeesWhatPrecedesTheFork {
  static constexpr unsigned kThreads = 2;
  Tasks<Platform> tasks;
  typename Platform::template Atomic<bool> allowed{true};

  void Thread(unsigned index) {
    if (index > 0) return Expect(!tasks.StealWhile(allowed));
    allowed.store(false, kRelaxed);
    tasks.Request();
    tasks.Fork();
    tasks.Join();
  }
};

// nor takes it a thief that has slept since it held for another one at the same place.
template <class Platform>
struct ConditionHoldsForOneTask {
  static constexpr unsigned kThreads = 2;
  Tasks<Platform> tasks;
  typename Platform::template Atomic<bool> allowed{true};

  ConditionHoldsForOneTask() {
    tasks.Request();
    tasks.Fork();
  }
  void Thread(unsigned index) {
    if (index > 0) return (void)tasks.StealWhile(allowed);
    tasks.Join();
    allowed.store(false, kRelaxed);
    tasks.Request();
    tasks.Fork();
    Expect(tasks.Join());
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<LastPublicTask>("LastPublicTask"),
      MakeScenario<LastPublicTaskTwoThieves>("LastPublicTaskTwoThieves"),
      MakeScenario<RequestIsMet>("RequestIsMet"),
      MakeScenario<HalvesAreTakenBack>("HalvesAreTakenBack"),
      MakeScenario<PlacesAreUsedAgain>("PlacesAreUsedAgain"),
      MakeScenario<ConditionSeesWhatPrecedesTheFork>("ConditionSeesWhatPrecedesTheFork"),
      MakeScenario<ConditionHoldsForOneTask>("ConditionHoldsForOneTask"),
  };
}

}  // namespace ashlar::verification
