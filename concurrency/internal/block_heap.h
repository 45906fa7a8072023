// A heap whose nodes are sorted blocks of entries, least first: for one thread, and with Platform's
// memory.
//
// A block goes in or comes out whole, by merges of two blocks along one path: two or three moves an
// entry and level, one after the other in memory, where a heap of single entries jumps to another
// cache line at each level for each entry. An Entry has a `priority`, and moves without throwing.
// Thread safety: that of a container.
//
// Source: N. Deo, S. Prasad, "Parallel Heap: An Optimal Parallel Priority Queue", The Journal of
// Supercomputing 6, 1992, for one processor.
#ifndef ASHLAR_CONCURRENCY_INTERNAL_BLOCK_HEAP_H_
#define ASHLAR_CONCURRENCY_INTERNAL_BLOCK_HEAP_H_

#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace ashlar::internal {

// Room for an entry, which its user knows to be there or not.
template <class Entry>
class EntryRoom {
 public:
  EntryRoom() noexcept {}
  ~EntryRoom() {}
  EntryRoom(const EntryRoom&) = delete;
  EntryRoom& operator=(const EntryRoom&) = delete;

  const Entry& Get() const noexcept { return entry_; }
  void Put(Entry&& entry) noexcept { std::construct_at(std::addressof(entry_), std::move(entry)); }
  Entry Take() noexcept {
    Entry entry = std::move(entry_);
    Clear();
    return entry;
  }
  void Clear() noexcept { std::destroy_at(std::addressof(entry_)); }
  // From a room with an entry to this one, which has none.
  void MoveFrom(EntryRoom& other) noexcept {
    Put(std::move(other.entry_));
    other.Clear();
  }

 private:
  union {
    Entry entry_;
  };
};

template <class Entry, class Platform>
class BlockHeap {
  static_assert(std::is_nothrow_move_constructible_v<Entry> &&
                std::is_nothrow_destructible_v<Entry>);

 public:
  using Room = EntryRoom<Entry>;

  static constexpr std::size_t kBlock = 32;
  struct alignas(Platform::kCacheLine) Block {
    Room rooms[kBlock];
  };

  BlockHeap() = default;
  ~BlockHeap() {
    for (std::size_t i = 0; i < size_; ++i) {
      for (Room& room : blocks_[i]->rooms) room.Clear();
    }
    for (std::size_t i = 0; i < count_; ++i) Platform::Destroy(blocks_[i]);
    for (Block* const block : spare_) {
      if (block != nullptr) Platform::Destroy(block);
    }
    if (blocks_ != nullptr) Platform::DestroyArray(blocks_, capacity_);
  }
  BlockHeap(const BlockHeap&) = delete;
  BlockHeap& operator=(const BlockHeap&) = delete;

  // In blocks.
  std::size_t Size() const noexcept { return size_; }

  // Room for one more block. Throws std::bad_alloc; then all is as it was.
  void Reserve() {
    for (Block*& block : spare_) {
      if (block == nullptr) block = Platform::template Create<Block>();
    }
    if (size_ < count_) return;
    if (count_ == capacity_) Grow();
    blocks_[count_] = Platform::template Create<Block>();
    ++count_;
  }

  // Takes a block of sorted entries, and gives an empty one for it. There must be room.
  Block* Push(Block* block) noexcept {
    Block* const empty = std::exchange(blocks_[size_], block);
    Rise(size_++);
    return empty;
  }

  // The block of the least entries; `empty` takes its place. There must be one.
  Block* Pop(Block* empty) noexcept {
    Block* const least = std::exchange(blocks_[0], empty);
    // The hole goes down to a leaf, without a look at the last block, which belongs near the leaves
    // nearly always; then that fills it.
    --size_;
    std::size_t hole = 0;
    for (std::size_t left = 1; left < size_ + 1; left = 2 * hole + 1) {
      const std::size_t right = left + 1;
      if (right > size_) {
        std::swap(blocks_[hole], blocks_[left]);
        hole = left;
        break;
      }
      // The one with the greater end keeps it, with the upper half of both: it still ends before
      // its children begin. The lower half goes up.
      const bool left_keeps = Last(right) < Last(left);
      Block*& keeps = blocks_[left_keeps ? left : right];
      Merge(*blocks_[left], *blocks_[right], *blocks_[hole], *spare_[0]);
      std::swap(keeps, spare_[0]);
      hole = left_keeps ? right : left;
    }
    if (hole != size_) {
      std::swap(blocks_[hole], blocks_[size_]);
      Rise(hole);
    }
    return least;
  }

 private:
  using Priority = decltype(Entry::priority);

  const Priority& First(std::size_t node) const noexcept {
    return blocks_[node]->rooms[0].Get().priority;
  }
  const Priority& Last(std::size_t node) const noexcept {
    return blocks_[node]->rooms[kBlock - 1].Get().priority;
  }

  // Lets the entries of a leaf rise to where they belong.
  void Rise(std::size_t node) noexcept {
    while (node > 0) {
      const std::size_t parent = (node - 1) / 2;
      if (!(First(node) < Last(parent))) return;
      Merge(*blocks_[parent], *blocks_[node], *spare_[0], *spare_[1]);
      std::swap(blocks_[parent], spare_[0]);
      std::swap(blocks_[node], spare_[1]);
      node = parent;
    }
  }

  // The lower and the upper half of two blocks. From both ends at once, which a processor does at
  // the same time, and without branches, which it could not predict. No end of a block is
  // reached before the half is full.
  static void Merge(Block& one, Block& other, Block& lower, Block& upper) noexcept {
    Room* a = one.rooms;
    Room* b = other.rooms;
    Room* out = lower.rooms;
    const auto from_front = [&] {
      const bool second = b->Get().priority < a->Get().priority;
      out->MoveFrom(*(second ? b : a));
      a += !second;
      b += second;
      ++out;
    };
    Room* c = one.rooms + kBlock - 1;
    Room* d = other.rooms + kBlock - 1;
    Room* end = upper.rooms + kBlock - 1;
    const auto from_back = [&] {
      const bool first = d->Get().priority < c->Get().priority;
      end->MoveFrom(*(first ? c : d));
      c -= first;
      d -= !first;
      --end;
    };
    if constexpr (std::is_trivially_copyable_v<Entry>) {
      // What one end has taken the other may look at once more.
      for (std::size_t i = 0; i < kBlock; ++i) {
        from_front();
        from_back();
      }
    } else {
      for (std::size_t i = 0; i < kBlock; ++i) from_front();
      for (std::size_t i = 0; i < kBlock; ++i) from_back();
    }
  }

  void Grow() {
    const std::size_t capacity = capacity_ == 0 ? 4 : 2 * capacity_;
    Block** const blocks = Platform::template CreateArray<Block*>(capacity);
    for (std::size_t i = 0; i < count_; ++i) blocks[i] = blocks_[i];
    if (blocks_ != nullptr) Platform::DestroyArray(blocks_, capacity_);
    blocks_ = blocks;
    capacity_ = capacity;
  }

  // Of `count_` blocks the first `size_` are the heap, the others empty.
  Block** blocks_ = nullptr;
  std::size_t size_ = 0;
  std::size_t count_ = 0;
  std::size_t capacity_ = 0;
  Block* spare_[2] = {};  // empty, to merge into
};

}  // namespace ashlar::internal

#endif  // ASHLAR_CONCURRENCY_INTERNAL_BLOCK_HEAP_H_
