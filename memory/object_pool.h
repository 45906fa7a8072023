// object_pool.h
// -------------
// ObjectPool<T>: objects of one type that come and go, made and destroyed by any threads.
//
//   ObjectPool<Request> pool;
//   Request* const request = pool.Create(socket);  // null: no memory, or the limit is reached
//   pool.Destroy(request);                         // from any thread
//
//   auto owned = pool.CreateUnique(socket);        // std::unique_ptr, null likewise
//
// When to use: many objects of a type, each with a life of its own. When not: they end together
// (arena_allocator.h); a size is only known at run time (block_pool.h, which this stands on and
// where the contract is).
//
// Contract. Objects are made and destroyed in place, and do not move. All are destroyed before the
// pool is: that is checked. What T's constructors throw passes through, and costs nothing.
// Thread safety, progress, errors and cost: those of block_pool.h. Its checks are on where NDEBUG
// is not defined: an object that is destroyed twice, that is none of this pool's, or that was
// written to beyond its end.
#ifndef ASHLAR_MEMORY_OBJECT_POOL_H_
#define ASHLAR_MEMORY_OBJECT_POOL_H_

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "ashlar/memory/block_pool.h"
#include "ashlar/memory/slab_source.h"

namespace ashlar {

// As in BlockPoolOptions. The limit is in objects.
struct ObjectPoolOptions {
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  std::size_t magazine = 512;
  SlabSource& source = SlabSource::System();
};

template <class T, bool kChecked = kPoolsAreChecked>
class ObjectPool {
  static_assert(std::is_nothrow_destructible_v<T>);
  static_assert(alignof(T) <= 4096);

 public:
  // Destroys what it is given.
  struct Destroyer {
    ObjectPool* pool;
    void operator()(T* object) const noexcept { pool->Destroy(object); }
  };
  using Unique = std::unique_ptr<T, Destroyer>;

  explicit ObjectPool(const ObjectPoolOptions& options = {}) noexcept
      : blocks_({.bytes = sizeof(T),
                 .alignment = alignof(T),
                 .limit = options.limit,
                 .magazine = options.magazine,
                 .source = options.source}) {}

  // Null if there is no memory, or the limit is reached.
  template <class... Arguments>
  [[nodiscard]] T* Create(Arguments&&... arguments) {
    void* const block = blocks_.Allocate();
    if (block == nullptr) [[unlikely]]
      return nullptr;
    if constexpr (std::is_nothrow_constructible_v<T, Arguments...>) {
      return ::new (block) T(std::forward<Arguments>(arguments)...);
    } else {
      Hold hold{blocks_, block};
      T* object;
      if constexpr (std::is_constructible_v<T, Arguments...>) {
        object = ::new (block) T(std::forward<Arguments>(arguments)...);
      } else {  // an aggregate
        object = ::new (block) T{std::forward<Arguments>(arguments)...};
      }
      hold.block = nullptr;
      return object;
    }
  }

  template <class... Arguments>
  [[nodiscard]] Unique CreateUnique(Arguments&&... arguments) {
    return Unique(Create(std::forward<Arguments>(arguments)...), Destroyer{this});
  }

  // Null is nothing.
  void Destroy(T* object) noexcept {
    if (object == nullptr) return;
    object->~T();
    blocks_.Free(object);
  }

  // Gives memory back to the source, as far as that can be. Returns how many bytes.
  std::size_t Trim() noexcept { return blocks_.Trim(); }

  // From the source. Other threads may change it meanwhile.
  std::size_t ReservedBytes() const noexcept { return blocks_.ReservedBytes(); }

 private:
  using Blocks = BasicBlockPool<kChecked>;

  // Gives the block back if the constructor throws.
  struct Hold {
    ~Hold() { blocks.Free(block); }
    Blocks& blocks;
    void* block;
  };

  Blocks blocks_;
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_OBJECT_POOL_H_
