#include "ashlar/concurrency/platform_array.h"

#include <cstddef>
#include <new>

#include "ashlar/concurrency/platform.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

struct ExhaustedPlatform : StdPlatform {
  template <class T>
  static T* CreateArray(std::size_t) {
    throw std::bad_alloc();
  }
};

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
  }
  EXPECT_EQ(destroyed, 3);
}

TEST(PlatformArrayTest, MayBeEmpty) {
  const PlatformArray<int> array(0);
  EXPECT_EQ(array.begin(), array.end());
}

TEST(PlatformArrayTest, WithoutMemoryThrows) {
  EXPECT_THROW((PlatformArray<int, ExhaustedPlatform>(1)), std::bad_alloc);
}

}  // namespace
}  // namespace ashlar
