// Nothing that a hazard pointer protects is freed, and everything that is retired is, once: the
// checkers' heaps find the one (use after free) and the other (leaks, double frees).
//
// Bounds: two or three threads, two hazard pointers, two objects, two collections. RC11 runs every
// execution of each. Not covered: batches (hazard_pointer_test.cc), and readers that go on missing
// what they want to protect.

#include <atomic>
#include <cstddef>
#include <vector>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/hazard_pointer.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr auto kRelaxed = std::memory_order_relaxed;

// Two sources in which readers find objects and from which writers take them. Taking out is
// relaxed, so that all the ordering is the domain's.
template <class Platform, class FencePolicy>
class Shared {
 public:
  using Domain = BasicHazardDomain<Platform, FencePolicy>;
  using Pointer = typename Domain::Pointer;
  struct Item : Domain::template Object<Item> {
    typename Platform::template Var<int> value{1};
  };

  Shared() {
    for (auto& source : sources_) source.store(Platform::template Create<Item>(), kRelaxed);
  }
  ~Shared() {
    for (auto& source : sources_) {
      if (Item* const left = source.load(kRelaxed)) Platform::Destroy(left);
    }
  }

  void Read(Pointer& pointer, int source = 0) {
    if (const Item* const item = pointer.Protect(sources_[source])) Expect(item->value.Read() == 1);
  }
  void TakeOut(int source = 0) {
    if (Item* const item = sources_[source].exchange(nullptr, kRelaxed)) item->Retire(domain);
  }
  void ReplaceAndFree() {
    Item* const fresh = Platform::template Create<Item>();
    sources_[0].exchange(fresh, std::memory_order_release)->Retire(domain);
    domain.Collect();
  }
  void TakeOutAndFree(int source = 0) {
    TakeOut(source);
    domain.Collect();
  }

  Domain domain;

 private:
  typename Platform::template Atomic<Item*> sources_[2];
};

// One reads what the other takes out and frees. A hazard that is published without a full fence
// fails here.
template <class Platform, class FencePolicy>
struct ReadWhileRetired {
  static constexpr unsigned kThreads = 2;
  Shared<Platform, FencePolicy> data;
  typename Shared<Platform, FencePolicy>::Pointer pointer = data.domain.MakePointer();

  void Thread(unsigned index) {
    if (index > 0) return data.TakeOutAndFree();
    data.Read(pointer);
    pointer.ResetProtection();
  }
};

// The same, where there is another object, or the memory of the first again. Bound: two readings,
// one replacement.
template <class Platform, class FencePolicy>
struct ReadWhileReplaced {
  static constexpr unsigned kThreads = 2;
  Shared<Platform, FencePolicy> data;
  typename Shared<Platform, FencePolicy>::Pointer pointer = data.domain.MakePointer();

  void Thread(unsigned index) {
    if (index > 0) return data.ReplaceAndFree();
    data.Read(pointer);
    data.Read(pointer);
  }
};

// The pointer goes on to another object, so that the writer may see that instead of the end.
template <class Platform, class FencePolicy>
struct ReadAnother {
  static constexpr unsigned kThreads = 2;
  Shared<Platform, FencePolicy> data;
  typename Shared<Platform, FencePolicy>::Pointer pointer = data.domain.MakePointer();

  void Thread(unsigned index) {
    if (index > 0) return data.TakeOutAndFree();
    data.Read(pointer);
    data.Read(pointer, 1);
  }
};

// Two take out and free, each also what the other one retired, while one object is protected.
template <class Platform, class FencePolicy>
struct TwoFree {
  static constexpr unsigned kThreads = 3;
  Shared<Platform, FencePolicy> data;
  typename Shared<Platform, FencePolicy>::Pointer pointer = data.domain.MakePointer();

  void Thread(unsigned index) {
    if (index == 0) return data.Read(pointer);
    data.TakeOutAndFree(static_cast<int>(index) - 1);
  }
  void After() {
    pointer.ResetProtection();
    data.domain.Collect();
    Expect(data.domain.Garbage() == 0);
  }
};

// What is protected is kept, and freed later.
template <class Platform, class FencePolicy>
struct KeptAndFreedLater {
  static constexpr unsigned kThreads = 2;
  Shared<Platform, FencePolicy> data;
  typename Shared<Platform, FencePolicy>::Pointer pointer = data.domain.MakePointer();

  void Thread(unsigned index) {
    if (index == 0) {
      data.Read(pointer);
      pointer.ResetProtection();
      return data.domain.Collect();
    }
    data.TakeOutAndFree();
    data.domain.Collect();
  }
};

// A reader makes its pointer while the other one frees. The record is new.
template <class Platform, class FencePolicy>
struct PointerIsMade {
  static constexpr unsigned kThreads = 2;
  Shared<Platform, FencePolicy> data;

  void Thread(unsigned index) {
    if (index > 0) return data.TakeOutAndFree();
    auto pointer = data.domain.MakePointer();
    data.Read(pointer);
  }
};

// Two make pointers, each with a record of its own, or with that which the other has left.
template <class Platform, class FencePolicy>
struct RecordIsUsedAgain {
  static constexpr unsigned kThreads = 3;
  Shared<Platform, FencePolicy> data;

  void Thread(unsigned index) {
    if (index > 1) return data.TakeOutAndFree();
    auto pointer = data.domain.MakePointer();
    data.Read(pointer);
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

#define BOTH(name)                            \
  MakeScenario<name, FullFencePolicy>(#name), \
      MakeScenario<name, AsymmetricFencePolicy>("Asymmetric" #name)

std::vector<Scenario> Scenarios() {
  return {
      BOTH(ReadWhileRetired),  BOTH(ReadWhileReplaced), BOTH(ReadAnother),       BOTH(TwoFree),
      BOTH(KeptAndFreedLater), BOTH(PointerIsMade),     BOTH(RecordIsUsedAgain),
  };
}

}  // namespace ashlar::verification
