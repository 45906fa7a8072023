// `ashlar` has a full fence in each Protect; `ashlar_asymmetric`, the default, none. Debian
// packages no rival that is comparable: libcds needs its threads attached. What else one would do
// is counting references.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/hazard_pointer.h"
#include "ashlar/concurrency/platform.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

// While a process has one thread only, membarrier has nobody to interrupt, and glibc's mutex and
// libstdc++'s shared_ptr leave the lock prefix out.
const std::thread& second_thread = *new std::thread([] {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
});

using Ashlar = BasicHazardDomain<StdPlatform, FullFencePolicy>;
using AshlarAsymmetric = BasicHazardDomain<StdPlatform, AsymmetricFencePolicy>;

template <class Domain>
struct Node : Domain::template Object<Node<Domain>> {
  explicit Node(std::uint64_t initial) : value(initial) {}
  std::uint64_t value;
};

// Items are protections, each with one look at the object.
template <class Domain>
void Protect(benchmark::State& state) {
  Domain domain;
  auto pointer = domain.MakePointer();
  std::atomic<Node<Domain>*> source{new Node<Domain>(1)};
  for (auto _ : state) benchmark::DoNotOptimize(pointer.Protect(source)->value);
  delete source.load();
  state.SetItemsProcessed(state.iterations());
}

void ProtectSharedPtr(benchmark::State& state) {
  std::mutex mutex;
  const auto source = std::make_shared<std::uint64_t>(1);
  for (auto _ : state) {
    std::shared_ptr<std::uint64_t> copy;
    {
      const std::lock_guard lock(mutex);
      copy = source;
    }
    benchmark::DoNotOptimize(*copy);
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are hazard pointers that are made, used once and dropped.
template <class Domain>
void Make(benchmark::State& state) {
  Domain domain;
  std::atomic<Node<Domain>*> source{new Node<Domain>(1)};
  for (auto _ : state) benchmark::DoNotOptimize(domain.MakePointer().Protect(source)->value);
  delete source.load();
  state.SetItemsProcessed(state.iterations());
}

// Items are objects that are allocated, retired and freed, next to as many hazard pointers.
template <class Domain>
void Retire(benchmark::State& state) {
  Domain domain;
  std::vector<typename Domain::Pointer> pointers;
  for (int i = 0; i < state.range(0); ++i) pointers.push_back(domain.MakePointer());
  for (auto _ : state) {
    auto* const node = new Node<Domain>(1);
    benchmark::DoNotOptimize(node);
    node->Retire(domain);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_TEMPLATE(Protect, Ashlar)->Name("Protect/ashlar");
BENCHMARK_TEMPLATE(Protect, AshlarAsymmetric)->Name("Protect/ashlar_asymmetric");
BENCHMARK(ProtectSharedPtr)->Name("Protect/shared_ptr_mutex");
BENCHMARK_TEMPLATE(Make, AshlarAsymmetric)->Name("Make/ashlar_asymmetric");
BENCHMARK_TEMPLATE(Retire, Ashlar)->Name("Retire/ashlar")->ArgName("pointers")->Arg(2)->Arg(32);
BENCHMARK_TEMPLATE(Retire, AshlarAsymmetric)
    ->Name("Retire/ashlar_asymmetric")
    ->ArgName("pointers")
    ->Arg(2)
    ->Arg(32);

}  // namespace
}  // namespace ashlar
