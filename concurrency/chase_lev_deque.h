// chase_lev_deque.h
// -----------------
// ChaseLevDeque: one owner pushes and pops at one end, thieves steal at the other.
//
//   ChaseLevDeque<Task*> deque;
//   deque.Push(task);                                 // owner
//   while (auto task = deque.Pop()) (*task)->Run();   // owner, newest first
//   auto stolen = deque.Steal();                      // anybody, oldest first
//   if (stolen.outcome == StealOutcome::kSuccess) stolen.item->Run();
//
// When to use: each worker has a deque of its own and others help out. When not: items
// from several producers (a queue), strict FIFO for the owner, items that are more than
// a word.
//
// Guarantees. Every item is taken exactly once. What precedes a Push happens before what
// follows the Pop or Steal of its item. kEmpty means that the thief saw nothing to take;
// a push that happens before the Steal, or is ordered before it by seq_cst fences
// (event_count.h), is seen.
//
// Parameters: T is trivially copyable and fits a lock-free atomic, a pointer as a rule.
// FencePolicy (fence_policy.h) says how Pop and Steal order themselves: the default puts
// a full fence into each, AsymmetricFencePolicy takes it from Pop and makes every Steal
// of a deque that is not empty interrupt the process's running threads (0.1 to 16 us and
// more).
// Thread safety: Push and Pop from one thread at a time (the owner), all else from any.
// Progress: Pop and Steal are wait-free, Push too unless it allocates. A Steal that
// loses its race says kRetry.
// Memory: grows by doubling when full and never shrinks; outgrown arrays live as long as
// the deque, so that a slow thief may still read them: less than twice the largest.
// Errors: Push throws std::bad_alloc when it cannot grow and leaves the deque as it was;
// so does the constructor, also for a capacity that no memory could hold.
// Cost: a full fence in each Pop, Steal and StealBatch, and a compare-exchange for each item
// stolen and each Pop of the last item. On a 2.8 GHz Ice Lake a push and pop take 8.6 ns
// (asymmetric 4.2), with the last item 20 (14), a steal 18, a steal from an empty deque 0.3.
//
// Source: N. M. Le, A. Pop, A. Cohen, F. Zappa Nardelli, "Correct and efficient
// work-stealing for weak memory models", PPoPP 2013, with these changes: a new array is
// published by release (B. Norris, B. Demsky, "CDSchecker", OOPSLA 2013, found that it must
// be), every store to bottom is a release in place of Push's fence (in C++20 a later
// relaxed store would not carry an earlier release on), the owner remembers a top, and
// thieves test for emptiness before they fence.
#ifndef ASHLAR_CONCURRENCY_CHASE_LEV_DEQUE_H_
#define ASHLAR_CONCURRENCY_CHASE_LEV_DEQUE_H_

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <span>
#include <type_traits>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/steal_result.h"

namespace ashlar {

template <class T, class Platform = StdPlatform, class FencePolicy = FullFencePolicy>
class ChaseLevDeque {
  static_assert(std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T>);
  static_assert(std::atomic<T>::is_always_lock_free && alignof(T) == sizeof(T),
                "items are a machine word at most, aligned to their size; store others by pointer");

 public:
  // Indices count for ever and are taken modulo the capacity. They wrap at 2^64.
  using Index = std::uint64_t;

  static constexpr std::size_t kDefaultCapacity = 256;

  // `capacity` in items, rounded up to a power of two and to at least 1. `first_index` is
  // for tests of the wrap-around.
  explicit ChaseLevDeque(std::size_t capacity = kDefaultCapacity, Index first_index = 0)
      : top_(first_index), bottom_(first_index), cached_top_(first_index) {
    Adopt(Platform::template Create<Array>(RoundUp(capacity), nullptr));
  }

  // No other thread may use the deque any more. Items still in it are dropped.
  ~ChaseLevDeque() {
    Array* array = array_.load(std::memory_order_relaxed);
    while (array != nullptr) {
      Array* const older = array->older;
      Platform::Destroy(array);
      array = older;
    }
  }

