// block_pool.h
// ------------
// BlockPool: blocks of one size, for any number of threads. Allocating and freeing are some moves
// in the thread's own magazine.
//
//   BlockPool pool({.bytes = 96});
//   void* const block = pool.Allocate();     // null: no memory, or the limit is reached
//   pool.Free(block);                        // from any thread
//
// When to use: many blocks of one size come and go, and may be freed by other threads than those
// that allocated them: nodes, tasks, coroutine frames. For objects object_pool.h is simpler. When
// not: sizes vary (malloc, memory_pool.h); all end at once (arena_allocator.h).
//
// Contract. A block is aligned as asked, and not initialised. Slabs of blocks come from the source
// as they are needed. A thread keeps free blocks at hand, in its magazine, and slabs of its own:
// blocks that others freed come back to the thread whose slab they are of, half a magazine at a
// time. When a thread ends, what it kept is there for others: its empty slabs for whoever needs
// one, the rest for the next thread with its number (thread_index.h), and under the limit for all.
// Slabs stay until Trim: that gives back those without a block in use, or in another living
// thread's magazine.
//
// Parameters. Sizes are in bytes. `bytes` is raised to 1; `alignment` is a power of two up to a
// page. `limit` is in blocks, used and free ones: it is never exceeded, and beneath it, or without
// memory, a thread is refused only if every block is in use or in another living thread's magazine.
// `magazine` is the most blocks that a magazine has; it has no more than make 32 KiB (or 16), nor
// than a 16th of the limit. With 0 a thread is refused only if every block is in use.
// Thread safety: any member from any thread, but for the destructor. That checks, in every build,
// that all blocks are back.
// Progress: wait-free while a thread's magazine serves; else blocking, for a microsecond or two.
// Errors: null if there is no memory. Free does not fail.
// Checks, where NDEBUG is not defined: a block that is freed twice, or is none of this pool's, or
// was written to beyond its end (rounded up to 8). In every build two frees of a block are found
// when both have left the magazines. Under AddressSanitizer free blocks are poisoned.
// Cost: a bit a block, and 8 bytes if it is checked. A slab has 64 KiB, or room for 32 blocks. A
// pair of calls is 26 instructions, none locked; figures are in README.md.
//
// Source: magazines after J. Bonwick and J. Adams, "Magazines and vmem", USENIX 2001; frees by
// other threads after snmalloc (remote_free_list.h): they travel as lists of addresses, written
// into a few of the free blocks, so that the others are not touched on the way.
#ifndef ASHLAR_MEMORY_BLOCK_POOL_H_
#define ASHLAR_MEMORY_BLOCK_POOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <mutex>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/spin_park_mutex.h"
#include "ashlar/memory/poison.h"
#include "ashlar/memory/remote_free_list.h"
#include "ashlar/memory/slab_source.h"
#include "ashlar/memory/thread_index.h"

namespace ashlar {

// Whether pools check what they are given, where nothing else is said. Pools that do are other
// types than those that do not.
#if defined(NDEBUG)
inline constexpr bool kPoolsAreChecked = false;
#else
inline constexpr bool kPoolsAreChecked = true;
#endif

struct BlockPoolOptions {
  std::size_t bytes = 0;
  std::size_t alignment = alignof(std::max_align_t);
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  std::size_t magazine = 512;
  SlabSource& source = SlabSource::System();  // outlives the pool
};

template <bool kChecked = kPoolsAreChecked>
class BasicBlockPool final : private ThreadExitHook {
 public:
  explicit BasicBlockPool(const BlockPoolOptions& options) noexcept;
  ~BasicBlockPool();
  BasicBlockPool(const BasicBlockPool&) = delete;
  BasicBlockPool& operator=(const BasicBlockPool&) = delete;

  // Null if there is no memory, or the limit is reached.
  [[nodiscard]] void* Allocate() noexcept {
    Heap* const heap = HeapIfAny();
    if (heap != nullptr && heap->count != 0) [[likely]] {
      return Out(heap->blocks[--heap->count]);
    }
    return AllocateSlowly();
  }

