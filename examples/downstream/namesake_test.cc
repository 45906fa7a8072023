#include "ashlar/concurrency/chase_lev_deque.h"
#include "concurrency/chase_lev_deque.h"
#include "gtest/gtest.h"

TEST(NamesakeTest, BothHeadersAreFound) {
  ashlar::ChaseLevDeque<int> deque;
  deque.Push(downstream::kNamesake);
  EXPECT_EQ(deque.Pop(), 1);
}
