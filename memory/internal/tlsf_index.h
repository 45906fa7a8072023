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

#include "ashlar/memory/internal/block_bins.h"
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

  void Insert(BlockTable& blocks, BlockId id) { bins_.Add(blocks, BinOf(blocks[id].size), id); }
  void Remove(BlockTable& blocks, BlockId id) { bins_.Remove(blocks, BinOf(blocks[id].size), id); }

  // Removes the one that the request takes; kNoBlock if it fits in none.
  BlockId Take(BlockTable& blocks, const Request& request) {
    const Units bin = bins_.FirstFrom(BinAllOfWhich(request.SurelyFits()));
    if (bin == kBins) [[unlikely]]
      return TakeIfAnyFits(blocks, request);
    const BlockId id = bins_.First(bin);
    bins_.Remove(blocks, bin, id);
    return id;
  }

  Units Largest(const BlockTable& blocks) const {
    const Units bin = bins_.Last();
    if (bin == kBins) return 0;
    Units largest = 0;
    for (BlockId id = bins_.First(bin); id != kNoBlock; id = blocks[id].next) {
      if (blocks[id].size > largest) largest = blocks[id].size;
    }
    return largest;
  }

  // In constant time.
  Units LargestAtLeast(const BlockTable&) const {
    const Units bin = bins_.Last();
    return bin == kBins ? 0 : LeastOf(bin);
  }

  // Calls `visit` with the number of every block that the index holds.
  template <class Visit>
  void ForEach(const BlockTable& blocks, Visit visit) const {
    for (Units bin = bins_.FirstFrom(0); bin != kBins; bin = bins_.FirstFrom(bin + 1)) {
      for (BlockId id = bins_.First(bin); id != kNoBlock; id = blocks[id].next) visit(id);
    }
  }

 private:
  // Row 0 has a bin for each size below kColumns, row r for each 2^(r-1) sizes.
  static constexpr Units kRows = 32 - kLog2Columns + 1;
  static constexpr Units kBins = kRows * kColumns;

  static Units BinOf(Units size) {
    // Of the sizes that a bin has, in rows 0 and 1 the same.
    const Units log2 = static_cast<Units>(std::bit_width(size | kColumns)) - 1 - kLog2Columns;
    return log2 * kColumns + (size >> log2);
  }

  static Units LeastOf(Units bin) {
    const Units row = bin / kColumns;
    return row == 0 ? bin : (kColumns + bin % kColumns) << (row - 1);
  }

  // The first bin none of whose blocks is smaller: behind that of the next smaller size.
  static Units BinAllOfWhich(std::uint64_t size) {
    return size - 1 > ~Units{0} ? kBins : BinOf(static_cast<Units>(size - 1)) + 1;
  }

  // Looks into the bins whose blocks may be large enough.
  [[gnu::noinline]] BlockId TakeIfAnyFits(BlockTable& blocks, const Request& request) {
    for (Units bin = bins_.FirstFrom(BinOf(request.size)); bin != kBins;
         bin = bins_.FirstFrom(bin + 1)) {
      for (BlockId id = bins_.First(bin); id != kNoBlock; id = blocks[id].next) {
        if (!request.FitsIn(blocks[id])) continue;
        bins_.Remove(blocks, bin, id);
        return id;
      }
    }
    return kNoBlock;
  }

  BlockBins<kBins> bins_;
};

using TlsfIndex = TlsfIndexOf<5>;

}  // namespace ashlar::internal

#endif  // ASHLAR_MEMORY_INTERNAL_TLSF_INDEX_H_
