// Choices, accidents and waiting, each compared with programs that have none of them.

#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "ashlar/verification/rc11/execution_hash.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

using enum Order;
using Status = Result::Status;

// One operation, in terms of the program.
struct Step {
  enum Kind { kRead, kWrite, kFence, kAdd, kStrong, kWeak, kReadIfEqual };
  Kind kind;
  Order order;
  std::uint8_t location = 0;
  Value value = 0;  // written, added, or expected; a compare-exchange writes one more
  Order failure = kRelaxed;
};

// Threads that do one of several steps after another; the explorer chooses which.
class Chooser : public Program {
 public:
  using Thread = std::vector<std::vector<Step>>;
  explicit Chooser(std::vector<Thread> threads) : threads_(std::move(threads)) { Restart(); }

  int Threads() const override { return static_cast<int>(threads_.size()); }
  int Locations() const override { return 2; }
  Value Initial(int) const override { return 0; }
  void Restart() override { states_.assign(threads_.size(), State()); }
  void Choose(int thread, int choice) override {
    State& state = states_[thread];
    (state.phase == kChoosing ? state.alternative : state.choice) = choice;
  }
  Operation Resume(int thread, Value value) override {
    State& state = states_[thread];
    const Thread& steps = threads_[thread];
    if (state.phase == kDoing) {
      const Step& step = steps[state.step][state.alternative];
      const bool equal = value == step.value && std::exchange(state.choice, 0) == 0;
      if (step.kind == Step::kReadIfEqual && value != step.value) state.discarded = true;
      if (step.kind == Step::kAdd ||
          (step.kind >= Step::kStrong && equal && step.kind != Step::kReadIfEqual)) {
        state.phase = kFinishing;
        const Value next = step.kind == Step::kAdd ? value + step.value : step.value + 1;
        return Operation::RmwWrite(step.order, step.location, next);
      }
    }
    if (state.phase != kChoosing && state.phase != kNext) {
      ++state.step;
      state.alternative = 0;
      state.phase = kNext;
    }
    if (state.step == steps.size()) return Operation();
    const std::vector<Step>& alternatives = steps[state.step];
    if (state.phase == kNext && alternatives.size() > 1) {
      state.phase = kChoosing;
      return Operation::Choice(static_cast<std::uint8_t>(alternatives.size()));
    }
    state.phase = kDoing;
    return Begin(alternatives[state.alternative]);
  }
  // Whether some kReadIfEqual read something else.
  bool Discarded() const {
    for (const State& state : states_) {
      if (state.discarded) return true;
    }
    return false;
  }

 private:
  enum Phase { kNext, kChoosing, kDoing, kFinishing };
  struct State {
    std::size_t step = 0;
    int alternative = 0;
    int choice = 0;
    Phase phase = kNext;
    bool discarded = false;
  };

  static Operation Begin(const Step& step) {
    switch (step.kind) {
      case Step::kRead:
        return Operation::Read(step.order, step.location);
      case Step::kReadIfEqual:
        return Operation::Read(step.failure, step.location);
      case Step::kWrite:
        return Operation::Write(step.order, step.location, step.value);
      case Step::kFence:
        return Operation::Fence(kSeqCst);
      case Step::kAdd:
        return Operation::RmwRead(step.order, step.location);
      default:
        Operation compare =
            Operation::CompareRead(step.order, step.failure, step.location, step.value);
        if (step.kind == Step::kWeak) {
          compare.choices = 1;
          compare.accident = true;
        }
        return compare;
    }
  }

  const std::vector<Thread> threads_;
  std::vector<State> states_;
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}
  int Below(int end) { return static_cast<int>(engine_() % static_cast<unsigned>(end)); }
  Step AnyStep(int kinds) {
    constexpr Order kReads[] = {kRelaxed, kAcquire, kSeqCst};
    constexpr Order kWrites[] = {kRelaxed, kRelease, kSeqCst};
    constexpr Order kRmws[] = {kRelaxed, kAcquire, kRelease, kAcqRel, kSeqCst};
    Step step = {static_cast<Step::Kind>(Below(kinds)), kRelaxed};
    step.location = static_cast<std::uint8_t>(Below(2));
    step.value = 1 + Below(2);
    step.order = step.kind == Step::kRead    ? kReads[Below(3)]
                 : step.kind == Step::kWrite ? kWrites[Below(3)]
                                             : kRmws[Below(5)];
    if (step.kind >= Step::kStrong) step.value = Below(2);
    step.failure = kReads[Below(3)];
    return step;
  }

 private:
  std::mt19937_64 engine_;
};

// The number of executions. None comes twice.
std::uint64_t Executions(Chooser& program, int accidents = 0) {
  Options options;
  options.max_accidents = accidents;
  std::set<std::uint64_t> seen;
  std::uint64_t discarded = 0;
  const Result result = Explore(program, options, [&](const Graph& graph, bool) {
    EXPECT_TRUE(seen.insert(ExecutionHash(graph)).second);
    discarded += program.Discarded();
    return true;
  });
  EXPECT_EQ(result.status, Status::kComplete);
  return result.executions - discarded;
}

