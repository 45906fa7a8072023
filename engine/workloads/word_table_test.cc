#include "ashlar/engine/workloads/word_table.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

std::map<std::string, int64_t> Contents(const WordTable& table) {
  std::map<std::string, int64_t> contents;
  table.ForEach([&](std::string_view word, int64_t count) {
    EXPECT_TRUE(contents.emplace(word, count).second) << "twice: " << word;
  });
  return contents;
}

// Words of every length around the inline bound, with many near doubles.
std::string RandomWord(std::mt19937& random, int letters) {
  std::string word(1 + random() % 40, 'a');
  for (char& c : word) c = static_cast<char>('a' + random() % static_cast<unsigned>(letters));
  return word;
}

TEST(WordTableTest, CountsAgreeWithAMap) {
  std::mt19937 random(1);
  for (int letters : {1, 2, 26}) {
    WordTable table;
    std::map<std::string, int64_t> expected;
    for (int i = 0; i < 20'000; ++i) {
      const std::string word = RandomWord(random, letters);
      const int64_t count = 1 + static_cast<int64_t>(random() % 3);
      table.Add(word, count);
      expected[word] += count;
    }
    EXPECT_EQ(Contents(table), expected);
    EXPECT_EQ(table.size(), expected.size());
    EXPECT_EQ(table.undercount(), 0);
  }
}

TEST(WordTableTest, BatchesCountLikeSingleWords) {
  std::mt19937 random(2);
  WordTable table;
  std::map<std::string, int64_t> expected;
  for (int round = 0; round < 300; ++round) {
    std::string text;
    std::vector<uint16_t> edges;
    for (unsigned i = random() % 100; i > 0; --i) {
      const std::string word = RandomWord(random, round % 2 ? 2 : 20);
      ++expected[word];
      edges.push_back(static_cast<uint16_t>(text.size()));
      text += word;
      edges.push_back(static_cast<uint16_t>(text.size()));
    }
    // What stands behind a word must not matter.
    text.append(WordTable::kReadAhead, static_cast<char>(random()));
    table.AddBatch(text.data(), edges.data(), edges.size() / 2);
  }
  EXPECT_EQ(Contents(table), expected);
}

TEST(WordTableTest, ZeroBytesAndLengthsTellWordsApart) {
  WordTable table;
  for (std::size_t length = 1; length <= 20; ++length) {
    table.Add(std::string(length, '\0'), static_cast<int64_t>(length));
    table.Add(std::string(length, '\xff'), static_cast<int64_t>(100 + length));
  }
  table.Add(std::string(WordTable::kMaxWord, 'x'), 7);
  const auto contents = Contents(table);
  EXPECT_EQ(contents.size(), 41u);
  for (std::size_t length = 1; length <= 20; ++length) {
    EXPECT_EQ(contents.at(std::string(length, '\0')), static_cast<int64_t>(length));
    EXPECT_EQ(contents.at(std::string(length, '\xff')), static_cast<int64_t>(100 + length));
  }
  EXPECT_EQ(contents.at(std::string(WordTable::kMaxWord, 'x')), 7);
}

TEST(WordTableTest, PartsHoldEveryWordOnceAndTheSameInEveryTable) {
  std::mt19937 random(3);
  WordTable small, large;
  std::map<std::string, int64_t> expected;
  for (int i = 0; i < 30'000; ++i) {
    const std::string word = RandomWord(random, 26);
    large.Add(word, 1);
    if (i % 10 == 0) small.Add(word, 1);
    ++expected[word];
  }
  for (uint32_t parts : {1u, 2u, 64u, WordTable::kMaxParts}) {
    std::map<std::string, uint32_t> part_of;
    std::map<std::string, int64_t> seen;
    for (uint32_t part = 0; part < parts; ++part) {
      large.ForEachInPart(part, parts, [&](std::string_view word, int64_t count) {
        EXPECT_TRUE(seen.emplace(word, count).second);
        part_of[std::string(word)] = part;
      });
    }
    EXPECT_EQ(seen, expected);
    std::size_t in_small = 0;
    for (uint32_t part = 0; part < parts; ++part) {
      small.ForEachInPart(part, parts, [&](std::string_view word, int64_t) {
        ++in_small;
        EXPECT_EQ(part_of.at(std::string(word)), part);
      });
    }
    EXPECT_EQ(in_small, small.size());
  }
}

