// Each thread has an arena of its own, what was made is there until the end, and together they take
// no more from the source than the limit, at no moment.
//
// Each scenario has two or three threads, with one slab. Not covered here: what an
// ArenaAllocator does, which is one thread's (arena_allocator_test.cc), and threads that end
// (concurrent_arena_test.cc).

#include <cstddef>
#include <vector>

#include "ashlar/memory/concurrent_arena.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr std::size_t kSlab = 64;

// Has one slab of kSlab bytes, and trusts that nobody asks while it is out, nor before it is back.
template <class Platform>
class OneSlab final : public SlabSource {
 public:
  void* Take(std::size_t bytes, std::size_t) noexcept override {
    Expect(bytes <= kSlab && !taken_.Read());
    taken_.Write() = true;
    return bytes_;
  }
  void GiveBack(void*, std::size_t, std::size_t) noexcept override { taken_.Write() = false; }

 private:
  typename Platform::template Var<bool> taken_{false};
  alignas(std::max_align_t) std::byte bytes_[kSlab];
};

// Threads begin at once, with arenas that are found at once or not, and find them again. Bound: two
// calls of each.
template <class Platform>
struct ArenasAreFoundAgain {
  static constexpr unsigned kThreads = 3;
  BasicConcurrentArena<Platform, 1> arena;
  ArenaAllocator* found[kThreads] = {};

  void Thread(unsigned index) {
    found[index] = arena.Of(index);
    if (found[index] != nullptr) Expect(arena.Of(index) == found[index]);
  }
  void After() {
    for (unsigned i = 0; i < kThreads; ++i) {
      for (unsigned k = 0; k < i; ++k) Expect(found[i] == nullptr || found[i] != found[k]);
    }
    arena.Reset();
  }
};

// Two threads want the last slab: one gets it. Bound: one slab.
template <class Platform>
struct TheLastSlabGoesToOne {
  static constexpr unsigned kThreads = 2;
  OneSlab<Platform> source;
  LimitedSlabs<Platform> slabs{source, 2 * kSlab - 1};
  bool got[kThreads] = {};

  void Thread(unsigned index) { got[index] = slabs.Take(kSlab, 16) != nullptr; }
  void After() {
    Expect(got[0] != got[1]);
    Expect(slabs.ReservedBytes() == kSlab);
  }
};

// What is given back can be taken by another, and was given back by then. Bound: one slab, twice.
template <class Platform>
struct WhatIsGivenBackIsTakenByAnother {
  static constexpr unsigned kThreads = 2;
  OneSlab<Platform> source;
  LimitedSlabs<Platform> slabs{source, kSlab};

  void Thread(unsigned) {
    if (void* const slab = slabs.Take(kSlab, 16)) slabs.GiveBack(slab, kSlab, 16);
  }
};

// The same by arenas: one trims, another grows. Bound: one slab.
template <class Platform>
struct OneTrimsAnotherGrows {
  static constexpr unsigned kThreads = 2;
  OneSlab<Platform> source;
  BasicConcurrentArena<Platform, 2> arena{
      ArenaOptions{.first_slab = kSlab, .largest_slab = kSlab, .limit = kSlab, .source = source}};

  void Thread(unsigned index) {
    ArenaAllocator* const mine = arena.Of(index);
    if (mine == nullptr) return;
    const ArenaAllocator::Mark mark = mine->GetMark();
    if (mine->Allocate(1) == nullptr || index == 1) return;
    mine->Rewind(mark);
    mine->Trim();
  }
};

}  // namespace

namespace verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<ArenasAreFoundAgain>("ArenasAreFoundAgain"),
      MakeScenario<TheLastSlabGoesToOne>("TheLastSlabGoesToOne"),
      MakeScenario<WhatIsGivenBackIsTakenByAnother>("WhatIsGivenBackIsTakenByAnother"),
      MakeScenario<OneTrimsAnotherGrows>("OneTrimsAnotherGrows"),
  };
}

}  // namespace verification
}  // namespace ashlar
