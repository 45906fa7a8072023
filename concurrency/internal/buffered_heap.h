// A priority queue for one thread: a BlockHeap between two blocks that are worked on entry by
// entry.
//
// The near block has the least entries; pops take from it. What comes in, and is not among the
// least, waits in the fresh block, which goes into the heap when it is full. An Entry has a
// `priority`, and moves without throwing. Thread safety: that of a container.
#ifndef ASHLAR_CONCURRENCY_INTERNAL_BUFFERED_HEAP_H_
#define ASHLAR_CONCURRENCY_INTERNAL_BUFFERED_HEAP_H_

#include <cstddef>
#include <utility>

#include "ashlar/concurrency/internal/block_heap.h"

namespace ashlar::internal {

template <class Entry, class Platform>
class BufferedHeap {
  using Heap = BlockHeap<Entry, Platform>;
  using Block = typename Heap::Block;
  using Room = typename Heap::Room;
  using Priority = decltype(Entry::priority);

 public:
  BufferedHeap() = default;
  ~BufferedHeap() {
    for (Room* room = near_begin_; room != near_end_; ++room) room->Clear();
    for (std::size_t i = 0; i < fresh_size_; ++i) fresh_->rooms[i].Clear();
    if (near_ != nullptr) Platform::Destroy(near_);
    if (fresh_ != nullptr) Platform::Destroy(fresh_);
  }
  BufferedHeap(const BufferedHeap&) = delete;
  BufferedHeap& operator=(const BufferedHeap&) = delete;

  bool Empty() const noexcept { return near_begin_ == near_end_; }
  std::size_t Size() const noexcept {
    return static_cast<std::size_t>(near_end_ - near_begin_) + fresh_size_ + kBlock * heap_.Size();
  }

  // The priority of what Pop would take. There must be something.
  Priority Least() const noexcept { return near_begin_->Get().priority; }

  // For the next push. Throws std::bad_alloc; then all is as it was.
  void MakeRoom() {
    if (fresh_ == nullptr || fresh_size_ == kBlock) [[unlikely]]
      MakeFresh();
  }

  // There must be room.
  void Push(Entry&& entry) noexcept {
    if (!Empty() && !(entry.priority < (near_end_ - 1)->Get().priority)) [[likely]] {
      InsertIntoFresh(std::move(entry));
      return;
    }
    if (Empty()) {
      near_begin_ = near_end_ = near_->rooms + kBlock;
    } else if (near_begin_ == near_->rooms) {
      // The near block is full, or has room at its end, where its greatest is.
      --near_end_;
      InsertIntoFresh(near_end_->Take());
      Shift(near_end_ - near_begin_);
    }
    // From the front, where there is room, to its place.
    Room* at = --near_begin_;
    for (; at + 1 != near_end_ && (at + 1)->Get().priority < entry.priority; ++at) {
      at->MoveFrom(at[1]);
    }
    at->Put(std::move(entry));
  }

  // There must be something.
  Entry Pop() noexcept {
    Entry least = near_begin_->Take();
    if (++near_begin_ == near_end_) [[unlikely]]
      Refill();
    return least;
  }

 private:
  static constexpr std::size_t kBlock = Heap::kBlock;

  [[gnu::noinline]] void MakeFresh() {
    if (near_ == nullptr) near_ = Platform::template Create<Block>();
    if (fresh_ == nullptr) {
      fresh_ = Platform::template Create<Block>();
    } else {
      heap_.Reserve();
      fresh_ = heap_.Push(fresh_);
      fresh_size_ = 0;
    }
  }

  // Its entries are sorted. There is room.
  void InsertIntoFresh(Entry&& entry) noexcept {
    Room* at = fresh_->rooms + fresh_size_++;
    for (; at != fresh_->rooms && entry.priority < at[-1].Get().priority; --at) {
      at->MoveFrom(at[-1]);
    }
    at->Put(std::move(entry));
  }

  // Moves the `count` near entries to the end of their block.
  void Shift(std::ptrdiff_t count) noexcept {
    Room* to = near_->rooms + kBlock;
    for (Room* from = near_->rooms + count; from != near_->rooms;) (--to)->MoveFrom(*--from);
    near_begin_ = to;
    near_end_ = near_->rooms + kBlock;
  }

  // The least of the heap's first block and the fresh one; what is left of both is fresh.
  [[gnu::noinline]] void Refill() noexcept {
    if (heap_.Size() == 0) {
      std::swap(near_, fresh_);
      near_begin_ = near_->rooms;
      near_end_ = near_begin_ + std::exchange(fresh_size_, 0);
      return;
    }
    near_ = heap_.Pop(near_);
    near_begin_ = near_->rooms;
    near_end_ = near_begin_ + kBlock;
    // The greatest near ones for the least fresh ones, as long as they are greater.
    for (std::size_t i = 0; i < fresh_size_; ++i) {
      Room& greatest = near_end_[-1];
      if (!(fresh_->rooms[0].Get().priority < greatest.Get().priority)) break;
      Entry least = fresh_->rooms[0].Take();
      InsertIntoRest(greatest.Take());
      Room* at = near_end_ - 1;
      for (; at != near_begin_ && least.priority < at[-1].Get().priority; --at) {
        at->MoveFrom(at[-1]);
      }
      at->Put(std::move(least));
    }
  }

  // As InsertIntoFresh, where the first room is empty.
  void InsertIntoRest(Entry&& entry) noexcept {
    Room* at = fresh_->rooms;
    Room* const last = at + fresh_size_ - 1;
    for (; at != last && at[1].Get().priority < entry.priority; ++at) at->MoveFrom(at[1]);
    at->Put(std::move(entry));
  }

  // The near entries, in order, are from near_begin_ up to near_end_.
  Room* near_begin_ = nullptr;
  Room* near_end_ = nullptr;
  Block* near_ = nullptr;
  Block* fresh_ = nullptr;
  std::size_t fresh_size_ = 0;
  Heap heap_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_CONCURRENCY_INTERNAL_BUFFERED_HEAP_H_
