// word_table.h
// ------------
// WordTable: how often each word was added, in bounded memory.
//
//   WordTable table;
//   table.Add("the", 1);
//   TopWords(table, 20);     // [{"the", 1}]
//
// Words are any bytes, 1 to kMaxWord of them. Counts are exact while the table stays
// below `max_bytes`. When it would grow beyond, it forgets the rarer half of its words:
// then every count shown is at most undercount() below the true one, and words that it
// does not know occurred at most undercount() times (lossy counting after Manku and
// Motwani, VLDB 2002, with the threshold that memory dictates).
//
// How: open addressing with linear probing and 24-byte slots. A word of up to 15 bytes is
// its own key, two machine words with the length in the last byte, so that the usual
// look-up is one multiplication and one comparison; longer words lie in an arena. The
// slot order is the hash order, so that tables are merged by ranges of hashes, in
// parallel, without sorting.
//
// Thread safety: none; one writer, and readers when it is done. Cost: 3 to 10 ns a word
// while the table is in the cache. Errors: std::bad_alloc from Add.
#ifndef ASHLAR_ENGINE_WORKLOADS_WORD_TABLE_H_
#define ASHLAR_ENGINE_WORKLOADS_WORD_TABLE_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/engine/workloads/zeroed_array.h"

namespace ashlar {
namespace internal_word_table {

inline constexpr std::size_t kMaxInline = 15;

// The bytes of a word that are in its first eight and in the rest, by its length.
struct HalfMasks {
  uint64_t low[kMaxInline + 1] = {};
  uint64_t high[kMaxInline + 1] = {};

  constexpr HalfMasks() {
    for (std::size_t length = 1; length <= kMaxInline; ++length) {
      low[length] = length >= 8 ? ~uint64_t{0} : ~uint64_t{0} >> 8 * (8 - length);
      high[length] = length <= 8 ? 0 : ~uint64_t{0} >> 8 * (16 - length);
    }
  }
};
inline constexpr HalfMasks kHalfMasks;

}  // namespace internal_word_table

class WordTable {
 public:
  static constexpr std::size_t kMaxWord = 4096;

  // Bytes that AddBatch may read from the beginning of a word on.
  static constexpr std::size_t kReadAhead = 16;

  static constexpr uint32_t kMaxParts = 1024;

  // Tables of one seed have the same parts. To fill a table from another's parts, give it
  // another seed: words that arrive in the order of their hashes would crowd.
  explicit WordTable(std::size_t max_bytes = std::size_t{1} << 30, uint64_t seed = 0);

  void Add(std::string_view word, int64_t count);

  // Add(word, 1) for `count` words of `text`, the i-th from edges[2 * i] to
  // edges[2 * i + 1]. Faster: the waits for memory overlap. kReadAhead bytes from the
  // beginning of each word on may be read.
  void AddBatch(const char* text, const uint16_t* edges, std::size_t count);

  // Different words.
  std::size_t size() const { return size_; }
  int64_t undercount() const { return undercount_; }
  std::size_t bytes() const { return slots_.size() * sizeof(Slot) + arena_.bytes(); }

  // Calls f(word, count) for the words of the part-th of `parts` equal ranges of hashes, a
  // power of two up to kMaxParts; a word is in the same part of every table. The view
  // lives until the call returns. A part costs its share of the table.
  template <class F>
  void ForEachInPart(uint32_t part, uint32_t parts, F f) const {
    ASHLAR_CHECK(std::has_single_bit(parts) && parts <= kMaxParts && part < parts);
    // A word lies at its home slot or behind it with no empty slot between. So do those
    // whose home is in the part but which were pushed beyond its end, around the table's.
    const std::size_t share = slots_.size() / parts;
    const std::size_t begin = part * share, end = begin + share;
    for (std::size_t n = begin; n < begin + slots_.size(); ++n) {
      const Slot& slot = slots_[n & (slots_.size() - 1)];
      if (slot.empty()) {
        if (n >= end) return;
        continue;
      }
      const std::size_t home = HashOf(slot) >> shift_;
      if (home < begin || home >= end) continue;
      char buffer[kMaxInline + 1];
      f(WordOf(slot, buffer), slot.count);
    }
  }
  template <class F>
  void ForEach(F f) const {
    ForEachInPart(0, 1, f);
  }