  ChaseLevDeque(const ChaseLevDeque&) = delete;
  ChaseLevDeque& operator=(const ChaseLevDeque&) = delete;

  // Owner. Adds an item at the newest end.
  void Push(T item) {
    const Index bottom = bottom_.load(std::memory_order_relaxed);
    if (bottom - cached_top_ > mask_) [[unlikely]]
      MakeRoom(bottom);
    slots_[bottom & mask_].store(item, std::memory_order_relaxed);
    // (1) release: publishes the item. Pairs with (5).
    bottom_.store(bottom + 1, std::memory_order_release);
  }

  // Owner. Takes the newest item, if there is one.
  std::optional<T> Pop() noexcept {
    const Index bottom = bottom_.load(std::memory_order_relaxed);
    // The true top is never behind the cached one.
    if (bottom == cached_top_) return std::nullopt;
    const Index last = bottom - 1;
    // (2) release: a thief that reads this value must see all items below. Pairs with (5).
    bottom_.store(last, std::memory_order_release);
    // Either a thief sees that `last` is claimed, or its steal is seen here. Pairs with
    // the fence in Steal.
    FencePolicy::template Hot<Platform>();
    // relaxed: the fence orders it.
    const Index top = top_.load(std::memory_order_relaxed);
    if (Distance(top, last) <= 0 && !PopLast(top, last)) [[unlikely]]
      return std::nullopt;
    return slots_[last & mask_].load(std::memory_order_relaxed);
  }

  // Owner. A hint for prefetching: the item that Pop gives after `pops` others, or, if it is
  // stolen or there are not so many, any other value that its slot ever had, T{} among them.
  T Upcoming(Index pops) const noexcept {
    return slots_[(bottom_.load(std::memory_order_relaxed) - 1 - pops) & mask_].load(
        std::memory_order_relaxed);
  }

  // Anybody. Takes the oldest item, if there is one.
  StealResult<T> Steal() noexcept {
    // (4) acquire: bottom is read after it, or kEmpty could be told of two moments.
    const Index top = top_.load(std::memory_order_acquire);
    // Before the fence: idle thieves spend their lives here.
    if (Distance(top, bottom_.load(std::memory_order_relaxed)) <= 0) return {};
    FencePolicy::template Cold<Platform>();
    return StealAt(top);
  }

  // Anybody. Steals one item after the other, oldest first, into `to`: as many as fit it, but at
  // most half of what there is, rounded up; fewer if others take them. Not one step: owner and
  // thieves may take items in between. With FullFencePolicy the batch shares one fence, with
  // AsymmetricFencePolicy each item costs what a Steal costs. kEmpty also if `to` is empty.
  StealBatchResult StealBatch(std::span<T> to) noexcept {
    // (10) acquire: as (4).
    Index top = top_.load(std::memory_order_acquire);
    const std::int64_t size = Distance(top, bottom_.load(std::memory_order_relaxed));
    if (size <= 0 || to.empty()) return {};
    const std::size_t half = (static_cast<std::size_t>(size) + 1) / 2;
    const std::size_t most = half < to.size() ? half : to.size();
    FencePolicy::template Cold<Platform>();
    for (std::size_t count = 0;;) {
      const StealResult<T> stolen = StealAt(top);
      if (stolen.outcome != StealOutcome::kSuccess) {
        return {count > 0 ? StealOutcome::kSuccess : stolen.outcome, count};
      }
      to[count++] = stolen.item;
      if (count == most) return {StealOutcome::kSuccess, count};
      ++top;
      // Either bottom says that the next one is claimed, or its Pop sees the exchange. Pairs with
      // the fence in Pop.
      FencePolicy::template ColdAfterRmw<Platform>();
    }
  }

  // Anybody. How many items there were a moment ago; exact when nobody else is at work.
  std::size_t SizeApprox() const noexcept {
    const Index top = top_.load(std::memory_order_relaxed);
    const std::int64_t size = Distance(top, bottom_.load(std::memory_order_relaxed));
    return size > 0 ? static_cast<std::size_t>(size) : 0;
  }

