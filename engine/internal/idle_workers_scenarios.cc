// No work is left lying while a worker is idle, and a pool that is told to stop ends: either
// would show as DEADLOCK or LIVELOCK. The workers here do what Worker does, with a counter
// in place of queues.

#include <atomic>
#include <vector>

#include "ashlar/engine/internal/idle_workers.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kSeqCst = std::memory_order_seq_cst;

template <class Platform>
class Pool {
 public:
  // A piece of work ends when `together` have begun, so that as many workers must be at it.
  explicit Pool(int workers, int together = 1) : idle_(workers), together_(together) {}
  // What was accepted is done.
  ~Pool() { Expect(work_.load(kRelaxed) / kOnePiece == 0); }

  // Refused after Stop.
  void Publish(int count) {
    int work = work_.load(kRelaxed);
    do {
      if ((work & kClosed) != 0) return;
    } while (!work_.compare_exchange_weak(work, work + count * kOnePiece, kSeqCst, kRelaxed));
    idle_.WakeOneIfNeeded();
  }
  void Stop() {
    work_.fetch_or(kClosed, kRelaxed);
    idle_.Stop();
  }

  // Stop would wake whoever sleeps by mistake.
  void StopWhenBegun(int count) {
    while (begun_.load(kRelaxed) < count) Platform::SpinWait();
    Stop();
  }

  // A worker's whole life.
  void Main(int worker) {
    while (Search(worker)) {
      begun_.fetch_add(1, kRelaxed);
      while (begun_.load(kRelaxed) < together_) Platform::SpinWait();
    }
  }

 private:
  static constexpr int kClosed = 1;
  static constexpr int kOnePiece = 2;

  bool Search(int worker) {
    using Rest = typename IdleWorkers<Platform>::Rest;
    idle_.BeginSearch();
    while (!TryTake()) {
      if (idle_.Sleep(worker, [this] { return WorkInSight(); }) == Rest::kEnd) return false;
    }
    idle_.EndSearch();
    if (idle_.AnySleeping() && WorkInSight()) idle_.WakeOneIfNeeded();
    return true;
  }
  bool TryTake() {
    int work = work_.load(kRelaxed);
    while (work >= kOnePiece) {
      if (work_.compare_exchange_weak(work, work - kOnePiece, kRelaxed, kRelaxed)) return true;
    }
    return false;
  }
  bool WorkInSight() { return work_.load(kSeqCst) >= kOnePiece; }

  IdleWorkers<Platform> idle_;
  const int together_;
  typename Platform::template Atomic<int> work_{0};  // pieces, and whether it is closed
  typename Platform::template Atomic<int> begun_{0};
};

template <class Platform>
struct OneWorker {
  static constexpr unsigned kThreads = 2;
  Pool<Platform> pool{1};

  void Thread(unsigned index) {
    if (index > 0) return pool.Main(0);
    pool.Publish(1);
    pool.Publish(1);
    pool.StopWhenBegun(2);
  }
};

template <class Platform>
struct StopOneWorker {
  static constexpr unsigned kThreads = 2;
  Pool<Platform> pool{1};

  void Thread(unsigned index) { index == 0 ? pool.Stop() : pool.Main(0); }
};

template <class Platform>
struct StopTwoWorkers {
  static constexpr unsigned kThreads = 3;
  Pool<Platform> pool{2};

  void Thread(unsigned index) { index == 0 ? pool.Stop() : pool.Main(static_cast<int>(index) - 1); }
};

template <class Platform>
struct TwoPublishers {
  static constexpr unsigned kThreads = 3;
  Pool<Platform> pool{1};

  void Thread(unsigned index) {
    if (index == 2) return pool.Main(0);
    pool.Publish(1);
    if (index == 0) pool.StopWhenBegun(2);
  }
};

template <class Platform>
struct PublisherAgainstStop {
  static constexpr unsigned kThreads = 3;
  Pool<Platform> pool{1};

  void Thread(unsigned index) {
    if (index == 0) pool.Publish(1);
    if (index == 1) pool.Stop();
    if (index == 2) pool.Main(0);
  }
};

template <class Platform>
struct PublisherAgainstStopTwoWorkers {
  static constexpr unsigned kThreads = 4;
  Pool<Platform> pool{2};

  void Thread(unsigned index) {
    if (index == 0) return pool.Publish(1);
    if (index == 1) return pool.Stop();
    pool.Main(static_cast<int>(index) - 2);
  }
};

