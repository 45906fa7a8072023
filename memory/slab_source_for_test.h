// LimitedSource: a SlabSource that counts, and has no more memory than it was given.
#ifndef ASHLAR_MEMORY_SLAB_SOURCE_FOR_TEST_H_
#define ASHLAR_MEMORY_SLAB_SOURCE_FOR_TEST_H_

#include <atomic>
#include <cstddef>
#include <limits>

#include "ashlar/memory/slab_source.h"

namespace ashlar {

class LimitedSource final : public SlabSource {
 public:
  explicit LimitedSource(std::size_t most = std::numeric_limits<std::size_t>::max())
      : most_(most) {}

  void* Take(std::size_t bytes, std::size_t alignment) noexcept override {
    if (bytes_.fetch_add(bytes) + bytes <= most_.load()) {
      if (void* const slab = System().Take(bytes, alignment)) {
        ++slabs_;
        return slab;
      }
    }
    bytes_ -= bytes;
    return nullptr;
  }
  void GiveBack(void* slab, std::size_t bytes, std::size_t alignment) noexcept override {
    bytes_ -= bytes;
    --slabs_;
    System().GiveBack(slab, bytes, alignment);
  }

  void SetMost(std::size_t bytes) { most_ = bytes; }
  std::size_t Bytes() const { return bytes_; }
  int Slabs() const { return slabs_; }

 private:
  std::atomic<std::size_t> most_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<int> slabs_{0};
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_SLAB_SOURCE_FOR_TEST_H_
