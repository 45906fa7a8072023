// The rivals are mimalloc, jemalloc, tcmalloc and glibc's malloc, and Boost.Pool: for one thread
// boost::pool, which none of the others may be compared with in a program of several, for two
// boost::singleton_pool. All allocate 64 bytes.
#include <time.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "ashlar/memory/block_pool.h"
#include "ashlar/memory/mallocs_for_benchmark.h"
#include "ashlar/memory/object_pool.h"
#include "benchmark/benchmark.h"
#include "boost/pool/pool.hpp"
#include "boost/pool/singleton_pool.hpp"

namespace ashlar {
namespace {

struct Object {
  std::uint64_t words[8];
};

class Ashlar {
 public:
  Object* Create() { return pool_.Create(); }
  void Destroy(Object* object) { pool_.Destroy(static_cast<Uninitialised*>(object)); }

 private:
  struct Uninitialised : Object {
    Uninitialised() {}  // as others' are
  };
  ObjectPool<Uninitialised> pool_;
};

class AshlarBlocks {
 public:
  Object* Create() { return static_cast<Object*>(pool_.Allocate()); }
  void Destroy(Object* object) { pool_.Free(object); }

 private:
  BlockPool pool_{{.bytes = sizeof(Object)}};
};

template <class Malloc>
struct Of {
  Object* Create() { return static_cast<Object*>(Malloc::Allocate(sizeof(Object))); }
  void Destroy(Object* object) { Malloc::Free(object); }
};

class BoostPool {
 public:
  Object* Create() { return static_cast<Object*>(pool_.malloc()); }
  void Destroy(Object* object) { pool_.free(object); }

 private:
  boost::pool<> pool_{sizeof(Object)};
};

struct BoostSingletonPool {
  using Pool = boost::singleton_pool<BoostSingletonPool, sizeof(Object)>;
  Object* Create() { return static_cast<Object*>(Pool::malloc()); }
  void Destroy(Object* object) { Pool::free(object); }
};

// Items are pairs: an object is created, and destroyed. Others live meanwhile: mimalloc takes leave
// of a page whenever the last of its objects goes.
template <class Pool>
void LocalPair(benchmark::State& state) {
  Pool pool;
  std::vector<Object*> others(50);
  for (Object*& other : others) other = pool.Create();
  for (auto _ : state) {
    Object* const object = pool.Create();
    benchmark::DoNotOptimize(object);
    pool.Destroy(object);
  }
  for (Object* const other : others) pool.Destroy(other);
  state.SetItemsProcessed(state.iterations());
}

// Items are pairs: as many objects as the argument says are created, and then destroyed, the oldest
// first.
template <class Pool>
void LocalBurst(benchmark::State& state) {
  Pool pool;
  std::vector<Object*> objects(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    for (Object*& object : objects) object = pool.Create();
    benchmark::ClobberMemory();
    for (Object* const object : objects) pool.Destroy(object);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

double CpuSeconds() {
  timespec time;
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Items are pairs: as many objects as the argument says are created and written to by one thread,
// then read and destroyed by another, which has always been there. The time is what both spent on
// that: CPU time, as they take turns.
template <class Pool>
void CrossThreadPair(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Pool pool;
  std::vector<Object*> objects(count);
  std::uint64_t sum = 0;
  double seconds = 0;
  enum Turn { kCreate, kDestroy, kEnd };
  std::atomic<int> turn{kCreate};
  std::thread destroyer([&] {
    for (;;) {
      int now = kCreate;
      while ((now = turn.load(std::memory_order_acquire)) == kCreate) std::this_thread::yield();
      if (now == kEnd) return;
      const double begin = CpuSeconds();
      for (Object* const object : objects) {
        sum += object->words[0];
        pool.Destroy(object);
      }
      seconds += CpuSeconds() - begin;
      turn.store(kCreate, std::memory_order_release);
    }
  });
  std::uint64_t expected = 0;
  for (auto _ : state) {
    seconds = 0;
    const double begin = CpuSeconds();
    std::uint64_t number = 0;
    for (Object*& object : objects) {
      object = pool.Create();
      object->words[0] = ++number;
    }
    const double created = CpuSeconds() - begin;
    expected += number * (number + 1) / 2;
    turn.store(kDestroy, std::memory_order_release);
    while (turn.load(std::memory_order_acquire) == kDestroy) std::this_thread::yield();
    state.SetIterationTime(created + seconds);
  }
  turn.store(kEnd, std::memory_order_release);
  destroyer.join();
  ASHLAR_CHECK(sum == expected, "an object was lost");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->Arg(256)->Arg(20000)->UseManualTime();
}

#define ASHLAR_LOCAL_BENCHMARK(Pool, name)                      \
  BENCHMARK_TEMPLATE(LocalPair, Pool)->Name("LocalPair/" name); \
  BENCHMARK_TEMPLATE(LocalBurst, Pool)->Name("LocalBurst/" name)->Arg(1000)
#define ASHLAR_CROSS_THREAD_BENCHMARK(Pool, name) \
  BENCHMARK_TEMPLATE(CrossThreadPair, Pool)->Name("CrossThreadPair/" name)->Apply(Sizes)
#define ASHLAR_POOL_BENCHMARK(Pool, name) \
  ASHLAR_LOCAL_BENCHMARK(Pool, name);     \
  ASHLAR_CROSS_THREAD_BENCHMARK(Pool, name)

ASHLAR_POOL_BENCHMARK(Ashlar, "ashlar");
ASHLAR_POOL_BENCHMARK(AshlarBlocks, "ashlar_blocks");
ASHLAR_POOL_BENCHMARK(Of<Mimalloc>, "mimalloc");
ASHLAR_POOL_BENCHMARK(Of<Jemalloc>, "jemalloc");
ASHLAR_POOL_BENCHMARK(Of<Tcmalloc>, "tcmalloc");
ASHLAR_POOL_BENCHMARK(Of<Glibc>, "malloc");
ASHLAR_LOCAL_BENCHMARK(BoostPool, "boost_pool");
ASHLAR_CROSS_THREAD_BENCHMARK(BoostSingletonPool, "boost_pool");

}  // namespace
}  // namespace ashlar
