// published_for_test.h
// --------------------
// Primitives as the literature has them, to compare numbers of executions with: no more
// than tests need, and not what Ashlar ships.
#ifndef ASHLAR_VERIFICATION_MODEL_PUBLISHED_FOR_TEST_H_
#define ASHLAR_VERIFICATION_MODEL_PUBLISHED_FOR_TEST_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ashlar::verification {

inline constexpr auto kRelaxed = std::memory_order_relaxed;
inline constexpr auto kAcquire = std::memory_order_acquire;
inline constexpr auto kRelease = std::memory_order_release;
inline constexpr auto kAcqRel = std::memory_order_acq_rel;
inline constexpr auto kSeqCst = std::memory_order_seq_cst;

template <class Platform>
class TicketLock {
 public:
  void Lock() {
    const unsigned ticket = next_.fetch_add(1, kRelaxed);
    while (serving_.load(kAcquire) != ticket) Platform::SpinWait();
  }
  void Unlock() { serving_.store(serving_.load(kRelaxed) + 1, kRelease); }

 private:
  typename Platform::template Atomic<unsigned> next_{0};
  typename Platform::template Atomic<unsigned> serving_{0};
};

// What can be weakened in McsLock.
struct McsOrders {
  std::memory_order exchange = kAcqRel;
  std::memory_order link = kRelease;
  std::memory_order next = kAcquire;
  std::memory_order awaited_next = kAcquire;
};

// Mellor-Crummey and Scott, 1991.
template <class Platform, McsOrders kOrders = McsOrders{}>
class McsLock {
 public:
  struct Node {
    typename Platform::template Atomic<Node*> next{nullptr};
    typename Platform::template Atomic<bool> locked{false};
  };

  void Lock(Node& me) {
    me.next.store(nullptr, kRelaxed);
    me.locked.store(true, kRelaxed);
    Node* const previous = tail_.exchange(&me, kOrders.exchange);
    if (previous == nullptr) return;
    previous->next.store(&me, kOrders.link);
    while (me.locked.load(kAcquire)) Platform::SpinWait();
  }
  void Unlock(Node& me) {
    Node* next = me.next.load(kOrders.next);
    if (next == nullptr) {
      Node* expected = &me;
      if (tail_.compare_exchange_strong(expected, nullptr, kRelease, kRelaxed)) return;
      while ((next = me.next.load(kOrders.awaited_next)) == nullptr) Platform::SpinWait();
    }
    next->locked.store(false, kRelease);
  }

 private:
  typename Platform::template Atomic<Node*> tail_{nullptr};
};

// Treiber, 1986; nodes are not freed.
template <class Platform>
class TreiberStack {
 public:
  struct Node {
    explicit Node(int v) : value(v) {}
    typename Platform::template Var<int> value;
    typename Platform::template Var<Node*> next;
  };

  void Push(Node* node) {
    Node* top = top_.load(kRelaxed);
    do {
      node->next.Write() = top;
    } while (!top_.compare_exchange_weak(top, node, kRelease, kRelaxed));
  }
  Node* Pop() {
    Node* top = top_.load(kAcquire);
    while (top != nullptr &&
           !top_.compare_exchange_weak(top, top->next.Read(), kAcquire, kAcquire)) {
    }
    return top;
  }

 private:
  typename Platform::template Atomic<Node*> top_{nullptr};
};

