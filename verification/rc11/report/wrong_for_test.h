// wrong_for_test.h
// ----------------
// Small programs with an error each, for reports to explain. The reports have the numbers
// of the lines.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_WRONG_FOR_TEST_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_WRONG_FOR_TEST_H_

#include <atomic>
#include <cstdint>
#include <optional>

#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/platform/rc11_mutex.h"
#include "ashlar/verification/platform/rc11_platform.h"

namespace ashlar::verification {

template <class T, class Platform>
class Mailbox {
 public:
  bool TryPut(T value) {
    if (full_.load(std::memory_order_acquire)) return false;
    value_.Write() = value;
    full_.store(true, std::memory_order_relaxed);  // should be release
    return true;
  }
  std::optional<T> TryTake() {
    if (!full_.load(std::memory_order_acquire)) return std::nullopt;
    const T value = value_.Read();
    full_.store(false, std::memory_order_release);
    return value;
  }

 private:
  typename Platform::template Var<T> value_;
  typename Platform::template Atomic<bool> full_{false};
};

struct OneLetter {
  static constexpr int kThreads = 2;
  Mailbox<int, Rc11Platform> mailbox;

  void Thread(unsigned index) {
    if (index == 0) {
      mailbox.TryPut(1);
    } else {
      mailbox.TryTake();
    }
  }
};

// A queue lock: Mellor-Crummey and Scott, 1991.
template <class Platform>
class QueueLock {
 public:
  struct Node {
    typename Platform::template Atomic<Node*> next{nullptr};
    typename Platform::template Atomic<bool> locked{false};
  };

  void Lock(Node& me) {
    me.next.store(nullptr, std::memory_order_relaxed);
    me.locked.store(true, std::memory_order_relaxed);
    Node* const previous = tail_.exchange(&me, std::memory_order_acq_rel);
    if (previous == nullptr) return;
    previous->next.store(&me, std::memory_order_relaxed);  // should be release
    while (me.locked.load(std::memory_order_acquire)) Platform::SpinWait();
  }
  void Unlock(Node& me) {
    Node* next = me.next.load(std::memory_order_acquire);
    if (next == nullptr) {
      Node* expected = &me;
      if (tail_.compare_exchange_strong(expected, nullptr, std::memory_order_release,
                                        std::memory_order_relaxed)) {
        return;
      }
      while ((next = me.next.load(std::memory_order_acquire)) == nullptr) Platform::SpinWait();
    }
    next->locked.store(false, std::memory_order_release);
  }

 private:
  typename Platform::template Atomic<Node*> tail_{nullptr};
};

struct TwoQueue {
  static constexpr int kThreads = 2;
  using Lock = QueueLock<Rc11Platform>;
  Lock lock;
  Lock::Node nodes[2];

  TwoQueue() { Rc11Name(nodes, "nodes"); }
  void Thread(unsigned index) {
    lock.Lock(nodes[index]);
    lock.Unlock(nodes[index]);
  }
};

// A work-stealing deque: Le, Pop, Cohen, Zappa Nardelli, 2013, with room for four items.
template <class Platform>
class StealingDeque {
 public:
  void Push(int item) {
    const int bottom = bottom_.load(std::memory_order_relaxed);
    items_[bottom % 4].store(item, std::memory_order_relaxed);
    Platform::Fence(std::memory_order_release);
    bottom_.store(bottom + 1, std::memory_order_relaxed);
  }
  int Pop() {
    const int bottom = bottom_.load(std::memory_order_relaxed) - 1;
    bottom_.store(bottom, std::memory_order_relaxed);
    // Here should be a seq_cst fence.
    int top = top_.load(std::memory_order_relaxed);
    int item = 0;
    if (top <= bottom) {
      item = items_[bottom % 4].load(std::memory_order_relaxed);
      if (top != bottom) return item;
      if (!top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                        std::memory_order_relaxed)) {
        item = 0;
      }
    }
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return item;
  }
  int Steal() {
    int top = top_.load(std::memory_order_acquire);
    Platform::Fence(std::memory_order_seq_cst);
    const int bottom = bottom_.load(std::memory_order_acquire);
    if (top >= bottom) return 0;
    const int item = items_[top % 4].load(std::memory_order_relaxed);
    const bool won = top_.compare_exchange_strong(top, top + 1, std::memory_order_seq_cst,
                                                  std::memory_order_relaxed);
    return won ? item : 0;
  }

 private:
  typename Platform::template Atomic<int> top_{0};
  typename Platform::template Atomic<int> bottom_{0};
  typename Platform::template Atomic<int> items_[4];
};

struct TwoItems {
  static constexpr int kThreads = 2;
  StealingDeque<Rc11Platform> deque;
  int popped[2] = {};
  int stolen[2] = {};

  void Thread(unsigned index) {
    if (index == 0) {
      deque.Push(1);
      deque.Push(2);
      for (int& item : popped) item = deque.Pop();
    } else {
      for (int& item : stolen) item = deque.Steal();
    }
  }
  void After() {
    int times[3] = {};
    for (const int item : popped) ++times[item];
    for (const int item : stolen) ++times[item];
    Expect(times[1] == 1 && times[2] == 1);
  }
};

// An error that no memory order has to do with.
struct LostUpdate {
  static constexpr int kThreads = 2;
  Rc11Platform::Atomic<int> count{0};

  void Thread(unsigned) { count.store(count.load() + 1); }
  void After() { Expect(count.load() == 2); }
};

// Wakes the other thread, and only then writes what that waits for.
struct EarlyWakeUp {
  static constexpr int kThreads = 2;
  Rc11Platform::Atomic<std::uint32_t> ready{0};

  void Thread(unsigned index) {
    if (index == 0) {
      Rc11Platform::WakeAll(ready);
      ready.store(1, std::memory_order_release);
    } else {
      while (ready.load(std::memory_order_acquire) == 0) Rc11Platform::Wait(ready, 0);
    }
  }
};

// Two locks in two orders.
struct Crossed {
  static constexpr int kThreads = 2;
  Rc11Mutex left;
  Rc11Mutex right;

  void Thread(unsigned index) {
    if (index == 0) {
      left.lock();
      right.lock();
    } else {
      right.lock();
      left.lock();
    }
    left.unlock();
    right.unlock();
  }
};

struct Note {
  Rc11Platform::Var<int> text{1};
};

// Reads a note that the other thread may have thrown away.
struct ReadsTooLate {
  static constexpr int kThreads = 2;
  Rc11Platform::Atomic<Note*> note{Rc11Platform::Create<Note>()};

  void Thread(unsigned index) {
    if (index == 0) {
      Rc11Platform::Destroy(note.exchange(nullptr, std::memory_order_acquire));
    } else if (Note* const read = note.load(std::memory_order_acquire)) {
      read->text.Read();
    }
  }
};

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_WRONG_FOR_TEST_H_
