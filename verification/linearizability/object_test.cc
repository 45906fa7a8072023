// What real threads do to objects, and what fuzzers' bytes do: right objects pass, and wrong
// ones are found.
#include "ashlar/verification/linearizability/object.h"

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

#include "ashlar/concurrency/platform.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/replay_object.h"
#include "ashlar/verification/linearizability/internal/stress_object.h"
#include "ashlar/verification/linearizability/objects_for_test.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using testing::IsSubstring;

TEST(MakeObjectTest, MakesAllTests) {
  const Object object = MakeObject<RightSum>("sum");
  EXPECT_EQ(object.name, "sum");
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_UNEXPLORED
  EXPECT_NE(object.explore, nullptr);
#endif
  EXPECT_NE(object.stress, nullptr);
  EXPECT_EQ(object.replay(std::vector<std::uint8_t>{0, 1}).operations, 1u);
}

// ---- Real threads.

template <template <class> class Description>
Findings StressFor(double seconds) {
  return internal::StressObject(internal::kDescription<Description<StdPlatform>>,
                                {.seconds = seconds});
}

template <template <class> class Description>
void ExpectRightWithThreads() {
  const Findings findings = StressFor<Description>(0.1);
  EXPECT_FALSE(findings.wrong.has_value()) << findings.wrong->text;
  EXPECT_GT(findings.histories, 0u);
  EXPECT_GE(findings.operations, findings.histories);
}

template <template <class> class Description>
void ExpectFoundByThreads() {
  // Found within milliseconds; the bound is for machines that do nothing at once.
  const Findings findings = StressFor<Description>(60);
  ASSERT_TRUE(findings.wrong.has_value()) << findings.histories << " histories";
  EXPECT_PRED_FORMAT2(IsSubstring, "not linearizable", findings.wrong->text);
  ASSERT_TRUE(findings.wrong->drawing.has_value());
  EXPECT_FALSE(findings.wrong->drawing->graph);
}

TEST(StressTest, ARightSumPasses) { ExpectRightWithThreads<RightSum>(); }
TEST(StressTest, ARightDequePasses) { ExpectRightWithThreads<RightDeque>(); }
TEST(StressTest, ARightRingPasses) { ExpectRightWithThreads<RightRing>(); }
TEST(StressTest, ARightGatePasses) { ExpectRightWithThreads<RightGate>(); }

TEST(StressTest, ALostUpdateIsFound) { ExpectFoundByThreads<WrongSum>(); }

TEST(StressTest, AStealThatLooksBeforeItTakesIsFound) { ExpectFoundByThreads<WrongDeque>(); }

TEST(StressTest, OneThreadIsEnoughForAnIndexThatWraps) { ExpectFoundByThreads<WrongRing>(); }

// ---- Bytes.

template <template <class> class Description>
Findings Replay(const std::vector<std::uint8_t>& input) {
  return internal::ReplayObject(internal::kDescription<Description<StdPlatform>>, input);
}

TEST(ReplayTest, BytesAreAVariantAndThenCalls) {
  // Push, Push, Pop, and two that see what is left.
  EXPECT_EQ(Replay<RightRing>({0, 0, 0, 1}).operations, 5u);
  EXPECT_EQ(Replay<RightRing>({1, 0, 0, 1}).operations, 5u);
  EXPECT_EQ(Replay<RightRing>({}).operations, 1u);
}

TEST(ReplayTest, RightObjectsPass) {
  std::vector<std::uint8_t> all;
  for (int i = 0; i < 1024; ++i) all.push_back(static_cast<std::uint8_t>(i * i / 7));
  for (const Findings& findings : {Replay<RightSum>(all), Replay<RightDeque>(all),
                                   Replay<RightRing>(all), Replay<RightGate>(all)}) {
    EXPECT_FALSE(findings.wrong.has_value()) << findings.wrong->text;
    EXPECT_GT(findings.operations, 0u);
  }
}

TEST(ReplayTest, AnIndexThatWrapsWronglyIsFound) {
  const std::vector<std::uint8_t> fill_and_empty = {0, 0, 0, 1, 1, 1};
  std::vector<std::uint8_t> input = fill_and_empty;
  input.insert(input.begin(), 1);
  const Findings findings = Replay<WrongRing>(input);
  ASSERT_TRUE(findings.wrong.has_value());
  EXPECT_PRED_FORMAT2(IsSubstring, "variant 1\n", findings.wrong->text);
  EXPECT_PRED_FORMAT2(IsSubstring, "Pop() -> ", findings.wrong->text);
  // From the other beginning it takes 256 items to get there.
  input[0] = 0;
  EXPECT_FALSE(Replay<WrongRing>(input).wrong.has_value());
}

// The answer is right, and the item that is left is lost.
template <class Platform>
class ForgetfulObject : public RingObject<Platform, true> {
  using Ring = RingObject<Platform, true>;

 public:
  explicit ForgetfulObject(int variant) : Ring(variant) {}
  typename Ring::Result Do(int thread, const typename Ring::Call& call) {
    const bool push = call.method == Ring::Specification::Method::kPush;
    return push ? Ring::Specification::Done() : Ring::Do(thread, call);
  }
};

TEST(ReplayTest, WhatIsLeftIsLookedAt) {
  EXPECT_TRUE(Replay<ForgetfulObject>({0, 0}).wrong.has_value());
}

TEST(ReplayTest, WhatMayHaveToWaitIsLeftOut) {
  // Wait, Open, Wait: who waits first would wait for ever.
  EXPECT_EQ(Replay<RightGate>({0, 1, 0, 1}).operations, 2u);
}

}  // namespace
}  // namespace ashlar::verification::linearizability
