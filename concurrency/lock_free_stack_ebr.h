// lock_free_stack_ebr.h
// ---------------------
// LockFreeStackEbr: an unbounded stack, last in, first out, of any number of threads.
//
//   LockFreeStackEbr<Request> stack;
//   stack.Push(std::move(request));
//   while (std::optional<Request> next = stack.TryPop()) Serve(*next);
//
//   auto all = stack.PopAll();                     // one atomic operation for all items
//   while (std::optional<Request> next = all.TryPop()) Serve(*next);
//
// When to use: as lock_free_stack.h, where no bound is known. When not: a bound is known (that one
// allocates nothing); threads stay pinned in the stack's domain for long.
//
// Guarantees. Each call takes effect at one moment between its begin and its end: a pop takes the
// item that was pushed last of those that are there, PopAll takes all, each item comes out once,
// and a pop fails only if the stack is empty at that moment. What precedes a push happens before
// what follows the pop of its item.
//
// Parameters: T can be moved and destroyed, the latter without throwing. FencePolicy is that of
// the epochs (epoch_reclamation.h).
// Whose epochs: a stack belongs to a domain, which must outlive it, and its users' Participants
// are handed to those calls that need one. Without either it is in DefaultEpochs(), where each
// thread has a Participant by itself (thread_epochs.h).
// Thread safety: any member from any thread, but for the destructor; a Chain is one thread's at a
// time.
// Progress: lock-free, but for allocation and the epochs' deleters. After a lost race a call
// pauses (RaceBackoff), so that others get something done.
// Memory: a node for each item, two words more than it, from the platform. It is given back by
// way of the epochs; a Chain's nodes, at its end, all at once.
// Errors: Push throws std::bad_alloc and what T's constructors throw; nothing was pushed then.
// TryPop and PopAll throw std::bad_alloc if the epochs cannot begin a batch; nothing was popped
// then. If T's move throws in TryPop, the item is destroyed; in Chain::TryPop it is still the next.
// Checked in every build: a Participant of another domain.
// Cost: an allocation and a compare-exchange for a push; a pin, a compare-exchange and a Retire
// for a pop. Figures are in README.md.
//
// Source: R. K. Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986. A node
// cannot come back while somebody may still take it for the one that it was (ABA), since its
// memory is not used again before.
#ifndef ASHLAR_CONCURRENCY_LOCK_FREE_STACK_EBR_H_
#define ASHLAR_CONCURRENCY_LOCK_FREE_STACK_EBR_H_

#include <atomic>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/backoff.h"
#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/thread_epochs.h"

namespace ashlar {

template <class T, class Platform = StdPlatform, class FencePolicy = AsymmetricFencePolicy>
class LockFreeStackEbr {
  static_assert(std::is_object_v<T> && std::is_move_constructible_v<T>,
                "a pop moves the item out of the stack");
  static_assert(std::is_nothrow_destructible_v<T>);

 public:
  using Epochs = BasicEpochReclamation<Platform, FencePolicy>;
  using Participant = typename Epochs::Participant;
  class Chain;

  LockFreeStackEbr() requires HasThreadParticipant<Epochs> : LockFreeStackEbr(DefaultEpochs()) {}
  explicit LockFreeStackEbr(Epochs& epochs) noexcept : epochs_(epochs) {}

  // No other thread may use the stack any more. Destroys the items that are still in it.
  ~LockFreeStackEbr() {
    for (Node* node = top_.load(std::memory_order_relaxed); node != nullptr;) {
      node->item.Write().reset();
      Platform::Destroy(std::exchange(node, node->below.Read()));
    }
  }

  LockFreeStackEbr(const LockFreeStackEbr&) = delete;
  LockFreeStackEbr& operator=(const LockFreeStackEbr&) = delete;

  void Push(T&& item) { Emplace(std::move(item)); }
  void Push(const T& item) { Emplace(item); }

  // Makes the item in the stack.
  template <class... Arguments>
  void Emplace(Arguments&&... arguments) {
    Node* const node =
        Platform::template Create<Node>(std::in_place, std::forward<Arguments>(arguments)...);
    BasicRaceBackoff<Platform> backoff;
    for (;; backoff.Pause()) {
      Node* top = top_.load(std::memory_order_relaxed);  // a guess, until the exchange
      node->below.Write() = top;
      // (1) release: the node. Pairs with (2) and (3), also by way of exchanges in between, as all
      // changes of the top are.
      if (top_.compare_exchange_strong(top, node, std::memory_order_release,
                                       std::memory_order_relaxed)) [[likely]]
        return;
    }
  }

