#include "ashlar/verification/linearizability/checker.h"

#include <chrono>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/overlapping_history_for_test.h"
#include "ashlar/verification/linearizability/specifications.h"
#include "ashlar/verification/linearizability/verdict.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

template <class S>
Verdict Check(const S& specification, const HistoryOf<S>& history, const Limits& limits = {}) {
  const absl::StatusOr<Verdict> verdict = CheckLinearizable(specification, history, limits);
  EXPECT_TRUE(verdict.ok()) << verdict.status();
  return verdict.ok() ? *verdict : Verdict();
}

template <class S>
Outcome OutcomeOf(const S& specification, const HistoryOf<S>& history) {
  return Check(specification, history).outcome;
}

constexpr auto kRight = Outcome::kLinearizable;
constexpr auto kWrong = Outcome::kNotLinearizable;

using IntQueue = Queue<int>;
using IntStack = Stack<int>;
using IntRegister = Register<int>;
using Deque = WorkStealingDeque<int>;

// ---- What is right.

TEST(CheckerTest, NothingIsLinearizable) {
  EXPECT_EQ(OutcomeOf(IntQueue(), {}), kRight);
  EXPECT_EQ(OutcomeOf(Set<int>(), {}), kRight);
}

TEST(CheckerTest, FindsASequenceThatExplainsTheResults) {
  const HistoryOf<IntQueue> history{
      .threads = 3,
      .operations = {{0, IntQueue::Push(1), IntQueue::Done(), 0, 30},
                     {1, IntQueue::Push(2), IntQueue::Done(), 10, 40},
                     {2, IntQueue::Pop(), IntQueue::Took(2), 20, 50}}};
  const Verdict verdict = Check(IntQueue(), history);
  EXPECT_EQ(verdict.outcome, kRight);
  EXPECT_EQ(verdict.sequence.front(), 1);
  EXPECT_THAT(verdict.sequence, SizeIs(3));
  EXPECT_THAT(verdict.stuck, IsEmpty());
}

TEST(CheckerTest, PendingOperationsMayTakeEffect) {
  EXPECT_EQ(
      OutcomeOf(IntQueue(), {.threads = 2,
                             .operations = {{0, IntQueue::Push(1), {}, 0},
                                            {1, IntQueue::Pop(), IntQueue::Took(1), 10, 20}}}),
      kRight);
}

TEST(CheckerTest, PendingOperationsMayHaveNoEffect) {
  EXPECT_EQ(
      OutcomeOf(IntQueue(), {.threads = 2,
                             .operations = {{0, IntQueue::Push(1), {}, 0},
                                            {1, IntQueue::Pop(), IntQueue::Empty(), 10, 20}}}),
      kRight);
}

TEST(CheckerTest, PendingOperationsTakeNoEffectBeforeTheirCall) {
  EXPECT_EQ(OutcomeOf(IntQueue(), {.threads = 2,
                                   .operations = {{1, IntQueue::Pop(), IntQueue::Took(1), 10, 20},
                                                  {0, IntQueue::Push(1), {}, 30}}}),
            kWrong);
}

TEST(CheckerTest, RelaxedQueue) {
  const HistoryOf<RelaxedQueue<int>> second{
      .threads = 1,
      .operations = {{0, IntQueue::Push(1), IntQueue::Done(), 0, 1},
                     {0, IntQueue::Push(2), IntQueue::Done(), 2, 3},
                     {0, IntQueue::Pop(), IntQueue::Took(2), 4, 5}}};
  RelaxedQueue<int> queue;
  EXPECT_EQ(OutcomeOf(queue, second), kWrong);
  queue.k = 2;
  EXPECT_EQ(OutcomeOf(queue, second), kRight);

  const HistoryOf<RelaxedQueue<int>> failed{
      .threads = 1,
      .operations = {{0, IntQueue::Push(1), IntQueue::Done(), 0, 1},
                     {0, IntQueue::Pop(), IntQueue::Empty(), 4, 5}}};
  EXPECT_EQ(OutcomeOf(queue, failed), kWrong);
  queue.may_fail = true;
  EXPECT_EQ(OutcomeOf(queue, failed), kRight);
}

