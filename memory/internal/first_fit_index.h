// Free blocks by address: a request takes the lowest that it fits in, in logarithmic time.
#ifndef ASHLAR_MEMORY_INTERNAL_FIRST_FIT_INDEX_H_
#define ASHLAR_MEMORY_INTERNAL_FIRST_FIT_INDEX_H_

#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/block_tree.h"

namespace ashlar::internal {

class FirstFitIndex : public BlockTree<ByOffset> {
 public:
  static constexpr Units kPrecision = ~Units{0};
  Units LargestAtLeast(const BlockTable& blocks) const { return Largest(blocks); }
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_FIRST_FIT_INDEX_H_
