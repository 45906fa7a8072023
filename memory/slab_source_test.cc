#include "ashlar/memory/slab_source.h"

#include <cstdint>
#include <cstring>
#include <limits>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(SlabSourceTest, SlabsAreAlignedAndUsable) {
  SlabSource& source = SlabSource::System();
  for (std::size_t bytes : {std::size_t{1}, std::size_t{100}, SlabSource::kMapped - 1,
                            SlabSource::kMapped, SlabSource::kMapped + 1, std::size_t{1} << 20}) {
    for (std::size_t alignment = 1; alignment <= std::size_t{1} << 21; alignment *= 8) {
      void* const slab = source.Take(bytes, alignment);
      ASSERT_NE(slab, nullptr);
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(slab) % alignment, 0u);
      std::memset(slab, 1, bytes);
      source.GiveBack(slab, bytes, alignment);
    }
  }
}

TEST(SlabSourceTest, WhatNoMemoryCouldHoldIsRefused) {
  constexpr std::size_t kHuge = std::numeric_limits<std::size_t>::max();
  SlabSource& source = SlabSource::System();
  EXPECT_EQ(source.Take(kHuge, 16), nullptr);
  EXPECT_EQ(source.Take(kHuge / 2, 16), nullptr);
  EXPECT_EQ(source.Take(kHuge / 8, 16), nullptr);
  EXPECT_EQ(source.Take(SlabSource::kMapped, kHuge / 2 + 1), nullptr);
}

}  // namespace
}  // namespace ashlar
