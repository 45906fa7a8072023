#include "ashlar/scheduling/internal/frame_pool.h"

#include <cstddef>
#include <new>
#include <utility>

#include "ashlar/memory/block_pool.h"

namespace ashlar::internal {

constinit thread_local FreeFrames free_frames[kFrameSizes];

namespace {

// A list's. As many come and go in a loop; what is more goes through the pool.
constexpr int kMostListed = 32;

BlockPool& PoolOf(std::size_t size) {
  alignas(BlockPool) static std::byte room[kFrameSizes * sizeof(BlockPool)];
  static BlockPool* const pools = [] {
    auto* const first = reinterpret_cast<BlockPool*>(room);
    for (std::size_t i = 0; i < kFrameSizes; ++i) {
      ::new (static_cast<void*>(first + i)) BlockPool({.bytes = (i + 1) * kFrameStep});
    }
    return first;
  }();
  return pools[size];
}

// A thread's lists: there from the first frame that it frees to its end.
struct Lists {
  Lists() {
    for (FreeFrames& free : free_frames) free.room = kMostListed;
  }
  ~Lists() {
    for (std::size_t i = 0; i < kFrameSizes; ++i) {
      FreeFrames& free = free_frames[i];
      while (FreeFrames::Frame* const frame = free.first) {
        free.first = frame->next;
        PoolOf(i).Free(frame);
      }
      free.room = -kMostListed;
    }
  }
};

void OpenLists() noexcept {
  static thread_local const Lists lists;
  (void)lists;
}

}  // namespace

void* AllocateFrameSlowly(std::size_t bytes) {
  if (bytes > kLargestPooledFrame) return ::operator new(bytes);
  void* const frame = PoolOf((bytes - 1) / kFrameStep).Allocate();
  if (frame == nullptr) throw std::bad_alloc();
  return frame;
}

void FreeFrameSlowly(void* frame, std::size_t bytes) noexcept {
  if (bytes > kLargestPooledFrame) return ::operator delete(frame);
  const std::size_t size = (bytes - 1) / kFrameStep;
  FreeFrames& free = free_frames[size];
  if (kListsFrames && free.room == 0 && free.first == nullptr) {
    OpenLists();
    if (free.room > 0) return FreeFrame(frame, bytes);
  }
  PoolOf(size).Free(frame);
}

}  // namespace ashlar::internal
