// A heap of eight children a node, least first: for one thread, and with Platform's memory.
//
// The eight lie side by side, so that each level costs one or two cache lines, and a third of the
// levels that a binary heap has. An Entry has a `priority`, and moves without throwing. Progress
// and thread safety: that of a container.
#ifndef ASHLAR_CONCURRENCY_INTERNAL_WIDE_HEAP_H_
#define ASHLAR_CONCURRENCY_INTERNAL_WIDE_HEAP_H_

#include <cstddef>
#include <limits>
#include <memory>
#include <new>
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
class WideHeap {
  static_assert(std::is_nothrow_move_constructible_v<Entry> &&
                std::is_nothrow_destructible_v<Entry>);
  using Priority = decltype(Entry::priority);

 public:
  WideHeap() = default;
  ~WideHeap() {
    for (std::size_t i = 0; i < size_; ++i) At(i).Clear();
    if (nodes_ != nullptr) Platform::DestroyArray(nodes_, node_count_);
  }
  WideHeap(const WideHeap&) = delete;
  WideHeap& operator=(const WideHeap&) = delete;

  std::size_t Size() const noexcept { return size_; }

  // Makes room for `more` entries. Throws std::bad_alloc; then all is as it was.
  void Reserve(std::size_t more) {
    if (more > Capacity() - size_) [[unlikely]]
      Grow(more);
  }

  // There must be room.
  void Push(Entry&& entry) noexcept { Place(size_++, std::move(entry)); }

  // The least. There must be one.
  Entry Pop() noexcept {
    Entry least = At(0).Take();
    --size_;
    // The hole goes down to a leaf, without a look at the last entry, which belongs near the leaves
    // nearly always; then that fills it.
    std::size_t hole = 0;
    for (;;) {
      const std::size_t first = hole * kWidth + 1;
      if (first + kWidth > size_) {
        if (first >= size_) break;
        const std::size_t child = first + LeastOfSome(hole + 1, size_ - first);
        At(hole).MoveFrom(At(child));
        hole = child;
        break;
      }
      const std::size_t child = first + LeastOfAll(nodes_[hole + 1]);
      At(hole).MoveFrom(At(child));
      hole = child;
    }
    if (hole != size_) Place(hole, At(size_).Take());
    return least;
  }

 private:
  static constexpr std::size_t kWidth = 8;
  using Room = EntryRoom<Entry>;

  // The root is the last entry of node 0; the children of i are those of node i + 1.
  struct alignas(Platform::kCacheLine) Node {
    Room entries[kWidth];
  };

  Room& At(std::size_t index) const noexcept {
    return nodes_[(index + kWidth - 1) / kWidth].entries[(index + kWidth - 1) % kWidth];
  }

  std::size_t Capacity() const noexcept {
    return node_count_ == 0 ? 0 : (node_count_ - 1) * kWidth + 1;
  }

  // Puts the entry into the empty room at `hole`, or above it.
  void Place(std::size_t hole, Entry&& entry) noexcept {
    while (hole > 0) {
      const std::size_t parent = (hole - 1) / kWidth;
      if (!(entry.priority < At(parent).Get().priority)) break;
      At(hole).MoveFrom(At(parent));
      hole = parent;
    }
    At(hole).Put(std::move(entry));
  }

  // A tournament, in registers and without branches, which nobody could predict.
  static std::size_t LeastOfAll(const Node& node) noexcept {
    struct Player {
      Priority priority;
      std::size_t place;
    };
    const auto winner = [](Player one, Player other) {
      const bool second = other.priority < one.priority;
      return Player{second ? other.priority : one.priority,
                    one.place ^ ((one.place ^ other.place) & -std::size_t{second})};
    };
    const auto player = [&](std::size_t place) {
      return Player{node.entries[place].Get().priority, place};
    };
    return winner(winner(winner(player(0), player(1)), winner(player(2), player(3))),
                  winner(winner(player(4), player(5)), winner(player(6), player(7))))
        .place;
  }

  // Among the first `count` of a node.
  std::size_t LeastOfSome(std::size_t node, std::size_t count) const noexcept {
    std::size_t best = 0;
    for (std::size_t i = 1; i < count; ++i) {
      if (nodes_[node].entries[i].Get().priority < nodes_[node].entries[best].Get().priority) {
        best = i;
      }
    }
    return best;
  }

  [[gnu::noinline]] void Grow(std::size_t more) {
    const std::size_t wanted = (size_ + more - 1 + kWidth - 1) / kWidth + 1;
    const std::size_t count = wanted > 2 * node_count_ ? wanted : 2 * node_count_;
    Node* const nodes = Platform::template CreateArray<Node>(count);
    for (std::size_t i = 0; i < size_; ++i) {
      const std::size_t slot = i + kWidth - 1;
      nodes[slot / kWidth].entries[slot % kWidth].MoveFrom(At(i));
    }
    if (nodes_ != nullptr) Platform::DestroyArray(nodes_, node_count_);
    nodes_ = nodes;
    node_count_ = count;
  }

  Node* nodes_ = nullptr;
  std::size_t node_count_ = 0;
  std::size_t size_ = 0;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_CONCURRENCY_INTERNAL_WIDE_HEAP_H_
