#include "ashlar/memory/memory_pool.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "ashlar/base/check.h"
#include "ashlar/memory/internal/best_fit_index.h"
#include "ashlar/memory/internal/block_table.h"
#include "ashlar/memory/internal/compaction.h"
#include "ashlar/memory/internal/first_fit_index.h"
#include "ashlar/memory/internal/offset_map.h"
#include "ashlar/memory/internal/range_heap.h"
#include "ashlar/memory/internal/tlsf_index.h"
#include "ashlar/memory/poison.h"

namespace ashlar {
namespace {

using internal::Block;
using internal::BlockId;
using internal::BlockKind;
using internal::kNoBlock;
using internal::RangeHeap;
using internal::Units;

constexpr std::size_t kPage = 4096;
constexpr Units kMostUnits = ~Units{0} - 1;
constexpr std::uint64_t kGuardBytes = 8;
constexpr int kGuardPattern = 0xa5;

// Its slack has to be counted in 16 bits.
constexpr std::uint64_t kMostGuarded = 1 << 15;

std::byte* AllocatePages(std::uint64_t bytes) {
  if (bytes > static_cast<std::uint64_t>(PTRDIFF_MAX)) return nullptr;
  return static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kPage}, std::nothrow));
}
void FreePages(std::byte* pages) { ::operator delete (pages, std::align_val_t{kPage}); }

}  // namespace

