// chase_lev_deque.h
// -----------------
// The work-stealing deque as Lê, Pop, Cohen and Zappa Nardelli give it, with the array
// that they publish wrongly and the fences that it cannot do without.
//
//   kArrayRelaxed   as published: the grown array's address is stored and loaded without
//                   release and acquire, so that a thief reads items of an array that for
//                   it is not yet filled. Found by CDSChecker: Norris and Demsky, OOPSLA
//                   2013, https://doi.org/10.1145/2509136.2509514
//   kNoPopFence     the owner takes the last item by an old `top`, as a thief does
//   kNoStealFence   a thief takes it by an old `bottom`
//                   Why both are needed: PPoPP 2013, https://doi.org/10.1145/2442516.2442524
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_CHASE_LEV_DEQUE_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_CHASE_LEV_DEQUE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "ashlar/concurrency/platform_array.h"
#include "ashlar/verification/model/expectation.h"

namespace ashlar::known_bugs {

enum class ChaseLevBug { kNone, kArrayRelaxed, kNoPopFence, kNoStealFence };

// 0 is no item. Arrays are kept to the end.
template <class Platform, ChaseLevBug kBug>
class ChaseLevDeque {
 public:
  explicit ChaseLevDeque(std::int64_t capacity)
      : array_(Platform::template Create<Array>(capacity, nullptr)) {}
  ~ChaseLevDeque() {
    for (Array* array = array_.load(std::memory_order_relaxed); array != nullptr;) {
      Array* const smaller = array->smaller;
      Platform::Destroy(array);
      array = smaller;
    }
  }

  void Push(int item) {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed);
    const std::int64_t top = top_.load(std::memory_order_acquire);
    Array* array = array_.load(std::memory_order_relaxed);
    if (bottom - top >= array->Capacity()) array = Grow(array, top, bottom);
    array->At(bottom).store(item, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
  }
  int Pop() {
    const std::int64_t bottom = bottom_.load(std::memory_order_relaxed) - 1;
    Array* const array = array_.load(std::memory_order_relaxed);
    bottom_.store(bottom, std::memory_order_relaxed);
    if (kBug != ChaseLevBug::kNoPopFence) Platform::Fence(std::memory_order_seq_cst);
    std::int64_t top = top_.load(std::memory_order_relaxed);
    int item = 0;
    if (top <= bottom) {
      item = array->At(bottom).load(std::memory_order_relaxed);
      if (top != bottom) return item;
      if (!Take(top)) item = 0;
    }
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return item;
  }
  int Steal() {
    std::int64_t top = top_.load(std::memory_order_acquire);
    if (kBug != ChaseLevBug::kNoStealFence) Platform::Fence(std::memory_order_seq_cst);
    const std::int64_t bottom = bottom_.load(std::memory_order_acquire);
    if (top >= bottom) return 0;
    Array* const array = array_.load(
        kBug == ChaseLevBug::kArrayRelaxed ? std::memory_order_relaxed : std::memory_order_acquire);
    const int item = array->At(top).load(std::memory_order_relaxed);
    return Take(top) ? item : 0;
  }

 private:
  struct Array {
    Array(std::int64_t capacity, Array* smaller_array)
        : smaller(smaller_array), items(static_cast<std::size_t>(capacity)) {}

    std::int64_t Capacity() const { return static_cast<std::int64_t>(items.size()); }
    auto& At(std::int64_t index) { return items[static_cast<std::size_t>(index) % items.size()]; }

    Array* const smaller;
    const PlatformArray<typename Platform::template Atomic<int>, Platform> items;
  };

  Array* Grow(Array* from, std::int64_t top, std::int64_t bottom) {
    Array* const to = Platform::template Create<Array>(2 * from->Capacity(), from);
    for (std::int64_t i = top; i < bottom; ++i) {
      to->At(i).store(from->At(i).load(std::memory_order_relaxed), std::memory_order_relaxed);
    }
    array_.store(to, kBug == ChaseLevBug::kArrayRelaxed ? std::memory_order_relaxed
                                                        : std::memory_order_release);
    return to;
  }
  bool Take(std::int64_t top) {
    return top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                        std::memory_order_relaxed);
  }

  typename Platform::template Atomic<std::int64_t> top_{0};
  typename Platform::template Atomic<std::int64_t> bottom_{0};
  typename Platform::template Atomic<Array*> array_;
};

// Two items, of which the owner takes one and a thief as many as it can, none twice. With
// a capacity of 1 the array grows; with 2 it does not.
template <ChaseLevBug kBug, int kCapacity>
struct ChaseLevTakes {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 2;
    ChaseLevDeque<Platform, kBug> deque{kCapacity};
    int popped = 0;
    int stolen[2] = {};

    void Thread(unsigned index) {
      if (index == 0) {
        deque.Push(1);
        deque.Push(2);
        popped = deque.Pop();
      } else {
        for (int& item : stolen) item = deque.Steal();
      }
    }
    void After() {
      for (const int item : {1, 2}) {
        verification::Expect((popped == item) + (stolen[0] == item) + (stolen[1] == item) <= 1);
      }
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_CHASE_LEV_DEQUE_H_
