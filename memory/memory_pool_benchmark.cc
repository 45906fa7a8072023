// MemoryPool and its rivals on one thread.
//
// Churn: of 10,000 live blocks of 16 to 4096 bytes, a random one is freed and another allocated. An
// item is both. The pool's blocks are given by address, as the rivals' are; `_handles` by handle.
// Its region is 32 MiB, of which two thirds are in use.
//
// Utilisation: blocks of the same sizes come, and for every two that come a random one goes, until
// one is refused: `used` is the share of the region that was asked for then, in percent. The time
// means nothing. Only those who manage one region can take part.
//
// Fragmentation: half of a full region is freed at random and then churned; `largest` is the
// largest free block's share of what is free then, in percent, with auto_defragment and without;
// `worst_us` and `p999_us` are of the time that a Free takes, with its step of compaction: of this
// thread's processor time, in which a virtual machine's pauses are. Reading the clock is in an
// item's time.
//
// Compaction: such a half full region is made one block and one free one. An item is a step, which
// moves at most `bytes`; the two times are of those.
//
// Rivals: Boost.Interprocess' rbtree_best_fit manages one region as the pool does. The others take
// more memory as they need it: std::pmr::unsynchronized_pool_resource, which is told the size at
// deallocation and rounds it up to one of few, and four mallocs, whose blocks any thread may free.
// All keep their records in the memory that they manage.
#include <time.h>

#include <algorithm>
#include <boost/interprocess/mem_algo/rbtree_best_fit.hpp>
#include <boost/interprocess/sync/mutex_family.hpp>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <memory_resource>
#include <new>
#include <utility>
#include <vector>

#include "ashlar/memory/mallocs_for_benchmark.h"
#include "ashlar/memory/memory_pool.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

constexpr std::size_t kRegion = 32 << 20;
constexpr std::size_t kLive = 10000;
constexpr std::uint32_t kLeast = 16, kMost = 4096;

class Random {
 public:
  std::uint32_t operator()(std::uint32_t below) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::uint32_t>((state_ >> 32) * below >> 32);
  }
  std::uint32_t Size() { return kLeast + (*this)(kMost - kLeast + 1); }

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

// ---- Those that take part: Allocate gives null where there is no room.

template <MemoryPool::Strategy kStrategy>
class ByAddress {
 public:
  using Block = void*;
  explicit ByAddress(std::size_t region = kRegion)
      : pool_(*MemoryPool::Create(region, {.strategy = kStrategy})) {}
  void* Allocate(std::size_t bytes) { return pool_.Allocate(bytes); }
  void Free(void* block, std::size_t) { pool_.Free(block); }

 private:
  MemoryPool pool_;
};

template <MemoryPool::Strategy kStrategy>
class ByHandle {
 public:
  using Block = MemoryHandle;
  explicit ByHandle(std::size_t region = kRegion, bool auto_defragment = false)
      : pool_(*MemoryPool::Create(region,
                                  {.strategy = kStrategy, .auto_defragment = auto_defragment})) {}
  MemoryHandle Allocate(std::size_t bytes) { return pool_.AllocateHandle(bytes); }
  void Free(MemoryHandle block, std::size_t) { pool_.Free(block); }
  MemoryPool& pool() { return pool_; }

 private:
  MemoryPool pool_;
};

template <class Malloc>
class OfMalloc {
 public:
  using Block = void*;
  void* Allocate(std::size_t bytes) { return Malloc::Allocate(bytes); }
  void Free(void* block, std::size_t) { Malloc::Free(block); }
};

class Pmr {
 public:
  using Block = void*;
  void* Allocate(std::size_t bytes) { return resource_.allocate(bytes, 16); }
  void Free(void* block, std::size_t bytes) { resource_.deallocate(block, bytes, 16); }

 private:
  std::pmr::unsynchronized_pool_resource resource_{
      std::pmr::pool_options{.max_blocks_per_chunk = 0, .largest_required_pool_block = kMost}};
};