  // A hint, before Allocate, for who mostly gets blocks that another core has freed: fetches the
  // line of one that comes soon. Where they were freed by this core it only costs 2 ns.
  void Prefetch() const noexcept {
    const Heap* const heap = HeapIfAny();
    if (heap != nullptr && heap->count > kAhead)
      __builtin_prefetch(heap->blocks[heap->count - 1 - kAhead], 1);
  }

  // Null is nothing.
  void Free(void* block) noexcept {
    if (block == nullptr) [[unlikely]]
      return;
    if constexpr (kChecked) CheckFreed(block);
    Heap* const heap = HeapIfAny();
    if (heap != nullptr && heap->count < magazine_) [[likely]] {
      Poison(block, bytes_);
      heap->blocks[heap->count++] = block;
      return;
    }
    FreeSlowly(block);
  }

  // Gives slabs back to the source, as far as that can be. Returns how many bytes.
  std::size_t Trim() noexcept;

  // Slabs from the source. Other threads may change it meanwhile.
  std::size_t ReservedBytes() const noexcept;

  std::size_t BlockBytes() const noexcept { return bytes_; }

 private:
  using Remote = RemoteFreeList<>;
  using Link = Remote::Link;
  struct Heap;

  static constexpr std::size_t kLine = 64;
  static constexpr std::size_t kMostInMagazine = 512;
  static constexpr std::size_t kAhead = 6;
  // Threads with lower numbers find their heap at once.
  static constexpr std::uint32_t kNear = 256;

  // At the begin of a slab, whose addresses are multiples of its size.
  struct alignas(kLine) Slab {
    // Who frees reads these; they do not change while a block is out.
    Heap* owner;
    const void* pool;

    // Under the owner's lock. Those with a free block are in a list, but for one without any other.
    alignas(kLine) Slab* next;
    Slab* previous;
    std::size_t blocks;
    std::size_t free;
    std::size_t first_word;  // before which no block is free

    // A bit a block: whether it is free.
    std::uint64_t* Bits() noexcept { return reinterpret_cast<std::uint64_t*>(this + 1); }
  };

  // What a thread number has.
  struct alignas(kLine) Heap {
    // The thread's alone.
    std::size_t count = 0;
    void* blocks[kMostInMagazine];

    // Any thread's.
    alignas(kLine) Remote remote;

    // Under the lock.
    alignas(kLine) SpinParkMutex<> mutex;
    Slab* slabs = nullptr;     // that have free blocks, and others
    Slab* spare = nullptr;     // that has only free ones
    Link* returned = nullptr;  // taken from the list, but not yet into slabs or a magazine

    std::uint32_t index = 0;
    Heap* next = nullptr;
  };

  // In a free block on its way: more of them, as many as there is room for, or null behind the
  // last.
  static void** Others(Link* link) noexcept { return reinterpret_cast<void**>(link + 1); }

  static constexpr std::uint64_t kUsed = 0x5bd1'e995'a54f'f53a;
  static constexpr std::uint64_t kFree = 0xc2b2'ae35'85eb'ca6b;

  Heap* HeapIfAny() const noexcept {
    const std::uint32_t index = ThreadIndexIfAny();
    return index < kNear ? near_[index] : nullptr;
  }

  // A block leaves the pool.
  void* Out(void* block) noexcept {
    if constexpr (kGuarded) {
      ASHLAR_CHECK(Guard(block) == (kFree ^ Address(block)),
                   "a free block was written to, beyond its end");
      SetGuard(block, kUsed);
    }
    Unpoison(block, bytes_);
    return block;
  }

