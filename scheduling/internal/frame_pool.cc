#include "ashlar/scheduling/internal/frame_pool.h"

#include <atomic>
#include <cstddef>
#include <new>

#include "ashlar/memory/block_pool.h"

namespace ashlar::internal {

constinit std::atomic<BlockPool*> frame_pools{nullptr};

BlockPool* MakeFramePools() {
  static constexpr std::size_t kPools = kLargestPooledFrame / kFrameStep;
  alignas(BlockPool) static std::byte room[kPools * sizeof(BlockPool)];
  static BlockPool* const pools = [] {
    auto* const first = reinterpret_cast<BlockPool*>(room);
    for (std::size_t i = 0; i < kPools; ++i) {
      ::new (static_cast<void*>(first + i)) BlockPool({.bytes = (i + 1) * kFrameStep});
    }
    // release: the pools. Pairs with the acquire in FramePoolFor.
    frame_pools.store(first, std::memory_order_release);
    return first;
  }();
  return pools;
}

}  // namespace ashlar::internal
