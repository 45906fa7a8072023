// word_counter.h
// --------------
// WordCounter: bytes, lines, words and word frequencies of text that comes in pieces.
//
// A word is a maximal run of bytes that are not ASCII white space, as in Python's
// bytes.split; a line is a newline, as in wc. Texts may be cut anywhere, also within
// words, and their pieces counted by different counters in any order: what a piece leaves
// open at its two ends comes back as a TextEnds, and JoinEnds and CloseEnds count the
// words that the cuts went through, each exactly once.
//
//   WordCounter counter;
//   counter.Feed(buffer, n);              // as often as the piece needs
//   TextEnds left = counter.EndPiece();
//   … another piece, perhaps by another counter: TextEnds right …
//   CloseEnds(JoinEnds(std::move(left), std::move(right), counter), counter);
//
// JoinEnds is associative: pieces are joined in the order of the text, in any grouping.
//
// A word longer than WordTable::kMaxWord counts as a word, but has no frequency;
// long_words says how many there were.
//
// Thread safety: none; a counter for each thread. Cost: 1 to 3 ns a byte for text.
#ifndef ASHLAR_ENGINE_WORKLOADS_WORD_COUNTER_H_
#define ASHLAR_ENGINE_WORKLOADS_WORD_COUNTER_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ashlar/engine/workloads/word_table.h"

namespace ashlar {

struct TextTotals {
  int64_t bytes = 0;
  int64_t lines = 0;
  int64_t words = 0;
  int64_t long_words = 0;

  TextTotals& operator+=(const TextTotals& other);
};

// A run of bytes that may be part of a longer word. Of a run that is too long for a
// frequency only the length is kept.
struct WordPiece {
  std::string bytes;
  int64_t length = 0;

  void Append(std::string_view more);
  void Append(const WordPiece& more);
};

// The words that a piece of text begins and ends in. Empty for an empty piece.
struct TextEnds {
  WordPiece head;  // before the first white space; all of it if there is none
  bool has_space = false;
  WordPiece tail;  // after the last white space; empty if there is none
};

class WordCounter {
 public:
  // Bytes behind the text given to Feed that it may read (their values do not matter).
  static constexpr std::size_t kPadding = 64;

  explicit WordCounter(std::size_t max_table_bytes = std::size_t{1} << 30);

  // The next bytes of the piece. `text` has kPadding more readable bytes behind it.
  void Feed(const char* text, std::size_t size);

  // Ends the piece; the next Feed begins another.
  TextEnds EndPiece();

  // Counts one whole word.
  void CountWord(const WordPiece& word);

  const TextTotals& totals() const { return totals_; }
  const WordTable& table() const { return table_; }

 private:
  // What Feed takes at a time: its edges stay in the first-level cache, and a whole word
  // in it is never too long for the table.
  static constexpr std::size_t kStride = WordTable::kMaxWord;

  std::size_t FindEdges(const char* text, std::size_t size);
  void FeedStride(const char* text, std::size_t size);
  void CloseOpen();

  TextTotals totals_;
  WordTable table_;
  std::unique_ptr<uint16_t[]> edges_;  // where words begin and end in a stride, in turns
  // The piece so far.
  WordPiece head_;
  bool has_space_ = false;
  WordPiece open_;  // the word that the last byte belongs to; head_ to be before a space
};

// The ends of two pieces as of one. Counts the word between them, if it is whole.
TextEnds JoinEnds(TextEnds left, TextEnds right, WordCounter& counter);

// Counts the words at both ends: nothing precedes or follows the text.
void CloseEnds(const TextEnds& ends, WordCounter& counter);

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_WORD_COUNTER_H_