class MemoryPool::State {
 public:
  State(Pages own, std::byte* base, const MemoryPoolOptions& options)
      : own_(std::move(own)),
        options_(options),
        base_(base),
        shift_(std::countr_zero(options.granularity)),
        heap_(MakeHeap(options.strategy,
                       static_cast<Units>(reinterpret_cast<std::uintptr_t>(base) >> shift_))),
        blocks_(std::visit([](auto& heap) { return &heap.blocks(); }, heap_)),
        most_(options.max_allocations == 0 ? ~0u : options.max_allocations) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    if (base_ != nullptr) Unpoison(base_, capacity_);
  }

  bool Start(Units units) {
    // Between so many used blocks there may be one more free ones; two are for an allocation.
    const std::uint64_t records =
        options_.max_allocations == 0 ? 0 : std::uint64_t{options_.max_allocations} * 2 + 3;
    if (records > kMostUnits) return false;
    const auto start = [&](auto& heap) {
      return heap.Start(units, static_cast<std::uint32_t>(records));
    };
    if (!std::visit(start, heap_)) return false;
    capacity_ = ToBytes(units);
    if (options_.max_allocations != 0) fixed_.Reserve(blocks(), options_.max_allocations);
    if (base_ != nullptr) Poison(base_, capacity_);
    return true;
  }

  // ---- Blocks that stay.

  std::optional<std::uint64_t> AllocateFixed(std::uint64_t bytes, std::uint64_t alignment) {
    const BlockId id = Allocate(bytes, alignment, BlockKind::kFixed);
    if (id == kNoBlock) return std::nullopt;
    fixed_.Insert(blocks(), id);
    return ToBytes(blocks()[id].offset);
  }

  void FreeFixed(std::uint64_t offset) {
    ASHLAR_CHECK(offset < capacity_ && (offset & (options_.granularity - 1)) == 0,
                 "no block begins there: not this pool's");
    const BlockId id = fixed_.Remove(blocks(), static_cast<Units>(offset >> shift_));
    ASHLAR_CHECK(id != kNoBlock, "no block begins there: freed before, or not given by address");
    Free(id);
  }

  std::byte* ToAddress(std::uint64_t offset) const {
    ASHLAR_CHECK(base_ != nullptr, "offsets of memory that the host cannot touch have no address");
    return base_ + offset;
  }
  std::uint64_t ToOffset(const void* address) const {
    ASHLAR_CHECK(base_ != nullptr, "offsets of memory that the host cannot touch have no address");
    // An address below wraps to an offset beyond the region.
    return reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(base_);
  }

  // ---- Blocks that move.

  MemoryHandle AllocateMovable(std::uint64_t bytes, std::uint64_t alignment) {
    const BlockId id = Allocate(bytes, alignment, BlockKind::kMovable);
    if (id == kNoBlock) return MemoryHandle();
    blocks()[id].handle() = ++handles_;
    return MemoryHandle(id, handles_);
  }

  void FreeMovable(MemoryHandle handle) {
    const BlockId id = BlockOf(handle);
    ASHLAR_CHECK(blocks()[id].pins() == 0, "a block is freed while it is pinned");
    Free(id);
  }

  bool IsLive(MemoryHandle handle) const {
    if (handle.block_ >= blocks().bound()) return false;
    const Block& block = blocks()[handle.block_];
    return block.kind == BlockKind::kMovable && block.handle() == handle.number_;
  }

  std::uint64_t OffsetOf(MemoryHandle handle) const {
    return ToBytes(blocks()[BlockOf(handle)].offset);
  }
  std::uint64_t SizeOf(MemoryHandle handle) const { return SizeOf(blocks()[BlockOf(handle)]); }

  std::uint64_t Pin(MemoryHandle handle) {
    Block& block = blocks()[BlockOf(handle)];
    ASHLAR_CHECK(++block.pins() != 0, "too many pins");
    Repoison(block);
    return ToBytes(block.offset);
  }

  void Unpin(MemoryHandle handle) {
    Block& block = blocks()[BlockOf(handle)];
    ASHLAR_CHECK(block.pins() > 0, "a block is unpinned that is not pinned");
    --block.pins();
    Repoison(block);
    changed_ = true;
  }

  // ---- The whole.

  DefragmentResult Defragment(const DefragmentLimits& limits) {
    ASHLAR_CHECK(base_ != nullptr || options_.move != nullptr,
                 "memory that the host cannot touch is compacted with options.move");
    return std::visit([&](auto& heap) { return Step(heap, limits); }, heap_);
  }

  MemoryPoolStatistics GetStatistics() const {
    MemoryPoolStatistics statistics;
    std::visit(
        [&](const auto& heap) {
          statistics.capacity = ToBytes(heap.units());
          statistics.free = ToBytes(heap.free());
          statistics.used = statistics.capacity - statistics.free;
          statistics.largest_free = ToBytes(heap.Largest());
          statistics.free_blocks = heap.free_blocks();
        },
        heap_);
    statistics.allocations = allocations_;
    statistics.moves = moves_;
    statistics.bytes_moved = bytes_moved_;
    return statistics;
  }

  std::byte* base() const { return base_; }

  void CheckInvariants() const {
    std::visit([](const auto& heap) { heap.CheckInvariants(); }, heap_);
    std::uint32_t allocations = 0;
    const internal::BlockTable& all = blocks();
    for (BlockId id = all[internal::kEnd].after; id != internal::kEnd; id = all[id].after) {
      if (all[id].IsFree()) continue;
      ++allocations;
      if (options_.overrun_guards) CheckGuard(all[id]);
      if (all[id].kind == BlockKind::kFixed) ASHLAR_CHECK(fixed_.Find(all, all[id].offset) == id);
    }
    ASHLAR_CHECK(allocations == allocations_);
  }

 private:
  using Heap = std::variant<RangeHeap<internal::FirstFitIndex>, RangeHeap<internal::BestFitIndex>,
                            RangeHeap<internal::TlsfIndex>>;

  static Heap MakeHeap(Strategy strategy, Units bias) {
    switch (strategy) {
      case Strategy::kFirstFit:
        return RangeHeap<internal::FirstFitIndex>(bias);
      case Strategy::kBestFit:
        return RangeHeap<internal::BestFitIndex>(bias);
      case Strategy::kTlsf:
        break;
    }
    return RangeHeap<internal::TlsfIndex>(bias);
  }

  internal::BlockTable& blocks() { return *blocks_; }
  const internal::BlockTable& blocks() const { return *blocks_; }
  std::uint64_t ToBytes(Units units) const { return std::uint64_t{units} << shift_; }
  std::byte* AddressOf(const Block& block) const { return base_ + ToBytes(block.offset); }
  // Without what the pool keeps of the block for itself.
  std::uint64_t SizeOf(const Block& block) const { return ToBytes(block.size) - block.slack; }

  BlockId BlockOf(MemoryHandle handle) const {
    ASHLAR_CHECK(IsLive(handle), "a stale or null handle, or another pool's");
    return handle.block_;
  }
  MemoryHandle HandleOf(BlockId id) const { return MemoryHandle(id, blocks()[id].handle()); }

  // Calls `call` with the heap, whichever it is. Unlike std::visit it leaves no call.
  template <class Call>
  [[gnu::always_inline]] decltype(auto) WithHeap(const Call& call) {
    switch (heap_.index()) {
      case 0:
        return call(*std::get_if<0>(&heap_));
      case 1:
        return call(*std::get_if<1>(&heap_));
      default:
        return call(*std::get_if<2>(&heap_));
    }
  }

  BlockId Allocate(std::uint64_t bytes, std::uint64_t alignment, BlockKind kind) {
    // std::has_single_bit is a call without hardware's population count.
    ASHLAR_CHECK(alignment != 0 && (alignment & (alignment - 1)) == 0,
                 "an alignment is a power of two");
    const int log2 = alignment <= options_.granularity ? 0 : std::countr_zero(alignment) - shift_;
    if (allocations_ >= most_ || bytes > capacity_ || log2 > 32) return kNoBlock;
    const std::uint64_t least = bytes + (options_.overrun_guards ? kGuardBytes : 0);
    const std::uint64_t units = least == 0 ? 1 : ((least - 1) >> shift_) + 1;
    if (units > capacity_ >> shift_) return kNoBlock;
    const auto size = static_cast<Units>(units);
    const auto log2_alignment = static_cast<std::uint8_t>(log2);
    BlockId id = WithHeap([&](auto& heap) { return heap.Allocate(size, log2_alignment, kind); });
    if (id == kNoBlock) [[unlikely]] {
      id = CompactAndAllocate(size, log2_alignment, kind);
      if (id == kNoBlock) return id;
    }
    ++allocations_;
    changed_ = true;
    Block& block = blocks()[id];
    const std::uint64_t slack = (units << shift_) - bytes;
    block.slack = slack < (1 << 16) ? static_cast<std::uint16_t>(slack) : 0;
    if (options_.overrun_guards) [[unlikely]]
      WriteGuard(block);
    Repoison(block);
    return id;
  }

  void Free(BlockId id) {
    if (options_.overrun_guards) [[unlikely]]
      CheckGuard(blocks()[id]);
    if (base_ != nullptr) Poison(AddressOf(blocks()[id]), ToBytes(blocks()[id].size));
    --allocations_;
    changed_ = true;
    WithHeap([&](auto& heap) { heap.Free(id); });
    if (options_.auto_defragment) DefragmentIfWorthwhile();
  }

  // ---- Compaction.

  [[gnu::noinline]] void DefragmentIfWorthwhile() {
    std::visit(
        [&](auto& heap) {
          const double outside = heap.free() - heap.LargestAtLeast();
          if (outside > options_.tolerated_fragmentation * heap.free()) {
            Step(heap, options_.auto_limits);
          }
        },
        heap_);
  }

  // If that is wanted: finishes the pass that is under way, and makes a whole one.
  [[gnu::noinline]] BlockId CompactAndAllocate(Units size, std::uint8_t log2_alignment,
                                               BlockKind kind) {
    if (!options_.auto_defragment || !options_.compact_before_refusal) return kNoBlock;
    const auto compact = [&](auto& heap) {
      if (size > heap.free()) return kNoBlock;
      for (int passes = 0; passes < 2 && !IsSettled();) {
        const DefragmentResult step = Step(heap, options_.auto_limits);
        if (step.moves > 0) {
          const BlockId id = heap.Allocate(size, log2_alignment, kind);
          if (id != kNoBlock) return id;
        }
        if (step.pass_ended) ++passes;
      }
      return kNoBlock;
    };
    return std::visit(compact, heap_);
  }

  // Another pass of compaction would find nothing to do.
  bool IsSettled() const { return settled_ && !changed_; }

  template <class Heap>
  DefragmentResult Step(Heap& heap, const DefragmentLimits& limits) {
    if (IsSettled()) return {.pass_ended = true};
    if (heap.cursor() == internal::kEnd) {  // a pass begins
      settled_ = changed_ = false;
      quiet_ = true;
    }
    const auto moved = [&](BlockId id, Units from) { Move(id, from); };
    const internal::CompactionStep step =
        internal::Compact(heap, {std::max(limits.visits, 1u), limits.bytes >> shift_}, moved);
    if (step.moves > 0) quiet_ = false;
    if (step.pass_ended) settled_ = quiet_;
    const DefragmentResult result{step.visits, step.moves, step.units << shift_, step.pass_ended};
    moves_ += result.moves;
    bytes_moved_ += result.bytes;
    return result;
  }

  // Brings the bytes of a block to where it is now.
  void Move(BlockId id, Units from) {
    const Block& block = blocks()[id];
    const std::uint64_t bytes = ToBytes(block.size);
    if (base_ != nullptr) {
      Unpoison(AddressOf(block), bytes);
      Unpoison(base_ + ToBytes(from), bytes);
    }
    if (options_.move != nullptr) {
      options_.move(
          {HandleOf(id), ToBytes(from), ToBytes(block.offset), bytes, from < block.end()});
    } else {
      std::memmove(AddressOf(block), base_ + ToBytes(from), bytes);
    }
    if (base_ != nullptr) Poison(base_ + ToBytes(from), bytes);
    Repoison(block);
    if (options_.overrun_guards) CheckGuard(block);
  }

  // ---- Guards.

  // What the user may touch of a used block now.
  void Repoison(const Block& block) const {
    if (!kPoisons || base_ == nullptr) return;
    Poison(AddressOf(block), ToBytes(block.size));
    if (!block.MayMove()) Unpoison(AddressOf(block), SizeOf(block));
  }

  void WriteGuard(const Block& block) {
    Unpoison(AddressOf(block), ToBytes(block.size));
    std::memset(AddressOf(block) + SizeOf(block), kGuardPattern, block.slack);
  }

  void CheckGuard(const Block& block) const {
    Unpoison(AddressOf(block), ToBytes(block.size));
    const std::byte* const guard = AddressOf(block) + SizeOf(block);
    for (unsigned i = 0; i < block.slack; ++i) {
      ASHLAR_CHECK(guard[i] == std::byte{kGuardPattern}, "somebody wrote behind a block");
    }
    Repoison(block);
  }

  const Pages own_;
  const MemoryPoolOptions options_;
  std::byte* const base_;
  const int shift_;
  Heap heap_;
  internal::BlockTable* const blocks_;  // the heap's
  internal::OffsetMap fixed_;           // blocks that were given by address
  const std::uint32_t most_;            // allocations at a time
  std::uint64_t capacity_ = 0;          // in bytes
  std::uint32_t allocations_ = 0;
  std::uint32_t handles_ = 0;  // given ever
  std::uint64_t moves_ = 0;
  std::uint64_t bytes_moved_ = 0;
  bool quiet_ = false;    // this pass moved nothing as yet
  bool settled_ = false;  // the last pass moved nothing
  bool changed_ = true;   // somebody else did something since it began
};

