#include "ashlar/engine/workloads/word_table.h"

#include <algorithm>
#include <utility>

#include "ashlar/base/check.h"

namespace ashlar {
namespace {

// Each part has a slot at least.
constexpr std::size_t kFirstSlots = WordTable::kMaxParts;

// The place of a word in `top` if it belongs among the first `limit`.
void Offer(std::vector<CountedWord>& top, std::size_t limit, std::string_view word, int64_t count) {
  if (limit == 0) return;
  if (top.size() == limit &&
      (count < top.back().count || (count == top.back().count && word >= top.back().word))) {
    return;
  }
  CountedWord entry{std::string(word), count};
  if (top.size() == limit) top.pop_back();
  top.insert(std::upper_bound(top.begin(), top.end(), entry), std::move(entry));
}

}  // namespace

WordTable::WordTable(std::size_t max_bytes, uint64_t seed)
    : max_bytes_(max_bytes),
      seed_(seed ^ 0x9e3779b97f4a7c15),
      slots_(kFirstSlots),
      shift_(64 - std::countr_zero(kFirstSlots)) {}

void WordTable::Add(std::string_view word, int64_t count) {
  ASHLAR_CHECK(!word.empty() && word.size() <= kMaxWord);
  if (word.size() > kMaxInline) return AddLong(word, HashLong(word), count);
  char padded[kReadAhead] = {};
  std::memcpy(padded, word.data(), word.size());
  const Key key = ShortKey(padded, word.size());
  AddShort(key, HashOf(key), count);
}

// A table beyond the cache answers a look-up in 100 ns, but many at once: each group of
// words is hashed and fetched first, then counted.
void WordTable::AddBatch(const char* text, const uint16_t* edges, std::size_t count) {
  constexpr std::size_t kGroup = 32;
  struct Short {
    Key key;
    uint64_t hash;
  } shorts[kGroup];
  struct Long {
    std::string_view word;
    uint64_t hash;
  } longs[kGroup];

  while (count > 0) {
    const std::size_t group = std::min(count, kGroup);
    std::size_t short_count = 0, long_count = 0;
    for (std::size_t i = 0; i < group; ++i, edges += 2) {
      const char* const word = text + edges[0];
      const auto length = static_cast<std::size_t>(edges[1] - edges[0]);
      uint64_t hash;
      if (length <= kMaxInline) [[likely]] {
        const Key key = ShortKey(word, length);
        hash = HashOf(key);
        shorts[short_count++] = {key, hash};
      } else {
        hash = HashLong({word, length});
        longs[long_count++] = {{word, length}, hash};
      }
      __builtin_prefetch(&slots_[hash >> shift_], 1);
    }
    for (std::size_t i = 0; i < short_count; ++i) AddShort(shorts[i].key, shorts[i].hash, 1);
    for (std::size_t i = 0; i < long_count; ++i) {
      const Slot& home = slots_[longs[i].hash >> shift_];
      if (home.low == longs[i].hash) arena_.Prefetch(home.high & ~kLong);
    }
    for (std::size_t i = 0; i < long_count; ++i) AddLong(longs[i].word, longs[i].hash, 1);
    count -= group;
  }
}

uint64_t WordTable::HashLong(std::string_view word) const {
  // Sixteen bytes a step; the last step overlaps the one before.
  const char* at = word.data();
  const char* const last = word.data() + word.size() - 16;
  uint64_t hash = word.size();
  for (;; at = std::min(at + 16, last)) {
    uint64_t low, high;
    std::memcpy(&low, at, 8);
    std::memcpy(&high, at + 8, 8);
    hash = Mix(low ^ hash ^ seed_, high ^ 0xd1b54a32d192ed03 ^ hash << 1);
    if (at == last) return hash;
  }
}

void WordTable::AddLong(std::string_view word, uint64_t hash, int64_t count) {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash >> shift_;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (slot.empty()) return Insert(slot, {hash, kLong | arena_.Append(word), count});
    if (slot.low == hash && slot.high >= kLong && arena_.At(slot.high & ~kLong) == word) {
      slot.count += count;
      return;
    }
  }
}

