// What was admitted to a group ends once, before the group does; what comes after the end of a
// group, or after Refuse, is not admitted. Of a group with a limit no more run at once. No helper
// sleeps while there is something that only it would run, and no wait goes on after the last
// member's end: the checkers report threads that sleep for ever. Who joins is told once, after all
// have ended.
//
// Members write plain data, which races if the group orders too little. Each scenario has two or
// three threads, which are runners, spawners, or wait. The lock is a small one, so that all
// executions can be explored; one scenario has that of production.

#include <cstdint>
#include <vector>

#include "ashlar/concurrency/spin_park_mutex.h"
#include "ashlar/scheduling/internal/group_state.h"
#include "ashlar/scheduling/internal/small_lock_for_test.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

template <class Platform, class Mutex = SmallLock<Platform>>
struct Fixture {
  using State = GroupState<Platform, Mutex>;
  using Admission = typename State::Admission;

  struct Task : State::Member {
    typename Platform::template Var<int> runs{0};
    typename Platform::template Var<int> ends{0};
    Task* spawns = nullptr;  // when it runs
    typename Platform::template Var<bool>* over = nullptr;
  };

  struct Joiner : State::Joiner {
    typename Platform::template Var<int> told{0};
    typename Platform::template Var<bool>* over = nullptr;
    Task* waits_for = nullptr;
    bool lets_go = false;  // of the owner's reference
  };

  explicit Fixture(std::size_t limit = State::kUnlimited)
      : state(Platform::template Create<State>(limit)) {}

  bool Add(Task& task) {
    const auto admission = state->Add(task);
    Expect(admission.kind != Admission::kQueued || state->IsLimited());
    return admission.kind == Admission::kNeedsRunner;
  }
  void Run(typename State::Member* member) {
    while (member != nullptr) {
      auto& task = static_cast<Task&>(*member);
      if (task.spawns != nullptr) (void)Add(*task.spawns);
      if (task.over != nullptr) Expect(!task.over->Read());
      ++task.runs.Write();
      ++task.ends.Write();
      const auto due = state->End(task, MemberState::kCompleted, true);
      Tell(due.joiners);
      member = due.member;
    }
  }
  // Gives how often the group has ended: not at all, or once.
  int Tell(typename State::Joiner* joiners) {
    const int ends = joiners != nullptr;
    while (joiners != nullptr) {
      auto& joiner = static_cast<Joiner&>(*joiners);
      joiners = joiners->next();
      Tell(joiner);
    }
    return ends;
  }
  void Tell(Joiner& joiner) {
    if (joiner.waits_for != nullptr) Expect(joiner.waits_for->ends.Read() == 1);
    if (joiner.over != nullptr) joiner.over->Write() = true;
    ++joiner.told.Write();
    if (joiner.lets_go) LetGo();
  }
  int Join(Joiner& joiner) {
    const auto view = state->Join(joiner);
    if (view.ended) Tell(joiner);
    return view.first;
  }
  void EndAll(typename State::Member* member, MemberState how) {
    while (member != nullptr) {
      auto& task = static_cast<Task&>(*member);
      member = member->next();
      ++task.ends.Write();
      Tell(state->End(task, how, false).joiners);
    }
  }
  void LetGo() {
    if (state->Release()) Platform::Destroy(state);
  }
  void Runner() {
    Run(state->BeginRunner());
    LetGo();
  }
  void DroppedRunner() {
    EndAll(state->DropRunner(), MemberState::kFailed);
    LetGo();
  }
  void Cancel() { EndAll(state->Refuse(), MemberState::kCancelled); }
  void Wait(bool helps) {
    for (;;) {
      const auto view = state->Look(helps);
      if (view.ended) return;
      if (view.member != nullptr) {
        Run(view.member);
      } else {
        state->Sleep(view.ticket, helps);
      }
    }
  }
  // Whether an ended one can be used again.
  static void ExpectEnded(Task& task, int runs) {
    Expect(task.ends.Read() == 1);
    Expect(task.runs.Read() == runs);
    task.ends.Write() = 0;
  }
  static void ExpectEnded(Task& task) {
    Expect(task.ends.Read() == 1);
    Expect(task.runs.Read() <= 1);
    task.ends.Write() = 0;
  }

  State* const state;
};

template <class Platform, class Mutex>
struct RunnerAndWaiter {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform, Mutex>;
  All all;
  typename All::Task task;

