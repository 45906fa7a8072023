// thread_index.h
// --------------
// ThreadIndex(): the calling thread's number, small and its own while it lives.
//
//   Cache& cache = caches[ThreadIndex()];      // nobody else's until the thread ends
//
// When to use: state for each thread of an object that many threads use, without a thread_local for
// each object. When not: one state in the process, for which a thread_local does.
//
// Contract. A number is given at a thread's first call, the least that is free, so that numbers
// stay below the greatest count of threads that lived at once. It is free again after the
// destructors of all the thread's thread_locals: those may use it, even for the first time, as
// thread_epochs.h says of participants. What a thread did happens before what the next with its
// number does. Objects that keep state by number derive from ThreadExitHook, to be told in between.
//
// Thread safety: any. Progress: wait-free but for a thread's first call, which takes a lock.
// Errors: kNoThreadIndex if there is no memory, or there are 65536 threads; the next call tries
// again.
// Cost: a load from thread-local storage and a branch; a thread's first call and its end, about
// 0.1 us, and what the hooks take.
#ifndef ASHLAR_MEMORY_THREAD_INDEX_H_
#define ASHLAR_MEMORY_THREAD_INDEX_H_

#include <cstdint>

namespace ashlar {

inline constexpr std::uint32_t kNoThreadIndex = ~std::uint32_t{0};

namespace internal_thread_index {
extern constinit thread_local std::uint32_t index;
std::uint32_t Join() noexcept;
}  // namespace internal_thread_index

// The same if the thread has one already, else kNoThreadIndex.
inline std::uint32_t ThreadIndexIfAny() noexcept { return internal_thread_index::index; }

inline std::uint32_t ThreadIndex() noexcept {
  const std::uint32_t index = ThreadIndexIfAny();
  if (index != kNoThreadIndex) [[likely]]
    return index;
  return internal_thread_index::Join();
}

// Told when a thread with a number ends. Between Register and the return of Unregister; calls come
// one at a time, each from the thread that ends, and hold up other threads' begins and ends.
class ThreadExitHook {
 public:
  virtual void OnThreadExit(std::uint32_t index) noexcept = 0;

 protected:
  ~ThreadExitHook() = default;
  void Register() noexcept;
  void Unregister() noexcept;

 private:
  friend struct ThreadExitHooks;
  ThreadExitHook* next_ = nullptr;
  ThreadExitHook* previous_ = nullptr;
};

}  // namespace ashlar

#endif  // ASHLAR_MEMORY_THREAD_INDEX_H_
