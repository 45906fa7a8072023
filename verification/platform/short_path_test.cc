#include "ashlar/verification/platform/short_path.h"

#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

TEST(ShortPathTest, DropsTheBuildsFolders) {
  EXPECT_EQ(ShortPath("bazel-out/k8/bin/concurrency/_virtual_includes/x/ashlar/concurrency/x.h"),
            "concurrency/x.h");
  EXPECT_EQ(ShortPath("./ring/ring.h"), "ring/ring.h");
}

TEST(ShortPathTest, LeavesAPathOfTheSourceTree) {
  EXPECT_EQ(ShortPath("concurrency/x_model_test.cc"), "concurrency/x_model_test.cc");
}

}  // namespace
}  // namespace ashlar::verification