void WordTable::Insert(Slot& empty, Slot filled) {
  empty = filled;
  // At most half full: probes stay short, and there is always an empty slot.
  if (++size_ * 2 > slots_.size()) Grow();
}

void WordTable::Grow() {
  const std::size_t grown = bytes() + slots_.size() * sizeof(Slot);
  if (grown > max_bytes_ && size_ > 2) return Forget();
  ZeroedArray<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  --shift_;
  for (const Slot& slot : old) {
    if (!slot.empty()) Place(slot);
  }
}

void WordTable::Forget() {
  std::vector<int64_t> counts;
  counts.reserve(size_);
  for (const Slot& slot : slots_) {
    if (!slot.empty()) counts.push_back(slot.count);
  }
  const auto median = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), median, counts.end());
  const int64_t threshold = *median;

  ZeroedArray<Slot> old(slots_.size());
  old.swap(slots_);
  const Arena words = std::exchange(arena_, Arena());
  size_ = 0;
  for (Slot slot : old) {
    if (slot.empty() || slot.count <= threshold) continue;
    if (slot.high >= kLong) slot.high = kLong | arena_.Append(words.At(slot.high & ~kLong));
    Place(slot);
    ++size_;
  }
  undercount_ += threshold;
}

void WordTable::Place(const Slot& slot) {
  std::size_t i = HashOf(slot) >> shift_;
  while (!slots_[i].empty()) i = (i + 1) & (slots_.size() - 1);
  slots_[i] = slot;
}

std::string_view WordTable::WordOf(const Slot& slot, char (&buffer)[kMaxInline + 1]) const {
  if (slot.high >= kLong) return arena_.At(slot.high & ~kLong);
  std::memcpy(buffer, &slot.low, 8);
  std::memcpy(buffer + 8, &slot.high, 8);
  return {buffer, static_cast<std::size_t>(slot.high >> 56)};
}

uint64_t WordTable::Arena::Append(std::string_view word) {
  const auto length = static_cast<uint32_t>(word.size());
  static_assert(kMaxWord + sizeof(length) <= kBlock);
  if (kBlock - used_ < sizeof(length) + length) {
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(kBlock));
    used_ = 0;
  }
  const uint64_t place = (blocks_.size() - 1) * kBlock + used_;
  char* at = blocks_.back().get() + used_;
  std::memcpy(at, &length, sizeof(length));
  std::memcpy(at + sizeof(length), word.data(), length);
  used_ += sizeof(length) + length;
  return place;
}

std::string_view WordTable::Arena::At(uint64_t place) const {
  const char* at = blocks_[place / kBlock].get() + place % kBlock;
  uint32_t length;
  std::memcpy(&length, at, sizeof(length));
  return {at + sizeof(length), length};
}

void WordRanking::Merge(WordRanking other, std::size_t limit) {
  distinct += other.distinct;
  for (CountedWord& entry : other.top) Offer(top, limit, entry.word, entry.count);
}

WordRanking RankPart(const std::vector<const WordTable*>& tables, uint32_t part, uint32_t parts,
                     std::size_t limit) {
  WordRanking ranking;
  const auto offer = [&](std::string_view word, int64_t count) {
    ++ranking.distinct;
    Offer(ranking.top, limit, word, count);
  };
  if (tables.size() == 1) {
    tables[0]->ForEachInPart(part, parts, offer);
    return ranking;
  }
  WordTable merged(SIZE_MAX, /*seed=*/1);
  for (const WordTable* table : tables) {
    table->ForEachInPart(part, parts,
                         [&](std::string_view word, int64_t count) { merged.Add(word, count); });
  }
  merged.ForEach(offer);
  return ranking;
}

}  // namespace ashlar
