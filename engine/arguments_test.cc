#include "ashlar/engine/arguments.h"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

const std::vector<Option>& Options() {
  static const auto* const options = new std::vector<Option>{
      {.name = "top", .value = int64_t{20}, .help = "words", .min = 0, .max = 1000},
      {.name = "all", .value = false, .help = "everything"},
      {.name = "share", .value = 0.5, .help = "of it", .min = 0, .max = 1},
      {.name = "format",
       .value = std::string("text"),
       .help = "of it",
       .choices = {"text", "json"}},
      {.name = "file", .value = std::string(), .help = "to write"},
  };
  return *options;
}
Positional Paths() { return {.name = "PATH", .min = 0, .max = kAnyNumber}; }

std::string ErrorOf(const std::vector<std::string>& words, Positional positional = Paths()) {
  const auto arguments = ParseArguments(Options(), positional, words);
  if (arguments.ok()) return "ok";
  EXPECT_EQ(arguments.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(arguments.status().message());
}

TEST(ArgumentsTest, DefaultsHoldWhereNothingIsGiven) {
  const auto arguments = ParseArguments(Options(), Paths(), {});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_EQ(arguments->Int("top"), 20);
  EXPECT_FALSE(arguments->Bool("all"));
  EXPECT_EQ(arguments->Double("share"), 0.5);
  EXPECT_EQ(arguments->String("format"), "text");
  EXPECT_TRUE(arguments->positional().empty());
}

TEST(ArgumentsTest, BothSpellingsAndAnyOrderAreRead) {
  const auto arguments =
      ParseArguments(Options(), Paths(),
                     {"a", "--top", "7", "--share=0.25", "--all", "--format", "json", "--top=9",
                      "--file=", "-5", "-", "--", "--all", "-x"});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_EQ(arguments->Int("top"), 9);
  EXPECT_TRUE(arguments->Bool("all"));
  EXPECT_EQ(arguments->Double("share"), 0.25);
  EXPECT_EQ(arguments->String("format"), "json");
  EXPECT_EQ(arguments->String("file"), "");
  EXPECT_EQ(arguments->positional(), (std::vector<std::string>{"a", "-5", "-", "--all", "-x"}));
}

TEST(ArgumentsTest, ValueMayLookLikeAnOption) {
  const auto arguments = ParseArguments(Options(), Paths(), {"--file", "--all"});
  ASSERT_TRUE(arguments.ok()) << arguments.status();
  EXPECT_EQ(arguments->String("file"), "--all");
  EXPECT_FALSE(arguments->Bool("all"));
}

TEST(ArgumentsTest, ErrorsSayWhatToDo) {
  EXPECT_EQ(ErrorOf({"--tpo=1"}),
            "unknown option --tpo; known: --top, --all, --share, --format, --file");
  EXPECT_EQ(ErrorOf({"-t"}), "unknown option -t; known: --top, --all, --share, --format, --file");
  EXPECT_EQ(ErrorOf({"--top"}), "--top needs a value: --top N");
  EXPECT_EQ(ErrorOf({"--all=maybe"}), "--all needs true or false, not 'maybe'");
  EXPECT_EQ(ErrorOf({"--share=2"}), "--share needs a number from 0 to 1, not '2'");
  EXPECT_EQ(ErrorOf({"--share=nan"}), "--share needs a number from 0 to 1, not 'nan'");
  EXPECT_EQ(ErrorOf({"--format=xml"}), "--format needs one of text, json, not 'xml'");
  for (const char* bad : {"-1", "1001", "", "ten", "5x", " 5", "99999999999999999999", "1e2"}) {
    EXPECT_EQ(ErrorOf({"--top", bad}),
              std::string("--top needs a whole number from 0 to 1000, not '") + bad + "'");
  }
}

TEST(ArgumentsTest, NumberOfArgumentsIsChecked) {
  EXPECT_EQ(ErrorOf({}, {.name = "PATH", .min = 1, .max = kAnyNumber}),
            "missing argument: PATH...");
  EXPECT_EQ(ErrorOf({"1", "2"}, {.name = "N", .min = 1, .max = 1}),
            "too many arguments: '2'; expected N");
  EXPECT_EQ(ErrorOf({"x"}, {}), "too many arguments: 'x'; none are taken");
}

TEST(ArgumentsTest, IntegersOfAllSizesAreRead) {
  EXPECT_EQ(*ParseInt("N", "-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(*ParseInt("N", "9223372036854775807"), std::numeric_limits<int64_t>::max());
  EXPECT_EQ(ParseInt("N", "0", 1, 20).status().message(),
            "N has to be a whole number from 1 to 20, not '0'");
}

TEST(ArgumentsDeathTest, UndeclaredOptionsAndOtherTypesAreChecked) {
  const auto arguments = ParseArguments(Options(), Paths(), {});
  ASSERT_TRUE(arguments.ok());
  EXPECT_DEATH(arguments->Int("topp"), "no such option");
  EXPECT_DEATH(arguments->String("top"), "another type");
}

}  // namespace
}  // namespace ashlar
