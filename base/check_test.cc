#include "ashlar/base/check.h"

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(CheckTest, TrueConditionIsEvaluatedOnce) {
  int evaluated = 0;
  ASHLAR_CHECK(++evaluated == 1);
  EXPECT_EQ(evaluated, 1);
}

TEST(CheckDeathTest, FailureNamesPlaceConditionAndReason) {
  EXPECT_DEATH(ASHLAR_CHECK(1 + 1 == 3, "arithmetic holds"),
               "check_test.cc:[0-9]+: .*check failed: 1 \\+ 1 == 3: arithmetic holds");
}

TEST(CheckTest, IsAnExpressionOfTypeVoid) {
  bool ok = true;
  ok ? ASHLAR_CHECK(true) : ASHLAR_CHECK(false);
}

}  // namespace
}  // namespace ashlar
