// memory_pool.h
// -------------
// MemoryPool: blocks of any size out of one region, and the region compacted while they are in use.
//
//   auto pool = MemoryPool::Create(64 << 20, {.auto_defragment = true});
//   if (!pool.ok()) return pool.status();
//   MemoryHandle frame = pool->AllocateHandle(1 << 16);  // null if there is no room
//   if (MemoryPool::Pinned pinned(*pool, frame); true) Draw(pinned.data(), pinned.size());
//   pool->Free(frame);
//
// When to use: one region must not be left, such as a device's memory, shared or locked memory, or
// a budget; it lives for long, and must not fragment. When not: all ends together
// (arena_allocator.h); objects of one size (object_pool.h); many threads that share nothing else
// (malloc).
//
// The region is the pool's own, the caller's, or memory that the host cannot touch: what the pool
// knows of its blocks lies outside, and it works on offsets.
//
// Blocks are given in two ways. By a handle: the block moves when the region is compacted, unless
// it is pinned. By its address (Allocate, AllocateOffset): it never moves, so compaction has to
// leave the gap below it, or fill it with blocks from the end of the region; a few such blocks in
// bad places, or some that stay pinned for long, can cost most of what compaction brings.
//
// Guarantees.
// - Exact: a request is refused only if no free block holds it, if the limits below forbid it, or
//   if the pool finds no memory for its records. Freed neighbours are one block at once.
// - A block is as long as asked, rounded up to the granularity, and nothing of the region is used
//   for anything else. No bytes are a block of one unit, with a place of its own.
// - After a pass of compaction (Defragment until `pass_ended`, twice if one was under way) all free
//   memory is one block, if nothing is pinned, given by address, or aligned to more than the
//   granularity.
// - A step of compaction moves at most as many bytes as it is told, or a single block, and looks at
//   `visits` blocks and 8 more at most. Moves go towards lower offsets.
//
// Strategies: kTlsf takes constant time and fits well, and is the one to use; kBestFit takes the
// smallest free block that holds the request; kFirstFit the lowest, which keeps the end of the
// region free, in logarithmic time. Alignment above the granularity may look at more blocks, as
// does a request just before it is refused.
//
// Parameters: sizes and alignments in bytes. Alignment is a power of two, of the address, or of the
// offset where the host has no address; more than 2^32 units are refused.
// Thread safety: none; whoever shares a pool holds a lock around each call, of which none blocks.
// What threads do with pinned blocks needs no lock.
// Errors: null (nullopt, a null handle) where there is no room; a Status from Create. Checked in
// every build: a second Free, an offset or address that is no block's begin, a stale handle, Free
// of what is pinned, Unpin of what is not, an alignment that is no power of two.
// Under AddressSanitizer memory that is free, or whose block may move, is poisoned: to touch what a
// handle stands for it has to be pinned.
// Cost: figures are in README.md.
#ifndef ASHLAR_MEMORY_MEMORY_POOL_H_
#define ASHLAR_MEMORY_MEMORY_POOL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/statusor.h"

namespace ashlar {

// A block that may move. Handles are compared and copied like numbers; that of a block that was
// freed is never again one's of another block (until the pool has given 2^32 more).
class MemoryHandle {
 public:
  MemoryHandle() = default;
  explicit operator bool() const { return block_ != 0; }
  friend bool operator==(const MemoryHandle&, const MemoryHandle&) = default;

 private:
  friend class MemoryPool;
  MemoryHandle(std::uint32_t block, std::uint32_t number) : block_(block), number_(number) {}
  std::uint32_t block_ = 0;
  std::uint32_t number_ = 0;
};

// What the owner of a region has to copy when a block moves.
struct MemoryMove {
  MemoryHandle handle;
  std::uint64_t from = 0;  // offsets
  std::uint64_t to = 0;    // less than `from`
  std::uint64_t bytes = 0;
  // The two ranges overlap: copy as memmove does, or pieces of `from - to` bytes in rising order.
  bool overlaps = false;
};

struct DefragmentLimits {
  std::uint32_t visits = 64;        // blocks looked at in a step; 0 is as 1
  std::uint64_t bytes = 64 * 1024;  // moved in a step; one block may be larger
};

struct DefragmentResult {
  std::uint32_t visits = 0;
  std::uint32_t moves = 0;
  std::uint64_t bytes = 0;
  bool pass_ended = false;
};

struct MemoryPoolOptions {
  enum class Strategy { kFirstFit, kBestFit, kTlsf };
  Strategy strategy = Strategy::kTlsf;

  // A power of two: all sizes and offsets are multiples of it. A region has at most 2^32 - 2 of
  // them: 64 GiB with 16 bytes; 256 is usual for devices.
  std::uint64_t granularity = 16;

  // How many blocks there may be at a time. Memory for their records is taken in advance, so that
  // later calls take none. 0: any number, with records as needed.
  std::uint32_t max_allocations = 0;

