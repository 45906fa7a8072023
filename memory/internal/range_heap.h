// A region of units, divided into free and used blocks: what to allocate is, without any memory.
//
// No two free blocks are neighbours. Which free block a request takes is the index's choice
// (first_fit_index.h, best_fit_index.h, tlsf_index.h); it takes the front of it, as far as
// alignment lets it.
#ifndef ASHLAR_MEMORY_INTERNAL_RANGE_HEAP_H_
#define ASHLAR_MEMORY_INTERNAL_RANGE_HEAP_H_

#include <cstdint>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/request.h"

namespace ashlar::internal {

template <class Index>
class RangeHeap {
 public:
  // `bias` is the region's address in units, modulo 2^32: what alignment is of.
  explicit RangeHeap(Units bias) : bias_(bias) {}

  // Before anything else: makes all of `units` free, with records for `blocks`. False without
  // memory for those.
  bool Start(Units units, std::uint32_t blocks) {
    if (!blocks_.Reserve(blocks + 2)) return false;
    ASHLAR_CHECK(blocks_.Take() == kEnd);
    blocks_[kEnd] = Block{.offset = units, .kind = BlockKind::kFixed};
    free_ = units;
    if (units > 0) AddFree(kEnd, 0, units);
    return true;
  }

  const BlockTable& blocks() const { return blocks_; }
  BlockTable& blocks() { return blocks_; }
  Units units() const { return blocks_[kEnd].offset; }
  Units free() const { return free_; }
  std::uint32_t free_blocks() const { return free_blocks_; }
  Units Largest() const { return index_.Largest(blocks_); }
  Units LargestAtLeast() const { return index_.LargestAtLeast(blocks_); }

  // kNoBlock if it fits nowhere, or there is no memory for records.
  BlockId Allocate(Units size, std::uint8_t log2_alignment, BlockKind kind) {
    if (size > free_ || !blocks_.Reserve(2)) return kNoBlock;
    const Request request{size, log2_alignment, bias_};
    const BlockId id = index_.Take(blocks_, request);
    if (id != kNoBlock) Divide(id, request, kind);
    return id;
  }

  void Free(BlockId id) {
    free_ += blocks_[id].size;
    blocks_[id].kind = BlockKind::kFree;
    const BlockId before = blocks_[id].before;
    const BlockId after = blocks_[id].after;
    // Absorbing what is behind, rather than before, touches fewer records.
    if (blocks_[after].IsFree()) {
      RemoveFree(after);
      Absorb(id, after);
    }
    if (blocks_[before].IsFree()) {
      RemoveFree(before);
      Absorb(before, id);
      id = before;
    }
    InsertFree(id);
  }

  // ---- For compaction.

  // Where it stands: always some block, though not always the one it was put at.
  BlockId cursor() const { return cursor_; }
  void set_cursor(BlockId id) { cursor_ = id; }

  Request RequestOf(BlockId id) const {
    return {blocks_[id].size, blocks_[id].log2_alignment, bias_};
  }

  // Whether a used block behind a free one can be moved to where the free one begins, or near.
  bool CanSlide(BlockId id) const {
    return RequestOf(id).Align(blocks_[blocks_[id].before].offset) < blocks_[id].offset;
  }

  // Moves it there. False without memory for records; then nothing is changed.
  bool Slide(BlockId id) {
    if (!blocks_.Reserve(1)) return false;
    Block& block = blocks_[id];
    const BlockId gap = block.before;
    const Units from = block.offset;
    block.offset = static_cast<Units>(RequestOf(id).Align(blocks_[gap].offset));
    const BlockId after = block.after;
    Units gained = from - block.offset;
    if (blocks_[after].IsFree()) {
      gained += blocks_[after].size;
      RemoveFree(after);
      Drop(after);
    }
    index_.Remove(blocks_, gap);
    if (block.offset > blocks_[gap].offset) {
      blocks_[gap].size = block.offset - blocks_[gap].offset;
      index_.Insert(blocks_, gap);
      AddFree(id, block.end(), gained);
    } else {
      blocks_.Unlink(gap);
      blocks_.LinkAfter(gap, id);
      blocks_[gap].offset = block.end();
      blocks_[gap].size = gained;
      index_.Insert(blocks_, gap);
    }
    return true;
  }

