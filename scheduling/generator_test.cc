#include "ashlar/scheduling/generator.h"

#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

static_assert(std::ranges::input_range<Generator<int>>);

Generator<int> Naturals() {
  for (int i = 0;; ++i) co_yield i;
}
Generator<int> UpTo(int count, int& ended) {
  struct Ends {
    ~Ends() { ++ended; }
    int& ended;
  } const ends{ended};
  for (int i = 0; i < count; ++i) co_yield int(i);
}

TEST(GeneratorTest, GivesItsValuesInTurn) {
  int ended = 0;
  std::vector<int> values;
  for (const int value : UpTo(4, ended)) values.push_back(value);
  EXPECT_EQ(values, (std::vector{0, 1, 2, 3}));
  EXPECT_EQ(ended, 1);
  for (const int value : UpTo(0, ended)) FAIL() << value;
  EXPECT_EQ(ended, 2);
}

TEST(GeneratorTest, MayBeLeftBeforeItsEnd) {
  int ended = 0;
  for (const int value : UpTo(1000, ended)) {
    if (value == 2) break;
  }
  EXPECT_EQ(ended, 1);
  int sum = 0;
  for (const int value : Naturals()) {
    if (value == 5) break;
    sum += value;
  }
  EXPECT_EQ(sum, 10);
}

TEST(GeneratorTest, DoesNotBeginBeforeItIsWalked) {
  int ended = 0;
  { const Generator<int> never = UpTo(3, ended); }
  EXPECT_EQ(ended, 0);
  Generator<int> moved = UpTo(3, ended);
  Generator<int> here;
  here = std::move(moved);
  EXPECT_EQ(*here.begin(), 0);
}

TEST(GeneratorDeathTest, IsWalkedOnce) {
  Generator<int> naturals = Naturals();
  EXPECT_EQ(*naturals.begin(), 0);
  EXPECT_DEATH((void)naturals.begin(), "walked once");
  EXPECT_DEATH((void)Generator<int>().begin(), "of nothing");
}

Generator<std::unique_ptr<std::string>> Pointers() {
  co_yield std::make_unique<std::string>("one");
  auto two = std::make_unique<std::string>("two");
  co_yield two;
  EXPECT_EQ(two, nullptr);  // it was moved from
}

TEST(GeneratorTest, ValuesMayBeMovedFrom) {
  std::vector<std::string> values;
  for (auto& pointer : Pointers()) {
    const auto taken = std::move(pointer);
    values.push_back(*taken);
  }
  EXPECT_EQ(values, (std::vector<std::string>{"one", "two"}));
}

Generator<std::string> Copies(const std::string& text) {
  co_yield text;
  co_yield text;
}

TEST(GeneratorTest, AConstIsCopied) {
  const std::string text = "text";
  int count = 0;
  for (std::string& copy : Copies(text)) {
    EXPECT_EQ(copy, "text");
    copy = "changed";
    ++count;
  }
  EXPECT_EQ(count, 2);
  EXPECT_EQ(text, "text");
}

Generator<int> ThrowsAfter(int count) {
  for (int i = 0; i < count; ++i) co_yield i;
  throw std::out_of_range("thrown");
}

TEST(GeneratorTest, AnExceptionEndsIt) {
  EXPECT_THROW((void)ThrowsAfter(0).begin(), std::out_of_range);
  Generator<int> throws = ThrowsAfter(1);
  auto it = throws.begin();
  EXPECT_THROW(++it, std::out_of_range);
  EXPECT_TRUE(it == throws.end());
}

struct Tree {
  int value;
  std::vector<Tree> children;
};
Generator<int> Walk(const Tree& tree) {
  co_yield tree.value;
  for (const Tree& child : tree.children) {
    for (int value : Walk(child)) co_yield value;
  }
}

TEST(GeneratorTest, GeneratorsWalkGenerators) {
  std::vector<int> values;
  const Tree tree = {1, {{2, {{3, {}}}}, {4, {}}}};
  for (const int value : Walk(tree)) values.push_back(value);
  EXPECT_EQ(values, (std::vector{1, 2, 3, 4}));
}

}  // namespace
}  // namespace ashlar
