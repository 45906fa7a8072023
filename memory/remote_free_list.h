// remote_free_list.h
// ------------------
// RemoteFreeList: free blocks on their way back to the heap that they came from. Any thread pushes
// a chain of them, any thread takes all that there are.
//
//   struct Block : RemoteFreeList<>::Link { ... };
//   list.Push(first, last);                                // one compare-exchange for all of them
//   for (auto* block = list.TakeAll(); block != nullptr; block = list.Next(block)) ...
//
// When to use: memory that one thread freed and another will hand out again (block_pool.h). When
// not: a single item is wanted (lock_free_stack.h).
//
// Contract. Each block comes out once. What precedes a push happens before what follows the TakeAll
// that returns its blocks: its Link may be overwritten, the block be used. Of two chains the one
// that was pushed last comes first; a chain keeps its sequence.
// A push whose guess of the top was taken and came back meanwhile does no harm (ABA): nobody takes
// single blocks.
//
// Thread safety: any member from any thread. Progress: a push is lock-free, a take wait-free.
// Errors: none. Cost: a compare-exchange a chain, and one exchange to take, none if it is empty.
//
// Source: the list of remote frees of P. Liétar et al., "snmalloc: a message passing allocator",
// ISMM 2019, with a stack in place of the queue: who takes wants all, in any sequence.
#ifndef ASHLAR_MEMORY_REMOTE_FREE_LIST_H_
#define ASHLAR_MEMORY_REMOTE_FREE_LIST_H_

#include <atomic>

#include "ashlar/concurrency/platform.h"

namespace ashlar {

template <class Platform = StdPlatform>
class RemoteFreeList {
 public:
  // What a block begins with while it is on its way.
  class Link {
   public:
    Link() = default;

   private:
    friend RemoteFreeList;
    typename Platform::template Var<Link*> next_{nullptr};
  };

  // Makes `second` the one after `first`, in a chain that is about to be pushed.
  static void Join(Link* first, Link* second) noexcept { first->next_.Write() = second; }

  // The one after a link that was taken, or null.
  static Link* Next(const Link* link) noexcept { return link->next_.Read(); }

  // Pushes the chain from `first` to `last`.
  void Push(Link* first, Link* last) noexcept {
    Link* top = top_.load(std::memory_order_relaxed);  // a guess, until the exchange
    do {
      last->next_.Write() = top;
      // (1) release: the blocks and the links. Pairs with (2), also by way of other pushes in
      // between, as all changes are exchanges.
    } while (!top_.compare_exchange_weak(top, first, std::memory_order_release,
                                         std::memory_order_relaxed));
  }

  // All that there are, or null.
  Link* TakeAll() noexcept {
    // relaxed: whether it is worth an exchange.
    if (top_.load(std::memory_order_relaxed) == nullptr) return nullptr;
    // (2) acquire: pairs with (1).
    return top_.exchange(nullptr, std::memory_order_acquire);
  }

 private:
  typename Platform::template Atomic<Link*> top_{nullptr};
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_REMOTE_FREE_LIST_H_
