// Free blocks by size: a request takes one of the smallest that it fits in.
//
// Each size below 4096 units has a list, and a bit in a bitmap of two levels that finds the next
// larger one in constant time. Larger blocks, of which there are few, are in a tree.
#ifndef ASHLAR_MEMORY_INTERNAL_BEST_FIT_INDEX_H_
#define ASHLAR_MEMORY_INTERNAL_BEST_FIT_INDEX_H_

#include <bit>
#include <cstdint>

#include "ashlar/memory/internal/block_list.h"
#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/block_tree.h"
#include "ashlar/memory/internal/request.h"

namespace ashlar::internal {

// Tests have fewer lists.
template <Units kSizes>
class BestFitIndexOf {
 public:
  static constexpr Units kPrecision = ~Units{0};

  void Insert(BlockTable& blocks, BlockId id) {
    const Units size = blocks[id].size;
    if (size >= kSizes) return large_.Insert(blocks, id);
    lists_[size].Add(blocks, id);
    words_[size / 64] |= std::uint64_t{1} << size % 64;
    some_word_ |= std::uint64_t{1} << size / 64;
  }

  void Remove(BlockTable& blocks, BlockId id) {
    const Units size = blocks[id].size;
    if (size >= kSizes) return large_.Remove(blocks, id);
    lists_[size].Remove(blocks, id);
    if (!lists_[size].IsEmpty()) return;
    words_[size / 64] &= ~(std::uint64_t{1} << size % 64);
    if (words_[size / 64] == 0) some_word_ &= ~(std::uint64_t{1} << size / 64);
  }

  BlockId Find(const BlockTable& blocks, const Request& request) const {
    for (Units size = FirstFrom(request.size); size != kSizes; size = FirstFrom(size + 1)) {
      if (size >= request.SurelyFits()) [[likely]]
        return lists_[size].first();
      for (BlockId id = lists_[size].first(); id != kNoBlock; id = blocks[id].next) {
        if (request.FitsIn(blocks[id])) return id;
      }
    }
    return large_.Find(blocks, request);
  }

  Units Largest(const BlockTable& blocks) const {
    const Units large = large_.Largest(blocks);
    if (large != 0 || some_word_ == 0) return large;
    const Units word = 63 - static_cast<Units>(std::countl_zero(some_word_));
    return word * 64 + 63 - static_cast<Units>(std::countl_zero(words_[word]));
  }
  Units LargestAtLeast(const BlockTable& blocks) const { return Largest(blocks); }

  template <class Visit>
  void ForEach(const BlockTable& blocks, Visit visit) const {
    for (Units size = FirstFrom(0); size != kSizes; size = FirstFrom(size + 1)) {
      for (BlockId id = lists_[size].first(); id != kNoBlock; id = blocks[id].next) visit(id);
    }
    large_.ForEach(blocks, visit);
  }

 private:
  static_assert(kSizes <= 64 * 64);

  // The least size from `size` on of which there is a block; kSizes if there is none.
  Units FirstFrom(Units size) const {
    if (size >= kSizes) return kSizes;
    const Units word = size / 64;
    const std::uint64_t here = words_[word] & (~std::uint64_t{0} << size % 64);
    if (here != 0) return word * 64 + static_cast<Units>(std::countr_zero(here));
    const std::uint64_t above = some_word_ & (~std::uint64_t{1} << word);
    if (above == 0) return kSizes;
    const Units next = static_cast<Units>(std::countr_zero(above));
    return next * 64 + static_cast<Units>(std::countr_zero(words_[next]));
  }

  std::uint64_t some_word_ = 0;
  std::uint64_t words_[(kSizes + 63) / 64] = {};
  BlockList lists_[kSizes];
  BlockTree<BySizeThenOffset> large_;
};

using BestFitIndex = BestFitIndexOf<4096>;

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_BEST_FIT_INDEX_H_
