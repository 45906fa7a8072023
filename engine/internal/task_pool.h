// TaskPool: memory for submitted tasks, in blocks of one cache line.
//
// Each thread keeps a list of free blocks; whole batches pass between threads through a
// depot that all engines of the process share, with one compare-and-swap for 64 blocks.
// The depot is emptied by an exchange, so that reuse (ABA) cannot hurt. Lock-free but
// for the system's allocator, which is asked for 64 KiB at a time.
//
// Blocks are never returned to the system: a thread may still look at the state word of
// a task that has just ended (TaskWord::Wake). The memory kept is the most that was
// ever in use at once, plus what idle threads hold in their lists.
#ifndef ASHLAR_ENGINE_INTERNAL_TASK_POOL_H_
#define ASHLAR_ENGINE_INTERNAL_TASK_POOL_H_

#include <cstddef>

#include "ashlar/engine/internal/trail.h"

namespace ashlar::internal {

class TaskPool {
 public:
  static constexpr std::size_t kBlockSize = 64;  // and alignment

  // Null when there is no memory.
  static void* Allocate() noexcept {
    Cache& cache = cache_;
    Block* const block = cache.free;
    if (block == nullptr) [[unlikely]] {
      return AllocateSlowly();
    }
    cache.free = block->next;
    --cache.count;
    __builtin_prefetch(block->ahead, 1);
    return block;
  }

  static void Free(void* memory) noexcept {
    Cache& cache = cache_;
    Block* const block = static_cast<Block*>(memory);
    block->next = cache.free;
    block->ahead = cache.trail.Record(block);
    cache.free = block;
    if (++cache.count > cache.limit) [[unlikely]] {
      FreeSlowly();
    }
  }

  // For tests: makes the system's allocator seem exhausted for the calling thread.
  static void SetExhaustedForTesting(bool exhausted) noexcept;

 private:
  static constexpr std::size_t kBatch = 64;

  struct Block {
    Block* next;        // in a list of free blocks
    Block* next_batch;  // in the depot, for a batch's first block
    Block* ahead;       // probably further down the list, or null: to be prefetched
  };
  struct Cache {
    Block* free = nullptr;
    std::size_t count = 0;
    Trail<Block> trail;
    std::size_t limit = 0;     // of count, before a batch goes back; 0 until the hook is set
    Block* batches = nullptr;  // taken from the depot and not opened yet
    bool ended = false;        // the thread's hook has run
    bool exhausted = false;
  };
  struct ExitHook;
  struct Depot;

  static void* AllocateSlowly() noexcept;
  static void FreeSlowly() noexcept;
  static Block* CutBatch() noexcept;
  static void GiveBackAll() noexcept;
  static void SetHook() noexcept;

  static thread_local constinit Cache cache_ [[gnu::tls_model("initial-exec")]];
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_TASK_POOL_H_