template <class Platform>
struct TwoWorkersOnePiece {
  static constexpr unsigned kThreads = 3;
  Pool<Platform> pool{2};

  void Thread(unsigned index) {
    if (index > 0) return pool.Main(static_cast<int>(index) - 1);
    pool.Publish(1);
    pool.StopWhenBegun(1);
  }
};

// One wake-up for two pieces: the woken one passes it on.
template <class Platform>
struct TwoPiecesAtOnce {
  static constexpr unsigned kThreads = 3;
  Pool<Platform> pool{2, 2};

  void Thread(unsigned index) {
    if (index > 0) return pool.Main(static_cast<int>(index) - 1);
    pool.Publish(2);
    pool.StopWhenBegun(2);
  }
};

// The second piece comes while somebody searches, finds the first, or falls asleep.
template <class Platform>
struct TwoPiecesOneByOne {
  static constexpr unsigned kThreads = 3;
  Pool<Platform> pool{2, 2};

  void Thread(unsigned index) {
    if (index > 0) return pool.Main(static_cast<int>(index) - 1);
    pool.Publish(1);
    pool.Publish(1);
    pool.StopWhenBegun(2);
  }
};

// Each publisher may take the other one's count for a worker that searches.
template <class Platform>
struct TwoPublishersTwoWorkers {
  static constexpr unsigned kThreads = 4;
  Pool<Platform> pool{2, 2};

  void Thread(unsigned index) {
    if (index > 1) return pool.Main(static_cast<int>(index) - 2);
    pool.Publish(1);
    if (index == 0) pool.StopWhenBegun(2);
  }
};

// A publisher that finds its sleeper gone has counted as a searcher for a moment: whom that
// kept from waking somebody else must not lose by it. Worker 0 nearly sleeps, finds work,
// and while at it needs worker 1.
template <class Platform>
struct SleeperWasGone {
  static constexpr unsigned kThreads = 3;
  IdleWorkers<Platform> idle{2};
  typename Platform::template Atomic<bool> work{false};
  typename Platform::template Atomic<bool> begun{false};

  SleeperWasGone() { idle.BeginSearch(); }  // worker 0

  void Thread(unsigned index) {
    if (index == 1) return idle.WakeOneIfNeeded();
    if (index == 0) {
      idle.Sleep(0, [] { return true; });
      idle.EndSearch();
      work.store(true, kSeqCst);
      idle.WakeOneIfNeeded();
      while (!begun.load(kRelaxed)) Platform::SpinWait();
    } else {
      idle.BeginSearch();
      idle.Sleep(1, [this] { return work.load(kSeqCst); });
      begun.store(true, kRelaxed);
    }
  }
};

template <class Platform>
struct StoppingHappensBeforeTheEnd {
  static constexpr unsigned kThreads = 2;
  IdleWorkers<Platform> idle{1};
  typename Platform::template Var<int> written;

  void Thread(unsigned index) {
    using Rest = typename IdleWorkers<Platform>::Rest;
    if (index == 0) {
      written.Write() = 1;
      idle.Stop();
    } else {
      idle.BeginSearch();
      while (idle.Sleep(0, [] { return false; }) != Rest::kEnd) {
      }
      Expect(written.Read() == 1);
    }
  }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  using namespace internal;
  return {
      MakeScenario<OneWorker>("OneWorker"),
      MakeScenario<StopOneWorker>("StopOneWorker"),
      MakeScenario<StopTwoWorkers>("StopTwoWorkers"),
      MakeScenario<TwoPublishers>("TwoPublishers"),
      MakeScenario<PublisherAgainstStop>("PublisherAgainstStop"),
      MakeScenario<PublisherAgainstStopTwoWorkers>("PublisherAgainstStopTwoWorkers"),
      MakeScenario<TwoWorkersOnePiece>("TwoWorkersOnePiece"),
      MakeScenario<TwoPiecesAtOnce>("TwoPiecesAtOnce"),
      MakeScenario<TwoPiecesOneByOne>("TwoPiecesOneByOne"),
      MakeScenario<TwoPublishersTwoWorkers>("TwoPublishersTwoWorkers"),
      MakeScenario<SleeperWasGone>("SleeperWasGone"),
      MakeScenario<StoppingHappensBeforeTheEnd>("StoppingHappensBeforeTheEnd"),
  };
}

}  // namespace ashlar::verification