// As many as the programs have together in which every choice is made beforehand.
TEST(ChoiceTest, HasTheExecutionsOfAllProgramsThatCouldBeChosen) {
  Random random(1);
  std::uint64_t total = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<Chooser::Thread> threads(3);
    std::vector<std::pair<std::size_t, std::size_t>> choices;
    for (std::size_t t = 0; t < threads.size(); ++t) {
      threads[t].resize(1 + random.Below(3));
      for (std::size_t s = 0; s < threads[t].size(); ++s) {
        threads[t][s].push_back(random.AnyStep(Step::kWeak));
        if (choices.size() < 3 && random.Below(2) == 0) {
          threads[t][s].push_back(random.AnyStep(Step::kWeak));
          choices.push_back({t, s});
        }
      }
    }
    std::uint64_t sum = 0;
    for (unsigned chosen = 0; chosen < 1u << choices.size(); ++chosen) {
      std::vector<Chooser::Thread> resolved = threads;
      for (std::size_t i = 0; i < choices.size(); ++i) {
        std::vector<Step>& steps = resolved[choices[i].first][choices[i].second];
        steps.erase(steps.begin() + (chosen >> i & 1));
      }
      Chooser program(resolved);
      sum += Executions(program);
    }
    Chooser program(threads);
    ASSERT_EQ(Executions(program), sum) << "round " << round;
    total += sum;
  }
  EXPECT_GT(total, 10'000u);
}

// A weak compare-exchange is a strong one, or a read with the failure order of just what was
// expected.
TEST(ChoiceTest, AWeakCompareExchangeMayFail) {
  Random random(2);
  std::uint64_t total = 0;
  for (int round = 0; round < 1000; ++round) {
    std::vector<Chooser::Thread> weak(3);
    std::vector<Chooser::Thread> chosen(3);
    int exchanges = 0;
    for (std::size_t t = 0; t < weak.size(); ++t) {
      for (int s = 1 + random.Below(3); s > 0; --s) {
        Step step = random.AnyStep(Step::kReadIfEqual);
        weak[t].push_back({step});
        chosen[t].push_back({step});
        if (step.kind != Step::kWeak) continue;
        ++exchanges;
        step.kind = Step::kStrong;
        chosen[t].back() = {step, step};
        chosen[t].back()[1].kind = Step::kReadIfEqual;
      }
    }
    Chooser strong_or_read(chosen);
    Chooser program(weak);
    const std::uint64_t executions = Executions(program, exchanges);
    ASSERT_EQ(executions, Executions(strong_or_read)) << "round " << round;
    total += executions;
    // No more accidents than allowed, and fewer are a part of more.
    EXPECT_LE(Executions(program, 0), Executions(program, 1));
    EXPECT_LE(Executions(program, 1), executions);
  }
  EXPECT_GT(total, 10'000u);
}

TEST(ChoiceTest, AccidentsAreCountedInAnExecution) {
  // Three exchanges in a row that expect 0 and write 1, of which one succeeds at most.
  const std::vector<Step> weak = {{Step::kWeak, kRelaxed, 0, 0, kRelaxed}};
  Chooser program({{weak, weak, weak}});
  EXPECT_EQ(Executions(program, 0), 1u);
  EXPECT_EQ(Executions(program, 1), 2u);
  EXPECT_EQ(Executions(program, 2), 3u);
  EXPECT_EQ(Executions(program, 3), 4u);
}

// Threads that do what they are told, and read a bit before they go on.
class Waiters : public Program {
 public:
  explicit Waiters(std::vector<std::vector<Operation>> threads)
      : threads_(std::move(threads)), next_(threads_.size()) {}
  int Threads() const override { return static_cast<int>(threads_.size()); }
  int Locations() const override { return 2; }
  Value Initial(int) const override { return 3; }
  void Restart() override { next_.assign(threads_.size(), 0); }
  Operation Resume(int thread, Value) override {
    const std::size_t next = next_[thread]++;
    return next < threads_[thread].size() ? threads_[thread][next] : Operation();
  }

 private:
  const std::vector<std::vector<Operation>> threads_;
  std::vector<std::size_t> next_;
};

Result ExploreWaiters(std::vector<std::vector<Operation>> threads) {
  Waiters program(std::move(threads));
  Options options;
  options.on_failure = [](const Graph&, const Failure&) { return true; };
  return Explore(program, options);
}

TEST(AwaitTest, GoesOnOnceTheBitsAreClear) {
  const Result result =
      ExploreWaiters({{Operation::Await(kAcquire, 0, 1), Operation::Read(kPlain, 1)},
                      {Operation::Write(kPlain, 1, 7), Operation::Write(kRelease, 0, 2),
                       Operation::Write(kRelease, 0, 0)}});
  EXPECT_EQ(result.executions, 1u) << "it reads the first of them";
  EXPECT_EQ(result.blocked, 0u);
  EXPECT_EQ(result.failures, 0u) << "no race";
}

TEST(AwaitTest, IsAHangIfTheyStaySet) {
  const Result result =
      ExploreWaiters({{Operation::Fence(kRelease), Operation::Await(kAcquire, 0, 1)},
                      {Operation::Write(kRelease, 0, 1)}});
  EXPECT_EQ(result.executions, 0u);
  EXPECT_EQ(result.blocked, 1u);
  ASSERT_TRUE(result.failure);
  EXPECT_EQ(result.failure->kind, Failure::Kind::kHang);
  EXPECT_EQ(result.failure->thread, 0);
}

TEST(AwaitTest, AThreadThatBeginsWithItMayNeverStart) {
  const Result result =
      ExploreWaiters({{Operation::Await(kAcquire, 0, 1)}, {Operation::Write(kRelease, 0, 1)}});
  EXPECT_EQ(result.executions, 1u);
  EXPECT_EQ(result.failures, 0u);
}

TEST(AwaitTest, OneThatAnAccidentMayEndIsNoHang) {
  Operation await = Operation::Await(kAcquire, 0, 1);
  await.accident = true;
  const Result result = ExploreWaiters({{Operation::Fence(kRelease), await}});
  EXPECT_EQ(result.blocked, 1u);
  EXPECT_EQ(result.failures, 0u);
}

}  // namespace
}  // namespace ashlar::verification::rc11
