// Which used block begins at an offset: a hash table whose chains go through the blocks themselves.
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
  // Makes chains short for so many blocks, if there is memory for that; they may be long.
  [[gnu::noinline]] void Reserve(BlockTable& blocks, std::uint32_t size) {
    const std::uint64_t count = std::bit_ceil(std::uint64_t{size} < 64 ? 64 : size);
    if (count <= Count()) return;
    std::unique_ptr<BlockId[]> heads(new (std::nothrow) BlockId[count]);
    if (heads == nullptr) return;
    for (std::uint64_t i = 0; i < count; ++i) heads[i] = kNoBlock;
    const std::unique_ptr<BlockId[]> before = std::exchange(heads_, std::move(heads));
    const std::uint64_t count_before = before == nullptr ? 0 : Count();
    shift_ = 64 - std::countr_zero(count);
    BlockId rest = std::exchange(only_, kNoBlock);
    for (std::uint64_t i = 0;; ++i) {
      while (rest != kNoBlock) Add(blocks, std::exchange(rest, blocks[rest].next));
      if (i == count_before) break;
      rest = before[i];
    }
  }

  // A block that is in no index, and no other that begins there is in the map.
  void Insert(BlockTable& blocks, BlockId id) {
    if (++size_ > Count()) [[unlikely]]
      Reserve(blocks, size_ * 2);
    Add(blocks, id);
  }

  // The block of the map that begins there, or kNoBlock.
  BlockId Find(const BlockTable& blocks, Units offset) const {
    BlockId id = HeadOf(offset);
    while (id != kNoBlock && blocks[id].offset != offset) id = blocks[id].next;
    return id;
  }

  // Find, and take it out.
  BlockId Remove(BlockTable& blocks, Units offset) {
    BlockId* place = &HeadOf(offset);
    while (*place != kNoBlock && blocks[*place].offset != offset) place = &blocks[*place].next;
    const BlockId id = *place;
    if (id != kNoBlock) {
      *place = blocks[id].next;
      --size_;
    }
    return id;
  }

 private:
  std::uint64_t Count() const { return heads_ == nullptr ? 0 : std::uint64_t{1} << (64 - shift_); }
  BlockId& HeadOf(Units offset) {
    return heads_ == nullptr ? only_ : heads_[offset * std::uint64_t{0x9e3779b97f4a7c15} >> shift_];
  }
  const BlockId& HeadOf(Units offset) const { return const_cast<OffsetMap*>(this)->HeadOf(offset); }

  void Add(BlockTable& blocks, BlockId id) {
    blocks[id].next = std::exchange(HeadOf(blocks[id].offset), id);
  }

  std::unique_ptr<BlockId[]> heads_;
  BlockId only_ = kNoBlock;  // the one chain there is without memory for more
  int shift_ = 64;           // 64 less the logarithm of the number of chains
  std::uint32_t size_ = 0;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_OFFSET_MAP_H_
