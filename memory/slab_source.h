// slab_source.h
// -------------
// SlabSource: where allocators get their slabs from, and give them back to.
//
//   ArenaAllocator arena({.source = SlabSource::System()});  // the default
//
// Derive from it for memory of another kind (a NUMA node's, huge pages, a region of yours), to
// count, or to run out of memory in a test.
//
// Parameters: bytes are at least 1; an alignment is a power of two; GiveBack gets those that Take
// got.
// Thread safety: of the system's, any; a source of yours needs as much as the allocators that
// share it: from several threads if one of those is used by several, or two of them.
// Errors: Take returns null if there is no memory. Neither throws.
// Cost: the system's is malloc, and from kMapped on a mapping of its own, which goes back to the
// kernel with GiveBack.
#ifndef ASHLAR_MEMORY_SLAB_SOURCE_H_
#define ASHLAR_MEMORY_SLAB_SOURCE_H_

#include <cstddef>

namespace ashlar {

class SlabSource {
 public:
  // Slabs of so many bytes are mapped by the system's source.
  static constexpr std::size_t kMapped = 64 * 1024;

  static SlabSource& System() noexcept;

  virtual void* Take(std::size_t bytes, std::size_t alignment) noexcept = 0;
  virtual void GiveBack(void* slab, std::size_t bytes, std::size_t alignment) noexcept = 0;

 protected:
  ~SlabSource() = default;
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_SLAB_SOURCE_H_