class Boost {
  using Heap = boost::interprocess::rbtree_best_fit<boost::interprocess::null_mutex_family>;

 public:
  using Block = void*;
  explicit Boost(std::size_t region = kRegion)
      : memory_(::operator new (region, std::align_val_t{4096})),
        heap_(new (memory_.get()) Heap(region, 0)) {}
  void* Allocate(std::size_t bytes) { return heap_->allocate(bytes); }
  void Free(void* block, std::size_t) { heap_->deallocate(block); }

 private:
  struct Delete {
    void operator()(void* memory) const { ::operator delete (memory, std::align_val_t{4096}); }
  };
  std::unique_ptr<void, Delete> memory_;
  Heap* heap_;  // at its begin
};

// ---- The loops.

template <class Allocator>
struct Live {
  typename Allocator::Block block;
  std::uint32_t bytes;
};

template <class Allocator>
void Churn(benchmark::State& state) {
  Allocator allocator;
  Random random;
  std::vector<Live<Allocator>> live;
  for (std::size_t i = 0; i < kLive; ++i) {
    const std::uint32_t bytes = random.Size();
    live.push_back({allocator.Allocate(bytes), bytes});
  }
  const auto churn = [&] {
    Live<Allocator>& one = live[random(kLive)];
    const std::uint32_t bytes = random.Size();
    allocator.Free(one.block, one.bytes);
    one = {allocator.Allocate(bytes), bytes};
    if (!one.block) state.SkipWithError("refused");
  };
  // As after long use.
  for (std::size_t warm = 0; warm < 20 * kLive; ++warm) churn();
  for (auto _ : state) churn();
  for (const Live<Allocator>& one : live) allocator.Free(one.block, one.bytes);
  state.SetItemsProcessed(state.iterations());
}

template <class Allocator>
void Utilisation(benchmark::State& state) {
  double used = 0;
  for (auto _ : state) {
    Allocator allocator(kRegion);
    Random random;
    std::vector<Live<Allocator>> live;
    std::uint64_t bytes = 0;
    for (int i = 0;; ++i) {
      if (i % 3 == 2) {
        std::swap(live[random(static_cast<std::uint32_t>(live.size()))], live.back());
        allocator.Free(live.back().block, live.back().bytes);
        bytes -= live.back().bytes;
        live.pop_back();
      }
      const std::uint32_t size = random.Size();
      const auto block = allocator.Allocate(size);
      if (!block) break;
      live.push_back({block, size});
      bytes += size;
    }
    used = 100.0 * static_cast<double>(bytes) / kRegion;
    for (const Live<Allocator>& one : live) allocator.Free(one.block, one.bytes);
  }
  state.counters["used"] = used;
}

// Of this thread's processor time: on a shared machine the others' is far longer.
double Microseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

// The greatest, and of a thousand the greatest but one.
void ReportTimes(benchmark::State& state, std::vector<double> times) {
  std::sort(times.begin(), times.end());
  state.counters["worst_us"] = times.back();
  state.counters["p999_us"] = times[(times.size() - 1) * 999 / 1000];
}

// Every second block of a full pool.
std::vector<MemoryHandle> FillAndFreeHalf(MemoryPool& pool, Random& random) {
  std::vector<MemoryHandle> all, kept;
  while (const MemoryHandle handle = pool.AllocateHandle(random.Size())) all.push_back(handle);
  for (std::size_t i = all.size(); i > 1; --i) {
    std::swap(all[i - 1], all[random(static_cast<std::uint32_t>(i))]);
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i % 2 == 0) {
      kept.push_back(all[i]);
    } else {
      pool.Free(all[i]);
    }
  }
  return kept;
}

