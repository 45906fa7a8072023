#include "ashlar/verification/model/bounds.h"

#include <cstdlib>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// --config=deep sets the scale for this test as well.
class BoundsTest : public testing::Test {
 protected:
  BoundsTest() { unsetenv("ASHLAR_MODEL_SCALE"); }
  ~BoundsTest() override { unsetenv("ASHLAR_MODEL_SCALE"); }

  bool Parse(std::vector<std::string> arguments) {
    std::vector<char*> argv = {program_};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    testing::internal::CaptureStderr();
    const bool parsed = ParseFlags(static_cast<int>(argv.size()), argv.data(), bounds_,
                                   {{"list", &list_}, {"mutant", &mutant_}});
    error_ = testing::internal::GetCapturedStderr();
    return parsed;
  }

  Bounds bounds_;
  std::string list_;
  std::uint64_t mutant_ = 0;
  std::string error_;

 private:
  char program_[5] = "test";
};

TEST_F(BoundsTest, FlagsSetTheBoundsAndWhatElseThereIs) {
  ASSERT_TRUE(Parse({"--iterations=1", "--bound=2", "--limit=3", "--executions=4", "--first=5",
                     "--list=a=b.tsv", "--mutant=6"}));
  EXPECT_THAT((std::vector{bounds_.iterations, bounds_.preemptions, bounds_.limit,
                           bounds_.executions, bounds_.first, mutant_}),
              ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ(list_, "a=b.tsv");
}

TEST_F(BoundsTest, WhatIsNoFlagOrNoNumberIsAnError) {
  for (const char* argument :
       {"--iteration=1", "--iterations", "--iterations=", "--iterations=1x", "--bound=-1",
        "iterations=1", "--limit=99999999999999999999", "--first=0"}) {
    EXPECT_FALSE(Parse({argument}));
    EXPECT_EQ(error_, std::string("test: unknown flag or value: ") + argument + "\n");
  }
}

TEST_F(BoundsTest, TheScaleMultipliesAndAddsAPreemption) {
  setenv("ASHLAR_MODEL_SCALE", "4", 1);
  ASSERT_TRUE(Parse({}));
  EXPECT_EQ(bounds_.iterations, 4 * Bounds().iterations);
  EXPECT_EQ(bounds_.limit, 4 * Bounds().limit);
  EXPECT_EQ(bounds_.executions, 4 * Bounds().executions);
  EXPECT_EQ(bounds_.preemptions, Bounds().preemptions + 1);
}

TEST_F(BoundsTest, AScaleOfOneChangesNothing) {
  setenv("ASHLAR_MODEL_SCALE", "1", 1);
  ASSERT_TRUE(Parse({}));
  EXPECT_EQ(bounds_.iterations, Bounds().iterations);
  EXPECT_EQ(bounds_.preemptions, Bounds().preemptions);
}

TEST_F(BoundsTest, AScaleThatIsNoneIsAnError) {
  for (const char* scale : {"0", "", "four"}) {
    setenv("ASHLAR_MODEL_SCALE", scale, 1);
    EXPECT_FALSE(Parse({}));
    EXPECT_THAT(error_, HasSubstr("not a positive number"));
  }
}

TEST_F(BoundsTest, SearchesShareTheBudget) {
  ASSERT_TRUE(Parse({"--iterations=100", "--limit=20", "--executions=9", "--first=7"}));
  std::vector<std::string> names;
  for (const Search& search : bounds_.Searches(10)) {
    names.push_back(search.Name() + ": " + std::to_string(search.executions) + " from " +
                    std::to_string(search.first));
  }
  EXPECT_THAT(names, ElementsAre("random: 10 from 7", "bound 2: 2 from 1"));
  EXPECT_EQ(bounds_.Searches().size(), 3u);
  EXPECT_THAT(bounds_.Searches(1000), IsEmpty());
}

}  // namespace
}  // namespace ashlar::verification
