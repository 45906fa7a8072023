#include "ashlar/engine/workloads/text_format.h"

#include <cstdint>
#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(TextFormatTest, NumbersAreGroupedByThousands) {
  EXPECT_EQ(Grouped(0), "0");
  EXPECT_EQ(Grouped(999), "999");
  EXPECT_EQ(Grouped(1000), "1,000");
  EXPECT_EQ(Grouped(1234567), "1,234,567");
  EXPECT_EQ(Grouped(-123), "-123");
  EXPECT_EQ(Grouped(-1234), "-1,234");
  EXPECT_EQ(Grouped(std::numeric_limits<int64_t>::min()), "-9,223,372,036,854,775,808");
}

TEST(TextFormatTest, OneIsSingular) {
  EXPECT_EQ(Counted(0, "file"), "0 files");
  EXPECT_EQ(Counted(1, "file"), "1 file");
  EXPECT_EQ(Counted(2000, "file"), "2,000 files");
}

TEST(TextFormatTest, OnlyWhatATerminalShowsIsPrinted) {
  EXPECT_EQ(Printable("caf\xc3\xa9 \xe2\x82\xac", 60), "caf\xc3\xa9 \xe2\x82\xac");
  EXPECT_EQ(Printable("\x1b[31m", 60), "\\x1b[31m");
  EXPECT_EQ(Printable("\xff\xc3", 60), "\\xff\\xc3");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m",
                      60),
            "\\xc2\\x9b31m");
  EXPECT_EQ(Printable("\x7f", 60), "\\x7f");
  EXPECT_EQ(Printable(std::string(100, 'a'), 5), "aaaaa…");
  EXPECT_EQ(Printable("aaaaa", 5), "aaaaa");
}

TEST(TextFormatTest, HexHasTwoDigitsAByte) {
  EXPECT_EQ(Hex(std::string_view("\x00\xff\x1a", 3)), "00ff1a");
}

}  // namespace
}  // namespace ashlar