  RunnerAndWaiter() { Expect(all.Add(task)); }
  void Thread(unsigned index) {
    if (index == 0) return all.Runner();
    all.Wait(/*helps=*/false);
    all.ExpectEnded(task, 1);
    all.LetGo();
  }
};
template <class Platform>
struct OneRunnerAndWaiter : RunnerAndWaiter<Platform, SmallLock<Platform>> {};
template <class Platform>
struct UnderTheMutexOfProduction : RunnerAndWaiter<Platform, SpinParkMutex<Platform, 0>> {};

// The helper may run the member, and the runner come when the group is over.
template <class Platform>
struct RunnerAndHelper {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;

  RunnerAndHelper() { Expect(all.Add(task)); }
  void Thread(unsigned index) {
    if (index == 0) return all.Runner();
    all.Wait(/*helps=*/true);
    all.ExpectEnded(task, 1);
    all.LetGo();
  }
};

template <class Platform>
struct TwoRunnersAndWaiter {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Task tasks[2];

  TwoRunnersAndWaiter() {
    for (auto& task : tasks) Expect(all.Add(task));
  }
  void Thread(unsigned index) {
    if (index < 2) return all.Runner();
    all.Wait(/*helps=*/false);
    for (auto& task : tasks) all.ExpectEnded(task, 1);
    all.LetGo();
  }
};

// Two wait, of whom one sees the end first.
template <class Platform>
struct TwoWaiters {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;
  int firsts[2] = {};

  TwoWaiters() { Expect(all.Add(task)); }
  void Thread(unsigned index) {
    if (index == 2) return all.Runner();
    for (;;) {
      const auto view = all.state->Look(false);
      firsts[index] += view.first;
      if (view.ended) break;
      all.state->Sleep(view.ticket, false);
    }
    Expect(task.ends.Read() == 1);
  }
  void After() {
    Expect(firsts[0] + firsts[1] == 1);
    all.LetGo();
  }
};

// With a limit of one, the second has no runner of its own; and they never run at once.
template <class Platform>
struct LimitOfOne {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all{1};
  typename All::Task tasks[2];
  typename Platform::template Var<int> shared{0};

  LimitOfOne() { Expect(all.Add(tasks[0])); }
  void Thread(unsigned index) {
    if (index == 0) {
      if (all.Add(tasks[1])) Run();
      return;
    }
    Run();
  }
  void Run() {
    auto* member = all.state->BeginRunner();
    while (member != nullptr) {
      ++shared.Write();
      ++static_cast<typename All::Task*>(member)->ends.Write();
      member = all.state->End(*member, MemberState::kCompleted, true).member;
    }
    all.LetGo();
  }
  void After() {
    Expect(shared.Read() == 2);
    for (auto& task : tasks) Expect(task.ends.Read() == 1);
    all.LetGo();
  }
};

// A task that is spawned from outside while the group is being waited for is part of it, or not
// admitted.
template <class Platform>
struct LateSpawn {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;
  bool admitted = false;
  typename Platform::template Var<bool> over{false};

  LateSpawn() {
    task.over = &over;
    all.state->Refer();
  }
  void Thread(unsigned index) {
    if (index == 0) {
      admitted = all.Add(task);
      if (admitted) all.Runner();
    } else {
      all.Wait(/*helps=*/true);
      over.Write() = true;
    }
    all.LetGo();
  }
  void After() { Expect(task.ends.Read() == (admitted ? 1 : 0)); }
};

// Cancelled, or run.
template <class Platform>
struct CancelAgainstRunner {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;

  CancelAgainstRunner() { Expect(all.Add(task)); }
  void Thread(unsigned index) {
    if (index == 0) return all.Runner();
    if (index == 1) return all.Cancel();
    all.Wait(/*helps=*/true);
    all.ExpectEnded(task);
  }
  void After() { all.LetGo(); }
};

// Cancelled, or refused.
template <class Platform>
struct CancelAgainstSpawn {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;
  bool admitted = false;

  void Thread(unsigned index) {
    if (index == 1) return all.Cancel();
    admitted = all.Add(task);
    if (admitted) all.Runner();
  }
  void After() {
    Expect(task.ends.Read() == (admitted ? 1 : 0));
    Expect(all.state->Look(false).ended);
    all.LetGo();
  }
};

// An executor drops a runner: of a group with a limit the other may run both; of one without,
// one of the two has lost its runner.
template <class Platform>
struct DropAgainstRunner {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Task tasks[2];