  // Writes a pattern behind each block, for which that gets 8 bytes longer; Free, moves and
  // CheckInvariants look that it is still there.
  bool overrun_guards = false;

  // Each Free is followed by a step of compaction, as long as more than the tolerated share of free
  // memory is outside the largest free block.
  bool auto_defragment = false;
  DefragmentLimits auto_limits = {};
  double tolerated_fragmentation = 0.05;
  // With auto_defragment: compact as many steps as it takes before refusing what would fit into all
  // free memory. The one case in which a call may take long.
  bool compact_before_refusal = true;

  // Copies the bytes of a block that moves; what the pool says afterwards is the new place. Must
  // not call the pool. Without it the pool copies, if the host can.
  std::function<void(const MemoryMove&)> move = nullptr;
};

struct MemoryPoolStatistics {
  std::uint64_t capacity = 0;  // of the region, in whole units; used + free
  std::uint64_t used = 0;
  std::uint64_t free = 0;
  std::uint64_t largest_free = 0;
  std::uint32_t allocations = 0;  // now
  std::uint32_t free_blocks = 0;
  std::uint64_t moves = 0;  // ever
  std::uint64_t bytes_moved = 0;

  // The share of free memory that is outside the largest free block.
  double fragmentation() const {
    return free == 0 ? 0 : 1 - static_cast<double>(largest_free) / static_cast<double>(free);
  }
};

class MemoryPool {
 public:
  using Strategy = MemoryPoolOptions::Strategy;
  class Pinned;

  // A region of the pool's own, on a page boundary. ResourceExhausted without memory,
  // InvalidArgument for options that contradict each other or the region.
  static absl::StatusOr<MemoryPool> Create(std::uint64_t bytes,
                                           const MemoryPoolOptions& options = {});
  // The caller's; it outlives the pool. What lies before the first multiple of the granularity, or
  // is less than one at the end, is not used.
  static absl::StatusOr<MemoryPool> CreateOver(std::span<std::byte> region,
                                               const MemoryPoolOptions& options = {});
  // Memory that the host cannot touch. To compact it takes `options.move`.
  static absl::StatusOr<MemoryPool> CreateForOffsets(std::uint64_t bytes,
                                                     const MemoryPoolOptions& options = {});

  MemoryPool(MemoryPool&&) noexcept;
  MemoryPool& operator=(MemoryPool&&) noexcept;
  // What is still allocated ends with the pool.
  ~MemoryPool();

  // ---- Blocks that stay. Those that return or take an address need a host's region.

  [[nodiscard]] void* Allocate(std::uint64_t bytes, std::uint64_t alignment = 1);
  void Free(void* block);  // null: nothing
  [[nodiscard]] std::optional<std::uint64_t> AllocateOffset(std::uint64_t bytes,
                                                            std::uint64_t alignment = 1);
  void FreeOffset(std::uint64_t offset);

  // ---- Blocks that move.

  [[nodiscard]] MemoryHandle AllocateHandle(std::uint64_t bytes, std::uint64_t alignment = 1);
  void Free(MemoryHandle handle);  // null: nothing

  bool IsLive(MemoryHandle handle) const;
  std::uint64_t SizeOf(MemoryHandle handle) const;
  // Until the next call that may move it.
  std::uint64_t OffsetOf(MemoryHandle handle) const;

  // From now until as many calls of Unpin the block stays where it is.
  void* Pin(MemoryHandle handle);
  std::uint64_t PinOffset(MemoryHandle handle);
  void Unpin(MemoryHandle handle);

  // ---- The whole.

  // A step of compaction.
  DefragmentResult Defragment(const DefragmentLimits& limits = {});

  MemoryPoolStatistics GetStatistics() const;

  // The address of offset 0; null if the host has none.
  void* base() const;

  // Fails if anything is wrong, overrun guards included. In linear time.
  void CheckInvariants() const;

 private:
  class State;
  using Pages = std::unique_ptr<std::byte, void (*)(std::byte*)>;
  static absl::StatusOr<MemoryPool> Make(Pages own, std::byte* base, std::uint32_t units,
                                         const MemoryPoolOptions& options);
  explicit MemoryPool(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

// Pins a block for a scope.
class MemoryPool::Pinned {
 public:
  Pinned(MemoryPool& pool, MemoryHandle handle) : pool_(&pool), handle_(handle) {
    offset_ = pool.PinOffset(handle);
  }
  Pinned(Pinned&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)),
        handle_(other.handle_),
        offset_(other.offset_) {}
  Pinned& operator=(Pinned&&) = delete;
  ~Pinned() {
    if (pool_ != nullptr) pool_->Unpin(handle_);
  }

  std::uint64_t offset() const { return offset_; }
  std::uint64_t size() const { return pool_->SizeOf(handle_); }
  // Only where the host has an address for the region.
  void* data() const { return static_cast<std::byte*>(pool_->base()) + offset_; }

 private:
  MemoryPool* pool_;
  MemoryHandle handle_;
  std::uint64_t offset_;
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_MEMORY_POOL_H_
