// arena_allocator.h
// -----------------
// ArenaAllocator: memory for many things that end together. An allocation moves a pointer; nothing
// is freed but all at once, or back to a mark.
//
//   alignas(16) std::byte room[4096];               // on the stack; used first
//   ArenaAllocator arena(room);
//   auto* const node = arena.Create<Node>(key);     // its destructor is remembered, if it has one
//   std::span<int> counts = arena.CreateArray<int>(n);
//   {
//     const ArenaAllocator::Mark mark = arena.GetMark();
//     ... scratch ...
//     arena.Rewind(mark);                           // all since then is gone
//   }
//   arena.Reset();                                  // all is gone, the slabs stay
//
// When to use: a request, a frame, a parse: much is allocated, and dies at one moment. When not:
// objects die one by one (object_pool.h), or in any sequence and of any size (malloc, or
// memory_pool.h); several threads (concurrent_arena.h). For containers: arena_memory_resource.h.
//
// Contract. Memory is aligned as asked and not initialised; a size of 0 is as one of 1, so that
// each allocation has an address of its own. It stays where it is until Reset, a Rewind to before
// it, or the arena's end, which first call the destructors that Create and CreateArray owe, the
// last made first. What is trivially destructible owes none, and costs nothing there.
// Slabs double from `first_slab` to `largest_slab`, but for single larger requests; what is left of
// one when the next is begun is lost until then. They stay over Reset and Rewind: Trim gives those
// back that hold nothing now.
//
// Parameters: alignments are powers of two. `limit` is of the bytes of all slabs, with 32 bytes
// that each has for the arena itself; an initial buffer does not count. It is never exceeded, and
// refuses nothing for which there would be room beneath it if unused slabs were given back: they
// are then. Slabs are multiples of 16 bytes. Errors: null (an empty span from CreateArray of any),
// if the source has no memory or the limit is reached; the arena is as it was. What constructors
// throw passes through; the memory comes back with the next Reset. Checked in every build: a mark
// of another arena, or of what is gone already. Under AddressSanitizer what is not allocated is
// poisoned, and gaps lie between allocations. Thread safety: none; one thread at a time. Progress:
// as that of the source. Cost: an allocation of constant size and alignment up to 16 is 5
// instructions; figures are in README.md.
#ifndef ASHLAR_MEMORY_ARENA_ALLOCATOR_H_
#define ASHLAR_MEMORY_ARENA_ALLOCATOR_H_

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/memory/poison.h"
#include "ashlar/memory/slab_source.h"

namespace ashlar {

// Sizes are in bytes.
struct ArenaOptions {
  std::size_t first_slab = 4096;
  std::size_t largest_slab = std::size_t{1} << 20;
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  SlabSource& source = SlabSource::System();  // outlives the arena
};

class ArenaAllocator {
 public:
  // A moment in the life of the arena, to go back to.
  class Mark;

  explicit ArenaAllocator(const ArenaOptions& options = {}) noexcept
      : ArenaAllocator(std::span<std::byte>(), options) {}

  // Uses `initial` before any slab. It must outlive the arena.
  explicit ArenaAllocator(std::span<std::byte> initial, const ArenaOptions& options = {}) noexcept;

  ~ArenaAllocator();
  ArenaAllocator(const ArenaAllocator&) = delete;
  ArenaAllocator& operator=(const ArenaAllocator&) = delete;

  // Null if there is no memory.
  [[nodiscard]] void* Allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) noexcept {
    // What lies behind begins at a multiple of kGrain, so up to that nothing is to be rounded. 0 is
    // the slow path's, and so is what this rounds to 0.
    const std::size_t taken = RoundUp(bytes, kGrain);
    const std::uintptr_t begin = alignment <= kGrain ? next_ : RoundUp(next_, alignment);
    // Ends are multiples of kUnit: rounding up to no more than that does not pass them.
    if ((alignment <= kUnit || begin <= end_) && taken - 1 < end_ - begin) [[likely]]
      return Take(begin, bytes);
    return AllocateSlowly(bytes, alignment);
  }

  // Null if there is no memory.
  template <class T, class... Arguments>
  [[nodiscard]] T* Create(Arguments&&... arguments);

  // Elements are value-initialised. If there is no memory, or `count` is 0, the span is empty.
  template <class T>
  [[nodiscard]] std::span<T> CreateArray(std::size_t count);

  Mark GetMark() const noexcept;

  // Ends all that was made since the mark. That stays good, until a Rewind to an earlier one.
  void Rewind(const Mark& mark) noexcept;

  // Ends all that was made.
  void Reset() noexcept;

  // Gives back the slabs that hold nothing now: after a Reset, all. Returns how many bytes.
  std::size_t Trim() noexcept;

  // In slabs, used or not. Never more than the limit.
  std::size_t ReservedBytes() const noexcept { return reserved_; }

 private:
  // What is owed to an object or an array, before which it lies.
  struct Debt {
    Debt* before = nullptr;
    void (*pay)(Debt*) noexcept = nullptr;
    std::size_t count = 0;
  };

  // At the begin of each slab's memory. Slabs are a list, in the sequence of their use; behind the
  // current one are those that hold nothing.
  struct Slab {
    Slab* next;
    std::size_t bytes;  // with this
    std::size_t alignment;
    // Bytes in those before this one: what was allocated earlier has a lesser place.
    std::size_t before;
  };

  static constexpr std::size_t kGrain = 8;
  static constexpr std::size_t kUnit = 16;
  // Under AddressSanitizer, behind each allocation.
  static constexpr std::size_t kGap = kPoisons ? 16 : 0;

