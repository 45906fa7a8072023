// Forks are run once, by their owner or a thief, and their outcome is visible to the owner.
// A worker that waits is woken, runs what the thief forks for it, and never anything else.

#include <atomic>
#include <cstdint>
#include <vector>

#include "ashlar/engine/internal/forks.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

template <class Platform>
class Worker;

// A job that forks another one, or not, and then writes down that it has run.
template <class Platform>
class Job : public StackJob<Platform> {
 public:
  explicit Job(Job* forks = nullptr) : StackJob<Platform>(&RunOnThief), forks_(forks) {}

  // On `worker`, as its owner or as a thief.
  void Execute(Worker<Platform>& worker);
  void ExpectRunOnce() { Expect(runs_.Read() == 1); }
  // The job, or one that it forks for somebody else.
  bool Has(const StackJob<Platform>* other) const {
    return other == this || (forks_ != nullptr && forks_->Has(other));
  }

  Worker<Platform>* thief = nullptr;  // who runs it as a thief

 private:
  static void RunOnThief(StackJob<Platform>* job) {
    auto* const self = static_cast<Job*>(job);
    self->Execute(*self->thief);
    self->Finish();
  }

  Job* const forks_;
  typename Platform::template Var<int> runs_{0};
};

template <class Platform>
class Worker {
 public:
  explicit Worker(std::uint32_t name, Worker* all) : name_(name), all_(all) {
    forks_.deque().Request();  // somebody is hungry
  }

  // Forks `job` and joins it.
  void ForkAndJoin(Job<Platform>& job) {
    const auto on_published = [this] { forks_.OnPublished(); };
    auto* const place = forks_.deque().Push(&job, on_published);
    if (forks_.deque().Pop(place, on_published)) {
      job.Execute(*this);
    } else {
      Forks<Platform>::Await(job, Waiter{*this, job});
      forks_.deque().Release(place);
    }
    job.ExpectRunOnce();
  }

  // Tries to take a fork of `victim` and to run it.
  void StealFrom(Worker& victim) {
    const auto fork = victim.forks_.deque().Steal();
    if (fork.outcome == StealOutcome::kSuccess) RunStolen(fork.item);
  }

 private:
  struct Waiter {
    Worker& worker;
    const Job<Platform>& awaited;
    int pauses = 0;

    Forks<Platform>& ForksOf(std::uint32_t thief) { return worker.all_[thief].forks_; }
    // First it is time to sleep: under RC11 nobody comes back from a SpinWait in vain.
    bool Pause() {
      if (++pauses % 2 != 0) return false;
      Platform::SpinWait();
      return true;
    }
    void Help(StackJob<Platform>* job) {
      Expect(job != &awaited && awaited.Has(job));
      worker.RunStolen(job);
    }
  };

  void RunStolen(StackJob<Platform>* job) {
    static_cast<Job<Platform>*>(job)->thief = this;
    forks_.Run(job, name_);
  }

  const std::uint32_t name_;
  Worker* const all_;
  Forks<Platform> forks_{4};
};

template <class Platform>
void Job<Platform>::Execute(Worker<Platform>& worker) {
  if (forks_ != nullptr) worker.ForkAndJoin(*forks_);
  runs_.Write() = runs_.Read() + 1;
}

template <class Platform>
struct StolenOrNot {
  static constexpr unsigned kThreads = 2;
  Worker<Platform> workers[2] = {Worker<Platform>(0, workers), Worker<Platform>(1, workers)};
  Job<Platform> job;

  void Thread(unsigned index) {
    if (index == 0) {
      workers[0].ForkAndJoin(job);
    } else {
      workers[1].StealFrom(workers[0]);
    }
  }
};

// What the thief forks may be taken by the worker that waits.
template <class Platform>
struct ThiefForks {
  static constexpr unsigned kThreads = 2;
  Worker<Platform> workers[2] = {Worker<Platform>(0, workers), Worker<Platform>(1, workers)};
  Job<Platform> inner;
  Job<Platform> outer{&inner};

  void Thread(unsigned index) {
    if (index == 0) {
      workers[0].ForkAndJoin(outer);
    } else {
      workers[1].StealFrom(workers[0]);
    }
  }
  void After() {
    outer.ExpectRunOnce();
    inner.ExpectRunOnce();
  }
};

// Three generations, each of which the other one may take.
template <class Platform>
struct ForthAndBack {
  static constexpr unsigned kThreads = 2;
  Worker<Platform> workers[2] = {Worker<Platform>(0, workers), Worker<Platform>(1, workers)};
  Job<Platform> innermost;
  Job<Platform> inner{&innermost};
  Job<Platform> outer{&inner};

  void Thread(unsigned index) {
    if (index == 0) {
      workers[0].ForkAndJoin(outer);
    } else {
      workers[1].StealFrom(workers[0]);
    }
  }
  void After() { innermost.ExpectRunOnce(); }
};

// When the thief is done it forks on its own account; that is nothing for the waiter.
template <class Platform>
struct ThiefGoesOn {
  static constexpr unsigned kThreads = 2;
  Worker<Platform> workers[2] = {Worker<Platform>(0, workers), Worker<Platform>(1, workers)};
  Job<Platform> job;
  Job<Platform> unrelated;

  void Thread(unsigned index) {
    if (index == 0) {
      workers[0].ForkAndJoin(job);
    } else {
      workers[1].StealFrom(workers[0]);
      workers[1].ForkAndJoin(unrelated);
    }
  }
};

// The thief's next job is another worker's.
template <class Platform>
struct ThiefStealsElsewhere {
  static constexpr unsigned kThreads = 3;
  Worker<Platform> workers[3] = {Worker<Platform>(0, workers), Worker<Platform>(1, workers),
                                 Worker<Platform>(2, workers)};
  Job<Platform> mine;
  Job<Platform> inner;
  Job<Platform> others{&inner};

  void Thread(unsigned index) {
    if (index == 0) {
      workers[0].ForkAndJoin(mine);
    } else if (index == 1) {
      workers[1].StealFrom(workers[0]);
      workers[1].StealFrom(workers[2]);
    } else {
      workers[2].ForkAndJoin(others);
    }
  }
};

// Two thieves: the second one takes from the first what the waiter might have had.
template <class Platform>
struct TwoThieves {
  static constexpr unsigned kThreads = 3;
  Worker<Platform> workers[3] = {Worker<Platform>(0, workers), Worker<Platform>(1, workers),
                                 Worker<Platform>(2, workers)};
  Job<Platform> inner;
  Job<Platform> outer{&inner};

  void Thread(unsigned index) {
    if (index == 0) {
      workers[0].ForkAndJoin(outer);
    } else if (index == 1) {
      workers[1].StealFrom(workers[0]);
    } else {
      workers[2].StealFrom(workers[1]);
    }
  }
  void After() { inner.ExpectRunOnce(); }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  using namespace internal;
  return {
      MakeScenario<StolenOrNot>("StolenOrNot"),
      MakeScenario<ThiefForks>("ThiefForks"),
      MakeScenario<ForthAndBack>("ForthAndBack"),
      MakeScenario<ThiefGoesOn>("ThiefGoesOn"),
      MakeScenario<ThiefStealsElsewhere>("ThiefStealsElsewhere"),
      MakeScenario<TwoThieves>("TwoThieves"),
  };
}

}  // namespace ashlar::verification
