// thread_epochs.h
// ---------------
// ThreadParticipant(): the calling thread's part in the domain that structures share.
//
//   LockFreeStackEbr<Task> tasks;                // in DefaultEpochs(), as it names no other
//   tasks.Push(task);                            // from any thread: nobody handles Participants
//
//   auto pin = ThreadParticipant().Pin();        // for structures of your own
//   Use(*head.load(std::memory_order_acquire));
//
// When to use: wherever a domain for each structure is not needed. When not: a pin is long, and
// would hold up what others have retired; the retired objects' destructors must have run at a
// moment that you choose. Give such structures a domain of their own, and its Participants.
//
// Contract. There is one domain in the process, made at its first use and never destroyed. A
// thread's participant is made when it first asks, and given back after the destructors of all its
// thread_locals: those may use it, even for the first time. The destructors of pthread keys may
// too; each use there after it was given back makes another, as often as pthread calls destructors
// again (4 times), after which the participant's record is lost. The main thread's stays until
// the process ends, for the destructors of statics. What is retired and not yet freed at that
// moment is not: its destructors do not run.
// The reference is the calling thread's, and good as long as the thread.
//
// Thread safety: any. Progress: wait-free but for a thread's first call.
// Errors: a thread's first call throws std::bad_alloc. Checked in every build: a pin that is
// there when the thread has ended.
// Limits: after fork() without exec the child has records of threads that it has not; had one a
// pin, nothing is freed any more. A shared object that Ashlar is linked into must not be unloaded
// while threads live that have called this.
// Cost: a load from thread-local storage and a branch. A thread's first call: a pthread key's
// value and, if there have never been so many threads, a record of two cache lines.
#ifndef ASHLAR_CONCURRENCY_THREAD_EPOCHS_H_
#define ASHLAR_CONCURRENCY_THREAD_EPOCHS_H_

#include <concepts>
#include <cstddef>

#include "ashlar/concurrency/epoch_reclamation.h"

namespace ashlar {

// The domain of the structures that were given no other.
EpochReclamation& DefaultEpochs();

// Four times the usual: its structures' nodes are small, and the heavy fence of a batch interrupts
// all threads. Two that push and pop at a stack at once spend 98 instead of 168 ns on a pair, and
// 126 with half as many; one thread is as fast with either.
inline constexpr std::size_t kDefaultEpochsBatch = 512;

// Whether a structure in such epochs may do without a domain and Participants that are given to
// it. Checkers' threads are fibers, which have no thread-local storage.
template <class Epochs>
concept HasThreadParticipant = std::same_as<Epochs, EpochReclamation>;

namespace internal_thread_epochs {
extern constinit thread_local EpochReclamation::Participant* participant;
EpochReclamation::Participant& Join();
}  // namespace internal_thread_epochs

inline EpochReclamation::Participant& ThreadParticipant() {
  if (auto* const joined = internal_thread_epochs::participant) [[likely]]
    return *joined;
  return internal_thread_epochs::Join();
}

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_THREAD_EPOCHS_H_
