// Which block begins at an offset: a hash table with linear probing, at most half full.
#ifndef ASHLAR_MEMORY_INTERNAL_OFFSET_MAP_H_
#define ASHLAR_MEMORY_INTERNAL_OFFSET_MAP_H_

#include <bit>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "ashlar/memory/internal/block_table.h"

namespace ashlar::internal {

class OffsetMap {
 public:
  // Makes the next Insert succeed while there are fewer than `size` entries; false without memory.
  bool Reserve(std::uint32_t size) {
    if (size <= Capacity() / 2) [[likely]]
      return true;
    const std::uint64_t capacity = std::bit_ceil(std::uint64_t{size} * 2);
    std::unique_ptr<Entry[]> entries(new (std::nothrow) Entry[capacity < 64 ? 64 : capacity]);
    if (entries == nullptr) return false;
    OffsetMap larger;
    larger.entries_ = std::move(entries);
    larger.shift_ = 64 - std::bit_width((capacity < 64 ? 64 : capacity) - 1);
    for (std::uint64_t i = 0; i < Capacity(); ++i) {
      if (entries_[i].block != kNoBlock) larger.Insert(entries_[i].offset, entries_[i].block);
    }
    *this = std::move(larger);
    return true;
  }
  bool ReserveOneMore() { return Reserve(size_ + 1); }

  // There is none with this offset, and room was reserved.
  void Insert(Units offset, BlockId block) {
    std::uint64_t i = HomeOf(offset);
    while (entries_[i].block != kNoBlock) i = After(i);
    entries_[i] = {offset, block};
    ++size_;
  }

  // The block that was inserted with this offset; kNoBlock if none was.
  BlockId Find(Units offset) const {
    if (size_ == 0) return kNoBlock;
    return entries_[Locate(offset)].block;
  }

  // Find, and remove it.
  BlockId Remove(Units offset) {
    if (size_ == 0) return kNoBlock;
    std::uint64_t hole = Locate(offset);
    const BlockId block = entries_[hole].block;
    if (block == kNoBlock) return kNoBlock;
    // Entries further on that could not have stood here stay; the first that could, does.
    for (std::uint64_t i = After(hole); entries_[i].block != kNoBlock; i = After(i)) {
      const std::uint64_t mask = Capacity() - 1;
      const std::uint64_t from_home = (i - HomeOf(entries_[i].offset)) & mask;
      if (from_home >= ((i - hole) & mask)) {
        entries_[hole] = entries_[i];
        hole = i;
      }
    }
    entries_[hole].block = kNoBlock;
    --size_;
    return block;
  }

 private:
  struct Entry {
    Units offset = 0;
    BlockId block = kNoBlock;
  };

  std::uint64_t Capacity() const {
    return entries_ == nullptr ? 0 : std::uint64_t{1} << (64 - shift_);
  }
  std::uint64_t HomeOf(Units offset) const {
    return offset * std::uint64_t{0x9e3779b97f4a7c15} >> shift_;
  }
  std::uint64_t After(std::uint64_t i) const { return (i + 1) & (Capacity() - 1); }
  std::uint64_t Locate(Units offset) const {
    std::uint64_t i = HomeOf(offset);
    while (entries_[i].block != kNoBlock && entries_[i].offset != offset) i = After(i);
    return i;
  }

  std::unique_ptr<Entry[]> entries_;
  int shift_ = 64;  // 64 less the logarithm of the capacity
  std::uint32_t size_ = 0;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_OFFSET_MAP_H_