  explicit DropAgainstRunner(std::size_t limit = All::State::kUnlimited) : all(limit) {
    for (auto& task : tasks) Expect(all.Add(task));
  }
  void Thread(unsigned index) {
    if (index == 0) return all.Runner();
    if (index == 1) return all.DroppedRunner();
    all.Wait(/*helps=*/false);
    for (auto& task : tasks) all.ExpectEnded(task);
  }
  void After() { all.LetGo(); }
};
template <class Platform>
struct DropAgainstRunnerWithLimit : DropAgainstRunner<Platform> {
  DropAgainstRunnerWithLimit() : DropAgainstRunner<Platform>(2) {}
};

// The only runner is dropped, while a second member relies on it.
template <class Platform>
struct DropOfTheOnlyRunner {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all{1};
  typename All::Task tasks[2];
  bool second_runs = false;

  DropOfTheOnlyRunner() { Expect(all.Add(tasks[0])); }
  void Thread(unsigned index) {
    if (index == 0) return all.DroppedRunner();
    second_runs = all.Add(tasks[1]);
    if (second_runs) all.Runner();
  }
  void After() {
    for (auto& task : tasks) Expect(task.ends.Read() == 1);
    Expect(all.state->Look(false).ended);
    all.LetGo();
  }
};

// A helper that sleeps is woken for what a running task spawns, since nobody else runs it.
template <class Platform>
struct HelperIsWoken {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Task tasks[2];

  HelperIsWoken() {
    Expect(all.Add(tasks[0]));
    tasks[0].spawns = &tasks[1];
  }
  void Thread(unsigned index) {
    if (index == 0) return all.Runner();
    all.Wait(/*helps=*/true);
    for (auto& task : tasks) all.ExpectEnded(task, 1);
  }
  // The second runner comes when all is over.
  void After() {
    all.Runner();
    all.LetGo();
  }
};

// A group inside ends before the one around it.
template <class Platform>
struct ChildEnds {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename Platform::template Var<int> child{0};

  ChildEnds() { Expect(all.state->AddChild()); }
  void Thread(unsigned index) {
    if (index == 0) {
      child.Write() = 1;
      Expect(all.state->EndChild() == nullptr);
      return;
    }
    all.Wait(/*helps=*/false);
    Expect(child.Read() == 1);
  }
  void After() {
    Expect(!all.state->AddChild());
    all.LetGo();
  }
};

// Who joins is told when the last one has ended, by who ended it, or sees that it has. Then it lets
// the group go, of which the runner that tells still has a reference.
template <class Platform>
struct JoinAgainstRunner {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;
  typename All::Joiner joiner;

  JoinAgainstRunner() {
    Expect(all.Add(task));
    joiner.waits_for = &task;
    joiner.lets_go = true;
  }
  void Thread(unsigned index) {
    if (index == 0) return all.Runner();
    all.Join(joiner);
  }
  void After() { Expect(joiner.told.Read() == 1); }
};

template <class Platform>
struct JoinAgainstTwoRunners {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Task tasks[2];
  typename All::Joiner joiners[2];

  JoinAgainstTwoRunners() {
    for (auto& task : tasks) Expect(all.Add(task));
    joiners[0].waits_for = &tasks[0];
    joiners[1].waits_for = &tasks[1];
  }
  void Thread(unsigned index) {
    if (index < 2) return all.Runner();
    for (auto& joiner : joiners) all.Join(joiner);
  }
  void After() {
    for (auto& joiner : joiners) Expect(joiner.told.Read() == 1);
    all.LetGo();
  }
};

// Cancelled, or run, with nobody but who joins.
template <class Platform>
struct JoinAgainstCancel {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;
  typename All::Joiner joiner;

  JoinAgainstCancel() {
    Expect(all.Add(task));
    joiner.waits_for = &task;
  }
  void Thread(unsigned index) {
    if (index == 0) return all.Runner();
    if (index == 1) return all.Cancel();
    all.Join(joiner);
  }
  void After() {
    Expect(joiner.told.Read() == 1);
    all.LetGo();
  }
};

// One waits, one joins: one of them, or who tells, is the first to see the end.
template <class Platform>
struct JoinAgainstWaiter {
  static constexpr unsigned kThreads = 3;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;
  typename All::Joiner joiner;
  int firsts[3] = {};

