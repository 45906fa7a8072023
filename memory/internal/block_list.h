// A doubly linked list of free blocks, last in first.
#ifndef ASHLAR_MEMORY_INTERNAL_BLOCK_LIST_H_
#define ASHLAR_MEMORY_INTERNAL_BLOCK_LIST_H_

#include "ashlar/memory/internal/block_table.h"

namespace ashlar::internal {

class BlockList {
 public:
  BlockId first() const { return first_; }
  bool IsEmpty() const { return first_ == kNoBlock; }

  // The first block's `previous` means nothing: to take it touches no other.
  void Add(BlockTable& blocks, BlockId id) {
    blocks[id].next = first_;
    if (first_ != kNoBlock) blocks[first_].previous = id;
    first_ = id;
  }

  void Remove(BlockTable& blocks, BlockId id) {
    const BlockId next = blocks[id].next;
    if (id == first_) {
      first_ = next;
      return;
    }
    const BlockId previous = blocks[id].previous;
    blocks[previous].next = next;
    if (next != kNoBlock) blocks[next].previous = previous;
  }

 private:
  BlockId first_ = kNoBlock;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_BLOCK_LIST_H_
