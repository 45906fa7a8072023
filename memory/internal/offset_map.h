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
  OffsetMap() = default;
  OffsetMap(const OffsetMap&) = delete;
  OffsetMap& operator=(const OffsetMap&) = delete;

  // Makes chains short for so many blocks, if there is memory for that; they may be long.
  [[gnu::noinline]] void Reserve(BlockTable& blocks, std::uint32_t size) {
    const std::uint64_t count =
        std::bit_ceil(std::uint64_t{size} < 32 ? 64 : std::uint64_t{size} * 2);
    if (count <= count_) return;
    std::unique_ptr<BlockId[]> heads(new (std::nothrow) BlockId[count]());
    if (heads == nullptr) return;
    const std::uint64_t count_before = std::exchange(count_, count);
    const BlockId* const before = std::exchange(heads_, heads.get());
    shift_ = 64 - std::countr_zero(count);
    most_ = static_cast<std::uint32_t>(count / 2);
    for (std::uint64_t i = 0; i < count_before; ++i) {
      for (BlockId rest = before[i]; rest != kNoBlock;) {
        Add(blocks, std::exchange(rest, blocks[rest].next));
      }
    }
    owned_ = std::move(heads);
  }

  // A block that is in no index, and no other that begins there is in the map.
  void Insert(BlockTable& blocks, BlockId id) {
    if (++size_ > most_) [[unlikely]]
      Reserve(blocks, size_);
    Add(blocks, id);
  }

  // The block of the map that begins there, or kNoBlock.
  BlockId Find(const BlockTable& blocks, Units offset) const {
    BlockId id = *HeadOf(offset);
    while (id != kNoBlock && blocks[id].offset != offset) id = blocks[id].next;
    return id;
  }

  // Find, and take it out.
  BlockId Remove(BlockTable& blocks, Units offset) {
    BlockId* place = HeadOf(offset);
    while (*place != kNoBlock && blocks[*place].offset != offset) place = &blocks[*place].next;
    const BlockId id = *place;
    if (id != kNoBlock) {
      *place = blocks[id].next;
      --size_;
    }
    return id;
  }

 private:
  BlockId* HeadOf(Units offset) const {
    return &heads_[offset * std::uint64_t{0x9e3779b97f4a7c15} >> shift_];
  }

  void Add(BlockTable& blocks, BlockId id) {
    blocks[id].next = std::exchange(*HeadOf(blocks[id].offset), id);
  }

  BlockId few_[2] = {};  // the chains there are without memory for more
  std::unique_ptr<BlockId[]> owned_;
  BlockId* heads_ = few_;
  std::uint64_t count_ = 2;  // of chains, a power of two
  int shift_ = 63;           // 64 less its logarithm
  std::uint32_t most_ = 1;   // blocks, before there are to be more chains
  std::uint32_t size_ = 0;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_OFFSET_MAP_H_
