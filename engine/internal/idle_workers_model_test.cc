// No work is left lying while all workers sleep: that would end as DEADLOCK, since here
// the worker that takes the last piece of work wakes all and ends the test.

#include <atomic>

#include "ashlar/engine/internal/idle_workers.h"
#include "ashlar/verification/model/model_test.h"
#include "ashlar/verification/model/relacy_scenario.h"
#include "ashlar/verification/platform/relacy_platform.h"

namespace ashlar::internal {
namespace {

using verification::MakeScenario;
using Platform = RelacyPlatform;

constexpr auto kSeqCst = std::memory_order_seq_cst;

// Workers as the scheduler has them, with a counter in place of queues.
class Pool {
 public:
  Pool(int workers, int work) : idle_(workers), left_(work) {}

  // A thread from outside.
  void Publish(int count) {
    work_.fetch_add(count, kSeqCst);
    idle_.WakeOneIfNeeded();
  }

  // A worker, until all work is done.
  void Main(int worker) {
    while (SearchAndRun(worker)) {
    }
  }

 private:
  bool SearchAndRun(int worker) {
    idle_.BeginSearch();
    while (!TryTake()) {
      idle_.PrepareSleep(worker);
      if (Ended() || WorkInSight()) {
        idle_.CancelSleep(worker);
      } else {
        idle_.Sleep(worker);
      }
      if (Ended()) {
        idle_.EndSearch();
        return false;
      }
    }
    idle_.EndSearch();
    if (WorkInSight()) idle_.WakeOneIfNeeded();
    if (left_.fetch_sub(1, kSeqCst) == 1) {
      ended_.store(true, kSeqCst);
      idle_.WakeAll();
      return false;
    }
    return true;
  }
  bool TryTake() {
    int work = work_.load(std::memory_order_relaxed);
    while (work > 0) {
      if (work_.compare_exchange_weak(work, work - 1, std::memory_order_relaxed,
                                      std::memory_order_relaxed)) {
        return true;
      }
    }
    return false;
  }
  bool WorkInSight() { return work_.load(kSeqCst) > 0; }
  bool Ended() { return ended_.load(kSeqCst); }

  IdleWorkers<Platform> idle_;
  Platform::Atomic<int> work_{0};
  Platform::Atomic<int> left_;  // work not done
  Platform::Atomic<bool> ended_{false};
};

struct OneWorker {
  static constexpr unsigned kThreads = 2;
  Pool pool{1, 1};

  void Thread(unsigned index) { index == 0 ? pool.Publish(1) : pool.Main(0); }
};

struct OneWorkerTwice {
  static constexpr unsigned kThreads = 2;
  Pool pool{1, 2};

  void Thread(unsigned index) {
    if (index > 0) return pool.Main(0);
    pool.Publish(1);
    pool.Publish(1);
  }
};

struct TwoPublishers {
  static constexpr unsigned kThreads = 3;
  Pool pool{1, 2};

  void Thread(unsigned index) { index < 2 ? pool.Publish(1) : pool.Main(0); }
};

struct TwoWorkersOnePiece {
  static constexpr unsigned kThreads = 3;
  Pool pool{2, 1};

  void Thread(unsigned index) {
    index == 0 ? pool.Publish(1) : pool.Main(static_cast<int>(index) - 1);
  }
};

struct TwoWorkersTwoPieces {
  static constexpr unsigned kThreads = 3;
  Pool pool{2, 2};

  void Thread(unsigned index) {
    index == 0 ? pool.Publish(2) : pool.Main(static_cast<int>(index) - 1);
  }
};

}  // namespace
}  // namespace ashlar::internal

int main(int argc, char** argv) {
  using namespace ashlar::internal;
  return ashlar::verification::RunModelTest(
      argc, argv,
      {
          MakeScenario<OneWorker>("OneWorker"),
          MakeScenario<OneWorkerTwice>("OneWorkerTwice"),
          MakeScenario<TwoPublishers>("TwoPublishers"),
          MakeScenario<TwoWorkersOnePiece>("TwoWorkersOnePiece"),
          MakeScenario<TwoWorkersTwoPieces>("TwoWorkersTwoPieces"),
      });
}
