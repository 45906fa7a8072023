// What is asked for, and where in a free block it fits.
#ifndef ASHLAR_MEMORY_INTERNAL_REQUEST_H_
#define ASHLAR_MEMORY_INTERNAL_REQUEST_H_

#include <cstdint>

#include "ashlar/memory/internal/block_table.h"

namespace ashlar::internal {

struct Request {
  Units size = 0;
  std::uint8_t log2_alignment = 0;
  // What to add to an offset to get what has to be aligned: the region's address in units.
  Units bias = 0;

  // The first offset from `offset` on that is aligned.
  std::uint64_t Align(Units offset) const {
    const std::uint64_t mask = (std::uint64_t{1} << log2_alignment) - 1;
    return ((std::uint64_t{offset} + bias + mask) & ~mask) - bias;
  }

  bool FitsIn(const Block& block) const {
    return Align(block.offset) + size <= std::uint64_t{block.offset} + block.size;
  }

  // A block of this size has room for the request wherever it lies.
  std::uint64_t SurelyFits() const { return size + (std::uint64_t{1} << log2_alignment) - 1; }
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_REQUEST_H_
