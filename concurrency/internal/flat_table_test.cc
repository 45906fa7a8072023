#include "ashlar/concurrency/internal/flat_table.h"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <random>
#include <stdexcept>
#include <unordered_set>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

using Table = FlatTable<int>;

Hash64 GoodHash(int element) {
  Hash64 hash = static_cast<Hash64>(element) + 0x9e3779b97f4a7c15;
  hash = (hash ^ (hash >> 30)) * 0xbf58476d1ce4e5b9;
  hash = (hash ^ (hash >> 27)) * 0x94d049bb133111eb;
  return hash ^ (hash >> 31);
}

auto EqualTo(int element) {
  return [element](int other) { return other == element; };
}

TEST(FlatTableTest, EmptyTableHasNoMemory) {
  Table table;
  EXPECT_EQ(table.Find(0, EqualTo(0)), nullptr);
  EXPECT_EQ(table.size(), 0u);
  table.ForEach([](int) { FAIL(); });
  EXPECT_TRUE(table.IsConsistent(GoodHash));
  table.Clear();
  table.Reserve(0, GoodHash);
  EXPECT_EQ(table.Find(0, EqualTo(0)), nullptr);
}

TEST(FlatTableTest, ElementsStayWhileItDoesNotGrow) {
  Table table;
  table.Reserve(1000, GoodHash);
  const int* const first = &table.Add(GoodHash(0), GoodHash, 0);
  for (int i = 1; i < 1000; ++i) table.Add(GoodHash(i), GoodHash, i);
  EXPECT_EQ(table.Find(GoodHash(0), EqualTo(0)), first);
  EXPECT_TRUE(table.IsConsistent(GoodHash));
}

// At the highest load, a search sees 1.1 groups.
TEST(FlatTableTest, FewDetoursAtTheHighestLoad) {
  Table table;
  const int full = (1 << 10) * 12;
  for (int i = 0; i < full; ++i) table.Add(GoodHash(i), GoodHash, i);
  EXPECT_LT(table.Detours(), static_cast<std::size_t>(full) / 7);
  EXPECT_GT(table.Detours(), static_cast<std::size_t>(full) / 20);  // it was the highest
}

// No tombstones: however often elements come and go, a search sees 1.6 groups at the highest load,
// and when they have gone nothing is left of them.
TEST(FlatTableTest, ErasureLeavesNoTrace) {
  Table table;
  constexpr int kSize = (1 << 10) * 12;
  for (int i = 0; i < kSize; ++i) table.Add(GoodHash(i), GoodHash, i);
  for (int i = 0; i < 20 * kSize; ++i) {
    table.Erase(table.Locate(GoodHash(i), EqualTo(i)), GoodHash(i));
    table.Add(GoodHash(i + kSize), GoodHash, i + kSize);
  }
  EXPECT_LT(table.Detours(), std::size_t{kSize} * 2 / 3);
  EXPECT_TRUE(table.IsConsistent(GoodHash));
  EXPECT_EQ(table.EraseIf(GoodHash, [](int) { return true; }), std::size_t{kSize});
  EXPECT_EQ(table.Detours(), 0u);
}

// More than a group can count have passed it. They are found all the same.
TEST(FlatTableTest, OneHashForAll) {
  const auto same = [](int) { return Hash64{0}; };
  Table table;
  constexpr int kSize = 1000;
  for (int i = 0; i < kSize; ++i) table.Add(0, same, i);
  EXPECT_TRUE(table.IsConsistent(same));
  for (int i = 0; i < kSize; i += 2) table.Erase(table.Locate(0, EqualTo(i)), 0);
  EXPECT_TRUE(table.IsConsistent(same));
  for (int i = 0; i < kSize; ++i) EXPECT_EQ(table.Find(0, EqualTo(i)) != nullptr, i % 2 == 1);
}

TEST(FlatTableTest, MovesOwnersAndDestroysThemOnce) {
  const auto owner = std::make_shared<int>();
  const auto hash_of = [](const std::shared_ptr<int>& element) {
    return reinterpret_cast<Hash64>(element.get());
  };
  {
    FlatTable<std::shared_ptr<int>> table;
    for (int i = 0; i < 100; ++i) table.Add(hash_of(owner), hash_of, owner);
    EXPECT_EQ(owner.use_count(), 101);
    int left = 50;
    table.EraseIf(hash_of, [&](const auto&) { return left-- > 0; });
    EXPECT_EQ(owner.use_count(), 51);
  }
  EXPECT_EQ(owner.use_count(), 1);
}

