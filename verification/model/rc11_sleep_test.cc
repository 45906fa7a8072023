// Sleeping and waking on random programs, under sequential consistency, against what a futex
// is: a look and a sleep in one step. Whatever interleaving can come out must, nothing else.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <random>
#include <set>
#include <vector>

#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "ashlar/verification/rc11/graph.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

constexpr int kMostThreads = 3;
constexpr int kMostSteps = 3;

enum class Kind { kStore, kWait, kWakeOne, kWakeAll };
struct Step {
  Kind kind;
  std::uint32_t value;  // stored, or expected
};
using Threads = std::array<std::vector<Step>, kMostThreads>;

// What each thread read after each of its waits, and a 9 where it sleeps for ever; at the end
// the word.
using Outcome = std::vector<std::uint32_t>;
constexpr std::uint32_t kAsleep = 9;

struct State {
  std::size_t next[kMostThreads] = {};
  bool asleep[kMostThreads] = {};
  bool woken[kMostThreads] = {};  // or did not sleep; is about to read
  std::uint32_t word = 0;
  Outcome seen[kMostThreads];
};

Outcome OutcomeOf(const State& state) {
  Outcome outcome;
  for (int i = 0; i < kMostThreads; ++i) {
    outcome.insert(outcome.end(), state.seen[i].begin(), state.seen[i].end());
    if (state.asleep[i]) outcome.push_back(kAsleep);
  }
  outcome.push_back(state.word);
  return outcome;
}

// All interleavings, step by step.
void Interleave(const Threads& threads, const State& state, std::set<Outcome>* outcomes) {
  bool ended = true;
  for (int i = 0; i < kMostThreads; ++i) {
    if (state.asleep[i] || (!state.woken[i] && state.next[i] == threads[i].size())) continue;
    ended = false;
    State after = state;
    if (state.woken[i]) {
      after.woken[i] = false;
      after.seen[i].push_back(state.word);
      Interleave(threads, after, outcomes);
      continue;
    }
    const Step& step = threads[i][after.next[i]++];
    switch (step.kind) {
      case Kind::kStore:
        after.word = step.value;
        break;
      case Kind::kWait:
        after.asleep[i] = state.word == step.value;
        after.woken[i] = !after.asleep[i];
        break;
      case Kind::kWakeAll:
        for (int other = 0; other < kMostThreads; ++other) {
          after.woken[other] = after.woken[other] || after.asleep[other];
          after.asleep[other] = false;
        }
        break;
      case Kind::kWakeOne: {
        bool any = false;
        for (int other = 0; other < kMostThreads; ++other) {
          if (!state.asleep[other]) continue;
          any = true;
          State woken = after;
          woken.asleep[other] = false;
          woken.woken[other] = true;
          Interleave(threads, woken, outcomes);
        }
        if (any) continue;
        break;
      }
    }
    Interleave(threads, after, outcomes);
  }
  if (ended) outcomes->insert(OutcomeOf(state));
}

// The same on the platform.
struct Sleepers {
  using P = Rc11Platform;
  static constexpr int kThreads = kMostThreads;
  static inline const Threads* threads;
  static inline Sleepers* running;
  static inline std::set<Outcome>* outcomes;

  P::Atomic<std::uint32_t> word{0};
  std::uint32_t seen[kMostThreads][kMostSteps] = {};
  int count[kMostThreads] = {};

  Sleepers() { running = this; }
  void Thread(unsigned index) {
    for (const Step& step : (*threads)[index]) {
      switch (step.kind) {
        case Kind::kStore:
          word.store(step.value);
          break;
        case Kind::kWait: {
          std::uint32_t& slot = seen[index][count[index]++];
          slot = kAsleep;
          P::Wait(word, step.value);
          slot = word.load();
          break;
        }
        case Kind::kWakeOne:
          P::WakeOne(word);
          break;
        case Kind::kWakeAll:
          P::WakeAll(word);
          break;
      }
    }
  }
  void After() { Tell(word.load()); }
  void Tell(std::uint32_t last) const {
    Outcome outcome;
    for (int i = 0; i < kMostThreads; ++i)
      outcome.insert(outcome.end(), seen[i], seen[i] + count[i]);
    outcome.push_back(last);
    outcomes->insert(outcome);
  }
};

TEST(Rc11SleepTest, ComesOutAsAFutexDoes) {
  std::mt19937 random(1);
  const auto below = [&](unsigned end) { return static_cast<unsigned>(random() % end); };
  std::size_t programs = 0;
  std::size_t total = 0;
  std::size_t hangs = 0;
  while (programs < 3000) {
    Threads threads;
    const unsigned count = 2 + below(2);
    for (unsigned i = 0; i < count; ++i) {
      for (unsigned steps = 1 + below(kMostSteps); steps > 0; --steps) {
        threads[i].push_back({static_cast<Kind>(below(4)), below(2)});
      }
    }
    ++programs;
    std::set<Outcome> expected;
    Interleave(threads, State(), &expected);

    std::set<Outcome> found;
    Sleepers::threads = &threads;
    Sleepers::outcomes = &found;
    rc11::Options options;
    options.model = rc11::Model::kSc;
    options.max_accidents = 0;
    options.on_failure = [&](const rc11::Graph& graph, const rc11::Failure& failure) {
      EXPECT_EQ(failure.kind, rc11::Failure::Kind::kHang) << failure.message;
      Sleepers::running->Tell(static_cast<std::uint32_t>(graph[graph.MoLast(0)].value));
      ++hangs;
      return true;
    };
    rc11::FiberProgram program(Rc11Type<Sleepers>());
    const rc11::Result result = rc11::Explore(program, options);
    ASSERT_EQ(result.status, rc11::Result::Status::kComplete);
    ASSERT_EQ(result.failures, result.blocked);
    ASSERT_EQ(found, expected) << "program " << programs;
    total += expected.size();
  }
  std::printf("%zu programs with %zu outcomes, %zu hangs\n", programs, total, hangs);
  RecordProperty("programs", std::to_string(programs));
  RecordProperty("outcomes", std::to_string(total));
  RecordProperty("hangs", std::to_string(hangs));
  EXPECT_GT(total, programs);
  EXPECT_GT(hangs, programs / 10);
}

}  // namespace
}  // namespace ashlar::verification
