#include "ashlar/engine/workloads/word_counter.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "ashlar/engine/workloads/text_scan.h"

namespace ashlar {

TextTotals& TextTotals::operator+=(const TextTotals& other) {
  bytes += other.bytes;
  lines += other.lines;
  words += other.words;
  long_words += other.long_words;
  return *this;
}

void WordPiece::Append(std::string_view more) {
  length += static_cast<int64_t>(more.size());
  if (length <= static_cast<int64_t>(WordTable::kMaxWord)) {
    bytes += more;
  } else {
    bytes.clear();
  }
}

void WordPiece::Append(const WordPiece& more) {
  length += more.length;
  if (length <= static_cast<int64_t>(WordTable::kMaxWord)) {
    bytes += more.bytes;
  } else {
    bytes.clear();
  }
}

WordCounter::WordCounter(std::size_t max_table_bytes)
    : table_(max_table_bytes), edges_(std::make_unique_for_overwrite<uint16_t[]>(kStride + 1)) {}

void WordCounter::Feed(const char* text, std::size_t size) {
  totals_.bytes += static_cast<int64_t>(size);
  while (size > 0) {
    const std::size_t now = std::min(size, kStride);
    FeedStride(text, now);
    text += now;
    size -= now;
  }
}

// Counts the lines and fills edges_ with where each word begins and ends, in turns. An
// even number: the last word ends at `size` if not before.
std::size_t WordCounter::FindEdges(const char* text, std::size_t size) {
  uint16_t* out = edges_.get();
  uint64_t before = 1;  // white space just before the block, as its lowest bit
  int64_t lines = 0;
  for (std::size_t at = 0; at < size; at += kScanBlock) {
    ScannedBlock block = ScanBlock(text + at);
    if (size - at < kScanBlock) {
      const uint64_t valid = (uint64_t{1} << (size - at)) - 1;
      block.spaces |= ~valid;  // ends the last word at `size`
      block.newlines &= valid;
    }
    lines += std::popcount(block.newlines);
    uint64_t edges = block.spaces ^ (block.spaces << 1 | before);
    before = block.spaces >> 63;
    for (; edges != 0; edges &= edges - 1) {
      *out++ = static_cast<uint16_t>(at + static_cast<std::size_t>(std::countr_zero(edges)));
    }
  }
  totals_.lines += lines;
  if ((out - edges_.get()) % 2 != 0) *out++ = static_cast<uint16_t>(size);
  return static_cast<std::size_t>(out - edges_.get());
}

void WordCounter::FeedStride(const char* text, std::size_t size) {
  const std::size_t edges = FindEdges(text, size);
  const uint16_t* word = edges_.get();
  const uint16_t* end = word + edges;
  if (word == end || word[0] > 0) {
    CloseOpen();
  } else {
    open_.Append(std::string_view(text, word[1]));
    if (word[1] == size) return;
    CloseOpen();
    word += 2;
  }
  const bool last_is_open = word != end && end[-1] == size;
  if (last_is_open) end -= 2;
  const auto whole = static_cast<std::size_t>(end - word) / 2;
  totals_.words += static_cast<int64_t>(whole);
  table_.AddBatch(text, word, whole);
  if (last_is_open) open_.Append(std::string_view(text + end[0], size - end[0]));
}

// White space follows the open word.
void WordCounter::CloseOpen() {
  if (!has_space_) {
    has_space_ = true;
    head_ = std::exchange(open_, WordPiece());
  } else if (open_.length > 0) {
    CountWord(open_);
    open_.bytes.clear();
    open_.length = 0;
  }
}

void WordCounter::CountWord(const WordPiece& word) {
  ++totals_.words;
  if (word.length <= static_cast<int64_t>(WordTable::kMaxWord)) {
    table_.Add(word.bytes, 1);
  } else {
    ++totals_.long_words;
  }
}

TextEnds WordCounter::EndPiece() {
  TextEnds ends;
  ends.has_space = std::exchange(has_space_, false);
  WordPiece open = std::exchange(open_, WordPiece());
  ends.head = ends.has_space ? std::exchange(head_, WordPiece()) : std::exchange(open, {});
  ends.tail = std::move(open);
  return ends;
}

TextEnds JoinEnds(TextEnds left, TextEnds right, WordCounter& counter) {
  if (!left.has_space) {
    left.head.Append(right.head);
    left.has_space = right.has_space;
    left.tail = std::move(right.tail);
    return left;
  }
  left.tail.Append(right.head);
  if (right.has_space) {
    if (left.tail.length > 0) counter.CountWord(left.tail);
    left.tail = std::move(right.tail);
  }
  return left;
}

void CloseEnds(const TextEnds& ends, WordCounter& counter) {
  if (ends.head.length > 0) counter.CountWord(ends.head);
  if (ends.tail.length > 0) counter.CountWord(ends.tail);
}

}  // namespace ashlar
