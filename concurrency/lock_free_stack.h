// lock_free_stack.h
// -----------------
// LockFreeStack: a bounded stack, last in, first out, of any number of threads.
//
//   LockFreeStack<Request> stack(1024);
//   if (!stack.TryPush(std::move(request))) Refuse(std::move(request));  // full: still there
//   while (std::optional<Request> next = stack.TryPop()) Serve(*next);
//
//   auto all = stack.PopAll();                     // one atomic operation for all items
//   while (std::optional<Request> next = all.TryPop()) Serve(*next);
//
// When to use: what was put there last is best (warm in a cache: buffers, free objects), or the
// sequence does not matter; memory is allocated once. T may be a pointer to something of yours.
// When not: items must not wait for ever below others (mpmc_queue.h); no bound is known
// (lock_free_stack_ebr.h).
//
// Guarantees. Each call takes effect at one moment between its begin and its end: a pop takes the
// item that was pushed last of those that are there, PopAll takes all, each item comes out once,
// and a pop fails only if the stack is empty at that moment. A push fails only if it finds no room:
// each place holds an item, or is in the hands of a call (of another thread, that the caller has
// not seen return) or of a Chain. What precedes a push happens before what follows the pop of its
// item, and what precedes a pop before what follows the push that used its room.
//
// Parameters: T can be moved and destroyed, the latter without throwing. The capacity is in items,
// and is raised to at least 1.
// Thread safety: any member from any thread, but for the destructor; a Chain is one thread's at a
// time.
// Progress: lock-free. A thread that is stopped inside a call holds one place, and nobody up. After
// a lost race a call pauses (RaceBackoff), so that others get something done.
// Memory: an array of a node for each item, 4 bytes more than it and padding; nothing after that.
// Errors: the constructor throws std::bad_alloc, also for a capacity that no memory could hold.
// What T's constructors throw passes through, and leaves the stack as it was: if it was thrown by
// a pop, the item is there again, on top.
// Cost: where pushes and pops alternate, each is a compare-exchange and an exchange; else two
// compare-exchanges. A load of the word that the same thread has just exchanged takes as long as
// another exchange. Figures are in README.md.
//
// Source: R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986. Nodes
// have numbers instead of addresses, so that a tag fits beside the number of the top one: it
// changes whenever a node is taken, and a thread that was stopped cannot take the top node for the
// one that it saw there before (ABA). Nodes that are used again come from a second such list, and
// from a pocket for one node before it.
#ifndef ASHLAR_CONCURRENCY_LOCK_FREE_STACK_H_
#define ASHLAR_CONCURRENCY_LOCK_FREE_STACK_H_

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

#include "ashlar/concurrency/backoff.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/platform_array.h"

namespace ashlar {

template <class T, class Platform = StdPlatform>
class LockFreeStack {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "a pop moves the item out of the stack");
  static_assert(std::is_nothrow_destructible_v<T>);

  using Index = std::uint32_t;  // of a node; the first has 1
  static constexpr Index kNone = 0;

 public:
  // Counts nodes that were taken. It has the bits that the nodes' numbers leave, 32 and more; ABA
  // would need a thread that is stopped between two instructions while it runs round.
  using Tag = std::uint64_t;

  class Chain;

  // `first_tag` is for tests of the wrap-around.
  explicit LockFreeStack(std::size_t capacity, Tag first_tag = 0)
      : nodes_(Checked(capacity)),
        mask_(std::bit_ceil(nodes_.size() + 1) - 1),
        items_(Top(first_tag, kNone)),
        free_(Top(first_tag, 1)) {
    for (std::size_t i = 0; i + 1 < nodes_.size(); ++i) {
      nodes_[i].below.store(static_cast<Index>(i + 2), std::memory_order_relaxed);
    }
  }

  // No other thread may use the stack any more, no Chain may be left. Destroys the items that are
  // still in it.
  ~LockFreeStack() {
    if constexpr (!std::is_trivially_destructible_v<T>) PopAll();
  }

  LockFreeStack(const LockFreeStack&) = delete;
  LockFreeStack& operator=(const LockFreeStack&) = delete;

  // False if there is no room; then `item` is as it was.
  bool TryPush(T&& item) { return TryEmplace(std::move(item)); }
  bool TryPush(const T& item) { return TryEmplace(item); }