  // Owner. Items that fit before the next growth.
  std::size_t Capacity() const noexcept { return static_cast<std::size_t>(mask_ + 1); }

 private:
  using Slot = typename Platform::template Atomic<T>;

  struct Array {
    Array(std::size_t capacity, Array* older_array)
        : slots(Platform::template CreateArray<Slot>(capacity)),
          mask(capacity - 1),
          older(older_array) {}
    ~Array() { Platform::DestroyArray(slots.Read(), static_cast<std::size_t>(mask.Read() + 1)); }

    typename Platform::template Var<Slot*> slots;
    typename Platform::template Var<Index> mask;
    Array* const older;  // the owner's alone
  };

  static constexpr std::size_t kMaxCapacity = ~std::size_t{0} / 2 / sizeof(Slot) + 1;

  // How far `to` lies ahead of `from`; right across the wrap-around.
  static std::int64_t Distance(Index from, Index to) noexcept {
    return static_cast<std::int64_t>(to - from);
  }

  static std::size_t RoundUp(std::size_t capacity) {
    if (capacity > kMaxCapacity) throw std::bad_alloc();
    return std::bit_ceil(capacity);
  }

  // Takes the item at `top`, what top_ was before a fence.
  [[gnu::always_inline]] StealResult<T> StealAt(Index top) noexcept {
    // (5) acquire: the item, and the array that holds it. Pairs with (1) and (2).
    const Index bottom = bottom_.load(std::memory_order_acquire);
    if (Distance(top, bottom) <= 0) return {};
    // (6) acquire: what was copied into a new array. Pairs with (8).
    Array* const array = array_.load(std::memory_order_acquire);
    const T item = array->slots.Read()[top & array->mask.Read()].load(std::memory_order_relaxed);
    // (7) release: the slot was read before the owner may use it again. Pairs with (9).
    if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_release,
                                      std::memory_order_relaxed)) [[unlikely]] {
      return {StealOutcome::kRetry, T()};
    }
    return {StealOutcome::kSuccess, item};
  }

  // Pop, when at most one item is left and thieves may be after it.
  [[gnu::noinline]] bool PopLast(Index top, Index last) noexcept {
    // relaxed: it only decides who gets the item.
    const bool taken =
        top == last && top_.compare_exchange_strong(top, last + 1, std::memory_order_relaxed,
                                                    std::memory_order_relaxed);
    // Whoever took it, top is last + 1 now and the deque is empty.
    // (3) relaxed: a thief that goes by this value for an item below fails its exchange.
    bottom_.store(last + 1, std::memory_order_relaxed);
    cached_top_ = AcquireTop();
    return taken;
  }

  [[gnu::noinline]] void MakeRoom(Index bottom) {
    cached_top_ = AcquireTop();
    if (bottom - cached_top_ <= mask_) return;
    Array* const current = array_.load(std::memory_order_relaxed);
    Array* const larger =
        Platform::template Create<Array>(RoundUp(2 * Capacity()), current);  // may throw
    Slot* const to = larger->slots.Read();
    const Index to_mask = larger->mask.Read();
    for (Index i = cached_top_; i != bottom; ++i) {
      to[i & to_mask].store(slots_[i & mask_].load(std::memory_order_relaxed),
                            std::memory_order_relaxed);
    }
    Adopt(larger);
  }

  void Adopt(Array* array) noexcept {
    slots_ = array->slots.Read();
    mask_ = array->mask.Read();
    // (8) release: the array's fields and copied items. Pairs with (6).
    array_.store(array, std::memory_order_release);
  }

  Index AcquireTop() const noexcept {
    // (9) acquire: thieves have read the slots below. Pairs with (7).
    return top_.load(std::memory_order_acquire);
  }

  // Thieves write it.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<Index> top_;

  // The owner writes these, thieves read them.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<Index> bottom_;
  typename Platform::template Atomic<Array*> array_{nullptr};

  // The owner's alone.
  Index cached_top_;  // what top_ was once
  Slot* slots_ = nullptr;
  Index mask_ = 0;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_CHASE_LEV_DEQUE_H_