namespace {

absl::Status CheckOptions(const MemoryPoolOptions& options, bool host) {
  if (!std::has_single_bit(options.granularity)) {
    return absl::InvalidArgumentError("the granularity of a memory pool is a power of two, not " +
                                      std::to_string(options.granularity));
  }
  if (options.overrun_guards && (!host || options.granularity > kMostGuarded)) {
    return absl::InvalidArgumentError(
        "overrun guards need memory that the host can touch, and a granularity of at most " +
        std::to_string(kMostGuarded));
  }
  if (options.auto_defragment && !host && options.move == nullptr) {
    return absl::InvalidArgumentError(
        "memory that the host cannot touch is compacted with options.move, which is not set");
  }
  if (!(options.tolerated_fragmentation >= 0 && options.tolerated_fragmentation <= 1)) {
    return absl::InvalidArgumentError("the tolerated fragmentation is a share, from 0 to 1");
  }
  return absl::OkStatus();
}

absl::StatusOr<Units> CountUnits(std::uint64_t bytes, const MemoryPoolOptions& options) {
  const std::uint64_t units = bytes / options.granularity;
  if (units == 0) {
    return absl::InvalidArgumentError("a region of " + std::to_string(bytes) +
                                      " bytes is less than one unit of " +
                                      std::to_string(options.granularity));
  }
  if (units > kMostUnits) {
    return absl::InvalidArgumentError(
        "a region of " + std::to_string(bytes) + " bytes has more than 2^32 - 2 units of " +
        std::to_string(options.granularity) + "; ask for a greater granularity");
  }
  return static_cast<Units>(units);
}

}  // namespace

