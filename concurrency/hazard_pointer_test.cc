#include "ashlar/concurrency/hazard_pointer.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

// Counts those that are alive.
struct Counted : HazardObject<Counted> {
  explicit Counted(std::atomic<int>& count) : alive(count) { ++alive; }
  ~Counted() { --alive; }
  std::atomic<int>& alive;
};

TEST(HazardPointerTest, WhatNobodyProtectsIsFreed) {
  std::atomic<int> alive{0};
  HazardDomain domain;
  (new Counted(alive))->Retire(domain);
  EXPECT_EQ(domain.Garbage(), 1u);
  EXPECT_EQ(alive, 1);
  domain.Collect();
  EXPECT_EQ(alive, 0);
  EXPECT_EQ(domain.Garbage(), 0u);
}

TEST(HazardPointerTest, WhatIsProtectedStaysAndNothingElse) {
  std::atomic<int> alive{0};
  HazardDomain domain;
  HazardPointer pointer = domain.MakePointer();
  std::atomic<Counted*> source{new Counted(alive)};
  Counted* const seen = pointer.Protect(source);
  EXPECT_EQ(seen, source.load());
  source.exchange(new Counted(alive))->Retire(domain);
  for (int i = 0; i < 10; ++i) (new Counted(alive))->Retire(domain);
  domain.Collect();
  EXPECT_EQ(alive, 2);
  pointer.Protect(source);
  domain.Collect();
  EXPECT_EQ(alive, 1);
  source.exchange(nullptr)->Retire(domain);
  domain.Collect();
  EXPECT_EQ(alive, 1);
  pointer.ResetProtection();
  domain.Collect();
  EXPECT_EQ(alive, 0);
}

TEST(HazardPointerTest, TryProtectTellsWhetherItIsStillThere) {
  std::atomic<int> alive{0};
  HazardDomain domain;
  HazardPointer pointer = domain.MakePointer();
  auto* const old = new Counted(alive);
  auto* const fresh = new Counted(alive);
  std::atomic<Counted*> source{fresh};
  Counted* object = old;
  EXPECT_FALSE(pointer.TryProtect(object, source));
  EXPECT_EQ(object, fresh);
  old->Retire(domain);
  domain.Collect();
  EXPECT_EQ(alive, 1);  // nothing is protected
  EXPECT_TRUE(pointer.TryProtect(object, source));
  fresh->Retire(domain);
  domain.Collect();
  EXPECT_EQ(alive, 1);
}

TEST(HazardPointerTest, NullIsProtectedAsWell) {
  HazardDomain domain;
  HazardPointer pointer = domain.MakePointer();
  const std::atomic<Counted*> source{nullptr};
  EXPECT_EQ(pointer.Protect(source), nullptr);
}

TEST(HazardPointerTest, ProtectionMovesWithThePointer) {
  std::atomic<int> alive{0};
  HazardDomain domain;
  HazardPointer pointer;
  EXPECT_TRUE(pointer.IsEmpty());
  {
    HazardPointer other = domain.MakePointer();
    auto* const object = new Counted(alive);
    other.ResetProtection(object);
    pointer = std::move(other);
    EXPECT_TRUE(other.IsEmpty());
    object->Retire(domain);
  }
  domain.Collect();
  EXPECT_EQ(alive, 1);
  HazardPointer empty;
  pointer.Swap(empty);
  EXPECT_TRUE(pointer.IsEmpty());
  domain.Collect();
  EXPECT_EQ(alive, 1);
  empty = HazardPointer();
  domain.Collect();
  EXPECT_EQ(alive, 0);
}

TEST(HazardPointerTest, DomainsKnowNothingOfEachOther) {
  std::atomic<int> alive{0};
  HazardDomain one;
  HazardDomain other;
  HazardPointer pointer = one.MakePointer();
  auto* const object = new Counted(alive);
  pointer.ResetProtection(object);
  object->Retire(other);
  other.Collect();
  EXPECT_EQ(alive, 0);
}

TEST(HazardPointerTest, TheProcessHasADomain) {
  std::atomic<int> alive{0};
  HazardPointer pointer = MakeHazardPointer();
  auto* const object = new Counted(alive);
  pointer.ResetProtection(object);
  object->Retire();
  DefaultHazardDomain().Collect();
  EXPECT_EQ(alive, 1);
  pointer.ResetProtection();
  DefaultHazardDomain().Collect();
  EXPECT_EQ(alive, 0);
}

TEST(HazardPointerTest, GarbageIsBounded) {
  std::atomic<int> alive{0};
  constexpr std::size_t kBatch = 8;
  HazardDomain domain(kBatch);
  std::vector<HazardPointer> pointers;
  for (int i = 0; i < 10; ++i) {
    pointers.push_back(domain.MakePointer());
    auto* const object = new Counted(alive);
    pointers.back().ResetProtection(object);
    object->Retire(domain);
  }
  for (int i = 0; i < 1000; ++i) {
    (new Counted(alive))->Retire(domain);
    ASSERT_LE(domain.Garbage(), kBatch + 3 * pointers.size());
  }
  EXPECT_GE(alive, 10);
}

