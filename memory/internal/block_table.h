// The blocks of a region: numbered records that lie apart from the region, so that memory which the
// host cannot touch is managed like any other.
//
// A block's number stays the same as long as it lives, wherever it moves. Free and used blocks form
// a ring by address, closed by the one numbered kEnd, which is never free: nobody has to ask
// whether there is a neighbour.
#ifndef ASHLAR_MEMORY_INTERNAL_BLOCK_TABLE_H_
#define ASHLAR_MEMORY_INTERNAL_BLOCK_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <utility>

namespace ashlar::internal {

// A region is counted in units of its granularity.
using Units = std::uint32_t;
using BlockId = std::uint32_t;

inline constexpr BlockId kEnd = 0;
inline constexpr BlockId kNoBlock = kEnd;  // where one is asked for that is given, or free

enum class BlockKind : std::uint8_t {
  kUnused,   // a record to take
  kFree,     // in the index
  kFixed,    // given by its address: stays where it is
  kMovable,  // given by a handle: moves unless it is pinned
};

struct Block {
  Units offset = 0;
  Units size = 0;
  BlockId before = kEnd;  // neighbours by address
  BlockId after = kEnd;
  // A free block's place in its index: in a list, or children in a tree. `next` of a record to take
  // is another such.
  BlockId previous = kNoBlock;
  BlockId next = kNoBlock;
  std::uint32_t pins_or_most = 0;  // pins of a movable block; a free one's greatest descendant
  BlockKind kind = BlockKind::kUnused;
  std::uint8_t log2_alignment = 0;  // in units
  std::uint16_t slack = 0;          // bytes at the end that the owner keeps for itself

  // Of a movable block, which is in no index: which of all handles stands for it.
  std::uint32_t& handle() { return previous; }
  std::uint32_t handle() const { return previous; }
  std::uint32_t& pins() { return pins_or_most; }
  std::uint32_t pins() const { return pins_or_most; }
  Units end() const { return offset + size; }
  bool IsFree() const { return kind == BlockKind::kFree; }
  bool MayMove() const { return kind == BlockKind::kMovable && pins() == 0; }
};
static_assert(sizeof(Block) == 32, "two in a cache line");

class BlockTable {
 public:
  BlockTable() = default;

  Block& operator[](BlockId id) { return blocks_[id]; }
  const Block& operator[](BlockId id) const { return blocks_[id]; }

  // How many numbers were ever taken: all are below.
  BlockId bound() const { return bound_; }

  // Makes the next `count` calls of Take succeed; false without memory for that.
  bool Reserve(std::uint32_t count) {
    if (count <= spare_ + (capacity_ - bound_)) [[likely]]
      return true;
    return Grow(bound_ + count - spare_);
  }

  BlockId Take() {
    if (unused_ == kNoBlock) return bound_++;
    --spare_;
    return std::exchange(unused_, blocks_[unused_].next);
  }

  void Return(BlockId id) {
    ++spare_;
    blocks_[id].kind = BlockKind::kUnused;
    blocks_[id].next = std::exchange(unused_, id);
  }

  // Puts a block that is in no list behind another by address.
  void LinkAfter(BlockId id, BlockId before) {
    const BlockId after = blocks_[before].after;
    blocks_[id].before = before;
    blocks_[id].after = after;
    blocks_[before].after = id;
    blocks_[after].before = id;
  }

  void Unlink(BlockId id) {
    blocks_[blocks_[id].before].after = blocks_[id].after;
    blocks_[blocks_[id].after].before = blocks_[id].before;
  }

 private:
  [[gnu::noinline]] bool Grow(std::uint64_t needed) {
    std::uint64_t capacity = std::uint64_t{capacity_} * 2;
    if (capacity < needed) capacity = needed;
    if (capacity < 64) capacity = 64;
    if (capacity > ~BlockId{0}) return false;
    std::unique_ptr<Block[]> blocks(new (std::nothrow) Block[capacity]);
    if (blocks == nullptr) return false;
    if (bound_ > 0) std::memcpy(blocks.get(), blocks_.get(), bound_ * sizeof(Block));
    blocks_ = std::move(blocks);
    capacity_ = static_cast<std::uint32_t>(capacity);
    return true;
  }

  std::unique_ptr<Block[]> blocks_;
  std::uint32_t capacity_ = 0;
  BlockId bound_ = 0;
  BlockId unused_ = kNoBlock;
  std::uint32_t spare_ = 0;  // records that were returned
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_BLOCK_TABLE_H_