absl::StatusOr<MemoryPool> MemoryPool::Make(Pages own, std::byte* base, Units units,
                                            const MemoryPoolOptions& options) {
  std::unique_ptr<State> state(new (std::nothrow) State(std::move(own), base, options));
  if (state == nullptr || !state->Start(units)) {
    return absl::ResourceExhaustedError("no memory for the records of a memory pool");
  }
  return MemoryPool(std::move(state));
}

absl::StatusOr<MemoryPool> MemoryPool::Create(std::uint64_t bytes,
                                              const MemoryPoolOptions& options) {
  if (absl::Status status = CheckOptions(options, true); !status.ok()) return status;
  const absl::StatusOr<Units> units = CountUnits(bytes, options);
  if (!units.ok()) return units.status();
  Pages pages(AllocatePages(bytes), &FreePages);
  if (pages == nullptr) {
    return absl::ResourceExhaustedError("no memory for a memory pool of " + std::to_string(bytes) +
                                        " bytes");
  }
  std::byte* const base = pages.get();
  return Make(std::move(pages), base, *units, options);
}

absl::StatusOr<MemoryPool> MemoryPool::CreateOver(std::span<std::byte> region,
                                                  const MemoryPoolOptions& options) {
  if (absl::Status status = CheckOptions(options, true); !status.ok()) return status;
  const std::uint64_t before =
      -reinterpret_cast<std::uintptr_t>(region.data()) & (options.granularity - 1);
  const std::uint64_t bytes = region.size() < before ? 0 : region.size() - before;
  const absl::StatusOr<Units> units = CountUnits(bytes, options);
  if (!units.ok()) return units.status();
  return Make(Pages(nullptr, &FreePages), region.data() + before, *units, options);
}

