#include "ashlar/memory/arena_allocator.h"

#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "ashlar/memory/poison.h"
#include "ashlar/memory/slab_source_for_test.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kSlabHeader = 32;

bool IsAligned(const void* pointer, std::size_t alignment) {
  return reinterpret_cast<std::uintptr_t>(pointer) % alignment == 0;
}

// Says when it is destroyed.
class Named {
 public:
  Named() = default;
  Named(int name, std::vector<int>& destroyed) : name_(name), destroyed_(&destroyed) {}
  ~Named() {
    if (destroyed_ != nullptr) destroyed_->push_back(name_);
  }

 private:
  int name_ = 0;
  std::vector<int>* destroyed_ = nullptr;
};

TEST(ArenaAllocatorTest, AllocationsAreAlignedAndApart) {
  ArenaAllocator arena;
  std::vector<std::pair<unsigned char*, std::size_t>> made;
  for (std::size_t i = 0; i < 2000; ++i) {
    const std::size_t bytes = 1 + i * 7 % 300;
    const std::size_t alignment = std::size_t{1} << i % 13;  // up to a page
    auto* const memory = static_cast<unsigned char*>(arena.Allocate(bytes, alignment));
    ASSERT_NE(memory, nullptr);
    ASSERT_TRUE(IsAligned(memory, alignment)) << alignment;
    std::memset(memory, static_cast<int>(i % 251), bytes);
    made.emplace_back(memory, bytes);
  }
  for (std::size_t i = 0; i < made.size(); ++i) {
    for (std::size_t k = 0; k < made[i].second; ++k) ASSERT_EQ(made[i].first[k], i % 251);
  }
}

TEST(ArenaAllocatorTest, NothingIsAllocatedBeforeItIsNeeded) {
  LimitedSource source;
  ArenaAllocator arena({.source = source});
  arena.Reset();
  EXPECT_EQ(arena.Trim(), 0u);
  EXPECT_EQ(source.Slabs(), 0);
}

TEST(ArenaAllocatorTest, AllocationsOfNothingHaveAddressesOfTheirOwn) {
  ArenaAllocator arena;
  void* const one = arena.Allocate(0, 1);
  void* const other = arena.Allocate(0, 1);
  EXPECT_NE(one, nullptr);
  EXPECT_NE(other, nullptr);
  EXPECT_NE(one, other);
}

TEST(ArenaAllocatorTest, WhatNoMemoryCouldHoldIsRefused) {
  ArenaAllocator arena;
  EXPECT_EQ(arena.Allocate(kHuge), nullptr);
  EXPECT_EQ(arena.Allocate(kHuge - 15), nullptr);
  EXPECT_EQ(arena.Allocate(kHuge / 2), nullptr);
  EXPECT_EQ(arena.Allocate(kHuge / 8), nullptr);
  EXPECT_EQ(arena.Allocate(kHuge - 4095, 4096), nullptr);
  EXPECT_EQ(arena.Allocate(1, kHuge / 2 + 1), nullptr);
  EXPECT_TRUE(arena.CreateArray<long>(kHuge).empty());
  EXPECT_TRUE(arena.CreateArray<long>(kHuge / sizeof(long) + 1).empty());
  EXPECT_TRUE(arena.CreateArray<Named>(kHuge / sizeof(Named)).empty());
  EXPECT_EQ(arena.ReservedBytes(), 0u);
  EXPECT_NE(arena.Allocate(1), nullptr);
}

TEST(ArenaAllocatorTest, TheInitialBufferIsUsedFirst) {
  LimitedSource source;
  alignas(16) std::byte room[256];
  {
    ArenaAllocator arena(room, {.source = source});
    auto* const memory = static_cast<std::byte*>(arena.Allocate(200));
    EXPECT_EQ(memory, room);
    EXPECT_EQ(source.Slabs(), 0);
    ASSERT_NE(arena.Allocate(200), nullptr);
    EXPECT_EQ(source.Slabs(), 1);
    arena.Reset();
    EXPECT_EQ(arena.Allocate(1), room);
  }
  EXPECT_EQ(source.Slabs(), 0);
  EXPECT_FALSE(IsPoisoned(room + 255));
}

