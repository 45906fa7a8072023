#include "ashlar/engine/internal/task_pool.h"

#include <atomic>
#include <cstddef>
#include <new>
#include <utility>

namespace ashlar::internal {
namespace {

constexpr std::size_t kSlabBlocks = 1024;

struct alignas(TaskPool::kBlockSize) BlockMemory {
  std::byte bytes[TaskPool::kBlockSize];
};

// Slabs stay reachable, for leak checkers.
struct Slab {
  BlockMemory blocks[kSlabBlocks];
  Slab* next;
};

constinit std::atomic<Slab*> slabs{nullptr};

}  // namespace

struct TaskPool::Depot {
  static constinit std::atomic<Block*> batches;

  static void Put(Block* batch) noexcept {
    Block* head = batches.load(std::memory_order_relaxed);
    do {
      batch->next_batch = head;
      // Release: pairs with TakeAll; the batch's links are visible.
    } while (!batches.compare_exchange_weak(head, batch, std::memory_order_release,
                                            std::memory_order_relaxed));
  }

  static Block* TakeAll() noexcept {
    if (batches.load(std::memory_order_relaxed) == nullptr) return nullptr;
    return batches.exchange(nullptr, std::memory_order_acquire);
  }
};

constinit std::atomic<TaskPool::Block*> TaskPool::Depot::batches{nullptr};
thread_local constinit TaskPool::Cache TaskPool::cache_;

// Gives a thread's blocks back when it ends.
struct TaskPool::ExitHook {
  ~ExitHook() {
    GiveBackAll();
    cache_.limit = 0;
    cache_.ended = true;  // other exit hooks may still come and go
  }
};

void TaskPool::GiveBackAll() noexcept {
  while (cache_.free != nullptr) Depot::Put(CutBatch());
  cache_.count = 0;
  while (cache_.batches != nullptr) {
    Depot::Put(std::exchange(cache_.batches, cache_.batches->next_batch));
  }
}

void TaskPool::SetHook() noexcept {
  static thread_local ExitHook hook;
  static_cast<void>(hook);
  cache_.limit = 2 * kBatch - 1;
}

void* TaskPool::AllocateSlowly() noexcept {
  if (cache_.limit == 0 && !cache_.ended) SetHook();
  Cache& cache = cache_;
  // What was freed last comes first: it is in a cache still, and few blocks in turn need
  // less of that than many.
  if (Block* const newest = Depot::TakeAll()) {
    Block* oldest = newest;
    while (oldest->next_batch != nullptr) oldest = oldest->next_batch;
    oldest->next_batch = cache.batches;
    cache.batches = newest;
  }
  if (cache.batches != nullptr) {
    cache.free = cache.batches;
    cache.batches = cache.batches->next_batch;
    // Never more than kBatch; a shorter one only means an earlier return.
    cache.count = kBatch;
    void* const block = Allocate();
    if (cache.ended) GiveBackAll();
    return block;
  }
  if (cache.exhausted) return nullptr;
  Slab* const slab = new (std::nothrow) Slab;
  if (slab == nullptr) return nullptr;
  slab->next = slabs.load(std::memory_order_relaxed);
  // Relaxed: nobody reads the list.
  while (!slabs.compare_exchange_weak(slab->next, slab, std::memory_order_relaxed,
                                      std::memory_order_relaxed)) {
  }
  // One batch for now, the others in reserve; in the order of their addresses.
  Block* batches = nullptr;
  for (std::size_t end = kSlabBlocks; end > 0; end -= kBatch) {
    Block* first = nullptr;
    for (std::size_t i = end; i > end - kBatch; --i) {
      first = ::new (&slab->blocks[i - 1]) Block{first, nullptr, nullptr};
    }
    first->next_batch = batches;
    batches = first;
  }
  cache.batches = batches;
  return AllocateSlowly();
}

void TaskPool::FreeSlowly() noexcept {
  Cache& cache = cache_;
  if (cache.ended) return GiveBackAll();
  if (cache.limit == 0) return SetHook();
  // The newest blocks stay: they are in this core's cache.
  Block* const newest = CutBatch();
  Depot::Put(cache.free);
  cache.free = newest;
  cache.count = kBatch;
}

// Takes the newest blocks off the list, kBatch or as many as there are.
TaskPool::Block* TaskPool::CutBatch() noexcept {
  Block* const first = cache_.free;
  Block* last = first;
  for (std::size_t i = 1; i < kBatch && last->next != nullptr; ++i) last = last->next;
  cache_.free = std::exchange(last->next, nullptr);
  return first;
}

void TaskPool::SetExhaustedForTesting(bool exhausted) noexcept { cache_.exhausted = exhausted; }

}  // namespace ashlar::internal
