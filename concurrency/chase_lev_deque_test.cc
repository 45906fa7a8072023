#include "ashlar/concurrency/chase_lev_deque.h"

#include <cstdint>
#include <limits>
#include <new>
#include <optional>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Deque = ChaseLevDeque<int>;

int StolenFrom(Deque& deque) {
  const StealResult<int> stolen = deque.Steal();
  return stolen.outcome == StealOutcome::kSuccess ? stolen.item : -1;
}

TEST(ChaseLevDequeTest, OwnerTakesTheNewest) {
  Deque deque;
  for (int i = 0; i < 3; ++i) deque.Push(i);
  EXPECT_EQ(deque.Pop(), 2);
  EXPECT_EQ(deque.Pop(), 1);
  deque.Push(7);
  EXPECT_EQ(deque.Pop(), 7);
  EXPECT_EQ(deque.Pop(), 0);
  EXPECT_EQ(deque.Pop(), std::nullopt);
}

TEST(ChaseLevDequeTest, ThiefTakesTheOldest) {
  Deque deque;
  for (int i = 0; i < 3; ++i) deque.Push(i);
  EXPECT_EQ(StolenFrom(deque), 0);
  EXPECT_EQ(StolenFrom(deque), 1);
  EXPECT_EQ(deque.Pop(), 2);
  EXPECT_EQ(deque.Steal().outcome, StealOutcome::kEmpty);
}

}  // namespace
}  // namespace ashlar
