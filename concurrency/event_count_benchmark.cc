// The rival is the standard's: a flag under a mutex, with a condition variable.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

using Ashlar = BasicEventCount<StdPlatform>;
using AshlarAsymmetric = BasicEventCount<StdPlatform, AsymmetricFencePolicy>;

// A flag that one thread sets and another waits for and takes.
template <class Events>
class EventFlag {
 public:
  void Set() {
    set_.store(true, std::memory_order_release);
    events_.NotifyOne();
  }
  void Take() {
    while (!set_.exchange(false, std::memory_order_acquire)) {
      const auto key = events_.PrepareWait();
      if (set_.load(std::memory_order_relaxed)) {
        events_.CancelWait();
      } else {
        events_.CommitWait(key);
      }
    }
  }

 private:
  std::atomic<bool> set_{false};
  Events events_;
};

class CondvarFlag {
 public:
  void Set() {
    {
      const std::lock_guard lock(mutex_);
      set_ = true;
    }
    changed_.notify_one();
  }
  void Take() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return set_; });
    set_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool set_ = false;
};

// Items are conditions made true and notified while nobody waits.
template <class Flag>
void NotifyNoWaiter(benchmark::State& state) {
  Flag flag;
  for (auto _ : state) {
    flag.Set();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
}

template <class Events>
void PrepareCancel(benchmark::State& state) {
  Events events;
  for (auto _ : state) {
    benchmark::DoNotOptimize(events.PrepareWait());
    events.CancelWait();
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are round trips between two threads that sleep in turn. Real time.
template <class Flag>
void RoundTripParked(benchmark::State& state) {
  constexpr int kTrips = 1000;
  for (auto _ : state) {
    Flag ping, pong;
    std::thread other([&] {
      for (int i = 0; i < kTrips; ++i) {
        ping.Take();
        pong.Set();
      }
    });
    for (int i = 0; i < kTrips; ++i) {
      ping.Set();
      pong.Take();
    }
    other.join();
  }
  state.SetItemsProcessed(state.iterations() * kTrips);
}

BENCHMARK_TEMPLATE(NotifyNoWaiter, EventFlag<Ashlar>)->Name("NotifyNoWaiter/ashlar");
BENCHMARK_TEMPLATE(NotifyNoWaiter, EventFlag<AshlarAsymmetric>)
    ->Name("NotifyNoWaiter/ashlar_asymmetric");
BENCHMARK_TEMPLATE(NotifyNoWaiter, CondvarFlag)->Name("NotifyNoWaiter/condvar");
BENCHMARK_TEMPLATE(PrepareCancel, Ashlar)->Name("PrepareCancel/ashlar");
BENCHMARK_TEMPLATE(PrepareCancel, AshlarAsymmetric)->Name("PrepareCancel/ashlar_asymmetric");
BENCHMARK_TEMPLATE(RoundTripParked, EventFlag<Ashlar>)
    ->Name("RoundTripParked/ashlar")
    ->UseRealTime();
BENCHMARK_TEMPLATE(RoundTripParked, EventFlag<AshlarAsymmetric>)
    ->Name("RoundTripParked/ashlar_asymmetric")
    ->UseRealTime();
BENCHMARK_TEMPLATE(RoundTripParked, CondvarFlag)->Name("RoundTripParked/condvar")->UseRealTime();

}  // namespace
}  // namespace ashlar