  // Makes the item in the stack. If there is no room, `arguments` are as they were.
  template <class... Arguments>
  bool TryEmplace(Arguments&&... arguments) {
    const Index node = TakeFree();
    if (node == kNone) return false;
    Hold hold(*this, node, /*full=*/false);
    ItemOf(node).emplace(std::forward<Arguments>(arguments)...);
    hold.full = true;
    return true;
  }

  // Nothing if the stack is empty.
  std::optional<T> TryPop() {
    std::optional<T> item;
    if (const Index node = Take(items_); node != kNone) {
      Hold hold(*this, node, /*full=*/true);
      MoveOut(node, item);
      hold.full = false;
    }
    return item;
  }

  // Takes all items that there are.
  Chain PopAll() noexcept { return Chain(*this, TakeAll(items_)); }

  std::size_t Capacity() const noexcept { return nodes_.size(); }

 private:
  // The number of a list's top node, and above its bits the tag.
  using Word = std::uint64_t;
  using List = typename Platform::template Atomic<Word>;

  // Room for a T, with the names of std::optional's members.
  class Room {
   public:
    Room() noexcept {}
    ~Room() {}
    template <class... Arguments>
    void emplace(Arguments&&... arguments) {
      std::construct_at(std::addressof(item_), std::forward<Arguments>(arguments)...);
    }
    T& operator*() noexcept { return item_; }
    void reset() noexcept { std::destroy_at(std::addressof(item_)); }

   private:
    union {
      T item_;
    };
  };

  struct Node {
    // Read by those who have seen the node on top, though it may be elsewhere by now.
    typename Platform::template Atomic<Index> below{kNone};
    typename Platform::template Var<Room> item;
  };

  // A node in the hands of a call. At the end of the scope it goes where it belongs.
  struct Hold {
    Hold(LockFreeStack& of, Index the_node, bool is_full) noexcept
        : stack(of), node(the_node), full(is_full) {}
    ~Hold() { full ? stack.Put(stack.items_, node, node) : stack.PutFree(node); }
    Hold(const Hold&) = delete;

    LockFreeStack& stack;
    const Index node;
    bool full;  // it has an item
  };

  Node& NodeAt(Index node) const noexcept { return nodes_[node - 1]; }
  Room& ItemOf(Index node) const noexcept { return NodeAt(node).item.Write(); }

  void MoveOut(Index node, std::optional<T>& to) {
    Room& item = ItemOf(node);
    to.emplace(std::move(*item));
    item.reset();
  }

  Word Top(Tag tag, Index node) const noexcept { return tag << std::bit_width(mask_) | node; }
  Index NodeOf(Word top) const noexcept { return static_cast<Index>(top & mask_); }
  Word SameTag(Word top) const noexcept { return top & ~mask_; }
  Word NextTag(Word top) const noexcept { return (top | mask_) + 1; }

  // Puts the nodes from `first` to `last`, each above the next, on top of a list.
  void Put(List& list, Index first, Index last) noexcept {
    BasicRaceBackoff<Platform> backoff;
    for (;; Pause(backoff)) {
      Word top = list.load(std::memory_order_relaxed);  // a guess, until the exchange
      // relaxed: whoever reads it takes it for something only if the top is still as it was.
      NodeAt(last).below.store(NodeOf(top), std::memory_order_relaxed);
      // (1) release: the item, what is below, or that the item is gone. Pairs with (2) and (3),
      // also by way of exchanges in between, as all changes of the top are.
      if (list.compare_exchange_strong(top, SameTag(top) | first, std::memory_order_release,
                                       std::memory_order_relaxed)) [[likely]]
        return;
    }
  }

  // Takes the top node from a list, or none.
  Index Take(List& list) noexcept {
    BasicRaceBackoff<Platform> backoff;
    for (;; Pause(backoff)) {
      // (2) acquire: pairs with (1).
      Word top = list.load(std::memory_order_acquire);
      const Index node = NodeOf(top);
      if (node == kNone) return kNone;
      // relaxed: if it is newer than the top, the tag is too, and the exchange fails.
      const Index below = NodeAt(node).below.load(std::memory_order_relaxed);
      if (list.compare_exchange_strong(top, NextTag(top) | below, std::memory_order_relaxed,
                                       std::memory_order_relaxed)) [[likely]]
        return node;
    }
  }

