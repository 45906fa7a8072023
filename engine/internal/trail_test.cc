#include "ashlar/engine/internal/trail.h"

#include <cstddef>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

TEST(TrailTest, GivesWhatWasRecordedTheDistanceBefore) {
  int items[100];
  Trail<int> trail;
  for (std::size_t i = 0; i < 100; ++i) {
    int* const expected = i < Trail<int>::kDistance ? nullptr : &items[i - Trail<int>::kDistance];
    EXPECT_EQ(trail.Record(&items[i]), expected) << i;
  }
}

}  // namespace
}  // namespace ashlar::internal
