#include "ashlar/engine/workloads/word_counter.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ashlar/engine/workloads/text_scan.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

using Frequencies = std::map<std::string, int64_t>;

struct Counts {
  int64_t bytes = 0, lines = 0, words = 0, long_words = 0;
  Frequencies frequencies;
  friend bool operator==(const Counts&, const Counts&) = default;
};

// The definition, a byte at a time.
Counts Reference(std::string_view text) {
  Counts counts;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    ++counts.words;
    if (word.size() <= WordTable::kMaxWord) {
      ++counts.frequencies[word];
    } else {
      ++counts.long_words;
    }
    word.clear();
  };
  for (char c : text) {
    ++counts.bytes;
    if (c == '\n') ++counts.lines;
    if (IsAsciiSpace(c)) {
      end_word();
    } else {
      word += c;
    }
  }
  end_word();
  return counts;
}

Counts CountsOf(const std::vector<WordCounter>& counters) {
  Counts counts;
  for (const WordCounter& counter : counters) {
    counts.bytes += counter.totals().bytes;
    counts.lines += counter.totals().lines;
    counts.words += counter.totals().words;
    counts.long_words += counter.totals().long_words;
    counter.table().ForEach([&](std::string_view word, int64_t count) {
      counts.frequencies[std::string(word)] += count;
    });
  }
  return counts;
}

// Feeds `text` from a buffer of its exact size and the promised padding.
void Feed(WordCounter& counter, std::string_view text) {
  std::vector<char> buffer(text.begin(), text.end());
  buffer.resize(text.size() + WordCounter::kPadding, 'x');
  counter.Feed(buffer.data(), text.size());
}

// Cuts the text into pieces, each counted by a random counter in random feeds, and joins
// the ends in a random grouping.
Counts CountInPieces(std::string_view text, std::size_t max_piece, std::mt19937& random) {
  std::vector<WordCounter> counters(3);
  std::vector<TextEnds> ends;
  do {
    const std::size_t piece = std::min<std::size_t>(text.size(), random() % (max_piece + 1));
    WordCounter& counter = counters[random() % counters.size()];
    std::string_view rest = text.substr(0, piece);
    while (!rest.empty()) {
      const std::size_t feed = std::min<std::size_t>(rest.size(), random() % (max_piece + 1));
      Feed(counter, rest.substr(0, feed));
      rest.remove_prefix(feed);
    }
    ends.push_back(counter.EndPiece());
    text.remove_prefix(piece);
  } while (!text.empty());
  while (ends.size() > 1) {
    const std::size_t at = random() % (ends.size() - 1);
    ends[at] = JoinEnds(std::move(ends[at]), std::move(ends[at + 1]),
                        counters[random() % counters.size()]);
    ends.erase(ends.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
  CloseEnds(ends[0], counters[0]);
  return CountsOf(counters);
}

std::string RandomText(std::mt19937& random, std::size_t size, unsigned spaces_in_64) {
  std::string text(size, ' ');
  for (char& c : text) {
    c = random() % 64 < spaces_in_64 ? " \t\n\v\f\r"[random() % 6] : static_cast<char>(random());
  }
  return text;
}

TEST(WordCounterTest, EmptyTextHasNothing) {
  WordCounter counter;
  counter.Feed(std::string(WordCounter::kPadding, 'x').data(), 0);
  CloseEnds(counter.EndPiece(), counter);
  EXPECT_EQ(counter.totals().bytes, 0);
  EXPECT_EQ(counter.totals().words, 0);
  EXPECT_EQ(counter.table().size(), 0u);
}

TEST(WordCounterTest, RandomTextInRandomPiecesAgreesWithTheDefinition) {
  std::mt19937 random(1);
  for (int round = 0; round < 400; ++round) {
    const std::size_t piece = std::vector<std::size_t>{1, 2, 7, 64, 65, 500, 5000}[random() % 7];
    const std::size_t size = random() % (piece < 64 ? 200 : 3000);
    const unsigned spaces = std::vector<unsigned>{0, 1, 8, 32, 60, 64}[random() % 6];
    const std::string text = RandomText(random, size, spaces);
    ASSERT_EQ(CountInPieces(text, piece, random), Reference(text))
        << "round " << round << " size " << size << " piece " << piece;
  }
}

TEST(WordCounterTest, LargeTextAcrossStridesAgreesWithTheDefinition) {
  std::mt19937 random(2);
  for (int round = 0; round < 30; ++round) {
    const std::string text = RandomText(random, 40'000 + random() % 100, 1 + round % 3 * 5);
    ASSERT_EQ(CountInPieces(text, 100'000, random), Reference(text)) << round;
  }
}

TEST(WordCounterTest, WordsAroundTheLongestAreCountedOnce) {
  std::mt19937 random(3);
  for (int delta : {-1, 0, 1, 5000}) {
    const std::string word(WordTable::kMaxWord + static_cast<std::size_t>(delta), 'w');
    const std::string text = word + " a " + word + "\n" + word;
    for (std::size_t piece : {64u, 1000u, 4096u, 10'000u, 100'000u}) {
      ASSERT_EQ(CountInPieces(text, piece, random), Reference(text)) << delta << " " << piece;
    }
  }
}

TEST(WordCounterTest, WordWithoutEndTakesNoMemory) {
  WordCounter counter;
  for (int i = 0; i < 1000; ++i) Feed(counter, std::string(10'000, 'x'));
  const TextEnds ends = counter.EndPiece();
  EXPECT_EQ(ends.head.length, 10'000'000);
  EXPECT_LE(ends.head.bytes.capacity(), 3 * WordTable::kMaxWord);
  CloseEnds(ends, counter);
  EXPECT_EQ(counter.totals().words, 1);
  EXPECT_EQ(counter.totals().long_words, 1);
}

}  // namespace
}  // namespace ashlar