  static constexpr std::uintptr_t RoundUp(std::uintptr_t value, std::size_t alignment) noexcept {
    return (value + (alignment - 1)) & ~(std::uintptr_t{alignment} - 1);
  }

  void* Take(std::uintptr_t begin, std::size_t bytes) noexcept {
    next_ = begin + RoundUp(bytes, kGrain);
    if constexpr (kPoisons) {
      Unpoison(reinterpret_cast<void*>(begin), bytes);
      if (end_ - next_ >= kGap) next_ += kGap;
    }
    return reinterpret_cast<void*>(begin);
  }

  template <class T>
  static constexpr std::size_t kPrefix = RoundUp(sizeof(Debt), alignof(T));

  // Room for `count` objects, behind what is owed to them if something is.
  template <class T>
  std::byte* Room(std::size_t count) noexcept;
  template <class T>
  void Owe(T* first, std::size_t count) noexcept;
  void PayBackTo(const Debt* debt) noexcept;

  void* AllocateSlowly(std::size_t bytes, std::size_t alignment) noexcept;
  Slab* FindUnused(std::size_t bytes, std::size_t alignment) noexcept;
  Slab* TakeNew(std::size_t bytes, std::size_t alignment) noexcept;
  Slab* TakeOf(std::size_t bytes, std::size_t alignment) noexcept;
  void Enter(Slab* slab, std::uintptr_t next) noexcept;

  // Of a slab's memory, or of the initial buffer if it is null.
  std::uintptr_t Begin(const Slab* slab) const noexcept {
    return slab == nullptr ? initial_begin_ : reinterpret_cast<std::uintptr_t>(slab + 1);
  }
  std::uintptr_t End(const Slab* slab) const noexcept {
    return slab == nullptr ? initial_end_ : reinterpret_cast<std::uintptr_t>(slab) + slab->bytes;
  }
  // Of the one to follow after `slab`.
  Slab*& Next(Slab* slab) noexcept { return slab == nullptr ? first_ : slab->next; }
  std::size_t PlaceOf(const Slab* slab, std::uintptr_t next) const noexcept {
    return (slab == nullptr ? 0 : slab->before) + (next - Begin(slab));
  }

  std::uintptr_t next_ = 0;  // a multiple of kGrain
  std::uintptr_t end_ = 0;   // a multiple of kUnit
  Debt* debts_ = nullptr;    // the last first

  Slab* current_ = nullptr;  // null: the initial buffer
  Slab* first_ = nullptr;
  std::size_t next_bytes_;  // of the next new slab
  std::size_t reserved_ = 0;
  std::uintptr_t initial_begin_ = 0;
  std::uintptr_t initial_end_ = 0;
  const ArenaOptions options_;
};

class ArenaAllocator::Mark {
 private:
  friend ArenaAllocator;
  const ArenaAllocator* arena_;
  Slab* slab_;
  std::uintptr_t next_;
  Debt* debts_;
  std::size_t place_;
};

// Implementation.

template <class T>
std::byte* ArenaAllocator::Room(std::size_t count) noexcept {
  if constexpr (std::is_trivially_destructible_v<T>) {
    if (count > std::numeric_limits<std::size_t>::max() / sizeof(T)) return nullptr;
    return static_cast<std::byte*>(Allocate(count * sizeof(T), alignof(T)));
  } else {
    if (count > (std::numeric_limits<std::size_t>::max() - kPrefix<T>) / sizeof(T)) return nullptr;
    constexpr std::size_t kAlignment = alignof(T) > alignof(Debt) ? alignof(T) : alignof(Debt);
    auto* const room =
        static_cast<std::byte*>(Allocate(kPrefix<T> + count * sizeof(T), kAlignment));
    return room == nullptr ? nullptr : room + kPrefix<T>;
  }
}

template <class T>
void ArenaAllocator::Owe(T* first, std::size_t count) noexcept {
  static_assert(std::is_nothrow_destructible_v<T>);
  auto* const debt = reinterpret_cast<std::byte*>(first) - kPrefix<T>;
  debts_ = ::new (debt) Debt{
      debts_,
      [](Debt* owed) noexcept {
        T* const objects =
            std::launder(reinterpret_cast<T*>(reinterpret_cast<std::byte*>(owed) + kPrefix<T>));
        for (std::size_t i = owed->count; i-- > 0;) objects[i].~T();
      },
      count};
}

template <class T, class... Arguments>
T* ArenaAllocator::Create(Arguments&&... arguments) {
  void* const room = Room<T>(1);
  if (room == nullptr) [[unlikely]]
    return nullptr;
  T* object;
  if constexpr (std::is_constructible_v<T, Arguments...>) {
    object = ::new (room) T(std::forward<Arguments>(arguments)...);
  } else {  // an aggregate
    object = ::new (room) T{std::forward<Arguments>(arguments)...};
  }
  if constexpr (!std::is_trivially_destructible_v<T>) Owe(object, 1);
  return object;
}

template <class T>
std::span<T> ArenaAllocator::CreateArray(std::size_t count) {
  if (count == 0) return {};
  auto* const first = reinterpret_cast<T*>(Room<T>(count));
  if (first == nullptr) return {};
  std::uninitialized_value_construct_n(first, count);
  if constexpr (!std::is_trivially_destructible_v<T>) Owe(first, count);
  return {first, count};
}

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_ARENA_ALLOCATOR_H_
