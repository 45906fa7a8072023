// Moves blocks down until the free ones are one, a bounded step at a time.
//
// A pass goes through the region from below. What follows a gap slides down into it, in the order
// of addresses, and the gap wanders up with it and takes up the free blocks that it meets. Where a
// block may not move, the gap below it gets one of the last blocks of the region that it can hold.
// So after a pass in which every block may move, all free memory is one block, at the end.
//
// Between steps the region may be used in any way; the pass then goes on where it was.
#ifndef ASHLAR_MEMORY_INTERNAL_COMPACTION_H_
#define ASHLAR_MEMORY_INTERNAL_COMPACTION_H_

#include <cstdint>

#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/range_heap.h"

namespace ashlar::internal {

struct CompactionLimits {
  std::uint32_t visits = 0;  // blocks to look at, at least one
  std::uint64_t units = 0;   // to move; the first move may be larger
};

struct CompactionStep {
  std::uint32_t visits = 0;
  std::uint32_t moves = 0;
  std::uint64_t units = 0;
  bool pass_ended = false;  // the next step begins a new one
};

// Of the last blocks of the region, which may move and fit in a gap: looks at few of them.
template <class Index>
BlockId FindForGap(const RangeHeap<Index>& heap, BlockId gap, CompactionStep& step) {
  constexpr int kLooks = 8;
  const BlockTable& blocks = heap.blocks();
  BlockId id = blocks[kEnd].before;
  // The gap's neighbour is not for it: it is what may not move.
  for (int i = 0; i < kLooks && id != gap && blocks[id].before != gap; ++i) {
    ++step.visits;
    if (blocks[id].MayMove() && heap.RequestOf(id).FitsIn(blocks[gap])) return id;
    id = blocks[id].before;
  }
  return kNoBlock;
}

// Looks at some 8 blocks more than the limit at most. Calls `moved` with the number of each block
// that was moved and where it was: its bytes have to follow. That is towards lower addresses
// always.
template <class Index, class Moved>
CompactionStep Compact(RangeHeap<Index>& heap, const CompactionLimits& limits, Moved moved) {
  const BlockTable& blocks = heap.blocks();
  CompactionStep step;
  BlockId at = heap.cursor();
  if (at == kEnd) at = blocks[kEnd].after;
  const auto exceeds = [&](BlockId id) {
    return step.moves > 0 && step.units + blocks[id].size > limits.units;
  };
  while (true) {
    const BlockId next = blocks[at].after;
    if (at == kEnd || next == kEnd) {
      at = kEnd;
      step.pass_ended = true;
      break;
    }
    if (step.visits >= limits.visits) break;
    ++step.visits;
    if (!blocks[at].IsFree()) {
      at = next;
      continue;
    }
    const bool slides = blocks[next].MayMove() && heap.CanSlide(next);
    const BlockId id = slides ? next : FindForGap(heap, at, step);
    if (id == kNoBlock) {
      at = next;
      continue;
    }
    if (exceeds(id)) break;
    const Units from = blocks[id].offset;
    const Units size = blocks[id].size;
    if (!(slides ? heap.Slide(id) : heap.MoveInto(at, id))) {
      at = next;  // no memory for records
      continue;
    }
    ++step.moves;
    step.units += size;
    moved(id, from);
    at = blocks[id].after;
  }
  heap.set_cursor(at);
  return step;
}

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_COMPACTION_H_
