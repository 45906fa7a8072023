// Calls on a MemoryPool, each beside a list of the ranges that are in use: what the pool says has
// to follow from that list. For property tests, fuzzing and the soak.
#ifndef ASHLAR_MEMORY_MEMORY_POOL_DRIVER_FOR_TEST_H_
#define ASHLAR_MEMORY_MEMORY_POOL_DRIVER_FOR_TEST_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/memory/memory_pool.h"

namespace ashlar {

class MemoryPoolDriver {
 public:
  enum class Region { kOwn, kCallers, kOffsets };

  // Region::kOffsets is one that the pool cannot touch, though the driver can.
  MemoryPoolDriver(Region region, std::uint64_t bytes, MemoryPoolOptions options)
      : region_(region),
        options_(options),
        // A unit more: the first may begin anywhere.
        memory_(region == Region::kOwn ? 0 : bytes + options.granularity) {
    if (region != Region::kOwn) {
      options.move = [this](const MemoryMove& move) { Move(move); };
    }
    absl::StatusOr<MemoryPool> pool = region == Region::kOwn ? MemoryPool::Create(bytes, options)
                                      : region == Region::kCallers
                                          ? MemoryPool::CreateOver(memory_, options)
                                          : MemoryPool::CreateForOffsets(bytes, options);
    ASHLAR_CHECK(pool.ok());
    pool_.emplace(*std::move(pool));
    capacity_ = pool_->GetStatistics().capacity;
  }
  MemoryPoolDriver(const MemoryPoolDriver&) = delete;
  MemoryPoolDriver& operator=(const MemoryPoolDriver&) = delete;

  MemoryPool& pool() { return *pool_; }
  std::size_t size() const { return blocks_.size(); }

  // False if it was refused, rightly.
  bool Allocate(std::uint64_t bytes, std::uint64_t alignment, bool by_handle) {
    const std::vector<Gap> gaps = Gaps();
    Used block;
    block.bytes = bytes;
    block.alignment = alignment;
    block.pattern = ++patterns_;
    if (by_handle) {
      block.handle = pool_->AllocateHandle(bytes, alignment);
    } else if (const std::optional<std::uint64_t> at = pool_->AllocateOffset(bytes, alignment)) {
      block.offset = *at;
    } else {
      block.bytes = kNone;
    }
    const bool given = by_handle ? static_cast<bool>(block.handle) : block.bytes != kNone;
    if (options_.max_allocations != 0) {
      ASHLAR_CHECK(!given || blocks_.size() < options_.max_allocations);
      if (!given && blocks_.size() == options_.max_allocations) return false;
    }
    if (!given) {
      for (const Gap& gap : Gaps()) ASHLAR_CHECK(!Fits(gap, bytes, alignment), "it would fit");
      return false;
    }
    if (block.handle) {
      block.offset = pool_->OffsetOf(block.handle);
      ASHLAR_CHECK(pool_->SizeOf(block.handle) == bytes);
    }
    if (!options_.auto_defragment) CheckChoice(gaps, block);
    blocks_.push_back(block);
    Fill(block);
    return true;
  }

  // Those that take a number mean one of the blocks, if there is any.
  void Free(std::size_t number) {
    if (blocks_.empty()) return;
    Used& block = blocks_[number % blocks_.size()];
    for (; block.pins > 0; --block.pins) pool_->Unpin(block.handle);
    CheckContent(block);
    const Used freed = block;
    block = blocks_.back();
    blocks_.pop_back();
    if (freed.handle) {
      pool_->Free(freed.handle);
      ASHLAR_CHECK(!pool_->IsLive(freed.handle));
    } else {
      pool_->FreeOffset(freed.offset);
    }
  }

  void Pin(std::size_t number) {
    if (blocks_.empty()) return;
    Used& block = blocks_[number % blocks_.size()];
    if (!block.handle) return;
    block.offset = pool_->PinOffset(block.handle);
    ++block.pins;
  }

  void Unpin(std::size_t number) {
    if (blocks_.empty()) return;
    Used& block = blocks_[number % blocks_.size()];
    if (block.pins == 0) return;
    CheckContent(block);
    --block.pins;
    pool_->Unpin(block.handle);
  }

  DefragmentResult Defragment(const DefragmentLimits& limits) {
    const MemoryPoolStatistics before = pool_->GetStatistics();
    const DefragmentResult result = pool_->Defragment(limits);
    const MemoryPoolStatistics after = pool_->GetStatistics();
    ASHLAR_CHECK(after.moves == before.moves + result.moves);
    ASHLAR_CHECK(after.bytes_moved == before.bytes_moved + result.bytes);
    ASHLAR_CHECK(result.visits <= std::max(limits.visits, 1u) + 8);
    ASHLAR_CHECK(result.bytes <= limits.bytes || result.moves == 1);
    ASHLAR_CHECK(after.free == before.free);
    return result;
  }

  // That the pool and the list agree.
  void Check() {
    pool_->CheckInvariants();
    const MemoryPoolStatistics statistics = pool_->GetStatistics();
    std::uint64_t free = 0, largest = 0;
    const std::vector<Gap> gaps = Gaps();
    for (const Gap& gap : gaps) {
      free += gap.bytes;
      largest = std::max(largest, gap.bytes);
    }
    ASHLAR_CHECK(statistics.capacity == capacity_ && statistics.used == capacity_ - free);
    ASHLAR_CHECK(statistics.free == free && statistics.largest_free == largest);
    ASHLAR_CHECK(statistics.free_blocks == gaps.size());
    ASHLAR_CHECK(statistics.allocations == blocks_.size());
  }

