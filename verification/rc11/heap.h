// heap.h
// ------
// Heap: the memory of one scenario, emptied for each run.
//
// Each thread has an arena of its own, so that an address is the same in every run in
// which its thread has the same history. Nothing is given out twice, except by Reuse().
// What is wrong with a pointer can be said, since every block knows its fate.
//
// Thread safety: none.
#ifndef ASHLAR_VERIFICATION_RC11_HEAP_H_
#define ASHLAR_VERIFICATION_RC11_HEAP_H_

#include <cstddef>
#include <vector>

#include "ashlar/base/source_site.h"

namespace ashlar::verification::rc11 {

class Heap {
 public:
  static constexpr std::size_t kArenaBytes = std::size_t{1} << 20;

  // Stands in front of what was allocated.
  struct Block {
    const void* start;  // what was given out
    std::size_t bytes;
    Block* older;       // of the same arena
    Block* older_free;  // that could be reused
    int by;             // the thread that allocated it
    SourceSite place;   // and where; or of the first object in it
    bool freed;
    int freed_by;
    SourceSite freed_at;
  };

  explicit Heap(int arenas);
  ~Heap();
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;

  // Frees everything.
  void Reset();
  // A block of new memory. Null if the arena is full.
  Block* Allocate(int arena, std::size_t bytes, std::size_t alignment);
  // Of the blocks of that size that were put aside, the `nth` from the last; null if there
  // are fewer.
  Block* Reusable(int arena, std::size_t bytes, std::size_t alignment, int nth) const;
  // Gives it out again.
  void Reuse(int arena, Block* block);
  // Puts a freed block aside.
  void MakeReusable(int arena, Block* block);

  // The block that starts at `pointer`; null if there is none.
  Block* Find(const void* pointer) const;
  bool Contains(const void* pointer) const;
  // A block that was not freed; null if there is none.
  const Block* FindLeak() const;

 private:
  struct Arena {
    std::size_t used = 0;
    Block* newest = nullptr;
    Block* free = nullptr;
  };

  std::vector<Arena> arenas_;
  std::byte* const memory_;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_HEAP_H_
