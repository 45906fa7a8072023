// concurrent_arena.h
// ------------------
// ConcurrentArena: an arena for each thread, all of which end together, under one limit.
//
//   ConcurrentArena arena;
//   // in any thread
//   Node* const node = arena.Create<Node>(key);        // null: no memory, or the limit is reached
//   ArenaAllocator* const mine = arena.ThisThread();   // to look it up once, and for all else
//   // when all threads are done with it
//   arena.Reset();
//
// When to use: several threads make what ends at one moment: the parts of a parallel parse, a
// frame's tasks. When not: one thread (arena_allocator.h); objects die one by one (object_pool.h).
//
// Contract. What a thread makes lives until Reset, or the end of the ConcurrentArena, also where
// the thread has ended: the next with its number (thread_index.h) goes on in its arena. Destructors
// run in the thread that calls Reset: of each arena the last made first. A thread may Rewind its
// own arena to a mark, and Trim it, but not Reset it: what an earlier thread made would end too.
//
// Parameters: those of ArenaOptions; the limit is of the bytes of all slabs of all threads, never
// exceeded. The source may be asked by several threads at once.
// Thread safety: any, but for Reset, Trim and the destructor, which no other call may accompany;
// what threads did has to happen before. Progress: wait-free while a slab serves; else that of the
// source. Errors: null, as the arena's. An arena of its own costs a thread about 200 bytes outside
// the limit. Cost: two loads and two branches to find the thread's arena, and what that takes.
#ifndef ASHLAR_MEMORY_CONCURRENT_ARENA_H_
#define ASHLAR_MEMORY_CONCURRENT_ARENA_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <utility>

#include "ashlar/concurrency/platform.h"
#include "ashlar/memory/arena_allocator.h"
#include "ashlar/memory/slab_source.h"
#include "ashlar/memory/thread_index.h"

namespace ashlar {

// A SlabSource in front of another, which takes no more from it than the limit. Its members may be
// called by any thread if the other's may.
template <class Platform = StdPlatform>
class LimitedSlabs final : public SlabSource {
 public:
  LimitedSlabs(SlabSource& source, std::size_t limit) noexcept : source_(source), limit_(limit) {}

  void* Take(std::size_t bytes, std::size_t alignment) noexcept override {
    std::size_t reserved = reserved_.load(std::memory_order_relaxed);  // a guess
    do {
      if (bytes > limit_ - reserved) return nullptr;
      // (1) acquire: what made room went back before. Pairs with (2), also by way of others.
    } while (!reserved_.compare_exchange_weak(reserved, reserved + bytes, std::memory_order_acquire,
                                              std::memory_order_relaxed));
    void* const slab = source_.Take(bytes, alignment);
    if (slab == nullptr) reserved_.fetch_sub(bytes, std::memory_order_relaxed);
    return slab;
  }

  void GiveBack(void* slab, std::size_t bytes, std::size_t alignment) noexcept override {
    source_.GiveBack(slab, bytes, alignment);
    // (2) release: pairs with (1).
    reserved_.fetch_sub(bytes, std::memory_order_release);
  }

  std::size_t ReservedBytes() const noexcept { return reserved_.load(std::memory_order_relaxed); }

 private:
  SlabSource& source_;
  const std::size_t limit_;
  typename Platform::template Atomic<std::size_t> reserved_{0};
};

// An arena for each number. Two calls with the same number happen one after the other. Those below
// kNear are found at once.
template <class Platform = StdPlatform, std::uint32_t kNear = 256>
class BasicConcurrentArena {
 public:
  explicit BasicConcurrentArena(const ArenaOptions& options = {}) noexcept
      : slabs_(options.source, options.limit), options_(OptionsOfOne(options, slabs_)) {}

  ~BasicConcurrentArena() {
    for (Part* part = FirstPart(); part != nullptr;) {
      Platform::Destroy(std::exchange(part, part->next.Read()));
    }
  }
  BasicConcurrentArena(const BasicConcurrentArena&) = delete;
  BasicConcurrentArena& operator=(const BasicConcurrentArena&) = delete;