absl::StatusOr<MemoryPool> MemoryPool::CreateForOffsets(std::uint64_t bytes,
                                                        const MemoryPoolOptions& options) {
  if (absl::Status status = CheckOptions(options, false); !status.ok()) return status;
  const absl::StatusOr<Units> units = CountUnits(bytes, options);
  if (!units.ok()) return units.status();
  return Make(Pages(nullptr, &FreePages), nullptr, *units, options);
}

MemoryPool::MemoryPool(std::unique_ptr<State> state) : state_(std::move(state)) {}
MemoryPool::MemoryPool(MemoryPool&&) noexcept = default;
MemoryPool& MemoryPool::operator=(MemoryPool&&) noexcept = default;
MemoryPool::~MemoryPool() = default;

void* MemoryPool::Allocate(std::uint64_t bytes, std::uint64_t alignment) {
  const std::optional<std::uint64_t> offset = state_->AllocateFixed(bytes, alignment);
  return offset ? state_->ToAddress(*offset) : nullptr;
}
void MemoryPool::Free(void* block) {
  if (block != nullptr) state_->FreeFixed(state_->ToOffset(block));
}
std::optional<std::uint64_t> MemoryPool::AllocateOffset(std::uint64_t bytes,
                                                        std::uint64_t alignment) {
  return state_->AllocateFixed(bytes, alignment);
}
void MemoryPool::FreeOffset(std::uint64_t offset) { state_->FreeFixed(offset); }

MemoryHandle MemoryPool::AllocateHandle(std::uint64_t bytes, std::uint64_t alignment) {
  return state_->AllocateMovable(bytes, alignment);
}
void MemoryPool::Free(MemoryHandle handle) {
  if (handle) state_->FreeMovable(handle);
}
bool MemoryPool::IsLive(MemoryHandle handle) const { return state_->IsLive(handle); }
std::uint64_t MemoryPool::SizeOf(MemoryHandle handle) const { return state_->SizeOf(handle); }
std::uint64_t MemoryPool::OffsetOf(MemoryHandle handle) const { return state_->OffsetOf(handle); }
void* MemoryPool::Pin(MemoryHandle handle) { return state_->ToAddress(state_->Pin(handle)); }
std::uint64_t MemoryPool::PinOffset(MemoryHandle handle) { return state_->Pin(handle); }
void MemoryPool::Unpin(MemoryHandle handle) { state_->Unpin(handle); }

DefragmentResult MemoryPool::Defragment(const DefragmentLimits& limits) {
  return state_->Defragment(limits);
}
MemoryPoolStatistics MemoryPool::GetStatistics() const { return state_->GetStatistics(); }
void* MemoryPool::base() const { return state_->base(); }
void MemoryPool::CheckInvariants() const { state_->CheckInvariants(); }

}  // namespace ashlar
