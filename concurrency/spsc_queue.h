// spsc_queue.h
// ------------
// SpscQueue: a bounded queue of one producer and one consumer.
//
//   SpscQueue<Sample> queue(256);
//   if (!queue.TryPush(sample)) ++dropped;                            // one thread
//   while (std::optional<Sample> next = queue.TryPop()) Plot(*next);  // another thread
//
// When to use: a pipe between two threads. When not: a second producer or consumer, ever
// (mpmc_queue.h).
//
// Guarantees. Items come out in the order in which they went in, each once. A push fails only if
// the queue is full of what pops that happen before it have left, a pop only if no push that
// happens before it has left an item. That is less than mpmc_queue.h promises: the producer may
// be told of a full queue by the same items as the consumer of an empty one, when neither has
// seen yet what the other one did. What precedes a push happens before what follows the pop of its
// item, and what precedes a pop before what follows the push that needed its room.
//
// Parameters: T can be moved and destroyed, the latter without throwing. The capacity is in
// items.
// Thread safety: pushes by one thread at a time, pops by one at a time; SizeApprox and Capacity
// by any. Progress: wait-free, if T's constructors are.
// Memory: an array of an item each; nothing after that.
// Errors: the constructor throws std::bad_alloc, also for a capacity that no memory could hold.
// What T's constructors throw passes through: out of a push, and nothing was pushed; out of a
// pop, and the item is still there, as its move has left it.
// Cost: a load and a store of an index in each call, no locked instruction, no fence. Each end
// remembers the other's index, and misses its cache only when what it remembers is used up.
// Figures are in README.md.
//
// Source: L. Lamport, "Specifying concurrent program modules", 1983; indices that are remembered:
// J. Giacomoni et al., "FastForward", PPoPP 2008, and P. Lee et al., "MCRingBuffer", 2009.
#ifndef ASHLAR_CONCURRENCY_SPSC_QUEUE_H_
#define ASHLAR_CONCURRENCY_SPSC_QUEUE_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"

namespace ashlar {

template <class T, class Platform = StdPlatform>
class SpscQueue {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "a pop moves the item out of the queue");
  static_assert(std::is_nothrow_destructible_v<T>);

 public:
  // Indices count for ever and are taken modulo the capacity. They wrap at 2^64.
  using Index = std::uint64_t;

  // `capacity` is rounded up to a power of two, and to at least 1. `first_index` is for tests of
  // the wrap-around.
  explicit SpscQueue(std::size_t capacity, Index first_index = 0)
      : array_(RoundUp(capacity)), producer_(array_, first_index), consumer_(array_, first_index) {}

  // No other thread may use the queue any more. Destroys the items that are still in it.
  ~SpscQueue() {
    const Index tail = producer_.own.load(std::memory_order_relaxed);
    for (Index i = consumer_.own.load(std::memory_order_relaxed); i != tail; ++i) {
      consumer_[i].Write().Destroy();
    }
  }

  SpscQueue(const SpscQueue&) = delete;
  SpscQueue& operator=(const SpscQueue&) = delete;

  // Producer. False if the queue is full; then `item` is as it was.
  bool TryPush(T&& item) { return TryEmplace(std::move(item)); }
  bool TryPush(const T& item) { return TryEmplace(item); }

  // Producer. Makes the item in the queue. If it is full, `arguments` are as they were.
  template <class... Arguments>
  bool TryEmplace(Arguments&&... arguments) {
    const Index tail = producer_.own.load(std::memory_order_relaxed);
    if (tail - producer_.other == Capacity()) [[unlikely]] {
      // (1) acquire: the item that was in the slot is gone. Pairs with (4).
      producer_.other = consumer_.own.load(std::memory_order_acquire);
      if (tail - producer_.other == Capacity()) return false;
    }
    producer_[tail].Write().Make(std::forward<Arguments>(arguments)...);
    // (2) release: the item. Pairs with (3).
    producer_.own.store(tail + 1, std::memory_order_release);
    return true;
  }

  // Consumer. Nothing if the queue is empty.
  std::optional<T> TryPop() {
    const Index head = consumer_.own.load(std::memory_order_relaxed);
    if (head == consumer_.other) [[unlikely]] {
      // (3) acquire: the items. Pairs with (2).
      consumer_.other = producer_.own.load(std::memory_order_acquire);
      if (head == consumer_.other) return std::nullopt;
    }
    Room& room = consumer_[head].Write();
    std::optional<T> item(std::move(room.item));
    room.Destroy();
    // (4) release: the item was taken. Pairs with (1).
    consumer_.own.store(head + 1, std::memory_order_release);
    return item;
  }

  // Anybody. How many items there were a moment ago.
  std::size_t SizeApprox() const noexcept {
    const Index head = consumer_.own.load(std::memory_order_relaxed);
    const Index size = producer_.own.load(std::memory_order_relaxed) - head;
    return static_cast<std::size_t>(size > Capacity() ? Capacity() : size);
  }

  // Anybody.
  std::size_t Capacity() const noexcept { return array_.size(); }

 private:
  // Room for a T.
  struct Room {
    Room() noexcept {}
    ~Room() {}
    template <class... Arguments>
    void Make(Arguments&&... arguments) {
      std::construct_at(std::addressof(item), std::forward<Arguments>(arguments)...);
    }
    void Destroy() noexcept { std::destroy_at(std::addressof(item)); }

    union {
      T item;
    };
  };
  using Slot = typename Platform::template Var<Room>;
  using Array = PlatformArray<Slot, Platform>;

  // What one of the two threads uses: all on a line of its own.
  struct alignas(Platform::kCacheLine) End {
    End(const Array& array, Index first_index)
        : own(first_index), other(first_index), slots(array.begin()), mask(array.size() - 1) {}
    Slot& operator[](Index index) const noexcept { return slots[index & mask]; }

    typename Platform::template Atomic<Index> own;  // of the next item
    Index other;                                    // the other end's, some time ago
    Slot* const slots;
    const Index mask;
  };

  static std::size_t RoundUp(std::size_t capacity) {
    constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max() / 2 / sizeof(Slot);
    if (capacity > kMost) throw std::bad_alloc();
    return std::bit_ceil(capacity);
  }

  const Array array_;
  End producer_;
  End consumer_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_SPSC_QUEUE_H_
