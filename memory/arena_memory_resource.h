// arena_memory_resource.h
// -----------------------
// ArenaMemoryResource, ArenaStlAllocator<T>: an ArenaAllocator for the standard's containers.
//
//   ArenaAllocator arena;
//   ArenaMemoryResource resource(arena);
//   std::pmr::vector<int> numbers(&resource);
//
//   std::vector<int, ArenaStlAllocator<int>> others(ArenaStlAllocator<int>{arena});
//
// When to use: containers that end before, or with, the arena's Reset. When not: containers that
// grow and shrink for long: what they deallocate is not used again before the Reset.
//
// Contract. Both allocate from the arena and deallocate nothing. Two resources, or allocators, are
// equal if they are of the same arena. The arena outlives what uses it.
// Thread safety and progress: the arena's. Errors: std::bad_alloc where the arena says null.
// Cost: the allocator is inlined; the resource adds a virtual call.
#ifndef ASHLAR_MEMORY_ARENA_MEMORY_RESOURCE_H_
#define ASHLAR_MEMORY_ARENA_MEMORY_RESOURCE_H_

#include <cstddef>
#include <limits>
#include <memory_resource>
#include <new>

#include "ashlar/memory/arena_allocator.h"

namespace ashlar {

class ArenaMemoryResource final : public std::pmr::memory_resource {
 public:
  explicit ArenaMemoryResource(ArenaAllocator& arena) noexcept : arena_(arena) {}

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    void* const memory = arena_.Allocate(bytes, alignment);
    if (memory == nullptr) [[unlikely]]
      throw std::bad_alloc();
    return memory;
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    const auto* const resource = dynamic_cast<const ArenaMemoryResource*>(&other);
    return resource != nullptr && &resource->arena_ == &arena_;
  }

  ArenaAllocator& arena_;
};

template <class T>
class ArenaStlAllocator {
 public:
  using value_type = T;

  explicit ArenaStlAllocator(ArenaAllocator& arena) noexcept : arena_(&arena) {}
  template <class U>
  ArenaStlAllocator(const ArenaStlAllocator<U>& other) noexcept : arena_(other.arena_) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count <= std::numeric_limits<std::size_t>::max() / sizeof(T)) [[likely]] {
      if (void* const memory = arena_->Allocate(count * sizeof(T), alignof(T))) [[likely]]
        return static_cast<T*>(memory);
    }
    throw std::bad_alloc();
  }
  void deallocate(T*, std::size_t) noexcept {}

  template <class U>
  bool operator==(const ArenaStlAllocator<U>& other) const noexcept {
    return arena_ == other.arena_;
  }

 private:
  template <class U>
  friend class ArenaStlAllocator;

  ArenaAllocator* arena_;
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_ARENA_MEMORY_RESOURCE_H_
