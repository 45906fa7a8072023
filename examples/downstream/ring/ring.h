// A ring for one producer and one consumer.
#ifndef RING_RING_H_
#define RING_RING_H_

#include <atomic>
#include <cstddef>
#include <optional>

#include "ashlar/concurrency/platform.h"

namespace downstream {

template <class T, std::size_t kCapacity, class Platform = ashlar::StdPlatform>
class Ring {
 public:
  // The producer's. False if it is full.
  bool TryPush(T item) {
    const std::size_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == kCapacity) return false;
    slots_[tail % kCapacity].Write() = item;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  // The consumer's. Nothing if it is empty.
  std::optional<T> TryPop() {
    const std::size_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return std::nullopt;
    const T item = slots_[head % kCapacity].Read();
    head_.store(head + 1, std::memory_order_release);
    return item;
  }

 private:
  typename Platform::template Atomic<std::size_t> head_{0};
  typename Platform::template Atomic<std::size_t> tail_{0};
  typename Platform::template Var<T> slots_[kCapacity];
};

}  // namespace downstream

#endif  // RING_RING_H_