TEST(ArenaAllocatorTest, AnInitialBufferMayBeOfAnySizeAnywhere) {
  alignas(16) std::byte room[64];
  for (std::size_t begin = 0; begin < 32; ++begin) {
    for (std::size_t size = 0; size < 32; ++size) {
      ArenaAllocator arena(std::span<std::byte>(room).subspan(begin, size));
      for (int i = 0; i < 40; ++i) {
        auto* const byte = static_cast<std::byte*>(arena.Allocate(1, 1));
        ASSERT_NE(byte, nullptr);
        *byte = std::byte{1};
        if (byte >= room && byte < room + sizeof(room)) {
          ASSERT_GE(byte, room + begin);
          ASSERT_LT(byte, room + begin + size);
        }
      }
    }
  }
}

TEST(ArenaAllocatorTest, ResetKeepsTheSlabs) {
  LimitedSource source;
  ArenaAllocator arena({.source = source});
  const auto fill = [&] {
    for (int i = 0; i < 1000; ++i) ASSERT_NE(arena.Allocate(100), nullptr);
  };
  fill();
  const std::size_t reserved = arena.ReservedBytes();
  const int slabs = source.Slabs();
  EXPECT_GT(slabs, 1);
  for (int round = 0; round < 10; ++round) {
    arena.Reset();
    fill();
    EXPECT_EQ(arena.ReservedBytes(), reserved);
    EXPECT_EQ(source.Slabs(), slabs);
  }
  EXPECT_EQ(source.Bytes(), reserved);
}

TEST(ArenaAllocatorTest, ASlabThatIsTooSmallIsUsedLater) {
  LimitedSource source;
  ArenaAllocator arena({.first_slab = 1024, .largest_slab = 1024, .source = source});
  ASSERT_NE(arena.Allocate(900), nullptr);
  ASSERT_NE(arena.Allocate(900), nullptr);
  ASSERT_NE(arena.Allocate(5000), nullptr);
  EXPECT_EQ(source.Slabs(), 3);
  arena.Reset();
  ASSERT_NE(arena.Allocate(5000), nullptr);
  ASSERT_NE(arena.Allocate(900), nullptr);
  ASSERT_NE(arena.Allocate(900), nullptr);
  EXPECT_EQ(source.Slabs(), 3);
}

TEST(ArenaAllocatorTest, TrimGivesBackWhatHoldsNothing) {
  LimitedSource source;
  ArenaAllocator arena({.first_slab = 1024, .source = source});
  auto* const number = arena.Create<int>(7);
  const ArenaAllocator::Mark mark = arena.GetMark();
  for (int i = 0; i < 100; ++i) ASSERT_NE(arena.Allocate(1000), nullptr);
  EXPECT_EQ(arena.Trim(), 0u);
  arena.Rewind(mark);
  const std::size_t before = arena.ReservedBytes();
  EXPECT_EQ(arena.Trim(), before - 1024);
  EXPECT_EQ(source.Slabs(), 1);
  EXPECT_EQ(source.Bytes(), 1024u);
  EXPECT_EQ(*number, 7);
  arena.Reset();
  EXPECT_EQ(arena.Trim(), 1024u);
  EXPECT_EQ(source.Slabs(), 0);
}

TEST(ArenaAllocatorTest, ARewindEndsWhatCameAfterTheMark) {
  alignas(16) std::byte room[128];
  ArenaAllocator arena(room);
  std::vector<int> destroyed;
  ASSERT_NE(arena.Create<Named>(1, destroyed), nullptr);
  const ArenaAllocator::Mark outer = arena.GetMark();
  ASSERT_NE(arena.Create<Named>(2, destroyed), nullptr);
  const ArenaAllocator::Mark inner = arena.GetMark();
  for (int i = 3; i < 50; ++i) ASSERT_NE(arena.Create<Named>(i, destroyed), nullptr);

  arena.Rewind(inner);
  ASSERT_EQ(destroyed.size(), 47u);
  EXPECT_EQ(destroyed.front(), 49);
  EXPECT_EQ(destroyed.back(), 3);
  void* const again = arena.Allocate(8);
  arena.Rewind(inner);  // as often as one likes
  EXPECT_EQ(arena.Allocate(8), again);

  destroyed.clear();
  arena.Rewind(outer);
  EXPECT_EQ(destroyed, std::vector<int>({2}));
  destroyed.clear();
  arena.Reset();
  EXPECT_EQ(destroyed, std::vector<int>({1}));
}