TEST(WordTableTest, BoundedTableKeepsTheFrequentAndSaysHowMuchIsMissing) {
  constexpr std::size_t kBytes = 1 << 20;
  WordTable table(kBytes);
  std::map<std::string, int64_t> expected;
  std::mt19937 random(4);
  for (int i = 0; i < 300'000; ++i) {
    std::string word = i % 10 == 0 ? "frequent" + std::to_string(i % 50)
                                   : "rare word that is long " + std::to_string(random());
    ++expected[word];
    table.Add(word, 1);
    ASSERT_LE(table.bytes(), kBytes);
  }
  EXPECT_GT(table.undercount(), 0);
  EXPECT_LT(table.undercount(), 100);
  const auto contents = Contents(table);
  EXPECT_LT(contents.size(), expected.size());
  for (const auto& [word, count] : contents) EXPECT_LE(count, expected.at(word));
  for (const auto& [word, count] : expected) {
    const auto found = contents.find(word);
    EXPECT_LE(count, (found == contents.end() ? 0 : found->second) + table.undercount()) << word;
  }
}

TEST(WordTableTest, TinyBoundStillWorks) {
  WordTable table(0);
  for (int i = 0; i < 10'000; ++i) table.Add(std::to_string(i), 1);
  EXPECT_LE(table.size(), 1024u);
  EXPECT_GT(table.undercount(), 0);
}

TEST(WordRankingTest, TopWordsOfSeveralTablesAgreeWithASort) {
  std::mt19937 random(5);
  for (std::size_t tables : {1u, 2u, 5u}) {
    std::vector<WordTable> all(tables);
    std::map<std::string, int64_t> expected;
    for (int i = 0; i < 20'000; ++i) {
      // Few letters: many ties.
      std::string word = RandomWord(random, 3);
      word.resize(1 + word.size() % 7);
      all[random() % tables].Add(word, 1);
      ++expected[word];
    }
    std::vector<CountedWord> sorted;
    for (const auto& [word, count] : expected) sorted.push_back({word, count});
    std::sort(sorted.begin(), sorted.end());
    sorted.resize(20);

    std::vector<const WordTable*> pointers;
    for (const WordTable& table : all) pointers.push_back(&table);
    for (uint32_t parts : {1u, 8u}) {
      WordRanking ranking;
      for (uint32_t part = 0; part < parts; ++part) {
        ranking.Merge(RankPart(pointers, part, parts, 20), 20);
      }
      EXPECT_EQ(ranking.distinct, static_cast<int64_t>(expected.size()));
      ASSERT_EQ(ranking.top.size(), 20u);
      for (std::size_t i = 0; i < 20; ++i) {
        EXPECT_EQ(ranking.top[i].word, sorted[i].word);
        EXPECT_EQ(ranking.top[i].count, sorted[i].count);
      }
    }
  }
}

TEST(WordRankingTest, WordsOfSeveralTablesAreAddedUp) {
  WordTable one, two;
  for (int i = 0; i < 50'000; ++i) {
    one.Add(std::to_string(i), 1);
    two.Add(std::to_string(i + 25'000), 2);
  }
  const WordRanking ranking = RankPart({&one, &two}, 0, 1, 1);
  EXPECT_EQ(ranking.distinct, 75'000);
  ASSERT_EQ(ranking.top.size(), 1u);
  EXPECT_EQ(ranking.top[0].word, "25000");
  EXPECT_EQ(ranking.top[0].count, 3);
}

}  // namespace
}  // namespace ashlar
