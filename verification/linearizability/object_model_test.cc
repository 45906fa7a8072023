// Objects are explored to the end, and wrong ones are found, with what is wrong with them.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/internal/description.h"
#include "ashlar/verification/linearizability/internal/explore_object.h"
#include "ashlar/verification/linearizability/objects_for_test.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using testing::HasSubstr;

template <template <class> class Description>
Findings Explore(Exploration exploration = {}) {
  return internal::ExploreObject(internal::kDescription<Description<Rc11Platform>>, exploration);
}

template <template <class> class Description>
Wrong FirstWrong() {
  const Findings findings = Explore<Description>();
  EXPECT_TRUE(findings.wrong.has_value());
  EXPECT_FALSE(findings.complete);
  return findings.wrong.value_or(Wrong());
}

TEST(ObjectTest, EveryProgramIsExplored) {
  const Findings findings = Explore<RightSum>();
  EXPECT_FALSE(findings.wrong.has_value()) << findings.wrong->text;
  EXPECT_TRUE(findings.complete);
  EXPECT_EQ(findings.programs, 16u);
  // The sequences of two read-modify-writes of each thread.
  EXPECT_EQ(findings.executions, 16 * 6u);
  EXPECT_EQ(findings.operations, 16 * 6 * 4u);
  // What the second of a thread answers tells the sequences apart, all of them.
  EXPECT_EQ(findings.histories, 16 * 6u);
}

TEST(ObjectTest, DeeperIsMore) {
  const Findings findings = Explore<RightSum>({.deep = true});
  EXPECT_TRUE(findings.complete);
  EXPECT_EQ(findings.programs, 64u);
  EXPECT_EQ(findings.executions, 64 * 20u);
}

TEST(ObjectTest, OneProgramCanBeExploredAlone) {
  const Findings findings = Explore<RightSum>({.only_program = 3});
  EXPECT_EQ(findings.programs, 1u);
  EXPECT_EQ(findings.executions, 6u);
}

TEST(ObjectTest, ABoundIsNotAllExecutions) {
  const Findings findings = Explore<RightSum>({.max_executions = 2});
  EXPECT_FALSE(findings.wrong.has_value());
  EXPECT_FALSE(findings.complete);
}

TEST(ObjectTest, ALostUpdateIsFound) {
  const Wrong wrong = FirstWrong<WrongSum>();
  EXPECT_EQ(wrong.program, 1u);
  EXPECT_THAT(wrong.text, HasSubstr("thread 0: Add(1) Add(1)\nthread 1: Add(1) Add(1)\n"));
  EXPECT_THAT(wrong.text, HasSubstr("not linearizable"));
  ASSERT_TRUE(wrong.drawing.has_value());
  EXPECT_TRUE(wrong.drawing->graph);
}

TEST(ObjectTest, ADequeIsWhatItsStealsAre) {
  EXPECT_FALSE(Explore<RightDeque>().wrong.has_value());
  EXPECT_THAT(FirstWrong<WrongDeque>().text, HasSubstr("!!"));
}

TEST(ObjectTest, EachVariantIsExplored) {
  const Wrong wrong = FirstWrong<WrongRing>();
  EXPECT_THAT(wrong.text, HasSubstr("variant 1\n"));
  EXPECT_THAT(wrong.text, HasSubstr("Pop()"));
}

TEST(ObjectTest, ThreadsMayWaitForEverWhereTheSpecificationSaysSo) {
  const Findings findings = Explore<RightGate>();
  EXPECT_FALSE(findings.wrong.has_value()) << findings.wrong->text;
  EXPECT_TRUE(findings.complete);
  EXPECT_EQ(findings.programs, 2u);
}

TEST(ObjectTest, ALostWakeUpIsFound) {
  const Wrong wrong = FirstWrong<WrongGate>();
  EXPECT_EQ(wrong.program, 1u);
  EXPECT_THAT(wrong.text, HasSubstr("Wait() -> waits for ever: in the state"));
}

// Two threads write it, and nothing orders them.
template <class Platform>
class RacyObject {
 public:
  using Specification = Counter;
  using Call = Counter::Call;
  static constexpr int kThreads = 2;
  static std::vector<Call> Calls(int, std::span<const Call>) { return {Counter::Add(1)}; }
  std::int64_t Do(int, const Call& call) { return (sum_.Write() += call.add) - call.add; }

 private:
  typename Platform::template Var<std::int64_t> sum_;
};

TEST(ObjectTest, ADataRaceIsFound) {
  const Wrong wrong = FirstWrong<RacyObject>();
  EXPECT_THAT(wrong.text, HasSubstr("race"));
  EXPECT_FALSE(wrong.drawing.has_value());
}

}  // namespace
}  // namespace ashlar::verification::linearizability
