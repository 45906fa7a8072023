// The rival is liburcu, the flavour whose readers stand on membarrier(2), with its readers'
// side inline. `ashlar` has a full fence in each pin; `ashlar_asymmetric`, the default, none;
// `ashlar_thread` is the same by way of ThreadParticipant().
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "ashlar/concurrency/thread_epochs.h"
#include "benchmark/benchmark.h"

// What it needs to be inline.
#define _LGPL_SOURCE
// As in C: a thread_local of C++ would be asked each time whether it must be constructed.
#define thread_local __thread
#include <urcu/urcu-memb.h>
#undef thread_local

namespace ashlar {
namespace {

using Ashlar = BasicEpochReclamation<StdPlatform, FullFencePolicy>;
using AshlarAsymmetric = BasicEpochReclamation<StdPlatform, AsymmetricFencePolicy>;

struct Liburcu {
  Liburcu() { urcu_memb_register_thread(); }
  ~Liburcu() { urcu_memb_unregister_thread(); }
};

// Items are pins, each with one look at something.
template <class Epochs>
void Pin(benchmark::State& state) {
  Epochs epochs;
  typename Epochs::Participant self(epochs);
  std::atomic<int> value{1};
  for (auto _ : state) {
    const auto pin = self.Pin();
    benchmark::DoNotOptimize(value.load(std::memory_order_acquire));
  }
  state.SetItemsProcessed(state.iterations());
}

void PinThread(benchmark::State& state) {
  std::atomic<int> value{1};
  for (auto _ : state) {
    const auto pin = ThreadParticipant().Pin();
    benchmark::DoNotOptimize(value.load(std::memory_order_acquire));
  }
  state.SetItemsProcessed(state.iterations());
}

void PinLiburcu(benchmark::State& state) {
  const Liburcu self;
  std::atomic<int> value{1};
  for (auto _ : state) {
    urcu_memb_read_lock();
    benchmark::DoNotOptimize(value.load(std::memory_order_acquire));
    urcu_memb_read_unlock();
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are objects of 24 bytes: allocated, retired, freed. All are freed when an iteration
// ends; liburcu frees in a thread of its own. Real time.
constexpr int kObjects = 1 << 14;

struct Object {
  std::uint64_t value[3];
};

template <class Epochs>
void Retire(benchmark::State& state) {
  Epochs epochs;
  typename Epochs::Participant self(epochs);
  std::size_t most = 0;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kObjects; ++i) {
      auto* const object = new Object{{i}};
      benchmark::DoNotOptimize(object);
      self.Retire(object);
    }
    most = std::max(most, epochs.Garbage());
    while (self.Collect() > 0) {
    }
  }
  state.SetItemsProcessed(state.iterations() * kObjects);
  state.counters["garbage"] = static_cast<double>(most);
}

struct UrcuObject {
  std::uint64_t value;
  rcu_head head;
};
static_assert(sizeof(UrcuObject) == sizeof(Object));

void RetireLiburcu(benchmark::State& state) {
  const Liburcu self;
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kObjects; ++i) {
      auto* const object = new UrcuObject{i, {}};
      benchmark::DoNotOptimize(object);
      urcu_memb_call_rcu(&object->head,
                         [](rcu_head* head) { delete caa_container_of(head, UrcuObject, head); });
    }
    urcu_memb_barrier();
  }
  state.SetItemsProcessed(state.iterations() * kObjects);
}

// The same without reclamation: what the two above cannot go below.
void RetireDelete(benchmark::State& state) {
  for (auto _ : state) {
    for (std::uint64_t i = 0; i < kObjects; ++i) {
      auto* const object = new Object{{i}};
      benchmark::DoNotOptimize(object);
      delete object;
    }
  }
  state.SetItemsProcessed(state.iterations() * kObjects);
}

// Items are threads that are started and awaited; with kPins each has a participant for a while.
template <bool kPins>
void Thread(benchmark::State& state) {
  for (auto _ : state) {
    std::thread([] {
      if (kPins) const auto pin = ThreadParticipant().Pin();
    }).join();
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_TEMPLATE(Pin, Ashlar)->Name("Pin/ashlar");
BENCHMARK_TEMPLATE(Pin, AshlarAsymmetric)->Name("Pin/ashlar_asymmetric");
BENCHMARK(PinThread)->Name("Pin/ashlar_thread");
BENCHMARK(PinLiburcu)->Name("Pin/liburcu");
BENCHMARK_TEMPLATE(Retire, Ashlar)->Name("Retire/ashlar")->UseRealTime();
BENCHMARK_TEMPLATE(Retire, AshlarAsymmetric)->Name("Retire/ashlar_asymmetric")->UseRealTime();
BENCHMARK(RetireLiburcu)->Name("Retire/liburcu")->UseRealTime();
BENCHMARK(RetireDelete)->Name("Retire/delete")->UseRealTime();
BENCHMARK_TEMPLATE(Thread, true)->Name("Thread/ashlar_thread")->UseRealTime();
BENCHMARK_TEMPLATE(Thread, false)->Name("Thread/none")->UseRealTime();

}  // namespace
}  // namespace ashlar