TEST(HazardPointerTest, WhatIsLeftIsFreedWithTheDomain) {
  std::atomic<int> alive{0};
  {
    HazardDomain domain(1000);
    for (int i = 0; i < 100; ++i) (new Counted(alive))->Retire(domain);
    EXPECT_EQ(alive, 100);
  }
  EXPECT_EQ(alive, 0);
}

// ---- Deleters, and what has several bases.

HazardDomain* chain_domain = nullptr;
struct Link;
struct FreeLink {
  void operator()(Link* link) const noexcept;
};
struct Other {
  virtual ~Other() = default;
  std::uint64_t before = 0;
};
struct Link : Other, HazardObject<Link, FreeLink> {
  Link(Link* behind, std::atomic<int>& count) : next(behind), alive(count) { ++alive; }
  Link* next;
  std::atomic<int>& alive;
};
// Frees a list, a link at a time.
void FreeLink::operator()(Link* link) const noexcept {
  if (link->next != nullptr) link->next->Retire(*chain_domain);
  --link->alive;
  delete link;
}

TEST(HazardPointerTest, DeletersMayRetire) {
  std::atomic<int> alive{0};
  for (const std::size_t batch : {0, 1, 3, 100}) {
    HazardDomain domain(batch);
    chain_domain = &domain;
    Link* list = nullptr;
    for (int i = 0; i < 50; ++i) list = new Link(list, alive);
    HazardPointer pointer = domain.MakePointer();
    pointer.ResetProtection(list);
    list->Retire(domain);
    domain.Collect();
    EXPECT_EQ(alive, 50);
    pointer.ResetProtection();
    for (int i = 0; i < 50; ++i) domain.Collect();
    EXPECT_EQ(alive, 0);
    Link* const another = new Link(new Link(nullptr, alive), alive);
    another->Retire(domain);  // what is left, the domain's end frees
  }
  EXPECT_EQ(alive, 0);
}

// ---- Out of memory, and misuse.

struct NoMemoryPlatform : StdPlatform {
  template <class T, class... Args>
  static T* Create(Args&&...) {
    throw std::bad_alloc();
  }
};

TEST(HazardPointerTest, WithoutMemoryThereIsNoPointer) {
  BasicHazardDomain<NoMemoryPlatform> domain;
  EXPECT_THROW((void)domain.MakePointer(), std::bad_alloc);
}

TEST(HazardPointerDeathTest, APointerThatOutlivesItsDomain) {
  EXPECT_DEATH(
      {
        auto domain = std::make_unique<HazardDomain>();
        const HazardPointer pointer = domain->MakePointer();
        domain.reset();
      },
      "outlives its domain");
}

// ---- Threads.

template <class FencePolicy>
class HazardPointerStressTest : public testing::Test {};
using FencePolicies = testing::Types<FullFencePolicy, AsymmetricFencePolicy>;
TYPED_TEST_SUITE(HazardPointerStressTest, FencePolicies);

template <class Domain>
struct CanaryOf : Domain::template Object<CanaryOf<Domain>> {
  static constexpr std::uint64_t kAlive = 0x600df00d;
  explicit CanaryOf(std::atomic<int>& count) : alive(count) { ++alive; }
  ~CanaryOf() {
    song = 0;
    --alive;
  }
  std::uint64_t song = kAlive;
  std::atomic<int>& alive;
};

// More threads than cores, of which each does a part, leaves, and is followed by another.
TYPED_TEST(HazardPointerStressTest, ThreadsThatComeAndGoReadOnlyWhatIsAlive) {
  using Domain = BasicHazardDomain<StdPlatform, TypeParam>;
  using Canary = CanaryOf<Domain>;
  std::atomic<int> alive{0};
  std::atomic<int> wrong{0};
  {
    Domain domain(8);
    std::array<std::atomic<Canary*>, 4> cages{};
    const auto live = [&](unsigned seed) {
      typename Domain::Pointer pointer = domain.MakePointer();
      std::minstd_rand random(seed);
      for (int i = 0; i < 2000; ++i) {
        std::atomic<Canary*>& cage = cages[random() / 16 % 4];
        if (random() / 16 % 4 == 0) {
          Canary* const old = cage.exchange(new Canary(alive), std::memory_order_acq_rel);
          if (old != nullptr) old->Retire(domain);
        } else {
          const Canary* const canary = pointer.Protect(cage);
          if (random() / 16 % 64 == 0) std::this_thread::yield();
          if (canary != nullptr && canary->song != Canary::kAlive) ++wrong;
        }
      }
    };
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 8; ++thread) {
      threads.emplace_back([&live, thread] {
        for (int generation = 0; generation < 4; ++generation) {
          std::thread(live, 1 + thread * 4 + generation).join();
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (auto& cage : cages) delete cage.load(std::memory_order_relaxed);
    EXPECT_EQ(static_cast<std::size_t>(alive.load()), domain.Garbage());
  }
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace ashlar