TEST(CheckerTest, AStealMayAlwaysSayRetryAndIfAllowedEmpty) {
  const auto stolen = [](const Deque::Result& result) {
    return HistoryOf<Deque>{.threads = 2,
                            .operations = {{0, Deque::Push(1), Deque::Done(), 0, 1},
                                           {1, Deque::Steal(), result, 2, 3}}};
  };
  Deque deque;
  EXPECT_EQ(OutcomeOf(deque, stolen(Deque::Took(1))), kRight);
  EXPECT_EQ(OutcomeOf(deque, stolen(Deque::Retry())), kRight);
  EXPECT_EQ(OutcomeOf(deque, stolen(Deque::Empty())), kWrong);
  deque.steal_may_miss = true;
  EXPECT_EQ(OutcomeOf(deque, stolen(Deque::Empty())), kRight);
}

// ---- What is wrong, of each kind.

TEST(CheckerTest, LostItem) {
  EXPECT_EQ(
      OutcomeOf(IntQueue(), {.threads = 2,
                             .operations = {{0, IntQueue::Push(1), IntQueue::Done(), 0, 10},
                                            {0, IntQueue::Push(2), IntQueue::Done(), 20, 30},
                                            {1, IntQueue::Pop(), IntQueue::Took(2), 40, 50},
                                            {1, IntQueue::Pop(), IntQueue::Empty(), 60, 70}}}),
      kWrong);
}

TEST(CheckerTest, DuplicatedItem) {
  const std::vector<HistoryOf<Deque>::Operation> operations = {
      {0, Deque::Push(1), Deque::Done(), 0, 10},
      {0, Deque::Pop(), Deque::Took(1), 20, 40},
      {1, Deque::Steal(), Deque::Took(1), 25, 45}};
  const Verdict verdict = Check(Deque(), {.threads = 2, .operations = operations});
  EXPECT_EQ(verdict.outcome, kWrong);
  EXPECT_THAT(verdict.sequence, ElementsAre(0, 1));
  EXPECT_THAT(verdict.stuck, ElementsAre(2));
  EXPECT_EQ(verdict.why,
            "operation 2 of thread 1, Steal() -> 1: in the state [] the specification answers "
            "empty or retry\n");
}

TEST(CheckerTest, ItemFromNowhere) {
  EXPECT_EQ(OutcomeOf(IntQueue(), {.threads = 1,
                                   .operations = {{0, IntQueue::Pop(), IntQueue::Took(3), 0, 10}}}),
            kWrong);
}

TEST(CheckerTest, FifoOrderInverted) {
  const Verdict verdict =
      Check(IntQueue(), {.threads = 2,
                         .operations = {{0, IntQueue::Push(1), IntQueue::Done(), 0, 10},
                                        {0, IntQueue::Push(2), IntQueue::Done(), 20, 30},
                                        {1, IntQueue::Pop(), IntQueue::Took(2), 25, 50},
                                        {1, IntQueue::Pop(), IntQueue::Took(1), 60, 70}}});
  EXPECT_EQ(verdict.outcome, kWrong);
  EXPECT_THAT(verdict.stuck, ElementsAre(2));
  EXPECT_THAT(verdict.why, HasSubstr("Pop() -> 2: in the state [1 2] the specification answers 1"));
}

TEST(CheckerTest, StaleRead) {
  EXPECT_EQ(OutcomeOf(IntRegister(), {.threads = 2,
                                      .operations = {{0, IntRegister::Write(1), 1, 0, 10},
                                                     {1, IntRegister::Read(), 0, 20, 30}}}),
            kWrong);
  // The new value first and then the old one.
  EXPECT_EQ(OutcomeOf(IntRegister(), {.threads = 2,
                                      .operations = {{0, IntRegister::Write(1), 1, 0, 100},
                                                     {1, IntRegister::Read(), 1, 10, 20},
                                                     {1, IntRegister::Read(), 0, 30, 40}}}),
            kWrong);
}