void Fragmentation(benchmark::State& state, bool auto_defragment) {
  constexpr int kCalls = 100000;
  double largest = 0;
  std::vector<double> times;
  for (auto _ : state) {
    ByHandle<MemoryPool::Strategy::kTlsf> allocator(kRegion / 2, auto_defragment);
    MemoryPool& pool = allocator.pool();
    Random random;
    std::vector<MemoryHandle> live = FillAndFreeHalf(pool, random);
    for (int i = 0; i < kCalls; ++i) {
      MemoryHandle& one = live[random(static_cast<std::uint32_t>(live.size()))];
      const double begin = Microseconds();
      pool.Free(one);
      times.push_back(Microseconds() - begin);
      one = pool.AllocateHandle(random.Size());
      if (!one) return state.SkipWithError("refused");
    }
    largest = 100 * (1 - pool.GetStatistics().fragmentation());
  }
  state.SetItemsProcessed(state.iterations() * kCalls);
  state.counters["largest"] = largest;
  ReportTimes(state, std::move(times));
}

void Compaction(benchmark::State& state) {
  const auto bytes = static_cast<std::uint64_t>(state.range(0));
  std::vector<double> times;
  for (auto _ : state) {
    state.PauseTiming();
    Random random;
    ByHandle<MemoryPool::Strategy::kTlsf> allocator(kRegion / 2);
    FillAndFreeHalf(allocator.pool(), random);
    state.ResumeTiming();
    for (bool ended = false; !ended;) {
      const double begin = Microseconds();
      ended = allocator.pool().Defragment({.bytes = bytes}).pass_ended;
      times.push_back(Microseconds() - begin);
    }
    const MemoryPoolStatistics statistics = allocator.pool().GetStatistics();
    if (statistics.largest_free != statistics.free) state.SkipWithError("not one block");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(times.size()));
  ReportTimes(state, std::move(times));
}

using Strategy = MemoryPool::Strategy;

BENCHMARK(Churn<ByAddress<Strategy::kTlsf>>)->Name("Churn/ashlar_tlsf");
BENCHMARK(Churn<ByAddress<Strategy::kBestFit>>)->Name("Churn/ashlar_best_fit");
BENCHMARK(Churn<ByAddress<Strategy::kFirstFit>>)->Name("Churn/ashlar_first_fit");
BENCHMARK(Churn<ByHandle<Strategy::kTlsf>>)->Name("Churn/ashlar_tlsf_handles");
BENCHMARK(Churn<ByHandle<Strategy::kBestFit>>)->Name("Churn/ashlar_best_fit_handles");
BENCHMARK(Churn<Boost>)->Name("Churn/boost_interprocess");
BENCHMARK(Churn<Pmr>)->Name("Churn/pmr");
BENCHMARK(Churn<OfMalloc<Mimalloc>>)->Name("Churn/mimalloc");
BENCHMARK(Churn<OfMalloc<Jemalloc>>)->Name("Churn/jemalloc");
BENCHMARK(Churn<OfMalloc<Tcmalloc>>)->Name("Churn/tcmalloc");
BENCHMARK(Churn<OfMalloc<Glibc>>)->Name("Churn/glibc");

BENCHMARK(Utilisation<ByAddress<Strategy::kTlsf>>)->Name("Utilisation/ashlar_tlsf");
BENCHMARK(Utilisation<ByAddress<Strategy::kBestFit>>)->Name("Utilisation/ashlar_best_fit");
BENCHMARK(Utilisation<ByAddress<Strategy::kFirstFit>>)->Name("Utilisation/ashlar_first_fit");
BENCHMARK(Utilisation<Boost>)->Name("Utilisation/boost_interprocess");

BENCHMARK_CAPTURE(Fragmentation, compacting, true)->Name("Fragmentation/ashlar");
BENCHMARK_CAPTURE(Fragmentation, as_it_is, false)->Name("Fragmentation/ashlar_without_compaction");

BENCHMARK(Compaction)->Name("Compaction/ashlar")->ArgName("bytes")->Arg(4096)->Arg(65536);

}  // namespace
}  // namespace ashlar
