// Scenarios that would end, or hang, a checker that runs them as it finds them. Each ends
// with a report, after which the checker is as good as new.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>

#include "ashlar/base/check.h"
#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/fiber_program.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ashlar::verification {
namespace {

using rc11::Failure;
using rc11::ScenarioResult;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;
using P = Rc11Platform;
using Status = rc11::Result::Status;

constexpr auto kRelaxed = std::memory_order_relaxed;

struct Good {
  static constexpr int kThreads = 2;
  P::Atomic<int> x{0};
  void Thread(unsigned) { x.fetch_add(1, kRelaxed); }
  void After() { Expect(x.load() == 2); }
};

template <class S>
std::string FailureOf(Failure::Kind kind = Failure::Kind::kWrong) {
  const ScenarioResult scenario = ExploreRc11<S>();
  EXPECT_EQ(scenario.result.status, Status::kFailed);
  EXPECT_TRUE(scenario.result.failure && scenario.result.failure->kind == kind);
  const ScenarioResult next = ExploreRc11<Good>();
  EXPECT_EQ(next.result.status, Status::kComplete) << next.failure;
  EXPECT_EQ(next.result.executions, 2u);
  return scenario.failure;
}

enum class Where { kConstructor, kThread, kAfter };

// Does something bad after an operation.
template <Where kWhere, void (*kBad)()>
struct Bad {
  static constexpr int kThreads = 2;
  P::Atomic<int> x{0};
  Bad() {
    if (kWhere == Where::kConstructor) kBad();
  }
  void Thread(unsigned index) {
    x.store(static_cast<int>(index), kRelaxed);
    if (kWhere == Where::kThread && index == 1) kBad();
  }
  void After() {
    x.load();
    if (kWhere == Where::kAfter) kBad();
  }
};

template <void (*kBad)()>
void ExpectEverywhere(const std::string& report) {
  const auto here = [&](const char* function) {
    return AllOf(StartsWith(report), HasSubstr("rc11_bad_scenario_test.cc:"), HasSubstr(function));
  };
  EXPECT_THAT((FailureOf<Bad<Where::kConstructor, kBad>>()), here("in Bad"));
  EXPECT_THAT((FailureOf<Bad<Where::kThread, kBad>>()), here("in Thread"));
  EXPECT_THAT((FailureOf<Bad<Where::kAfter, kBad>>()), here("in After"));
}

void Throw() { throw std::runtime_error("no more tea"); }
void ThrowNumber() { throw 42; }

TEST(BadScenarioTest, Throws) {
  ExpectEverywhere<&Throw>(
      "an exception leaves the scenario (no more tea), after the operation at ");
  ExpectEverywhere<&ThrowNumber>("an exception leaves the scenario, after the operation at ");
}

void ThrowOutOfNoexcept() noexcept { Throw(); }

TEST(BadScenarioTest, Terminates) {
  ExpectEverywhere<&ThrowOutOfNoexcept>(
      "std::terminate was called (by an exception that leaves a noexcept function?), after ");
}

// Each fiber has its own exceptions.
struct ThrowsAndCatches {
  static constexpr int kThreads = 3;
  P::Atomic<int> x{0};
  void Thread(unsigned) {
    try {
      Throw();
    } catch (const std::runtime_error&) {
      x.fetch_add(1, kRelaxed);
      try {
        ThrowNumber();
      } catch (int number) {
        x.fetch_add(number, kRelaxed);
      }
      Expect(std::current_exception() != nullptr);
    }
    Expect(std::current_exception() == nullptr);
  }
  void After() { Expect(x.load() == 3 * 43); }
};

TEST(BadScenarioTest, MayCatchWhatItThrows) {
  const ScenarioResult scenario = ExploreRc11<ThrowsAndCatches>();
  EXPECT_EQ(scenario.result.status, Status::kComplete) << scenario.failure;
  EXPECT_EQ(scenario.result.executions, 90u) << "the orders of three times two additions";
}

[[gnu::noinline]] int Recurse(int depth) {
  volatile char frame[1000];
  frame[0] = static_cast<char>(depth);
  return depth < 0 ? 0 : Recurse(depth + 1) + frame[0];
}
void OverflowStack() { Recurse(0); }

TEST(BadScenarioTest, RecursesWithoutEnd) {
  ExpectEverywhere<&OverflowStack>(
      "stack overflow (recursion without end?), after the operation at ");
}

void WriteToNull() {
  volatile int* volatile nowhere = nullptr;
  *nowhere = 1;
}

TEST(BadScenarioTest, Crashes) {
  ExpectEverywhere<&WriteToNull>(
      "access of memory that is not there (a null pointer?), after the operation at ");
}

void FailACheck() { ASHLAR_CHECK(false, "on purpose, in a scenario"); }

TEST(BadScenarioTest, Aborts) {
  ExpectEverywhere<&FailACheck>("abort() was called, after the operation at ");
}

void RunOn() {
  for (volatile bool always = true; always;) {
  }
}

TEST(BadScenarioTest, NeverEnds) {
  EXPECT_THAT((FailureOf<Bad<Where::kThread, &RunOn>>()),
              AllOf(StartsWith("runs on without an operation of the platform, after the one at "),
                    HasSubstr("in Thread")));
}

struct PerformsWithoutEnd {
  static constexpr int kThreads = 3;
  P::Atomic<int> x{0};
  void Thread(unsigned index) {
    if (index != 1) return x.store(1, kRelaxed);
    while (x.load(kRelaxed) < 2) {
    }
  }
};

TEST(BadScenarioTest, PerformsWithoutEnd) {
  EXPECT_THAT(FailureOf<PerformsWithoutEnd>(Failure::Kind::kTooLarge),
              AllOf(StartsWith("more than 128 operations, "), HasSubstr(" of them by thread 1"),
                    HasSubstr("rc11_bad_scenario_test.cc:"), HasSubstr("lack a SpinWait?")));
}

int* volatile last;
void AllocateWithoutEnd() {
  for (;;) last = new int[250];
}
void CreateWithoutEnd() {
  for (;;) P::CreateArray<int>(100);
}
void GrowWithoutEnd() {
  for (std::string text = "more";;) text += text;
}

TEST(BadScenarioTest, AllocatesWithoutEnd) {
  constexpr char kReport[] = "allocates more than 1 MiB, after the operation at ";
  EXPECT_THAT((FailureOf<Bad<Where::kThread, &AllocateWithoutEnd>>()), StartsWith(kReport));
  EXPECT_THAT((FailureOf<Bad<Where::kThread, &GrowWithoutEnd>>()), StartsWith(kReport));
  ExpectEverywhere<&CreateWithoutEnd>(kReport);
}

struct WaitsInItsConstructor {
  static constexpr int kThreads = 1;
  P::Atomic<bool> ready{false};
  WaitsInItsConstructor() {
    while (!ready.load()) P::SpinWait();
  }
  void Thread(unsigned) {}
};

TEST(BadScenarioTest, WaitsOutsideOfThreads) {
  EXPECT_THAT(FailureOf<WaitsInItsConstructor>(),
              StartsWith("waits for ever outside of threads at "));
}

// What differs shows in a value, in an operation, or in a conflict that is found later.
struct UsesTime {
  static constexpr int kThreads = 2;
  P::Atomic<std::int64_t> x{0};
  void Thread(unsigned) {
    x.load(kRelaxed);
    x.store(std::chrono::steady_clock::now().time_since_epoch().count(), kRelaxed);
  }
};

std::mt19937 engine(1);  // NOLINT: that is the point

struct UsesChance {
  static constexpr int kThreads = 1;
  P::Atomic<int> x{0};
  P::Atomic<int> y{0};
  void Thread(unsigned) {
    for (int i = 0; i < 10; ++i) (engine() % 2 == 0 ? x : y).store(1, kRelaxed);
  }
};

int runs = 0;

struct RemembersRuns {
  static constexpr int kThreads = 2;
  P::Atomic<int> x{0};
  RemembersRuns() { ++runs; }
  void Thread(unsigned index) {
    if (index == 0) x.load(kRelaxed);
    if (index == 1 || runs == 3) x.store(1, kRelaxed);
  }
};

TEST(BadScenarioTest, IsNotDeterministic) {
  constexpr auto kKind = Failure::Kind::kNotDeterministic;
  EXPECT_THAT(FailureOf<UsesTime>(kKind),
              AllOf(StartsWith("thread 0 did something else when it was run again, at "),
                    HasSubstr("both times:\n    read location 0 at "), HasSubstr(", which held 0"),
                    HasSubstr("then:\n    write "), HasSubstr("now:\n    write ")));
  EXPECT_THAT(FailureOf<UsesChance>(kKind),
              AllOf(HasSubstr(" to location 0 at "), HasSubstr(" to location 1 at ")));
  EXPECT_THAT(FailureOf<RemembersRuns>(kKind), StartsWith("thread 0 did something else"));
}

struct TooManyLocations {
  static constexpr int kThreads = 1;
  P::Atomic<int> numbers[200];
  void Thread(unsigned) {}
};

TEST(BadScenarioTest, HasTooManyLocations) {
  EXPECT_THAT(FailureOf<TooManyLocations>(),
              StartsWith("the scenario has more than 127 atomics and Vars at "));
}

}  // namespace
}  // namespace ashlar::verification