TEST(CheckerTest, EmptyWhileThereIsSomething) {
  EXPECT_EQ(
      OutcomeOf(IntStack(), {.threads = 2,
                             .operations = {{0, IntStack::Push(1), IntStack::Done(), 0, 10},
                                            {0, IntStack::Push(2), IntStack::Done(), 20, 40},
                                            {1, IntStack::Pop(), IntStack::Empty(), 30, 50}}}),
      kWrong);
}

TEST(CheckerTest, FullWhileThereIsRoom) {
  EXPECT_EQ(
      OutcomeOf(IntQueue(2), {.threads = 1,
                              .operations = {{0, IntQueue::Push(1), IntQueue::Done(), 0, 1},
                                             {0, IntQueue::Push(2), IntQueue::Full(), 2, 3}}}),
      kWrong);
  EXPECT_EQ(
      OutcomeOf(IntQueue(1), {.threads = 1,
                              .operations = {{0, IntQueue::Push(1), IntQueue::Done(), 0, 1},
                                             {0, IntQueue::Push(2), IntQueue::Full(), 2, 3}}}),
      kRight);
}

// A pop slept while others popped 2 and 1 and pushed 2 again: its exchange then made 1, as
// it was once, the top again, and 1 is popped twice.
TEST(CheckerTest, AbaOnAStack) {
  const Verdict verdict =
      Check(IntStack(), {.threads = 2,
                         .operations = {{0, IntStack::Push(1), IntStack::Done(), 0, 1},
                                        {0, IntStack::Push(2), IntStack::Done(), 2, 3},
                                        {0, IntStack::Pop(), IntStack::Took(2), 4, 20},
                                        {1, IntStack::Pop(), IntStack::Took(2), 5, 6},
                                        {1, IntStack::Pop(), IntStack::Took(1), 7, 8},
                                        {1, IntStack::Push(2), IntStack::Done(), 9, 10},
                                        {1, IntStack::Pop(), IntStack::Took(1), 21, 22}}});
  EXPECT_EQ(verdict.outcome, kWrong);
  EXPECT_THAT(verdict.stuck, ElementsAre(6));
}

TEST(CheckerTest, LostUpdate) {
  EXPECT_EQ(OutcomeOf(Counter(), {.threads = 2,
                                  .operations = {{0, Counter::Add(1), 0, 0, 10},
                                                 {1, Counter::Add(1), 0, 5, 15}}}),
            kWrong);
}

TEST(CheckerTest, OfAMapTheKeyThatIsWrong) {
  using IntMap = Map<int, int>;
  const std::vector<HistoryOf<IntMap>::Operation> operations = {
      {0, IntMap::Put(1, 10), std::nullopt, 0, 1},
      {0, IntMap::Put(2, 20), std::nullopt, 2, 3},
      {1, IntMap::Get(1), 10, 4, 5},
      {1, IntMap::Get(2), std::nullopt, 6, 7}};
  // A result of nothing, not the lack of a result.
  std::vector<HistoryOf<IntMap>::Operation> returned = operations;
  for (auto& operation : returned) {
    if (!operation.result.has_value()) operation.result = IntMap::Result();
  }
  const Verdict verdict = Check(IntMap(), {.threads = 2, .operations = returned});
  EXPECT_EQ(verdict.outcome, kWrong);
  EXPECT_THAT(verdict.part, ElementsAre(1, 3));
  EXPECT_THAT(verdict.sequence, ElementsAre(1));
  EXPECT_THAT(verdict.stuck, ElementsAre(3));
  EXPECT_THAT(verdict.why, HasSubstr("Get(2) -> nothing: in the state {2:20} the specification "
                                     "answers 20"));
}

// ---- Long histories.

constexpr int kLong = 5000;

// Four threads whose operations each overlap about four others.
HistoryOf<IntQueue> LongQueue() { return OverlappingHistory(IntQueue(), 4, kLong, 5, kPushOrPop); }