  JoinAgainstWaiter() {
    Expect(all.Add(task));
    joiner.waits_for = &task;
  }
  void Thread(unsigned index) {
    if (index == 0) {
      auto* const member = all.state->BeginRunner();
      ++static_cast<typename All::Task*>(member)->ends.Write();
      firsts[0] = all.Tell(all.state->End(*member, MemberState::kCompleted, true).joiners);
      return all.LetGo();
    }
    if (index == 1) {
      firsts[1] = all.Join(joiner);
      return;
    }
    for (;;) {
      const auto view = all.state->Look(false);
      firsts[2] += view.first;
      if (view.ended) break;
      all.state->Sleep(view.ticket, false);
    }
    Expect(task.ends.Read() == 1);
  }
  void After() {
    Expect(joiner.told.Read() == 1);
    Expect(firsts[0] + firsts[1] + firsts[2] == 1);
    all.LetGo();
  }
};

// A task that is spawned from outside is part of what is joined, or not admitted.
template <class Platform>
struct JoinAgainstLateSpawn {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Task task;
  typename All::Joiner joiner;
  bool admitted = false;
  typename Platform::template Var<bool> over{false};

  JoinAgainstLateSpawn() {
    task.over = &over;
    joiner.over = &over;
  }
  void Thread(unsigned index) {
    if (index == 1) {
      all.Join(joiner);
      return;
    }
    admitted = all.Add(task);
    if (admitted) all.Runner();
  }
  void After() {
    Expect(task.ends.Read() == (admitted ? 1 : 0));
    Expect(joiner.told.Read() == 1);
    all.LetGo();
  }
};

// The end of a group inside is told, too.
template <class Platform>
struct JoinAgainstChild {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all;
  typename All::Task child;
  typename All::Joiner joiner;

  JoinAgainstChild() {
    Expect(all.state->AddChild());
    joiner.waits_for = &child;
  }
  void Thread(unsigned index) {
    if (index == 0) {
      ++child.ends.Write();
      all.Tell(all.state->EndChild());
    } else {
      all.Join(joiner);
    }
  }
  void After() {
    Expect(joiner.told.Read() == 1);
    all.LetGo();
  }
};

// An executor that runs inside of the call.
template <class Platform>
struct RunsInside {
  static constexpr unsigned kThreads = 2;
  using All = Fixture<Platform>;
  All all{1};
  typename All::Task tasks[2];

  void Thread(unsigned index) {
    const auto admission = all.state->AddRunning(tasks[index]);
    if (admission.kind == All::Admission::kRuns) all.Run(&tasks[index]);
  }
  void After() {
    for (auto& task : tasks) all.ExpectEnded(task, 1);
    Expect(all.state->Look(false).ended);
    all.LetGo();
  }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<internal::OneRunnerAndWaiter>("RunnerAndWaiter"),
      MakeScenario<internal::UnderTheMutexOfProduction>("UnderTheMutexOfProduction"),
      MakeScenario<internal::RunnerAndHelper>("RunnerAndHelper"),
      MakeScenario<internal::TwoRunnersAndWaiter>("TwoRunnersAndWaiter"),
      MakeScenario<internal::TwoWaiters>("TwoWaiters"),
      MakeScenario<internal::LimitOfOne>("LimitOfOne"),
      MakeScenario<internal::LateSpawn>("LateSpawn"),
      MakeScenario<internal::CancelAgainstRunner>("CancelAgainstRunner"),
      MakeScenario<internal::CancelAgainstSpawn>("CancelAgainstSpawn"),
      MakeScenario<internal::DropAgainstRunner>("DropAgainstRunner"),
      MakeScenario<internal::DropAgainstRunnerWithLimit>("DropAgainstRunnerWithLimit"),
      MakeScenario<internal::DropOfTheOnlyRunner>("DropOfTheOnlyRunner"),
      MakeScenario<internal::HelperIsWoken>("HelperIsWoken"),
      MakeScenario<internal::ChildEnds>("ChildEnds"),
      MakeScenario<internal::JoinAgainstRunner>("JoinAgainstRunner"),
      MakeScenario<internal::JoinAgainstTwoRunners>("JoinAgainstTwoRunners"),
      MakeScenario<internal::JoinAgainstCancel>("JoinAgainstCancel"),
      MakeScenario<internal::JoinAgainstWaiter>("JoinAgainstWaiter"),
      MakeScenario<internal::JoinAgainstLateSpawn>("JoinAgainstLateSpawn"),
      MakeScenario<internal::JoinAgainstChild>("JoinAgainstChild"),
      MakeScenario<internal::RunsInside>("RunsInside"),
  };
}

}  // namespace ashlar::verification
