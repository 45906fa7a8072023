#include "ashlar/concurrency/platform.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

namespace ashlar {
namespace {

long Futex(const std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* timeout) noexcept {
  static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
  return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, timeout, nullptr, 0);
}

}  // namespace

void StdPlatform::Yield() noexcept { sched_yield(); }

void StdPlatform::Wait(const Atomic<std::uint32_t>& word, std::uint32_t expected) noexcept {
  Futex(word, FUTEX_WAIT, expected, nullptr);
}

bool StdPlatform::WaitFor(const Atomic<std::uint32_t>& word, std::uint32_t expected,
                          std::chrono::nanoseconds timeout) noexcept {
  if (timeout <= std::chrono::nanoseconds::zero()) return false;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
  timespec relative;
  relative.tv_sec = static_cast<time_t>(seconds.count());
  relative.tv_nsec = static_cast<long>((timeout - seconds).count());
  return Futex(word, FUTEX_WAIT, expected, &relative) == 0 || errno != ETIMEDOUT;
}

void StdPlatform::WakeOne(const Atomic<std::uint32_t>& word) noexcept {
  Futex(word, FUTEX_WAKE, 1, nullptr);
}

void StdPlatform::WakeAll(const Atomic<std::uint32_t>& word) noexcept {
  Futex(word, FUTEX_WAKE, INT_MAX, nullptr);
}

}  // namespace ashlar
