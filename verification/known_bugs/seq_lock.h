// seq_lock.h
// ----------
// Readers take two words as they are and look at a sequence number before and after.
//
//   kNoReadFence    the second look passes the reads of the words
//   kNoWriteFence   the words are written before the number says so
//
// Both were missing from CPython, https://github.com/python/cpython/pull/121388; why they
// are needed: Boehm, MSPC 2012, https://doi.org/10.1145/2247684.2247688
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_SEQ_LOCK_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_SEQ_LOCK_H_

#include <atomic>

#include "ashlar/verification/model/expectation.h"

namespace ashlar::known_bugs {

enum class SeqLockBug { kNone, kNoReadFence, kNoWriteFence };

template <class Platform, SeqLockBug kBug>
class SeqLock {
 public:
  void Write(int value) {
    const unsigned sequence = sequence_.load(std::memory_order_relaxed);
    sequence_.store(sequence + 1, std::memory_order_relaxed);
    if (kBug != SeqLockBug::kNoWriteFence) Platform::Fence(std::memory_order_release);
    first_.store(value, std::memory_order_relaxed);
    second_.store(value, std::memory_order_relaxed);
    sequence_.store(sequence + 2, std::memory_order_release);
  }
  // False if a writer was in between.
  bool Read(int* first, int* second) {
    const unsigned sequence = sequence_.load(std::memory_order_acquire);
    *first = first_.load(std::memory_order_relaxed);
    *second = second_.load(std::memory_order_relaxed);
    if (kBug != SeqLockBug::kNoReadFence) Platform::Fence(std::memory_order_acquire);
    return sequence % 2 == 0 && sequence_.load(std::memory_order_relaxed) == sequence;
  }

 private:
  typename Platform::template Atomic<unsigned> sequence_{0};
  typename Platform::template Atomic<int> first_{0};
  typename Platform::template Atomic<int> second_{0};
};

template <SeqLockBug kBug>
struct SeqLockPair {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 2;
    SeqLock<Platform, kBug> pair;

    void Thread(unsigned index) {
      int first = 0;
      int second = 0;
      if (index == 0) {
        pair.Write(1);
      } else if (pair.Read(&first, &second)) {
        verification::Expect(first == second);
      }
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_SEQ_LOCK_H_
