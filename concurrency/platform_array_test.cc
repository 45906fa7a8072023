#include "ashlar/concurrency/platform_array.h"

#include <cstddef>
#include <limits>
#include <new>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(PlatformArrayTest, ElementsAreValueInitialised) {
  const PlatformArray<int> array(1000);
  EXPECT_EQ(array.size(), 1000u);
  for (const int element : array) EXPECT_EQ(element, 0);
}

TEST(PlatformArrayTest, ElementsAreDestroyed) {
  struct Counted {
    int* destroyed = nullptr;
    ~Counted() { ++*destroyed; }
  };
  int destroyed = 0;
  {
    const PlatformArray<Counted> array(3);
    for (Counted& element : array) element.destroyed = &destroyed;
    array[1].destroyed = &destroyed;
  }
  EXPECT_EQ(destroyed, 3);
}

TEST(PlatformArrayTest, MayBeEmpty) {
  const PlatformArray<int> array(0);
  EXPECT_EQ(array.begin(), array.end());
}

TEST(PlatformArrayTest, AbsurdSizeIsOutOfMemory) {
  EXPECT_THROW(PlatformArray<int>(std::numeric_limits<std::size_t>::max() / 8), std::bad_alloc);
}

}  // namespace
}  // namespace ashlar
