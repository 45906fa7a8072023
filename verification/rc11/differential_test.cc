// The explorer against brute force, on random programs: the same executions, each once.
//
// ASHLAR_PROGRAMS in the environment is how many programs, ASHLAR_SEED the first one's
// seed; program n has the seed of the first plus n.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <optional>
#include <ostream>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/execution_hash.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/oracle_for_test.h"
#include "ashlar/verification/rc11/program.h"
#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

constexpr int kLocations = 2;

struct Step {
  enum class Kind { kRead, kWrite, kFetchAdd, kExchange, kCompareExchange, kFence, kSpinUnless };
  Kind kind = Kind::kRead;
  Order order = Order::kRelaxed;
  Order failure = Order::kRelaxed;
  std::uint8_t location = 0;
  Value operand = 0;
  Value expected = 0;
  bool add_last = false;                 // to the operand: what the thread read last
  std::optional<Value> only_after_read;  // skipped unless the last read gave this
};

std::ostream& operator<<(std::ostream& out, const Step& step) {
  static constexpr const char* kOrders[] = {"na", "rlx", "acq",   "rel",
                                            "ar", "sc",  "light", "heavy"};
  if (step.only_after_read) out << "when(last==" << *step.only_after_read << ") ";
  out << "RWAXCFS"[static_cast<int>(step.kind)] << '.' << kOrders[static_cast<int>(step.order)];
  if (step.kind == Step::Kind::kCompareExchange) {
    out << '.' << kOrders[static_cast<int>(step.failure)];
  }
  return out << " @" << int{step.location} << " expected " << step.expected << " operand "
             << step.operand << (step.add_last ? "+last" : "");
}

using ThreadSteps = std::vector<std::vector<Step>>;

std::string ToString(const ThreadSteps& threads) {
  std::string text;
  for (const std::vector<Step>& steps : threads) {
    text += "thread\n";
    for (const Step& step : steps) text += "  " + testing::PrintToString(step) + "\n";
  }
  return text;
}

class RandomProgram : public Program {
 public:
  explicit RandomProgram(const ThreadSteps& threads) : steps_(threads), states_(threads.size()) {}

  int Threads() const override { return static_cast<int>(steps_.size()); }
  int Locations() const override { return kLocations; }
  Value Initial(int) const override { return 0; }
  void Restart() override { states_.assign(steps_.size(), State()); }

  Operation Resume(int thread, Value value) override {
    State& state = states_[thread];
    const std::vector<Step>& steps = steps_[thread];
    if (state.running) {
      const Step& step = steps[state.next];
      if (!state.storing && step.kind != Step::Kind::kWrite && step.kind != Step::Kind::kFence) {
        state.last_before = state.last;
        state.last = value;
        const bool stores = step.kind == Step::Kind::kFetchAdd ||
                            step.kind == Step::Kind::kExchange ||
                            (step.kind == Step::Kind::kCompareExchange && value == step.expected);
        if (stores) {
          state.storing = true;
          Value desired = Operand(step, state.last_before);
          if (step.kind == Step::Kind::kFetchAdd) desired += value;
          return Operation::RmwWrite(step.order, step.location, desired);
        }
        if (step.kind == Step::Kind::kSpinUnless && value != step.expected) {
          return Operation::Spin();
        }
      }
      state.running = state.storing = false;
      ++state.next;
    }
    for (; state.next < steps.size(); ++state.next) {
      const Step& step = steps[state.next];
      if (step.only_after_read && *step.only_after_read != state.last) continue;
      state.running = true;
      return First(step, state);
    }
    return Operation();
  }

 private:
  struct State {
    std::size_t next = 0;
    bool running = false;
    bool storing = false;
    Value last = 0;         // read
    Value last_before = 0;  // the read before it
  };

  static Value Operand(const Step& step, Value last) {
    return step.operand + (step.add_last ? last : 0);
  }
  static Operation First(const Step& step, const State& state) {
    switch (step.kind) {
      case Step::Kind::kRead:
      case Step::Kind::kSpinUnless:
        return Operation::Read(step.order, step.location);
      case Step::Kind::kWrite:
        return Operation::Write(step.order, step.location, Operand(step, state.last));
      case Step::Kind::kFetchAdd:
      case Step::Kind::kExchange:
        return Operation::RmwRead(step.order, step.location);
      case Step::Kind::kCompareExchange:
        return Operation::CompareRead(step.order, step.failure, step.location, step.expected);
      default:
        return Operation::Fence(step.order);
    }
  }

