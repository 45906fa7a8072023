// Inbox: where tasks enter the scheduler from outside.
//
// Any thread pushes, one task or a chain of them, with one compare-and-swap; a worker
// takes everything there is with one atomic AND, so that reuse of nodes (ABA) cannot
// hurt. Closing is decided in the same word as pushing: after Close every Push fails
// and no task can slip in behind the last Take. Lock-free.
#ifndef ASHLAR_ENGINE_INTERNAL_INBOX_H_
#define ASHLAR_ENGINE_INTERNAL_INBOX_H_

#include <atomic>
#include <cstdint>

#include "ashlar/concurrency/platform.h"

namespace ashlar::internal {

// Node: has a member `Node* next`.
template <class Node, class Platform = StdPlatform>
class Inbox {
 public:
  Inbox() : head_(0) {}

  // Adds the chain first -> ... -> last, whose newest task is `first`. False if the
  // inbox is closed; the chain, which ends with `last`, is the caller's again then.
  bool Push(Node* first, Node* last) {
    std::uintptr_t head = head_.load(std::memory_order_relaxed);
    do {
      if ((head & kClosed) != 0) {
        last->next = nullptr;  // an earlier round may have linked it to others' tasks
        return false;
      }
      last->next = reinterpret_cast<Node*>(head);
      // Seq_cst: release pairs with the acquire in TakeAll, and the pusher goes on to
      // ask whether anybody is awake; see Empty.
    } while (!head_.compare_exchange_weak(head, reinterpret_cast<std::uintptr_t>(first),
                                          std::memory_order_seq_cst, std::memory_order_relaxed));
    return true;
  }

  // Puts a chain back that TakeAll took, also when the inbox is closed. Whoever goes on to
  // ask whether anybody is awake puts a seq_cst fence between.
  void Return(Node* first, Node* last) {
    std::uintptr_t head = head_.load(std::memory_order_relaxed);
    do {
      last->next = reinterpret_cast<Node*>(head & ~kClosed);
      // Release: pairs with the acquire in TakeAll.
    } while (!head_.compare_exchange_weak(
        head, reinterpret_cast<std::uintptr_t>(first) | (head & kClosed), std::memory_order_release,
        std::memory_order_relaxed));
  }

  // Takes all tasks: a chain, newest first, or null.
  Node* TakeAll() {
    if ((head_.load(std::memory_order_relaxed) & ~kClosed) == 0) return nullptr;
    // Acquire: pairs with Push; the tasks' contents are visible.
    return reinterpret_cast<Node*>(head_.fetch_and(kClosed, std::memory_order_acquire) & ~kClosed);
  }

  // Seq_cst: a worker that has announced its sleep and then finds the inbox empty is
  // seen by every later Push.
  bool Empty() const { return (head_.load(std::memory_order_seq_cst) & ~kClosed) == 0; }

  void Close() { head_.fetch_or(kClosed, std::memory_order_relaxed); }

  bool closed() const { return (head_.load(std::memory_order_relaxed) & kClosed) != 0; }

 private:
  static constexpr std::uintptr_t kClosed = 1;

  alignas(Platform::kCacheLine) typename Platform::template Atomic<std::uintptr_t> head_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_INBOX_H_
