#include "ashlar/engine/workloads/text_scan.h"

#include <cctype>
#include <cstdint>
#include <random>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(TextScanTest, WhiteSpaceIsThatOfTheCLocale) {
  for (int c = 0; c < 256; ++c) {
    EXPECT_EQ(IsAsciiSpace(static_cast<char>(c)), std::isspace(c) != 0) << c;
  }
}

TEST(TextScanTest, BlocksAgreeWithTheBytes) {
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    char text[kScanBlock];
    // All bytes, and mostly the ones around the borders of what is white space.
    for (char& c : text) c = static_cast<char>(round % 2 ? random() : 7 + random() % 28);
    uint64_t spaces = 0, newlines = 0;
    for (int i = 0; i < kScanBlock; ++i) {
      spaces |= uint64_t{IsAsciiSpace(text[i])} << i;
      newlines |= uint64_t{text[i] == '\n'} << i;
    }
    const ScannedBlock block = ScanBlock(text);
    ASSERT_EQ(block.spaces, spaces);
    ASSERT_EQ(block.newlines, newlines);
  }
}

}  // namespace
}  // namespace ashlar