 private:
  static constexpr std::size_t kMaxInline = internal_word_table::kMaxInline;

  struct Key {
    uint64_t low;
    uint64_t high;  // the last byte: the length, or kLong
  };
  struct Slot {
    uint64_t low;
    uint64_t high;
    int64_t count;
    bool empty() const { return high == 0; }  // no word has the length 0
  };
  // A long word's key: its hash, and its place in the arena.
  static constexpr uint64_t kLong = uint64_t{0xff} << 56;

  // Bytes that stay where they are, by number.
  class Arena {
   public:
    uint64_t Append(std::string_view word);
    std::string_view At(uint64_t place) const;
    void Prefetch(uint64_t place) const {
      if (place / kBlock < blocks_.size()) {
        __builtin_prefetch(blocks_[place / kBlock].get() + place % kBlock);
      }
    }
    std::size_t bytes() const { return blocks_.size() * kBlock; }

   private:
    static constexpr std::size_t kBlock = std::size_t{1} << 18;
    std::vector<std::unique_ptr<char[]>> blocks_;
    std::size_t used_ = kBlock;  // of the last block
  };

  static_assert(std::endian::native == std::endian::little);

  static uint64_t Mix(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  uint64_t HashOf(Key key) const { return Mix(key.low ^ seed_, key.high ^ 0xd1b54a32d192ed03); }
  uint64_t HashLong(std::string_view word) const;
  uint64_t HashOf(const Slot& slot) const {
    return slot.high >= kLong ? slot.low : HashOf(Key{slot.low, slot.high});
  }
  std::string_view WordOf(const Slot& slot, char (&buffer)[kMaxInline + 1]) const;

  Key ShortKey(const char* word, std::size_t length) const {
    uint64_t low, high;
    std::memcpy(&low, word, 8);
    std::memcpy(&high, word + 8, 8);
    return {low & internal_word_table::kHalfMasks.low[length],
            (high & internal_word_table::kHalfMasks.high[length]) | uint64_t{length} << 56};
  }
  void AddShort(Key key, uint64_t hash, int64_t count) {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t i = hash >> shift_;; i = (i + 1) & mask) {
      Slot& slot = slots_[i];
      if (slot.low == key.low && slot.high == key.high) {
        slot.count += count;
        return;
      }
      if (slot.empty()) return Insert(slot, {key.low, key.high, count});
    }
  }
  void AddLong(std::string_view word, uint64_t hash, int64_t count);
  void Insert(Slot& empty, Slot filled);
  void Grow();
  void Forget();
  void Place(const Slot& slot);

  const std::size_t max_bytes_;
  const uint64_t seed_;
  ZeroedArray<Slot> slots_;  // a power of two
  int shift_;                // from a hash to a home slot
  std::size_t size_ = 0;
  int64_t undercount_ = 0;
  Arena arena_;
};

struct CountedWord {
  std::string word;
  int64_t count = 0;

  // The more frequent first; equals in the order of their bytes.
  friend bool operator<(const CountedWord& a, const CountedWord& b) {
    return a.count != b.count ? a.count > b.count : a.word < b.word;
  }
};

// The `limit` most frequent words of all tables together, and how many there are.
struct WordRanking {
  std::vector<CountedWord> top;
  int64_t distinct = 0;

  // Of words of other parts.
  void Merge(WordRanking other, std::size_t limit);
};

// Ranks the words of one part of the tables; parts are independent. Thread safety: reads
// the tables.
WordRanking RankPart(const std::vector<const WordTable*>& tables, uint32_t part, uint32_t parts,
                     std::size_t limit);

}  // namespace ashlar

#endif  // ASHLAR_ENGINE_WORKLOADS_WORD_TABLE_H_