  const std::vector<std::vector<Step>> steps_;
  std::vector<State> states_;
};

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  ThreadSteps Program() {
    const int count = Pick({2, 2, 2, 3, 3, 4});
    ThreadSteps threads(count);
    for (std::vector<Step>& steps : threads) {
      const int size = 1 + Below(count == 2 ? 4 : count == 3 ? 3 : 2);
      for (int i = 0; i < size; ++i) steps.push_back(RandomStep(i > 0));
    }
    return threads;
  }

 private:
  using Kind = Step::Kind;

  int Below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }
  template <class T>
  T Pick(std::initializer_list<T> choices) {
    return choices.begin()[Below(static_cast<int>(choices.size()))];
  }

  Step RandomStep(bool may_depend) {
    using enum Order;
    Step step;
    step.kind = Pick({Kind::kRead, Kind::kRead, Kind::kRead, Kind::kWrite, Kind::kWrite,
                      Kind::kWrite, Kind::kFetchAdd, Kind::kExchange, Kind::kCompareExchange,
                      Kind::kFence, Kind::kSpinUnless});
    step.location = static_cast<std::uint8_t>(Below(kLocations));
    step.operand = Below(3);
    step.expected = Below(3);
    switch (step.kind) {
      case Kind::kRead:
      case Kind::kSpinUnless:
        step.order = Pick({kPlain, kRelaxed, kRelaxed, kAcquire, kAcquire, kSeqCst, kSeqCst});
        break;
      case Kind::kWrite:
        step.order = Pick({kPlain, kRelaxed, kRelaxed, kRelease, kRelease, kSeqCst, kSeqCst});
        step.add_last = may_depend && Below(5) == 0;
        break;
      case Kind::kFence:
        step.order = Pick({kAcquire, kRelease, kAcqRel, kSeqCst, kSeqCst, kLight, kLight, kHeavy});
        break;
      default:
        step.order = Pick({kRelaxed, kAcquire, kRelease, kAcqRel, kSeqCst});
        step.failure = Pick({kRelaxed, kAcquire, kSeqCst});
    }
    if (may_depend && Below(6) == 0) step.only_after_read = Below(3);
    return step;
  }

  std::mt19937_64 random_;
};

std::uint64_t FromEnvironment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

struct Totals {
  std::uint64_t compared = 0;
  std::uint64_t executions = 0;
  std::uint64_t blocked = 0;
  std::uint64_t racy = 0;
  std::uint64_t largest = 0;
};

// False if the program is too large for brute force.
bool Compare(std::uint64_t seed, Model model, Totals* totals) {
  const ThreadSteps threads = Generator(seed).Program();
  RandomProgram program(threads);
  const std::optional<Enumeration> expected = Enumerate(program, model, 2'000);
  if (!expected) return false;

  Options options;
  options.model = model;
  std::set<std::uint64_t> seen;
  std::uint64_t racy = 0;
  const Result result = Explore(program, options, [&](const Graph& graph, bool) {
    EXPECT_TRUE(seen.insert(ExecutionHash(graph)).second) << "twice";
    racy += FindRace(graph).first != Graph::kNone;
    return true;
  });
  EXPECT_EQ(result.status, Result::Status::kComplete);
  EXPECT_EQ(seen, expected->executions)
      << seen.size() << " instead of " << expected->executions.size();
  EXPECT_EQ(racy, expected->racy);
  if (testing::Test::HasFailure()) {
    ADD_FAILURE() << "seed " << seed << " under model " << static_cast<int>(model) << "\n"
                  << ToString(threads);
  }
  ++totals->compared;
  totals->executions += seen.size();
  totals->blocked += result.blocked;
  totals->racy += racy;
  totals->largest = std::max<std::uint64_t>(totals->largest, seen.size());
  return true;
}

// Compares the programs of a model that have this shard's numbers.
void CompareMany(Model model, std::uint64_t programs, std::uint64_t shard, std::uint64_t shards) {
  const std::uint64_t first = FromEnvironment("ASHLAR_SEED", 1);
  Totals totals;
  std::uint64_t too_large = 0;
  for (std::uint64_t i = shard; i < programs && !testing::Test::HasFailure(); i += shards) {
    too_large += !Compare(first + i, model, &totals);
  }
  std::printf(
      "%ju programs with %ju executions (%ju blocked, %ju racy, at most %ju in one), "
      "%ju too large\n",
      std::uintmax_t{totals.compared}, std::uintmax_t{totals.executions},
      std::uintmax_t{totals.blocked}, std::uintmax_t{totals.racy}, std::uintmax_t{totals.largest},
      std::uintmax_t{too_large});
  testing::Test::RecordProperty("programs", std::to_string(totals.compared));
  testing::Test::RecordProperty("executions", std::to_string(totals.executions));
  testing::Test::RecordProperty("blocked", std::to_string(totals.blocked));
  testing::Test::RecordProperty("racy", std::to_string(totals.racy));
  testing::Test::RecordProperty("too large", std::to_string(too_large));
  // The generator makes programs worth comparing.
  EXPECT_LT(too_large, totals.compared);
  EXPECT_GT(totals.executions, 2 * totals.compared);
  EXPECT_GT(totals.racy, 0u);
  EXPECT_GT(totals.blocked, 0u);
}

constexpr std::uint64_t kShards = 4;

class DifferentialTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(DifferentialTest, Rc11) {
  CompareMany(Model::kRc11, FromEnvironment("ASHLAR_PROGRAMS", 20'000), GetParam(), kShards);
}

TEST_P(DifferentialTest, Rc11Paper) {
  CompareMany(Model::kRc11Paper, FromEnvironment("ASHLAR_PROGRAMS", 4'000), GetParam(), kShards);
}

TEST_P(DifferentialTest, Sc) {
  CompareMany(Model::kSc, FromEnvironment("ASHLAR_PROGRAMS", 4'000), GetParam(), kShards);
}

INSTANTIATE_TEST_SUITE_P(Shards, DifferentialTest, testing::Range(std::uint64_t{0}, kShards));

}  // namespace
}  // namespace ashlar::verification::rc11
