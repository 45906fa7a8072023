// Free blocks by size in two levels of bins, in constant time.
//
// Powers of two are divided into 32 bins each; two levels of bitmaps say which bins hold a block. A
// request takes a block from a bin all of whose blocks are large enough. Only when there is none
// does it look into the bins whose blocks may be large enough: what fits is found.
//
// Source: M. Masmano, I. Ripoll, A. Crespo, J. Real, "TLSF: a New Dynamic Memory Allocator for
// Real-Time Systems", ECRTS 2004, which refuses what only a block of the request's own bin can
// hold.
#ifndef ASHLAR_MEMORY_INTERNAL_TLSF_INDEX_H_
#define ASHLAR_MEMORY_INTERNAL_TLSF_INDEX_H_

#include <bit>
#include <cstdint>

#include "ashlar/memory/internal/block_list.h"
#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/request.h"

namespace ashlar::internal {

// Powers of two are divided into 2^kLog2Columns; tests have fewer.
template <Units kLog2Columns>
class TlsfIndexOf {
  static constexpr Units kColumns = 1 << kLog2Columns;

 public:
  // LargestAtLeast is short of Largest by less than one such part of it.
  static constexpr Units kPrecision = kColumns;

  void Insert(BlockTable& blocks, BlockId id) {
    const Units bin = BinOf(blocks[id].size);
    bins_[bin].Add(blocks, id);
    rows_[bin / kColumns] |= std::uint32_t{1} << bin % kColumns;
    some_row_ |= std::uint32_t{1} << bin / kColumns;
  }

  void Remove(BlockTable& blocks, BlockId id) {
    const Units bin = BinOf(blocks[id].size);
    bins_[bin].Remove(blocks, id);
    if (!bins_[bin].IsEmpty()) return;
    rows_[bin / kColumns] &= ~(std::uint32_t{1} << bin % kColumns);
    if (rows_[bin / kColumns] == 0) some_row_ &= ~(std::uint32_t{1} << bin / kColumns);
  }

  BlockId Find(const BlockTable& blocks, const Request& request) const {
    const Units own = BinOf(request.size);
    const Units sure = BinAllOfWhich(request.SurelyFits());
    const Units bin = FirstFrom(sure);
    if (bin != kNoBin) [[likely]]
      return bins_[bin].first();
    for (Units maybe = FirstFrom(own); maybe != kNoBin; maybe = FirstFrom(maybe + 1)) {
      for (BlockId id = bins_[maybe].first(); id != kNoBlock; id = blocks[id].next) {
        if (request.FitsIn(blocks[id])) return id;
      }
    }
    return kNoBlock;
  }

  Units Largest(const BlockTable& blocks) const {
    if (some_row_ == 0) return 0;
    Units largest = 0;
    for (BlockId id = bins_[LastBin()].first(); id != kNoBlock; id = blocks[id].next) {
      if (blocks[id].size > largest) largest = blocks[id].size;
    }
    return largest;
  }

  // In constant time.
  Units LargestAtLeast(const BlockTable&) const { return some_row_ == 0 ? 0 : LeastOf(LastBin()); }

  // Calls `visit` with the number of every block that the index holds.
  template <class Visit>
  void ForEach(const BlockTable& blocks, Visit visit) const {
    for (Units bin = FirstFrom(0); bin != kNoBin; bin = FirstFrom(bin + 1)) {
      for (BlockId id = bins_[bin].first(); id != kNoBlock; id = blocks[id].next) visit(id);
    }
  }

 private:
  static constexpr Units kRows = 32 - kLog2Columns + 1;
  static constexpr Units kNoBin = kRows * kColumns;

  // Row 0 has a bin for each size below kColumns, row r for each 2^(r-1) sizes.
  static Units BinOf(Units size) {
    if (size < kColumns) return size;
    const Units shift = static_cast<Units>(std::bit_width(size)) - 1 - kLog2Columns;
    return (shift + 1) * kColumns + (size >> shift) - kColumns;
  }

  static Units LeastOf(Units bin) {
    const Units row = bin / kColumns;
    return row == 0 ? bin : (kColumns + bin % kColumns) << (row - 1);
  }

  // The first bin none of whose blocks is smaller; kNoBin if there is none.
  static Units BinAllOfWhich(std::uint64_t size) {
    if (size < kColumns) return static_cast<Units>(size);
    const Units shift = static_cast<Units>(std::bit_width(size)) - 1 - kLog2Columns;
    const std::uint64_t above = size + (std::uint64_t{1} << shift) - 1;
    return above > ~Units{0} ? kNoBin : BinOf(static_cast<Units>(above));
  }

  // The first bin from `bin` on that holds a block.
  Units FirstFrom(Units bin) const {
    if (bin >= kNoBin) return kNoBin;
    const Units row = bin / kColumns;
    const std::uint32_t here = rows_[row] & (~std::uint32_t{0} << bin % kColumns);
    if (here != 0) return row * kColumns + static_cast<Units>(std::countr_zero(here));
    const std::uint32_t below = some_row_ & (~std::uint32_t{1} << row);
    if (below == 0) return kNoBin;
    const Units next = static_cast<Units>(std::countr_zero(below));
    return next * kColumns + static_cast<Units>(std::countr_zero(rows_[next]));
  }

  Units LastBin() const {
    const Units row = 31 - static_cast<Units>(std::countl_zero(some_row_));
    return row * kColumns + 31 - static_cast<Units>(std::countl_zero(rows_[row]));
  }

  std::uint32_t some_row_ = 0;
  std::uint32_t rows_[kRows] = {};
  BlockList bins_[kNoBin];
};

using TlsfIndex = TlsfIndexOf<5>;

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_TLSF_INDEX_H_
