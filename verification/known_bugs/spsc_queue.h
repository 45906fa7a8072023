// spsc_queue.h
// ------------
// A queue of one producer and one consumer who sleeps on an event count while it is empty.
//
// The producer signals by the event count's cheap operation, without a fence, in the
// belief that its release store of the item is one: the consumer sleeps before a queue that
// is not empty. An example of Relacy's, where it stands commented out:
//
//   https://github.com/dvyukov/relacy/blob/master/example/spsc_queue/spsc_queue.cpp
//
// and a benchmark of CDSChecker (Norris and Demsky, OOPSLA 2013).
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_SPSC_QUEUE_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_SPSC_QUEUE_H_

#include <atomic>

#include "ashlar/verification/known_bugs/event_count.h"
#include "ashlar/verification/model/expectation.h"

namespace ashlar::known_bugs {

enum class SpscBug { kNone, kSignalRelaxed };

template <class Platform, SpscBug kBug>
class SpscQueue {
 public:
  ~SpscQueue() { Platform::Destroy(first_); }  // when empty

  void Push(int value) {
    Node* const node = Platform::template Create<Node>();
    node->value.Write() = value;
    last_->next.store(node, std::memory_order_release);
    last_ = node;
    event_.Notify();
  }
  int Pop() {
    Node* next = nullptr;
    event_.Await([&] { return (next = first_->next.load(std::memory_order_acquire)) != nullptr; });
    Platform::Destroy(first_);
    first_ = next;
    return next->value.Read();
  }

 private:
  struct Node {
    typename Platform::template Var<int> value;
    typename Platform::template Atomic<Node*> next{nullptr};
  };

  // Before the first item there is an empty node.
  Node* first_ = Platform::template Create<Node>();
  Node* last_ = first_;
  EventCount<Platform,
             kBug == SpscBug::kSignalRelaxed ? EventCountBug::kNoNotifyFence : EventCountBug::kNone>
      event_;
};

template <SpscBug kBug>
struct SpscPass {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 2;
    SpscQueue<Platform, kBug> queue;

    void Thread(unsigned index) {
      if (index == 0) {
        queue.Push(1);
      } else {
        verification::Expect(queue.Pop() == 1);
      }
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_SPSC_QUEUE_H_
