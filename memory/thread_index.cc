#include "ashlar/memory/thread_index.h"

#include <pthread.h>

#include <bit>
#include <cstddef>
#include <mutex>

#include "ashlar/base/check.h"

namespace ashlar {

// All under `mutex`.
struct ThreadExitHooks {
  static constexpr std::size_t kMost = 65536;

  std::mutex mutex;
  std::uint64_t taken[kMost / 64] = {};
  ThreadExitHook* first = nullptr;

  // Never destroyed: threads and pools may end after the statics.
  static ThreadExitHooks& Get() noexcept {
    static auto& hooks = *new ThreadExitHooks;
    return hooks;
  }

  std::uint32_t TakeLeast() noexcept {
    for (std::size_t word = 0; word < kMost / 64; ++word) {
      if (const int bit = std::countr_one(taken[word]); bit < 64) {
        taken[word] |= std::uint64_t{1} << bit;
        return static_cast<std::uint32_t>(word * 64 + static_cast<std::size_t>(bit));
      }
    }
    return kNoThreadIndex;
  }
  void GiveBack(std::uint32_t index) noexcept {
    taken[index / 64] &= ~(std::uint64_t{1} << index % 64);
  }
  void Tell(std::uint32_t index) noexcept {
    for (ThreadExitHook* hook = first; hook != nullptr; hook = hook->next_) {
      hook->OnThreadExit(index);
    }
  }
  void Add(ThreadExitHook* hook) noexcept {
    hook->next_ = first;
    if (first != nullptr) first->previous_ = hook;
    first = hook;
  }
  void Remove(ThreadExitHook* hook) noexcept {
    (hook->previous_ == nullptr ? first : hook->previous_->next_) = hook->next_;
    if (hook->next_ != nullptr) hook->next_->previous_ = hook->previous_;
  }
};

namespace internal_thread_index {
namespace {

// Runs after the destructors of all thread_locals. What other keys' destructors free later gets a
// number anew.
void Leave(void*) {
  ThreadExitHooks& hooks = ThreadExitHooks::Get();
  const std::lock_guard lock(hooks.mutex);
  hooks.Tell(index);
  hooks.GiveBack(index);
  index = kNoThreadIndex;
}

pthread_key_t MakeKey() {
  pthread_key_t key;
  ASHLAR_CHECK(pthread_key_create(&key, &Leave) == 0, "the process has too many pthread keys");
  return key;
}

}  // namespace

constinit thread_local std::uint32_t index = kNoThreadIndex;

std::uint32_t Join() noexcept {
  static const pthread_key_t key = MakeKey();
  ThreadExitHooks& hooks = ThreadExitHooks::Get();
  // Any value but null.
  if (pthread_setspecific(key, &hooks) != 0) return kNoThreadIndex;
  const std::lock_guard lock(hooks.mutex);
  index = hooks.TakeLeast();
  if (index == kNoThreadIndex) pthread_setspecific(key, nullptr);
  return index;
}

}  // namespace internal_thread_index

void ThreadExitHook::Register() noexcept {
  ThreadExitHooks& hooks = ThreadExitHooks::Get();
  const std::lock_guard lock(hooks.mutex);
  hooks.Add(this);
}

void ThreadExitHook::Unregister() noexcept {
  ThreadExitHooks& hooks = ThreadExitHooks::Get();
  const std::lock_guard lock(hooks.mutex);
  hooks.Remove(this);
}

}  // namespace ashlar