  // Behind each block. AddressSanitizer finds what it would find, and more; it keeps that room
  // poisoned.
  static constexpr bool kGuarded = kChecked && !kPoisons;
  static constexpr std::size_t kGuardBytes = kChecked ? sizeof(std::uint64_t) : 0;
  std::uint64_t Guard(const void* block) const noexcept {
    std::uint64_t guard;
    std::memcpy(&guard, static_cast<const std::byte*>(block) + bytes_, sizeof(guard));
    return guard;
  }
  void SetGuard(void* block, std::uint64_t state) const noexcept {
    const std::uint64_t guard = state ^ Address(block);
    std::memcpy(static_cast<std::byte*>(block) + bytes_, &guard, sizeof(guard));
  }
  static std::uintptr_t Address(const void* block) noexcept {
    return reinterpret_cast<std::uintptr_t>(block);
  }
  void CheckFreed(void* block) const noexcept;

  Slab* SlabOf(const void* block) const noexcept {
    return reinterpret_cast<Slab*>(Address(block) & ~(std::uintptr_t{slab_bytes_} - 1));
  }
  std::size_t IndexIn(const Slab* slab, const void* block) const noexcept;
  void* BlockIn(Slab* slab, std::size_t index) const noexcept;

  void* AllocateSlowly() noexcept;
  void FreeSlowly(void* block) noexcept;
  void OnThreadExit(std::uint32_t index) noexcept override;

  Heap* FindHeap(std::uint32_t index) const noexcept;
  Heap* ThisHeap() noexcept;
  void Flush(Heap* heap, std::size_t count) noexcept;
  void SendHome(void** blocks, std::size_t count) noexcept;
  std::size_t CountOthers(Link* link) const noexcept;
  Link* Pack(void** blocks, std::size_t count, Link*& last) const noexcept;

  // With the heap's lock held.
  Link* TakeReturned(Heap& heap) noexcept;
  void Drain(Heap& heap) noexcept;
  std::size_t RunOf(const Slab* slab, void* const* blocks, std::size_t count) const noexcept;
  void Put(Heap& heap, Slab* slab, void* const* blocks, std::size_t count) noexcept;
  bool Fill(Heap& from, Heap& magazine) noexcept;
  void TakeFrom(Heap& from, Slab* slab, Heap& magazine) noexcept;
  static void Add(Heap& heap, Slab* slab) noexcept;
  static void Remove(Heap& heap, Slab* slab) noexcept;
  bool AddSlab(Heap& heap) noexcept;
  void PutSpareAside(Heap& heap) noexcept;

  bool FillElsewhere(Heap& magazine) noexcept;
  Slab* TakeAside(std::size_t& blocks_of_new) noexcept;
  Slab* MakeSlab(std::size_t blocks) noexcept;
  void PutAside(Slab* slab) noexcept;
  std::size_t GiveBackAside() noexcept;
  std::size_t Moves() const noexcept;

  const std::size_t bytes_;  // a multiple of 8
  const std::size_t magazine_;
  const std::size_t filled_;  // blocks that a magazine gets at once
  std::size_t stride_ = 0;
  std::size_t slab_bytes_ = 0;  // 0: no slab can be so large
  std::size_t first_offset_ = 0;
  std::size_t most_in_slab_ = 0;
  std::uint64_t reciprocal_ = 0;  // of the stride
  const std::size_t others_;      // addresses that a free block carries, besides its link
  const std::size_t limit_;
  SlabSource& source_;

  Heap* near_[kNear] = {};  // each is of the thread with that number
  std::atomic<Heap*> heaps_{nullptr};

  mutable std::mutex mutex_;
  Slab* aside_ = nullptr;  // those that no thread has
  std::size_t blocks_ = 0;
  std::size_t slabs_ = 0;
  std::size_t moves_ = 0;  // of slabs, to threads and aside

  // Of all slabs there ever were.
  std::atomic<std::uintptr_t> lowest_{std::numeric_limits<std::uintptr_t>::max()};
  std::atomic<std::uintptr_t> highest_{0};
};

extern template class BasicBlockPool<false>;
extern template class BasicBlockPool<true>;

using BlockPool = BasicBlockPool<>;

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_BLOCK_POOL_H_
