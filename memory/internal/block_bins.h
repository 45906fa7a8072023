// Free blocks in numbered bins: for each a list, last in first, and a bitmap of two levels that
// finds the next bin that holds one in constant time.
//
// Whether a bin becomes empty, or was, is as good as random: those ways have no branch.
#ifndef ASHLAR_MEMORY_INTERNAL_BLOCK_BINS_H_
#define ASHLAR_MEMORY_INTERNAL_BLOCK_BINS_H_

#include <bit>
#include <cstdint>

#include "ashlar/memory/internal/block_table.h"

namespace ashlar::internal {

template <Units kBins>
class BlockBins {
 public:
  // kNoBlock if the bin is empty.
  BlockId First(Units bin) const { return first_[bin]; }

  // The first block's `previous` means nothing: to take it touches no other. kNoBlock has a record
  // too, whose `previous` means nothing either.
  void Add(BlockTable& blocks, Units bin, BlockId id) {
    const BlockId next = first_[bin];
    blocks[id].next = next;
    blocks[next].previous = id;
    first_[bin] = id;
    words_[bin / 64] |= std::uint64_t{1} << bin % 64;
    some_word_ |= std::uint64_t{1} << bin / 64;
  }

  void Remove(BlockTable& blocks, Units bin, BlockId id) {
    const BlockId next = blocks[id].next;
    if (id != first_[bin]) {
      const BlockId previous = blocks[id].previous;
      blocks[previous].next = next;
      blocks[next].previous = previous;
      return;
    }
    first_[bin] = next;
    const std::uint64_t word = words_[bin / 64] & ~(std::uint64_t{next == kNoBlock} << bin % 64);
    words_[bin / 64] = word;
    some_word_ &= ~(std::uint64_t{word == 0} << bin / 64);
  }

  // The first bin from `bin` on that holds a block; kBins if there is none.
  Units FirstFrom(Units bin) const {
    if (bin >= kBins) return kBins;
    const Units word = bin / 64;
    const std::uint64_t here = words_[word] & (~std::uint64_t{0} << bin % 64);
    if (here != 0) return word * 64 + static_cast<Units>(std::countr_zero(here));
    const std::uint64_t above = some_word_ & (~std::uint64_t{1} << word);
    if (above == 0) return kBins;
    const Units next = static_cast<Units>(std::countr_zero(above));
    return next * 64 + static_cast<Units>(std::countr_zero(words_[next]));
  }

  // The last bin that holds a block; kBins if there is none.
  Units Last() const {
    if (some_word_ == 0) return kBins;
    const Units word = 63 - static_cast<Units>(std::countl_zero(some_word_));
    return word * 64 + 63 - static_cast<Units>(std::countl_zero(words_[word]));
  }

 private:
  static_assert(kBins <= 64 * 64);

  std::uint64_t some_word_ = 0;
  std::uint64_t words_[(kBins + 63) / 64] = {};
  BlockId first_[kBins] = {};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_BLOCK_BINS_H_