TEST(FlatTableTest, FailedGrowthChangesNothing) {
  bool lucky = true;
  const auto hash_of = [&](int element) {
    if (!lucky && element == 7) throw std::runtime_error("out of luck");
    return GoodHash(element);
  };
  Table table;
  for (int i = 0; i < 12; ++i) table.Add(GoodHash(i), hash_of, i);
  lucky = false;
  EXPECT_THROW(table.Add(GoodHash(12), hash_of, 12), std::runtime_error);
  EXPECT_THROW(table.Reserve(100, hash_of), std::runtime_error);
  EXPECT_THROW(table.Reserve(std::numeric_limits<std::size_t>::max(), hash_of), std::bad_alloc);
  EXPECT_THROW(table.Reserve(std::numeric_limits<std::size_t>::max() >> 7, hash_of),
               std::bad_alloc);
  EXPECT_EQ(table.size(), 12u);
  EXPECT_TRUE(table.IsConsistent(GoodHash));
  lucky = true;
  table.Add(GoodHash(12), hash_of, 12);
  EXPECT_EQ(table.size(), 13u);
  EXPECT_TRUE(table.IsConsistent(GoodHash));
}

// Out of memory after so many arrays.
struct PoorPlatform : StdPlatform {
  static inline int arrays_left = 0;

  template <class T>
  static T* CreateArray(std::size_t count) {
    if (arrays_left-- == 0) throw std::bad_alloc();
    return StdPlatform::CreateArray<T>(count);
  }
};

TEST(FlatTableTest, OutOfMemoryChangesNothing) {
  const auto may_throw = [](int element) { return GoodHash(element); };
  FlatTable<int, PoorPlatform> table;
  for (int i = 0; i < 100; ++i) {
    for (int arrays = 0; arrays < 4; ++arrays) {
      PoorPlatform::arrays_left = arrays;
      try {
        table.Add(GoodHash(i), may_throw, i);
        break;
      } catch (const std::bad_alloc&) {
        PoorPlatform::arrays_left = 1;
        ASSERT_EQ(table.size(), static_cast<std::size_t>(i));
        ASSERT_TRUE(table.IsConsistent(GoodHash));
      }
    }
    ASSERT_EQ(table.size(), static_cast<std::size_t>(i + 1));
  }
}

TEST(FlatTableTest, DoesAsTheStandardsSet) {
  std::mt19937 random(1);
  for (const Hash64 bits : {~Hash64{0}, Hash64{0x30f}, Hash64{0xff}}) {
    const auto hash_of = [bits](int element) noexcept { return GoodHash(element) & bits; };
    Table table;
    std::unordered_set<int> model;
    for (int i = 0; i < 20000; ++i) {
      const int element = static_cast<int>(random() % 600);
      const Table::Place found = table.Locate(hash_of(element), EqualTo(element));
      ASSERT_EQ(found.IsNowhere(), !model.contains(element));
      if (found.IsNowhere()) {
        table.Add(hash_of(element), hash_of, element);
        model.insert(element);
      } else if (random() % 2 == 0) {
        table.Erase(found, hash_of(element));
        model.erase(element);
      }
      ASSERT_EQ(table.size(), model.size());
      if (i % 500 == 0) {
        ASSERT_TRUE(table.IsConsistent(hash_of));
      }
      if (i % 7000 == 6999) {
        table.Clear();
        model.clear();
      }
    }
  }
}

TEST(TagGroupTest, FindsTagsInAllSlots) {
  for (unsigned slot = 0; slot < TagGroup::kSlots; ++slot) {
    TagGroup group{};
    group.passed[0] = group.passed[1] = 200;  // is no tag
    group.tags[slot] = 200;
    EXPECT_EQ(group.Match(200), 1u << slot);
    EXPECT_EQ(group.Match(201), 0u);
    EXPECT_EQ(group.MatchFull(), 1u << slot);
    EXPECT_EQ(group.MatchEmpty(), 0x3fffu ^ (1u << slot));
  }
}

TEST(TagGroupTest, CountsUntilItCannotCountOn) {
  TagGroup group{};
  for (int i = 0; i < 254; ++i) group.Pass(2);
  group.Unpass(4);  // even as well
  EXPECT_EQ(group.Passed(6), 253u);
  EXPECT_EQ(group.Passed(7), 0u);
  for (int i = 0; i < 10; ++i) group.Pass(2);
  EXPECT_EQ(group.Passed(2), TagGroup::kManyPassed);
  group.Unpass(2);
  EXPECT_EQ(group.Passed(2), TagGroup::kManyPassed);
  group.Pass(255);
  group.Pass(1);
  group.Unpass(3);
  EXPECT_EQ(group.Passed(1), 1u);
}

}  // namespace
}  // namespace ashlar::internal
