#include "ashlar/verification/model/mutation.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcqRel = std::memory_order_acq_rel;
constexpr auto kSeqCst = std::memory_order_seq_cst;

ExecutedOperation At(const char* file, const char* function, unsigned line, unsigned column,
                     Operation operation, std::memory_order order = kRelaxed) {
  OperationSite site;
  site.file = file;
  site.function = function;
  site.line = line;
  site.column = column;
  return {site, operation, order};
}

TEST(MutationTest, WeakensOneStepAtATime) {
  EXPECT_THAT(WeakerByOneStep(Operation::kLoad, kSeqCst), ElementsAre(kAcquire));
  EXPECT_THAT(WeakerByOneStep(Operation::kLoad, kAcquire), ElementsAre(kRelaxed));
  EXPECT_THAT(WeakerByOneStep(Operation::kLoad, kRelaxed), IsEmpty());
  EXPECT_THAT(WeakerByOneStep(Operation::kStore, kSeqCst), ElementsAre(kRelease));
  EXPECT_THAT(WeakerByOneStep(Operation::kReadModifyWrite, kSeqCst), ElementsAre(kAcqRel));
  EXPECT_THAT(WeakerByOneStep(Operation::kCompareExchange, kAcqRel),
              ElementsAre(kAcquire, kRelease));
  EXPECT_THAT(WeakerByOneStep(Operation::kCompareExchangeFailure, kAcquire), ElementsAre(kRelaxed));
}

TEST(MutationTest, AlsoDropsFencesAndWakeUps) {
  EXPECT_THAT(WeakerByOneStep(Operation::kFence, kSeqCst), ElementsAre(kAcqRel, kDropped));
  EXPECT_THAT(WeakerByOneStep(Operation::kFence, kAcquire), ElementsAre(kDropped));
  EXPECT_THAT(WeakerByOneStep(Operation::kFence, kDropped), IsEmpty());
  EXPECT_THAT(WeakerByOneStep(Operation::kWake, kRelaxed), ElementsAre(kDropped));
  EXPECT_THAT(WeakerByOneStep(Operation::kWake, kDropped), IsEmpty());
}

TEST(MutationTest, PlacesAreNumberedOnTheirLineAndInTheirFunction) {
  const std::vector<ExecutedOperation> recorded = {
      At("x.h", "Pop", 7, 30, Operation::kLoad),
      At("x.h", "Pop", 7, 10, Operation::kLoad),
      At("x.h", "Pop<int>", 9, 10, Operation::kLoad),
      At("x.h", "Push", 3, 10, Operation::kLoad),
      At("x.h", "Pop", 7, 20, Operation::kStore),
      At("x_test.cc", "Thread", 1, 1, Operation::kLoad),
      At("x.inc", "Peek", 1, 1, Operation::kLoad),
  };
  std::vector<std::string> names;
  for (const Place& place : Places(recorded)) {
    names.push_back(place.function + std::to_string(place.executed.site.line) + " " +
                    std::string(Name(place.executed.operation)) +
                    std::to_string(place.ordinal_on_line) +
                    std::to_string(place.ordinal_in_function));
  }
  EXPECT_THAT(names, ElementsAre("Push3 load11", "Pop7 load11", "Pop7 load22", "Pop7 store11",
                                 "Pop9 load13", "Peek1 load11"));
}

TEST(MutationTest, APlaceWithTwoOrdersIsOnePlace) {
  const std::vector<ExecutedOperation> recorded = {
      At("x.h", "Pop", 7, 10, Operation::kLoad, kRelaxed),
      At("x.h", "Pop", 7, 10, Operation::kLoad, kAcquire),
      At("x.h", "Pop", 7, 40, Operation::kLoad, kAcquire),
  };
  const std::vector<Place> places = Places(recorded);
  ASSERT_EQ(places.size(), 3u);
  EXPECT_EQ(places[1].ordinal_in_function, 1u);
  EXPECT_EQ(places[2].ordinal_in_function, 2u);
}

TEST(MutationTest, NamesOfOrders) {
  EXPECT_EQ(Name(kDropped), "dropped");
  EXPECT_EQ(Name(kRelaxed), "relaxed");
  EXPECT_EQ(Name(kRelease), "release");
  EXPECT_EQ(Name(kSeqCst), "seq_cst");
}

}  // namespace
}  // namespace ashlar::verification