  // Moves a used block into a free one that it fits in and that is no neighbour of it. False
  // without memory for records; then nothing is changed.
  bool MoveInto(BlockId gap, BlockId id) {
    if (!blocks_.Reserve(2)) return false;
    const Block block = blocks_[id];
    index_.Remove(blocks_, gap);
    Divide(gap, RequestOf(id), block.kind);
    // What was taken lies under another number: the two change places.
    blocks_[id].offset = std::exchange(blocks_[gap].offset, block.offset);
    const BlockId before = blocks_[gap].before;
    blocks_.Unlink(gap);
    blocks_.LinkAfter(gap, block.before);
    blocks_.Unlink(id);
    blocks_.LinkAfter(id, before);
    Free(gap);
    return true;
  }

  // Checks everything, in linear time; for tests.
  void CheckInvariants() const {
    std::uint64_t free = 0;
    std::uint32_t free_blocks = 0;
    Units offset = 0;
    bool cursor_found = cursor_ == kEnd;
    for (BlockId id = blocks_[kEnd].after, before = kEnd; id != kEnd;
         before = std::exchange(id, blocks_[id].after)) {
      const Block& block = blocks_[id];
      ASHLAR_CHECK(block.offset == offset && block.size > 0, "blocks fill the region");
      ASHLAR_CHECK(block.before == before && block.kind != BlockKind::kUnused);
      if (block.IsFree()) {
        free += block.size;
        ++free_blocks;
        ASHLAR_CHECK(!blocks_[before].IsFree(), "free neighbours are one block");
      } else {
        ASHLAR_CHECK(RequestOf(id).Align(offset) == offset, "a block is where it may be");
      }
      offset += block.size;
      if (id == cursor_) cursor_found = true;
    }
    ASHLAR_CHECK(offset == units() && free == free_ && free_blocks == free_blocks_);
    ASHLAR_CHECK(cursor_found);
    std::uint32_t in_index = 0;
    Units largest = 0;
    index_.ForEach(blocks_, [&](BlockId id) {
      ASHLAR_CHECK(blocks_[id].IsFree());
      if (blocks_[id].size > largest) largest = blocks_[id].size;
      ++in_index;
    });
    ASHLAR_CHECK(in_index == free_blocks && largest == Largest());
    ASHLAR_CHECK(LargestAtLeast() <= largest);
    ASHLAR_CHECK(largest - LargestAtLeast() <= largest / Index::kPrecision);
  }

 private:
  // Makes of a free block that is in no index a used one, and what is left over of it.
  void Divide(BlockId id, const Request& request, BlockKind kind) {
    --free_blocks_;
    free_ -= request.size;
    Block& block = blocks_[id];
    const Units start = static_cast<Units>(request.Align(block.offset));
    if (start > block.offset) [[unlikely]]
      AddFree(block.before, block.offset, start - block.offset);
    const Units end = start + request.size;
    const Units rest = block.end() - end;
    block.offset = start;
    block.size = request.size;
    block.pins() = 0;
    block.kind = kind;
    block.log2_alignment = request.log2_alignment;
    if (rest > 0) AddFree(id, end, rest);
  }

  // A record must have been reserved.
  void AddFree(BlockId before, Units offset, Units size) {
    const BlockId id = blocks_.Take();
    Block& block = blocks_[id];
    block.offset = offset;
    block.size = size;
    block.kind = BlockKind::kFree;
    blocks_.LinkAfter(id, before);
    InsertFree(id);
  }

  void InsertFree(BlockId id) {
    ++free_blocks_;
    index_.Insert(blocks_, id);
  }

  void RemoveFree(BlockId id) {
    --free_blocks_;
    index_.Remove(blocks_, id);
  }

  // Makes a block longer by the next one, of which neither is in the index.
  void Absorb(BlockId id, BlockId next) {
    blocks_[id].size += blocks_[next].size;
    Drop(next);
  }

  void Drop(BlockId id) {
    if (cursor_ == id) [[unlikely]]
      cursor_ = blocks_[id].before;
    blocks_.Unlink(id);
    blocks_.Return(id);
  }

  BlockTable blocks_;
  Index index_;
  Units bias_;
  Units free_ = 0;
  std::uint32_t free_blocks_ = 0;
  BlockId cursor_ = kEnd;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_RANGE_HEAP_H_
