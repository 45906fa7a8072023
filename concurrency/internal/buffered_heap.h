// A priority queue for one thread: a WideHeap between two buffers, as in Williams, Sanders and
// Dementiev, "Engineering MultiQueues", ESA 2021.
//
// The least entries lie sorted in the near buffer, from which a pop takes the last; what comes in,
// and is not among the least, in the fresh one. The heap is worked on in bursts, while its upper
// levels are in the cache. Thread safety: that of a container.
#ifndef ASHLAR_CONCURRENCY_INTERNAL_BUFFERED_HEAP_H_
#define ASHLAR_CONCURRENCY_INTERNAL_BUFFERED_HEAP_H_

#include <cstddef>
#include <utility>

#include "ashlar/concurrency/internal/wide_heap.h"

namespace ashlar::internal {

template <class Entry, class Platform>
class BufferedHeap {
  using Priority = decltype(Entry::priority);

 public:
  BufferedHeap() = default;
  ~BufferedHeap() {
    for (std::size_t i = 0; i < near_size_; ++i) near_[i].Clear();
    for (std::size_t i = 0; i < fresh_size_; ++i) fresh_[i].Clear();
  }
  BufferedHeap(const BufferedHeap&) = delete;
  BufferedHeap& operator=(const BufferedHeap&) = delete;

  bool Empty() const noexcept { return near_size_ == 0; }
  std::size_t Size() const noexcept { return near_size_ + fresh_size_ + heap_.Size(); }

  // The priority of what Pop would take. There must be something.
  Priority Least() const noexcept { return near_[near_size_ - 1].Get().priority; }

  // For the next push. Throws std::bad_alloc; then all is as it was.
  void MakeRoom() {
    if (fresh_size_ == 0) heap_.Reserve(kBuffer);
    if (fresh_size_ == kBuffer) [[unlikely]] {
      heap_.Reserve(2 * kBuffer);
      Flush();
    }
  }

  // There must be room.
  void Push(Entry&& entry) noexcept {
    const bool room_in_near = near_size_ < kBuffer;
    const bool all_are_near = fresh_size_ == 0 && heap_.Size() == 0;
    if (near_size_ == 0 || entry.priority < near_[0].Get().priority) {
      if (!room_in_near) {
        // The greatest of the near ones makes room.
        fresh_[fresh_size_++].MoveFrom(near_[0]);
        InsertFromFront(std::move(entry));
      } else {
        InsertFromBack(std::move(entry));
      }
    } else if (room_in_near && all_are_near) {
      InsertFromBack(std::move(entry));
    } else {
      fresh_[fresh_size_++].Put(std::move(entry));
    }
  }

  // There must be something. Never throws: the heap has room for all that is fresh.
  Entry Pop() noexcept {
    Entry least = near_[--near_size_].Take();
    if (near_size_ == 0 && (fresh_size_ > 0 || heap_.Size() > 0)) [[unlikely]]
      Refill();
    return least;
  }

 private:
  static constexpr std::size_t kBuffer = 16;

  void Flush() noexcept {
    for (std::size_t i = 0; i < fresh_size_; ++i) heap_.Push(fresh_[i].Take());
    fresh_size_ = 0;
  }

  [[gnu::noinline]] void Refill() noexcept {
    Flush();
    near_size_ = heap_.Size() < kBuffer ? heap_.Size() : kBuffer;
    for (std::size_t i = near_size_; i > 0; --i) near_[i - 1].Put(heap_.Pop());
  }

  // The near ones are in falling order. There is room.
  void InsertFromBack(Entry&& entry) noexcept {
    std::size_t at = near_size_++;
    for (; at > 0 && near_[at - 1].Get().priority < entry.priority; --at) {
      near_[at].MoveFrom(near_[at - 1]);
    }
    near_[at].Put(std::move(entry));
  }

  // The first room is empty.
  void InsertFromFront(Entry&& entry) noexcept {
    std::size_t at = 0;
    for (; at + 1 < kBuffer && entry.priority < near_[at + 1].Get().priority; ++at) {
      near_[at].MoveFrom(near_[at + 1]);
    }
    near_[at].Put(std::move(entry));
  }

  std::size_t near_size_ = 0;
  std::size_t fresh_size_ = 0;
  WideHeap<Entry, Platform> heap_;
  EntryRoom<Entry> near_[kBuffer];
  EntryRoom<Entry> fresh_[kBuffer];
};

}  // namespace ashlar::internal

#endif  // ASHLAR_CONCURRENCY_INTERNAL_BUFFERED_HEAP_H_
