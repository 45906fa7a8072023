// AllocateFrame, FreeFrame: memory for coroutine frames and the blocks of futures, by sizes.
//
// A thread keeps a few free frames of each size in lists, from which most calls are served. Behind
// them are pools of blocks (block_pool.h), of the process, which stay: frames are made and freed by
// whatever threads, also before main() and after it. Frames of more than kLargestPooledFrame bytes
// come from the heap.
#ifndef ASHLAR_SCHEDULING_INTERNAL_FRAME_POOL_H_
#define ASHLAR_SCHEDULING_INTERNAL_FRAME_POOL_H_

#include <cstddef>
#include <new>

#include "ashlar/memory/poison.h"

namespace ashlar::internal {

inline constexpr std::size_t kFrameStep = 64;
inline constexpr std::size_t kFrameSizes = 16;
inline constexpr std::size_t kLargestPooledFrame = kFrameStep * kFrameSizes;

// Of one size, of a thread.
struct FreeFrames {
  struct Frame {
    Frame* next;
  };
  Frame* first = nullptr;
  int room = 0;  // for how many more; none before the first is freed, and after the thread's end
};
extern constinit thread_local FreeFrames free_frames
    [[gnu::tls_model("initial-exec")]][kFrameSizes];

void* AllocateFrameSlowly(std::size_t bytes);
void FreeFrameSlowly(void* frame, std::size_t bytes) noexcept;

// AddressSanitizer sees what is in the pools, and not what is in the lists.
inline constexpr bool kListsFrames = !kPoisons;

// Throws std::bad_alloc.
inline void* AllocateFrame(std::size_t bytes) {
  if (!kListsFrames || bytes > kLargestPooledFrame) return AllocateFrameSlowly(bytes);
  FreeFrames& free = free_frames[(bytes - 1) / kFrameStep];
  FreeFrames::Frame* const frame = free.first;
  if (frame == nullptr) [[unlikely]]
    return AllocateFrameSlowly(bytes);
  free.first = frame->next;
  ++free.room;
  return frame;
}

inline void FreeFrame(void* frame, std::size_t bytes) noexcept {
  if (!kListsFrames || bytes > kLargestPooledFrame) return FreeFrameSlowly(frame, bytes);
  FreeFrames& free = free_frames[(bytes - 1) / kFrameStep];
  if (free.room <= 0) [[unlikely]]
    return FreeFrameSlowly(frame, bytes);
  free.first = ::new (frame) FreeFrames::Frame{free.first};
  --free.room;
}

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_FRAME_POOL_H_