TEST(ArenaAllocatorTest, DestructorsRunAtTheEnd) {
  std::vector<int> destroyed;
  {
    ArenaAllocator arena;
    for (int i = 0; i < 3; ++i) ASSERT_NE(arena.Create<Named>(i, destroyed), nullptr);
  }
  EXPECT_EQ(destroyed, std::vector<int>({2, 1, 0}));
}

TEST(ArenaAllocatorTest, ArraysAreInitialisedAndDestroyed) {
  ArenaAllocator arena;
  ASSERT_NE(arena.Allocate(3, 1), nullptr);
  const std::span<int> numbers = arena.CreateArray<int>(1000);
  ASSERT_EQ(numbers.size(), 1000u);
  for (const int number : numbers) ASSERT_EQ(number, 0);
  EXPECT_TRUE(arena.CreateArray<int>(0).empty());

  auto shared = std::make_shared<int>(1);
  const auto pointers = arena.CreateArray<std::shared_ptr<int>>(10);
  for (auto& pointer : pointers) pointer = shared;
  EXPECT_EQ(shared.use_count(), 11);
  arena.Reset();
  EXPECT_EQ(shared.use_count(), 1);
}

TEST(ArenaAllocatorTest, TrivialObjectsTakeNoMoreThanTheirSize) {
  alignas(16) std::byte room[1024];
  ArenaAllocator arena(room);
  const auto* const first = arena.Create<double>(1.0);
  const auto* const second = arena.Create<double>(2.0);
  EXPECT_EQ(second, first + (kPoisons ? 3 : 1));
}

struct alignas(256) Wide {
  ~Wide() { ++ended; }
  static inline int ended = 0;
};

TEST(ArenaAllocatorTest, ObjectsMayBeOverAligned) {
  Wide::ended = 0;
  {
    ArenaAllocator arena;
    for (int i = 0; i < 10; ++i) {
      ASSERT_NE(arena.Allocate(1, 1), nullptr);
      EXPECT_TRUE(IsAligned(arena.Create<Wide>(), 256));
    }
  }
  EXPECT_EQ(Wide::ended, 10);
}

TEST(ArenaAllocatorTest, AThrowingConstructorOwesNothing) {
  struct Thrower {
    explicit Thrower(bool throws) {
      if (throws) throw std::runtime_error("no");
    }
    ~Thrower() { ++ended(); }
    static int& ended() {
      static int count = 0;
      return count;
    }
  };
  ArenaAllocator arena;
  ASSERT_NE(arena.Create<Thrower>(false), nullptr);
  EXPECT_THROW((void)arena.Create<Thrower>(true), std::runtime_error);
  arena.Reset();
  EXPECT_EQ(Thrower::ended(), 1);
}

TEST(ArenaAllocatorTest, DestructorsMayAllocate) {
  struct Successor {
    ArenaAllocator* arena;
    int* left;
    ~Successor() {
      if (--*left > 0) {
        EXPECT_NE(arena->Create<Successor>(arena, left), nullptr);
      }
    }
  };
  int left = 5;
  ArenaAllocator arena;
  ASSERT_NE(arena.Create<Successor>(&arena, &left), nullptr);
  arena.Reset();
  EXPECT_EQ(left, 0);
}

TEST(ArenaAllocatorTest, TheLimitIsHonouredExactly) {
  LimitedSource source;
  ArenaAllocator arena({.first_slab = 1024, .limit = 10000, .source = source});
  EXPECT_EQ(arena.Allocate(10001), nullptr);
  EXPECT_EQ(arena.Allocate(10000 - kSlabHeader + 1), nullptr);
  EXPECT_NE(arena.Allocate(10000 - kSlabHeader), nullptr);
  EXPECT_EQ(arena.Allocate(1), nullptr);
  EXPECT_EQ(arena.ReservedBytes(), 10000u);
  EXPECT_EQ(source.Bytes(), 10000u);
}

