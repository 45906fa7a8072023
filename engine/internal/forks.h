// Forks: what one worker has forked and not joined, and what passes between that worker,
// those who steal from it, and those who wait for what it has stolen.
//
// A worker whose forked half was stolen helps the thief with what that one forks for it,
// and with nothing else; engine/README.md says why that holds.
// Source: D. B. Wagner, B. G. Calder, "Leapfrogging: A portable technique for implementing
// efficient futures", PPoPP 1993.
#ifndef ASHLAR_ENGINE_INTERNAL_FORKS_H_
#define ASHLAR_ENGINE_INTERNAL_FORKS_H_

#include <cstddef>
#include <cstdint>

#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/split_deque.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/engine/internal/stack_job.h"

namespace ashlar::internal {

template <class Platform = StdPlatform>
class Forks {
 public:
  using Job = StackJob<Platform>;
  using Deque = SplitDeque<Job*, Platform>;

  // `capacity`: forks that can be open.
  explicit Forks(std::size_t capacity) : deque_(capacity) {}

  Deque& deque() { return deque_; }
  const Deque& deque() const { return deque_; }

  // Owner. Runs what it stole, with no fork of its own left to steal; `name`: its own.
  void Run(Job* job, std::uint32_t name) {
    job->Run(name);
    progress_.NotifyAll();
  }

  // Owner. Forks became public.
  void OnPublished() { progress_.NotifyAll(); }

  // Waits for a job of one's own that was stolen, and helps its thief; blocking. `waiter`
  // has
  //   Forks& ForksOf(std::uint32_t thief)
  //   bool Pause()          // for a moment; false when it is time to sleep
  //   void Help(Job* job)   // runs what was stolen
  template <class Waiter>
  static void Await(const Job& job, Waiter&& waiter) {
    const auto unfinished = [&](std::uint32_t) { return job.thief() != Job::kDone; };
    for (;;) {
      const std::uint32_t thief = job.thief();
      if (thief == Job::kDone) return;
      if (thief == Job::kNobody) {  // about to say its name
        waiter.Pause();
        continue;
      }
      Forks& holder = waiter.ForksOf(thief);
      const auto fork = holder.deque_.StealIf(unfinished);
      if (fork.outcome == StealOutcome::kSuccess) {
        waiter.Help(fork.item);
      } else if (!waiter.Pause()) {
        const auto key = holder.progress_.PrepareWait();
        if (!unfinished(0) || holder.deque_.PublicSize() > 0) {
          holder.progress_.CancelWait();
        } else {
          holder.progress_.CommitWait(key);
        }
      }
    }
  }

 private:
  Deque deque_;
  // Moves when this worker publishes forks or finishes what it stole: workers that wait
  // for something it holds sleep here.
  BasicEventCount<Platform> progress_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_FORKS_H_