TEST(CheckerTest, LongHistories) {
  EXPECT_EQ(OutcomeOf(IntQueue(), LongQueue()), kRight);
  const auto bounded = OverlappingHistory(IntQueue(4), 4, kLong, 5, kPushOrPop);
  EXPECT_EQ(OutcomeOf(IntQueue(4), bounded), kRight);
  const auto writes = OverlappingHistory(IntRegister(), 4, kLong, 5, [](auto random, int i) {
    return random(2) == 0 ? IntRegister::Write(i) : IntRegister::Read();
  });
  EXPECT_EQ(OutcomeOf(IntRegister(), writes), kRight);
  using IntMap = Map<int, int>;
  const auto entries = OverlappingHistory(IntMap(), 16, 4 * kLong, 20, [](auto random, int i) {
    const int key = random(100);
    return random(3) == 0   ? IntMap::Put(key, i)
           : random(2) == 0 ? IntMap::Remove(key)
                            : IntMap::Get(key);
  });
  const Verdict verdict = Check(IntMap(), entries);
  EXPECT_EQ(verdict.outcome, kRight);
  EXPECT_THAT(verdict.sequence, SizeIs(4 * kLong));
}

TEST(CheckerTest, LongHistoriesThatAreWrongAreExplained) {
  // A lost item, one at a time: what was popped stays there.
  for (int lost = 3000; lost < 3006; ++lost) {
    HistoryOf<IntQueue> history = LongQueue();
    auto& operation = history.operations[lost];
    if (operation.result->answer != IntQueue::Answer::kTook) continue;
    operation.result = IntQueue::Empty();
    const Verdict verdict = Check(IntQueue(), history);
    EXPECT_EQ(verdict.outcome, kWrong);
    ASSERT_FALSE(verdict.stuck.empty());
    EXPECT_NEAR(verdict.stuck.front(), lost, 20);
    EXPECT_GT(verdict.sequence.size(), 2900u);
  }
}

TEST(CheckerTest, OfALongHistoryTheFirstReturnThatIsWrongIsNamed) {
  HistoryOf<IntQueue> history;
  history.threads = 2;
  for (int i = 0; i < kLong; ++i) {
    // Two pushes that overlap, two pops that overlap.
    for (int thread = 0; thread < 2; ++thread) {
      const int item = 2 * i + thread;
      history.operations.push_back({thread, IntQueue::Push(item), IntQueue::Done(),
                                    100 * i + thread, 100 * i + 10 + thread});
      history.operations.push_back({thread, IntQueue::Pop(), IntQueue::Took(item),
                                    100 * i + 20 + thread, 100 * i + 30 + thread});
    }
  }
  // Taken by the wrong thread: right. Taken again: wrong.
  std::swap(history.operations[1001].result, history.operations[1003].result);
  EXPECT_EQ(OutcomeOf(IntQueue(), history), kRight);
  history.operations[8001].result = history.operations[1001].result;
  const Verdict verdict = Check(IntQueue(), history);
  EXPECT_EQ(verdict.outcome, kWrong);
  EXPECT_THAT(verdict.stuck, ElementsAre(8001));
  EXPECT_THAT(verdict.why,
              HasSubstr("operation 8001 of thread 0, Pop() -> 501: in the state [4000"));
}

// ---- Orders that are not times.

TEST(CheckerTest, WithoutOrderAnOldValueIsNoError) {
  HistoryOf<IntRegister> history{
      .threads = 2,
      .operations = {{.thread = 0, .call = IntRegister::Write(1), .result = 1},
                     {.thread = 1, .call = IntRegister::Read(), .result = 0}},
      .order = {{}}};
  EXPECT_EQ(OutcomeOf(IntRegister(), history), kRight);
  history.order->emplace_back(0, 1);
  EXPECT_EQ(OutcomeOf(IntRegister(), history), kWrong);
}

// Each thread inserts one element and then misses the other's, in the order of its own:
// each element alone is right, both together are not. In times there is no such history.
TEST(CheckerTest, InAPartialOrderKeysAreNotIndependent) {
  using IntSet = Set<int>;
  const HistoryOf<IntSet> history{
      .threads = 2,
      .operations = {{.thread = 0, .call = IntSet::Insert(1), .result = true},
                     {.thread = 0, .call = IntSet::Contains(2), .result = false},
                     {.thread = 1, .call = IntSet::Insert(2), .result = true},
                     {.thread = 1, .call = IntSet::Contains(1), .result = false}},
      .order = {{}}};
  EXPECT_EQ(OutcomeOf(IntSet(), history), kWrong);
}