// Vyukov's bounded queue.
template <class Platform, std::size_t kCapacity>
class BoundedQueue {
 public:
  BoundedQueue() {
    for (std::size_t i = 0; i < kCapacity; ++i) cells_[i].sequence.store(i, kRelaxed);
  }
  bool Push(int value) {
    std::size_t position = enqueued_.load(kRelaxed);
    for (;;) {
      Cell& cell = cells_[position % kCapacity];
      const auto ahead = static_cast<std::intptr_t>(cell.sequence.load(kAcquire) - position);
      if (ahead < 0) return false;
      if (ahead > 0) {
        position = enqueued_.load(kRelaxed);
      } else if (enqueued_.compare_exchange_weak(position, position + 1, kRelaxed, kRelaxed)) {
        cell.value.Write() = value;
        cell.sequence.store(position + 1, kRelease);
        return true;
      }
    }
  }
  bool Pop(int* value) {
    std::size_t position = dequeued_.load(kRelaxed);
    for (;;) {
      Cell& cell = cells_[position % kCapacity];
      const auto ahead = static_cast<std::intptr_t>(cell.sequence.load(kAcquire) - position - 1);
      if (ahead < 0) return false;
      if (ahead > 0) {
        position = dequeued_.load(kRelaxed);
      } else if (dequeued_.compare_exchange_weak(position, position + 1, kRelaxed, kRelaxed)) {
        *value = cell.value.Write();
        cell.sequence.store(position + kCapacity, kRelease);
        return true;
      }
    }
  }

 private:
  struct Cell {
    typename Platform::template Atomic<std::size_t> sequence;
    typename Platform::template Var<int> value;
  };
  Cell cells_[kCapacity];
  typename Platform::template Atomic<std::size_t> enqueued_{0};
  typename Platform::template Atomic<std::size_t> dequeued_{0};
};

// Le, Pop, Cohen, Zappa Nardelli, PPoPP 2013, with a fixed capacity. 0 is no item.
template <class Platform, int kCapacity = 4>
class FencedDeque {
 public:
  void Push(int item) {
    const std::int64_t bottom = bottom_.load(kRelaxed);
    items_[bottom % kCapacity].store(item, kRelaxed);
    Platform::Fence(kRelease);
    bottom_.store(bottom + 1, kRelaxed);
  }
  int Pop() {
    const std::int64_t bottom = bottom_.load(kRelaxed) - 1;
    bottom_.store(bottom, kRelaxed);
    Platform::Fence(kSeqCst);
    std::int64_t top = top_.load(kRelaxed);
    int item = 0;
    if (top <= bottom) {
      item = items_[bottom % kCapacity].load(kRelaxed);
      if (top != bottom) return item;
      if (!top_.compare_exchange_strong(top, top + 1, kSeqCst, kRelaxed)) item = 0;
    }
    bottom_.store(bottom + 1, kRelaxed);
    return item;
  }
  int Steal() {
    std::int64_t top = top_.load(kAcquire);
    Platform::Fence(kSeqCst);
    const std::int64_t bottom = bottom_.load(kAcquire);
    if (top >= bottom) return 0;
    const int item = items_[top % kCapacity].load(kRelaxed);
    return top_.compare_exchange_strong(top, top + 1, kSeqCst, kRelaxed) ? item : 0;
  }

 private:
  typename Platform::template Atomic<std::int64_t> top_{0};
  typename Platform::template Atomic<std::int64_t> bottom_{0};
  typename Platform::template Atomic<int> items_[kCapacity];
};

// Boehm, MSPC 2012, two words.
template <class Platform>
class SeqLock {
 public:
  void Write(int value) {
    const unsigned sequence = sequence_.load(kRelaxed);
    sequence_.store(sequence + 1, kRelaxed);
    Platform::Fence(kRelease);
    first_.store(value, kRelaxed);
    second_.store(value, kRelaxed);
    sequence_.store(sequence + 2, kRelease);
  }
  bool Read(int* first, int* second) {
    const unsigned sequence = sequence_.load(kAcquire);
    *first = first_.load(kRelaxed);
    *second = second_.load(kRelaxed);
    Platform::Fence(kAcquire);
    return sequence % 2 == 0 && sequence_.load(kRelaxed) == sequence;
  }

 private:
  typename Platform::template Atomic<unsigned> sequence_{0};
  typename Platform::template Atomic<int> first_{0};
  typename Platform::template Atomic<int> second_{0};
};

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_PUBLISHED_FOR_TEST_H_
