// AllocateFrame, FreeFrame: memory for coroutine frames, from pools of blocks of a few sizes.
//
// The pools are of the process, and stay: frames are made and freed by whatever threads, also
// before main() and after it. Frames of more than kLargestPooledFrame bytes come from the heap.
#ifndef ASHLAR_SCHEDULING_INTERNAL_FRAME_POOL_H_
#define ASHLAR_SCHEDULING_INTERNAL_FRAME_POOL_H_

#include <atomic>
#include <cstddef>
#include <new>

#include "ashlar/memory/block_pool.h"

namespace ashlar::internal {

inline constexpr std::size_t kFrameStep = 64;
inline constexpr std::size_t kLargestPooledFrame = 1024;

// The pools' first, once somebody made them; one for each step of size.
extern constinit std::atomic<BlockPool*> frame_pools;
BlockPool* MakeFramePools();

inline BlockPool& FramePoolFor(std::size_t bytes) {
  // acquire: the pools. Pairs with the release in MakeFramePools.
  BlockPool* pools = frame_pools.load(std::memory_order_acquire);
  if (pools == nullptr) [[unlikely]]
    pools = MakeFramePools();
  return pools[(bytes - 1) / kFrameStep];
}

// Throws std::bad_alloc.
inline void* AllocateFrame(std::size_t bytes) {
  if (bytes > kLargestPooledFrame) [[unlikely]]
    return ::operator new(bytes);
  void* const frame = FramePoolFor(bytes).Allocate();
  if (frame == nullptr) [[unlikely]]
    throw std::bad_alloc();
  return frame;
}

inline void FreeFrame(void* frame, std::size_t bytes) noexcept {
  if (bytes > kLargestPooledFrame) [[unlikely]]
    return ::operator delete(frame);
  FramePoolFor(bytes).Free(frame);
}

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_FRAME_POOL_H_
