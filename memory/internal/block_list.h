// A doubly linked list of free blocks, last in first.
#ifndef ASHLAR_MEMORY_INTERNAL_BLOCK_LIST_H_
#define ASHLAR_MEMORY_INTERNAL_BLOCK_LIST_H_

#include "ashlar/memory/internal/block_table.h"

namespace ashlar::internal {

class BlockList {
 public:
  BlockId first() const { return first_; }
  bool IsEmpty() const { return first_ == kNoBlock; }

  void Add(BlockTable& blocks, BlockId id) {
    blocks[id].previous = kNoBlock;
    blocks[id].next = first_;
    if (first_ != kNoBlock) blocks[first_].previous = id;
    first_ = id;
  }

  void Remove(BlockTable& blocks, BlockId id) {
    const BlockId previous = blocks[id].previous;
    const BlockId next = blocks[id].next;
    if (previous == kNoBlock) {
      first_ = next;
    } else {
      blocks[previous].next = next;
    }
    if (next != kNoBlock) blocks[next].previous = previous;
  }

 private:
  BlockId first_ = kNoBlock;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_BLOCK_LIST_H_