  // Nothing if the stack is empty.
  std::optional<T> TryPop(Participant& self) {
    std::optional<T> item;
    if (!Prepare(self)) return item;
    if (Node* const node = TakeTop(self)) {
      const Discard discard(self, node);
      item.emplace(std::move(*node->item.Write()));
    }
    return item;
  }
  std::optional<T> TryPop() requires HasThreadParticipant<Epochs> {
    return TryPop(ThreadParticipant());
  }

  // Takes all items that there are.
  Chain PopAll(Participant& self) {
    if (!Prepare(self)) return Chain(nullptr);
    // (3) acquire: pairs with (1).
    Node* const first = top_.exchange(nullptr, std::memory_order_acquire);
    // Others may still look at the nodes: they are freed when both that and the chain are over.
    self.Retire(first, FreeIfSecond());
    return Chain(first);
  }
  Chain PopAll() requires HasThreadParticipant<Epochs> { return PopAll(ThreadParticipant()); }

 private:
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
    template <class... Arguments>
    explicit Node(std::in_place_t, Arguments&&... arguments) {
      item.Write().emplace(std::forward<Arguments>(arguments)...);
    }

    typename Platform::template Var<Node*> below;  // does not change while others can find it
    typename Platform::template Var<Room> item;    // theirs who took the node
    // Of a chain's first node: either the chain is over, or nobody else looks at its nodes.
    typename Platform::template Atomic<bool> is_half_free{false};
  };

  // The end of a node that was popped, and of its item.
  class Discard {
   public:
    Discard(Participant& self, Node* node) : self_(self), node_(node) {}
    ~Discard() {
      node_->item.Write().reset();
      self_.Retire(node_);
    }
    Discard(const Discard&) = delete;

   private:
    Participant& self_;
    Node* const node_;
  };

  // Called twice for a chain's nodes, frees them the second time.
  struct FreeIfSecond {
    void operator()(Node* first) const noexcept {
      // (4) acquire, release: whoever frees them has seen what the other one did. Pairs with
      // itself.
      if (!first->is_half_free.exchange(true, std::memory_order_acq_rel)) return;
      while (first != nullptr) Platform::Destroy(std::exchange(first, first->below.Read()));
    }
  };

  // Whether there is anything to pop. Then `self` can retire it.
  bool Prepare(Participant& self) {
    ASHLAR_CHECK(self.IsOf(epochs_), "the stack is in another domain than the Participant");
    if (top_.load(std::memory_order_relaxed) == nullptr) return false;
    self.Reserve();
    return true;
  }

  // The top node, or null.
  Node* TakeTop(Participant& self) noexcept {
    const auto pin = self.Pin();
    BasicRaceBackoff<Platform> backoff;
    for (;; backoff.Pause()) {
      // (2) acquire: pairs with (1).
      Node* node = top_.load(std::memory_order_acquire);
      if (node == nullptr) return nullptr;
      Node* const below = node->below.Read();
      if (top_.compare_exchange_strong(node, below, std::memory_order_relaxed,
                                       std::memory_order_relaxed)) [[likely]]
        return node;
    }
  }

  Epochs& epochs_;
  alignas(Platform::kCacheLine) typename Platform::template Atomic<Node*> top_{nullptr};
};

// What was on a stack, to be taken out one by one, the newest first. What is left at its end is
// destroyed.
template <class T, class Platform, class FencePolicy>
class LockFreeStackEbr<T, Platform, FencePolicy>::Chain {
 public:
  Chain(Chain&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)), next_(std::exchange(other.next_, nullptr)) {}
  Chain& operator=(Chain&&) = delete;

  ~Chain() {
    for (; next_ != nullptr; next_ = next_->below.Read()) next_->item.Write().reset();
    if (first_ != nullptr) FreeIfSecond()(first_);
  }

  bool IsEmpty() const noexcept { return next_ == nullptr; }

  // Nothing if all have been taken.
  std::optional<T> TryPop() {
    std::optional<T> item;
    if (next_ != nullptr) {
      Room& room = next_->item.Write();
      item.emplace(std::move(*room));
      room.reset();
      next_ = next_->below.Read();
    }
    return item;
  }

 private:
  friend LockFreeStackEbr;
  explicit Chain(Node* first) noexcept : first_(first), next_(first) {}

  Node* first_;
  Node* next_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_LOCK_FREE_STACK_EBR_H_