  // Made if need be. Null if there is no memory.
  ArenaAllocator* Of(std::uint32_t number) noexcept {
    if (number < kNear) [[likely]] {
      Part* const part = near_[number].Read();
      if (part != nullptr) [[likely]]
        return &part->arena;
    }
    return OfFarOrNew(number);
  }

  // Ends all that was made. The slabs stay, each with its arena.
  void Reset() noexcept {
    for (Part* part = FirstPart(); part != nullptr; part = part->next.Read()) part->arena.Reset();
  }

  // Gives back the slabs that hold nothing now. Returns how many bytes.
  std::size_t Trim() noexcept {
    std::size_t bytes = 0;
    for (Part* part = FirstPart(); part != nullptr; part = part->next.Read()) {
      bytes += part->arena.Trim();
    }
    return bytes;
  }

  // In slabs, used or not.
  std::size_t ReservedBytes() const noexcept { return slabs_.ReservedBytes(); }

 private:
  struct alignas(Platform::kCacheLine) Part {
    Part(std::uint32_t of, const ArenaOptions& options) noexcept : arena(options), number(of) {}

    ArenaAllocator arena;
    const std::uint32_t number;
    typename Platform::template Var<Part*> next{nullptr};
  };

  static ArenaOptions OptionsOfOne(const ArenaOptions& options, SlabSource& slabs) noexcept {
    return {.first_slab = options.first_slab,
            .largest_slab = options.largest_slab,
            .limit = std::numeric_limits<std::size_t>::max(),
            .source = slabs};
  }

  Part* FirstPart() const noexcept {
    // (3) acquire: the parts. Pairs with (4), also by way of other parts.
    return parts_.load(std::memory_order_acquire);
  }

  [[gnu::noinline]] ArenaAllocator* OfFarOrNew(std::uint32_t number) noexcept {
    if (number >= kNear) {
      for (Part* part = FirstPart(); part != nullptr; part = part->next.Read()) {
        if (part->number == number) return &part->arena;
      }
    }
    Part* part;
    try {
      part = Platform::template Create<Part>(number, options_);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
    Part* first = parts_.load(std::memory_order_relaxed);
    do {
      part->next.Write() = first;
      // (4) release: the part. Pairs with (3).
    } while (!parts_.compare_exchange_weak(first, part, std::memory_order_release,
                                           std::memory_order_relaxed));
    if (number < kNear) near_[number].Write() = part;
    return &part->arena;
  }

  LimitedSlabs<Platform> slabs_;
  const ArenaOptions options_;
  typename Platform::template Atomic<Part*> parts_{nullptr};
  // Each is its thread's.
  typename Platform::template Var<Part*> near_[kNear == 0 ? 1 : kNear];
};

class ConcurrentArena : public BasicConcurrentArena<> {
 public:
  using BasicConcurrentArena::BasicConcurrentArena;

  // The calling thread's arena. Null if there is no memory.
  ArenaAllocator* ThisThread() noexcept {
    const std::uint32_t number = ThreadIndex();
    return number == kNoThreadIndex ? nullptr : Of(number);
  }

  // As the ArenaAllocator's.
  [[nodiscard]] void* Allocate(std::size_t bytes,
                               std::size_t alignment = alignof(std::max_align_t)) noexcept {
    ArenaAllocator* const arena = ThisThread();
    return arena == nullptr ? nullptr : arena->Allocate(bytes, alignment);
  }
  template <class T, class... Arguments>
  [[nodiscard]] T* Create(Arguments&&... arguments) {
    ArenaAllocator* const arena = ThisThread();
    return arena == nullptr ? nullptr : arena->Create<T>(std::forward<Arguments>(arguments)...);
  }
  template <class T>
  [[nodiscard]] std::span<T> CreateArray(std::size_t count) {
    ArenaAllocator* const arena = ThisThread();
    return arena == nullptr ? std::span<T>() : arena->CreateArray<T>(count);
  }

 private:
  using BasicConcurrentArena::Of;
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_CONCURRENT_ARENA_H_
