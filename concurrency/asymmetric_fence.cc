#include "ashlar/concurrency/asymmetric_fence.h"

#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "ashlar/base/check.h"

namespace ashlar::internal_asymmetric_fence {

constinit std::atomic<bool> light_is_free{false};

namespace {

long Membarrier(int command) { return syscall(SYS_membarrier, command, 0, 0); }

bool Register() {
  const long commands = Membarrier(MEMBARRIER_CMD_QUERY);
  if (commands < 0 || (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) == 0) return false;
  if (Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) != 0) return false;
  light_is_free.store(true, std::memory_order_relaxed);
  return true;
}

// Asked once, by the initialiser below or by a heavy fence that runs before it. The
// answer never changes, and light_is_free is set only while it is found to be true: if
// one light fence ever is free, every heavy fence, earlier ones as well, is a membarrier.
bool IsRegistered() {
  static const bool registered = Register();
  return registered;
}

// So that light fences are free from main() on.
[[maybe_unused]] const bool kRegisteredAtStart = IsRegistered();

}  // namespace

void HeavyFence() noexcept {
  if (!IsRegistered()) return FullFence();
  while (Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) {
    // No fence of ours could stand in now: light fences are free already.
    ASHLAR_CHECK(errno == ENOMEM,
                 "membarrier(2) worked when the process started and fails now; a filter on "
                 "system calls must allow it or be in place before");
    sched_yield();
  }
}

}  // namespace ashlar::internal_asymmetric_fence