  // The same, and that every block holds what was written to it.
  void CheckAll() {
    Check();
    for (Used& block : blocks_) CheckContent(block);
  }

  void FreeAll() {
    while (!blocks_.empty()) Free(0);
  }

 private:
  static constexpr std::uint64_t kNone = ~std::uint64_t{0};

  struct Used {
    MemoryHandle handle;  // null: given by address
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
    std::uint64_t alignment = 1;
    std::uint32_t pins = 0;
    std::uint8_t pattern = 0;
  };
  struct Gap {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };

  // Of the address, or of the offset where there is none.
  std::uint64_t base() const {
    return region_ == Region::kOffsets ? 0 : reinterpret_cast<std::uintptr_t>(pool_->base());
  }

  std::uint64_t Occupied(std::uint64_t bytes) const {
    const std::uint64_t least =
        std::max<std::uint64_t>(bytes + (options_.overrun_guards ? 8 : 0), 1);
    return (least + options_.granularity - 1) / options_.granularity * options_.granularity;
  }
  std::uint64_t Align(std::uint64_t offset, std::uint64_t alignment) const {
    return (offset + base() + alignment - 1) / alignment * alignment - base();
  }
  bool Fits(const Gap& gap, std::uint64_t bytes, std::uint64_t alignment) const {
    return Align(gap.offset, alignment) + Occupied(bytes) <= gap.offset + gap.bytes;
  }

  // What is not in use, by address; checks meanwhile what is.
  std::vector<Gap> Gaps() {
    std::vector<Gap> used;
    for (Used& block : blocks_) {
      if (block.handle) {
        const std::uint64_t offset = pool_->OffsetOf(block.handle);
        ASHLAR_CHECK(block.pins == 0 || offset == block.offset, "what is pinned stays");
        block.offset = offset;
      }
      ASHLAR_CHECK(Align(block.offset, block.alignment) == block.offset);
      used.push_back({block.offset, Occupied(block.bytes)});
    }
    std::sort(used.begin(), used.end(),
              [](const Gap& one, const Gap& other) { return one.offset < other.offset; });
    std::vector<Gap> gaps;
    std::uint64_t end = 0;
    used.push_back({capacity_, 0});
    for (const Gap& block : used) {
      ASHLAR_CHECK(block.offset >= end && block.offset + block.bytes <= capacity_,
                   "blocks overlap");
      if (block.offset > end) gaps.push_back({end, block.offset - end});
      end = block.offset + block.bytes;
    }
    return gaps;
  }

  // That the strategy took the gap that it has to take.
  void CheckChoice(const std::vector<Gap>& gaps, const Used& block) const {
    const Gap* first = nullptr;
    const Gap* best = nullptr;
    const Gap* taken = nullptr;
    for (const Gap& gap : gaps) {
      if (!Fits(gap, block.bytes, block.alignment)) continue;
      if (first == nullptr) first = &gap;
      if (best == nullptr || gap.bytes < best->bytes) best = &gap;
      if (block.offset >= gap.offset && block.offset < gap.offset + gap.bytes) taken = &gap;
    }
    ASHLAR_CHECK(taken != nullptr, "what was given was not free");
    ASHLAR_CHECK(block.offset == Align(taken->offset, block.alignment));
    using Strategy = MemoryPoolOptions::Strategy;
    if (options_.strategy == Strategy::kFirstFit) ASHLAR_CHECK(taken == first);
    if (options_.strategy == Strategy::kBestFit) ASHLAR_CHECK(taken->bytes == best->bytes);
  }

  // What lies at an offset; to be touched while the block is pinned.
  std::byte* At(std::uint64_t offset) {
    return (region_ == Region::kOffsets ? memory_.data() : static_cast<std::byte*>(pool_->base())) +
           offset;
  }

  void Fill(const Used& block) {
    if (block.handle) pool_->PinOffset(block.handle);
    std::memset(At(block.offset), block.pattern, block.bytes);
    if (block.handle) pool_->Unpin(block.handle);
  }

  void CheckContent(Used& block) {
    if (block.handle) block.offset = pool_->PinOffset(block.handle);
    const std::byte* const content = At(block.offset);
    for (std::uint64_t i = 0; i < block.bytes; ++i) {
      ASHLAR_CHECK(content[i] == std::byte{block.pattern}, "a block's content has changed");
    }
    if (block.handle) pool_->Unpin(block.handle);
  }

  void Move(const MemoryMove& move) {
    ASHLAR_CHECK(move.to < move.from && move.bytes > 0);
    ASHLAR_CHECK(move.overlaps == (move.from < move.to + move.bytes));
    // As a device would that cannot copy overlapping ranges.
    const std::uint64_t piece = move.overlaps ? move.from - move.to : move.bytes;
    for (std::uint64_t done = 0; done < move.bytes; done += piece) {
      std::memcpy(At(move.to + done), At(move.from + done), std::min(piece, move.bytes - done));
    }
  }

  const Region region_;
  const MemoryPoolOptions options_;
  std::vector<std::byte> memory_;
  std::optional<MemoryPool> pool_;
  std::uint64_t capacity_ = 0;
  std::vector<Used> blocks_;
  std::uint8_t patterns_ = 0;
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_MEMORY_POOL_DRIVER_FOR_TEST_H_