// ---- Limits and bad input.

// Writes that all overlap, and then a read of what nobody wrote.
HistoryOf<IntRegister> Hard(int writers) {
  HistoryOf<IntRegister> history;
  history.threads = writers + 1;
  for (int i = 0; i < writers; ++i) {
    history.operations.push_back({i, IntRegister::Write(i), i, 0, 10});
  }
  history.operations.push_back({writers, IntRegister::Read(), -1, 20, 30});
  return history;
}

TEST(CheckerTest, GivesUpAtALimit) {
  const HistoryOf<IntRegister> history = Hard(12);
  const Verdict configurations = Check(IntRegister(), history, {.configurations = 1000});
  EXPECT_EQ(configurations.outcome, Outcome::kUnknown);
  EXPECT_EQ(configurations.why, "the limit of 1000 configurations");
  EXPECT_EQ(configurations.configurations, 1000u);
  EXPECT_THAT(configurations.sequence, SizeIs(12));

  const Verdict time = Check(IntRegister(), history, {.time = std::chrono::nanoseconds(1)});
  EXPECT_EQ(time.outcome, Outcome::kUnknown);
  EXPECT_THAT(time.why, HasSubstr("the limit of time, after"));

  const Verdict operations = Check(IntRegister(), history, {.operations = 12});
  EXPECT_EQ(operations.outcome, Outcome::kUnknown);
  EXPECT_EQ(operations.why, "the limit of 12 operations");
}

// 12! sequences, but 2^12 sets of writes, of each of which any may have been the last.
TEST(CheckerTest, EntersNoConfigurationTwice) {
  const Verdict verdict = Check(IntRegister(), Hard(12));
  EXPECT_EQ(verdict.outcome, kWrong);
  EXPECT_EQ(verdict.configurations, 12u << 11);
}

TEST(CheckerTest, AWrongKeyCountsEvenIfAnotherHitsTheLimit) {
  using IntSet = Set<int>;
  HistoryOf<IntSet> history{
      .threads = 1,
      .operations = {{0, IntSet::Insert(1), true, 0, 1}, {0, IntSet::Insert(1), false, 2, 3}}};
  EXPECT_EQ(Check(IntSet(), history, {.configurations = 1}).outcome, Outcome::kUnknown);
  history.operations.push_back({0, IntSet::Insert(2), false, 4, 5});
  EXPECT_EQ(Check(IntSet(), history, {.configurations = 1}).outcome, kWrong);
}

TEST(CheckerTest, RefusesWhatIsNoHistory) {
  const HistoryOf<IntQueue> history{.threads = 1,
                                    .operations = {{0, IntQueue::Pop(), IntQueue::Empty(), 5, 4}}};
  const auto verdict = CheckLinearizable(IntQueue(), history);
  EXPECT_EQ(verdict.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(verdict.status().message(), "operation 0 returned at 4, before it was called at 5");
}

// ---- Specifications of one's own.

// Take waits until there is something.
struct Semaphore {
  struct Call {
    bool give = false;
  };
  using Result = std::tuple<>;
  using State = int;
  template <class Offer>
  void Apply(int state, const Call& call, Offer offer) const {
    if (call.give) offer(Result(), state + 1);
    if (!call.give && state > 0) offer(Result(), state - 1);
  }
};

TEST(CheckerTest, ACallThatHasToWaitTakesEffectLater) {
  const std::tuple<> done;
  EXPECT_EQ(OutcomeOf(Semaphore(), {.threads = 2,
                                    .operations = {{0, {.give = false}, done, 0, 20},
                                                   {1, {.give = true}, done, 10, 30}}}),
            kRight);
  const Verdict verdict =
      Check(Semaphore(),
            {.threads = 2,
             .operations = {{0, {.give = false}, done, 0, 20}, {1, {.give = true}, done, 30, 40}}});
  EXPECT_EQ(verdict.outcome, kWrong);
  EXPECT_EQ(verdict.why, "operation 0 of thread 0, call: here the specification lets it wait\n");
}

}  // namespace
}  // namespace ashlar::verification::linearizability