  // Takes all, each above the next. The top one, or none.
  Index TakeAll(List& list) noexcept {
    BasicRaceBackoff<Platform> backoff;
    for (;; Pause(backoff)) {
      // (3) acquire: pairs with (1).
      Word top = list.load(std::memory_order_acquire);
      if (NodeOf(top) == kNone) return kNone;
      if (list.compare_exchange_strong(top, NextTag(top), std::memory_order_relaxed,
                                       std::memory_order_relaxed)) {
        return NodeOf(top);
      }
    }
  }

  // A node without an item, or none.
  Index TakeFree() noexcept {
    const Index node = TakeFromPocket();
    return node != kNone ? node : TakeFromFree();
  }

  Index TakeFromPocket() noexcept {
    // (4) acquire: see TakeFromFree. Pairs with (5).
    if (pocket_.load(std::memory_order_acquire) == kNone) return kNone;
    // (5) acquire: the item is gone. Pairs with (6). release: pairs with (4).
    return pocket_.exchange(kNone, std::memory_order_acq_rel);
  }

  [[gnu::noinline]] Index TakeFromFree() noexcept {
    for (;;) {
      const Word seen = free_.load(std::memory_order_relaxed);
      if (const Index node = Take(free_); node != kNone) return node;
      if (const Index node = TakeFromPocket(); node != kNone) return node;
      // Nor was there one on the list when the pocket was found empty, if the list is still as it
      // was; its tag tells. By (4) that is not a view of the list older than the pocket's.
      if (free_.load(std::memory_order_relaxed) == seen) return kNone;
    }
  }

  void PutFree(Index node) noexcept {
    // relaxed: whether it is worth a try.
    if (pocket_.load(std::memory_order_relaxed) == kNone) {
      // (6) release: the item is gone. acquire: another one's is, whose node goes on the list.
      // Pairs with (5), and with itself.
      node = pocket_.exchange(node, std::memory_order_acq_rel);
      if (node == kNone) [[likely]]
        return;
    }
    PutOnFree(node);
  }

  [[gnu::noinline]] void PutOnFree(Index node) noexcept { Put(free_, node, node); }

  // Another thread was faster.
  [[gnu::noinline]] static void Pause(BasicRaceBackoff<Platform>& backoff) noexcept {
    backoff.Pause();
  }

  static std::size_t Checked(std::size_t capacity) {
    constexpr std::size_t kMost = std::numeric_limits<Index>::max() - 1;
    if (capacity > kMost) throw std::bad_alloc();
    return capacity == 0 ? 1 : capacity;
  }

  // Everybody reads these.
  alignas(Platform::kCacheLine) const PlatformArray<Node, Platform> nodes_;
  const Word mask_;  // of a node's number

  alignas(Platform::kCacheLine) List items_;
  // Nodes without an item: one, which an exchange takes or puts there, and the others. Where pushes
  // and pops alternate, that is faster than a list alone.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<Index> pocket_{kNone};
  List free_;
};

// What was on a stack, to be taken out one by one, the newest first. What is left at its end is
// destroyed. Its places, also those of items that were taken out, go back to the stack then, by
// one atomic operation.
template <class T, class Platform>
class LockFreeStack<T, Platform>::Chain {
 public:
  Chain(Chain&& other) noexcept
      : stack_(other.stack_),
        first_(std::exchange(other.first_, kNone)),
        last_(other.last_),
        next_(std::exchange(other.next_, kNone)) {}
  Chain& operator=(Chain&&) = delete;

  ~Chain() {
    if (first_ == kNone) return;
    while (next_ != kNone) {
      stack_.ItemOf(next_).reset();
      Step();
    }
    stack_.Put(stack_.free_, first_, last_);
  }

  bool IsEmpty() const noexcept { return next_ == kNone; }

  // Nothing if all have been taken. If T's move throws, the item is still the next.
  std::optional<T> TryPop() {
    std::optional<T> item;
    if (next_ != kNone) {
      stack_.MoveOut(next_, item);
      Step();
    }
    return item;
  }

 private:
  friend LockFreeStack;
  Chain(LockFreeStack& stack, Index first) noexcept : stack_(stack), first_(first), next_(first) {}

  void Step() noexcept {
    last_ = next_;
    next_ = stack_.NodeAt(last_).below.load(std::memory_order_relaxed);  // ours
  }

  LockFreeStack& stack_;
  Index first_;
  Index last_ = kNone;  // of those that hold no item any more
  Index next_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_LOCK_FREE_STACK_H_
