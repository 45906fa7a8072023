#include "ashlar/concurrency/asymmetric_fence.h"

#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace ashlar::internal_asymmetric_fence {
namespace {

int Membarrier(int command) { return static_cast<int>(syscall(SYS_membarrier, command, 0, 0)); }

bool Register() {
  const int commands = Membarrier(MEMBARRIER_CMD_QUERY);
  return commands > 0 && (commands & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
         Membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) == 0;
}

}  // namespace

const bool kHasMembarrier = Register();

void HeavyFence() noexcept {
  if (!kHasMembarrier || Membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0) FullFence();
}

}  // namespace ashlar::internal_asymmetric_fence
