// TaskPool: memory for submitted tasks, in blocks of one cache line.
//
// One BlockPool (memory/block_pool.h) that all engines of the process share. It is never trimmed
// nor destroyed: a thread may still wake those who sleep at the word of a task that has just ended
// (TaskWord::Wake). The memory kept is the most that was ever in use at once, plus what threads
// hold in their magazines.
#ifndef ASHLAR_ENGINE_INTERNAL_TASK_POOL_H_
#define ASHLAR_ENGINE_INTERNAL_TASK_POOL_H_

#include <cstddef>

#include "ashlar/memory/block_pool.h"

namespace ashlar::internal {

class TaskPool {
 public:
  static constexpr std::size_t kBlockSize = 64;  // and alignment

  // Null when there is no memory.
  static void* Allocate() noexcept {
    BlockPool& blocks = Blocks();
    blocks.Prefetch();  // a worker freed it
    return blocks.Allocate();
  }
  static void Free(void* memory) noexcept { Blocks().Free(memory); }

  // For tests: makes the system's allocator seem exhausted for the calling thread.
  static void SetExhaustedForTesting(bool exhausted) noexcept;

 private:
  static BlockPool& Blocks() noexcept {
    static BlockPool& blocks = Make();
    return blocks;
  }
  static BlockPool& Make() noexcept;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_TASK_POOL_H_