TEST(ArenaAllocatorTest, SlabsShrinkToWhatTheLimitLeaves) {
  ArenaAllocator arena({.first_slab = 1024, .limit = 1536});
  EXPECT_NE(arena.Allocate(1024 - kSlabHeader), nullptr);
  EXPECT_NE(arena.Allocate(512 - kSlabHeader), nullptr);
  EXPECT_EQ(arena.ReservedBytes(), 1536u);
  EXPECT_EQ(arena.Allocate(1), nullptr);
}

TEST(ArenaAllocatorTest, UnusedSlabsAreNotInTheWayOfTheLimit) {
  ArenaAllocator arena({.first_slab = 1024, .largest_slab = 1024, .limit = 4096});
  for (int i = 0; i < 4; ++i) ASSERT_NE(arena.Allocate(900), nullptr);
  EXPECT_EQ(arena.Allocate(900), nullptr);
  arena.Reset();
  EXPECT_NE(arena.Allocate(4096 - kSlabHeader), nullptr);
  EXPECT_EQ(arena.ReservedBytes(), 4096u);
}

TEST(ArenaAllocatorTest, OutOfMemoryLeavesTheArenaAsItWas) {
  LimitedSource source(2000);
  std::vector<int> destroyed;
  ArenaAllocator arena({.first_slab = 1024, .source = source});
  int* const number = arena.Create<int>(5);
  ASSERT_NE(number, nullptr);
  EXPECT_EQ(arena.Allocate(1000), nullptr);
  ASSERT_NE(arena.Create<Named>(1, destroyed), nullptr);
  const auto none = arena.CreateArray<Named>(1000);
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(*number, 5);
  // The usual slab would be too large, a smaller one is not.
  EXPECT_NE(arena.Allocate(900), nullptr);
  source.SetMost(kHuge);
  EXPECT_NE(arena.Allocate(1000), nullptr);
  arena.Reset();
  EXPECT_EQ(destroyed, std::vector<int>({1}));
}

TEST(ArenaAllocatorTest, OutOfMemoryUnusedSlabsAreGivenBackFirst) {
  LimitedSource source(4096);
  ArenaAllocator arena({.first_slab = 1024, .largest_slab = 1024, .source = source});
  for (int i = 0; i < 4; ++i) ASSERT_NE(arena.Allocate(900), nullptr);
  arena.Reset();
  EXPECT_NE(arena.Allocate(4000), nullptr);
}

TEST(ArenaAllocatorTest, SlabsMayBeOfNoSizeOfTheirOwn) {
  ArenaAllocator arena({.first_slab = 0, .largest_slab = 0});
  for (int i = 1; i < 100; ++i) ASSERT_NE(arena.Allocate(static_cast<std::size_t>(i)), nullptr);
}

TEST(ArenaAllocatorTest, WhatIsNotAllocatedIsPoisoned) {
  if (!kPoisons) GTEST_SKIP() << "needs AddressSanitizer";
  ArenaAllocator arena;
  auto* const first = static_cast<char*>(arena.Allocate(24));
  const ArenaAllocator::Mark mark = arena.GetMark();
  auto* const second = static_cast<char*>(arena.Allocate(5, 1));
  EXPECT_FALSE(IsPoisoned(first + 23));
  EXPECT_TRUE(IsPoisoned(first + 24));
  EXPECT_FALSE(IsPoisoned(second + 4));
  EXPECT_TRUE(IsPoisoned(second + 5));
  arena.Rewind(mark);
  EXPECT_FALSE(IsPoisoned(first + 23));
  EXPECT_TRUE(IsPoisoned(second));
  arena.Reset();
  EXPECT_TRUE(IsPoisoned(first));
}

TEST(ArenaAllocatorDeathTest, MarksOfAnotherArenaOrOfWhatIsGone) {
  ArenaAllocator arena;
  ArenaAllocator other;
  EXPECT_DEATH(arena.Rewind(other.GetMark()), "another arena");
  ASSERT_NE(arena.Allocate(100), nullptr);
  const ArenaAllocator::Mark mark = arena.GetMark();
  arena.Reset();
  EXPECT_DEATH(arena.Rewind(mark), "was rewound");
  EXPECT_DEATH((void)arena.Allocate(1 << 20, 3), "power of two");
}

}  // namespace
}  // namespace ashlar
