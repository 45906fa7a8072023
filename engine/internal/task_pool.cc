#include "ashlar/engine/internal/task_pool.h"

#include <cstddef>

#include "ashlar/memory/block_pool.h"
#include "ashlar/memory/slab_source.h"

namespace ashlar::internal {
namespace {

constinit thread_local bool exhausted = false;

class Slabs final : public SlabSource {
 public:
  void* Take(std::size_t bytes, std::size_t alignment) noexcept override {
    return exhausted ? nullptr : System().Take(bytes, alignment);
  }
  void GiveBack(void* slab, std::size_t bytes, std::size_t alignment) noexcept override {
    System().GiveBack(slab, bytes, alignment);
  }
};

}  // namespace

BlockPool& TaskPool::Make() noexcept {
  static constinit Slabs slabs;
  return *new BlockPool({.bytes = kBlockSize, .alignment = kBlockSize, .source = slabs});
}

void TaskPool::SetExhaustedForTesting(bool is_exhausted) noexcept { exhausted = is_exhausted; }

}  // namespace ashlar::internal
