// What is asked for, and where in a free block it fits.
#ifndef ASHLAR_MEMORY_INTERNAL_REQUEST_H_
#define ASHLAR_MEMORY_INTERNAL_REQUEST_H_

#include <cstdint>

#include "ashlar/memory/internal/block_table.h"

namespace ashlar::internal {

struct Request {
  // `region` is what to add to an offset to get what has to be aligned: its address in units.
  Request(Units units, std::uint8_t log2, Units region)
      : size(units), log2_alignment(log2), bias(region), mask((std::uint64_t{1} << log2) - 1) {}

  // The first offset from `offset` on that is aligned.
  std::uint64_t Align(Units offset) const { return ((offset + bias + mask) & ~mask) - bias; }

  bool FitsIn(const Block& block) const {
    return Align(block.offset) + size <= std::uint64_t{block.offset} + block.size;
  }

  // A block of this size has room for the request wherever it lies.
  std::uint64_t SurelyFits() const { return size + mask; }

  Units size;
  std::uint8_t log2_alignment;
  std::uint64_t bias;
  std::uint64_t mask;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_REQUEST_H_
