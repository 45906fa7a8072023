// Free blocks by size: a request takes one of the smallest that it fits in.
//
// Each size below 4096 units has a bin. Larger blocks, of which there are few, are in a tree.
#ifndef ASHLAR_MEMORY_INTERNAL_BEST_FIT_INDEX_H_
#define ASHLAR_MEMORY_INTERNAL_BEST_FIT_INDEX_H_

#include "ashlar/memory/internal/block_bins.h"
#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/block_tree.h"
#include "ashlar/memory/internal/request.h"

namespace ashlar::internal {

// Tests have fewer bins.
template <Units kSizes>
class BestFitIndexOf {
 public:
  static constexpr Units kPrecision = ~Units{0};

  void Insert(BlockTable& blocks, BlockId id) {
    const Units size = blocks[id].size;
    if (size >= kSizes) return large_.Insert(blocks, id);
    bins_.Add(blocks, size, id);
  }

  void Remove(BlockTable& blocks, BlockId id) {
    const Units size = blocks[id].size;
    if (size >= kSizes) return large_.Remove(blocks, id);
    bins_.Remove(blocks, size, id);
  }

  // Removes the one that the request takes; kNoBlock if it fits in none.
  BlockId Take(BlockTable& blocks, const Request& request) {
    const Units size = bins_.FirstFrom(request.size);
    if (size == kSizes || size < request.SurelyFits()) [[unlikely]]
      return TakeAligned(blocks, request);
    const BlockId id = bins_.First(size);
    bins_.Remove(blocks, size, id);
    return id;
  }

  Units Largest(const BlockTable& blocks) const {
    const Units large = large_.Largest(blocks);
    if (large != 0) return large;
    const Units last = bins_.Last();
    return last == kSizes ? 0 : last;
  }
  Units LargestAtLeast(const BlockTable& blocks) const { return Largest(blocks); }

  template <class Visit>
  void ForEach(const BlockTable& blocks, Visit visit) const {
    for (Units size = bins_.FirstFrom(0); size != kSizes; size = bins_.FirstFrom(size + 1)) {
      for (BlockId id = bins_.First(size); id != kNoBlock; id = blocks[id].next) visit(id);
    }
    large_.ForEach(blocks, visit);
  }

 private:
  // Looks at blocks that may be too small because of where they lie, and into the tree.
  [[gnu::noinline]] BlockId TakeAligned(BlockTable& blocks, const Request& request) {
    for (Units size = bins_.FirstFrom(request.size); size != kSizes;
         size = bins_.FirstFrom(size + 1)) {
      for (BlockId id = bins_.First(size); id != kNoBlock; id = blocks[id].next) {
        if (!request.FitsIn(blocks[id])) continue;
        bins_.Remove(blocks, size, id);
        return id;
      }
    }
    return large_.Take(blocks, request);
  }

  BlockBins<kSizes> bins_;
  BlockTree<BySizeThenOffset> large_;
};

using BestFitIndex = BestFitIndexOf<4096>;

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_BEST_FIT_INDEX_H_
