// The rivals are std::pmr::monotonic_buffer_resource and malloc. `ashlar_pmr` is the arena behind a
// std::pmr::memory_resource, as monotonic_buffer_resource is. All but malloc begin with the same
// buffer, which suffices for 8 and 24 bytes. The two floors are a bare pointer that moves after it
// was compared with the end: in memory, as in whatever a call might change, which takes the
// processor's way from a store to the next load, and in registers over the whole loop.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory_resource>
#include <utility>
#include <vector>

#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "ashlar/memory/arena_allocator.h"
#include "ashlar/memory/arena_memory_resource.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

constexpr std::size_t kAllocations = 1000;
// What a round of 24 bytes needs, and half of one of 64.
alignas(64) std::byte room[32 * kAllocations];

struct Ashlar {
  void* Allocate(std::size_t bytes) { return arena.Allocate(bytes, 8); }
  void Reset() { arena.Reset(); }
  ArenaAllocator arena{room};
};

// Hides what the resource is.
class Resource {
 public:
  explicit Resource(std::pmr::memory_resource& resource) : resource_(&resource) {
    benchmark::DoNotOptimize(resource_);
  }
  void* Allocate(std::size_t bytes) { return resource_->allocate(bytes, 8); }

 private:
  std::pmr::memory_resource* resource_;
};

template <bool kInMemory>
struct Floor {
  void* Allocate(std::size_t bytes) {
    if constexpr (kInMemory) asm volatile("" : "+m"(next), "+m"(end));
    if (static_cast<std::size_t>(end - next) < bytes) std::abort();
    return std::exchange(next, next + bytes);
  }
  void Reset() { next = room; }
  std::byte* next = room;
  std::byte* end = room + sizeof(room);
};

struct AshlarPmr {
  void* Allocate(std::size_t bytes) { return hidden.Allocate(bytes); }
  void Reset() { arena.Reset(); }
  ArenaAllocator arena{room};
  ArenaMemoryResource resource{arena};
  Resource hidden{resource};
};

struct Pmr {
  void* Allocate(std::size_t bytes) { return hidden.Allocate(bytes); }
  void Reset() { resource.release(); }
  std::pmr::monotonic_buffer_resource resource{room, sizeof(room)};
  Resource hidden{resource};
};

struct Malloc {
  void* Allocate(std::size_t bytes) { return all.emplace_back(std::malloc(bytes)); }
  void Reset() {
    for (void* const memory : all) std::free(memory);
    all.clear();
  }
  ~Malloc() { Reset(); }
  std::vector<void*> all;
};

// As benchmark::DoNotOptimize, but for memory: what is inlined may stay in registers.
void Keep(void* memory) { asm volatile("" : : "r"(memory)); }

// Items are allocations of as many bytes as the name says. After each thousand all are freed.
template <class Arena, std::size_t kBytes>
void Bump(benchmark::State& state) {
  Arena arena;
  for (auto _ : state) {
    for (std::size_t i = 0; i < kAllocations; ++i) {
      Keep(arena.Allocate(kBytes));
    }
    arena.Reset();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kAllocations));
}

#define ASHLAR_ARENA_BENCHMARK(Arena, name)                      \
  BENCHMARK_TEMPLATE(Bump, Arena, 8)->Name("Bump/" name "/8");   \
  BENCHMARK_TEMPLATE(Bump, Arena, 24)->Name("Bump/" name "/24"); \
  BENCHMARK_TEMPLATE(Bump, Arena, 64)->Name("Bump/" name "/64")

ASHLAR_ARENA_BENCHMARK(Ashlar, "ashlar");
ASHLAR_ARENA_BENCHMARK(AshlarPmr, "ashlar_pmr");
ASHLAR_ARENA_BENCHMARK(Pmr, "pmr");
ASHLAR_ARENA_BENCHMARK(Malloc, "malloc");
BENCHMARK_TEMPLATE(Bump, Floor<true>, 24)->Name("Bump/floor_in_memory/24");
BENCHMARK_TEMPLATE(Bump, Floor<false>, 24)->Name("Bump/floor_in_registers/24");

}  // namespace
}  // namespace ashlar
