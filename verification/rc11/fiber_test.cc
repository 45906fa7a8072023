#include "ashlar/verification/rc11/fiber.h"

#include <cstdint>
#include <string>

#include "gtest/gtest.h"

namespace ashlar::verification::rc11 {
namespace {

struct Counter {
  Fiber fiber;
  double value = 0;  // a stack that is not aligned shows in vector code
  std::string text;
};

void Count(void* argument) {
  auto* const counter = static_cast<Counter*>(argument);
  for (double step = 1;; step *= 2) {
    alignas(16) volatile double local[2] = {step, step};
    counter->value += local[0];
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(&local) % 16, 0u);
    counter->text = std::to_string(counter->value);
    counter->fiber.Suspend();
  }
}

TEST(FiberTest, GoesOnWhereItSuspendedItself) {
  Counter counter;
  counter.fiber.Start(&Count, &counter);
  EXPECT_EQ(counter.value, 0);
  counter.fiber.Resume();
  EXPECT_EQ(counter.value, 1);
  counter.fiber.Resume();
  counter.fiber.Resume();
  EXPECT_EQ(counter.value, 7);
  EXPECT_EQ(counter.text, "7.000000");
}

TEST(FiberTest, CanBeStartedAgain) {
  Counter counter;
  for (int i = 0; i < 3; ++i) {
    counter.value = 0;
    counter.fiber.Start(&Count, &counter);
    counter.fiber.Resume();
    counter.fiber.Resume();
    EXPECT_EQ(counter.value, 3);
  }
}

TEST(FiberTest, FibersTakeTurns) {
  Counter a;
  Counter b;
  a.fiber.Start(&Count, &a);
  b.fiber.Start(&Count, &b);
  a.fiber.Resume();
  b.fiber.Resume();
  a.fiber.Resume();
  EXPECT_EQ(a.value, 3);
  EXPECT_EQ(b.value, 1);
}

}  // namespace
}  // namespace ashlar::verification::rc11
