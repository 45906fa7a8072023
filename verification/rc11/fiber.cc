#include "ashlar/verification/rc11/fiber.h"

#include <sys/mman.h>

#include <cstdint>

#include "ashlar/base/check.h"

namespace ashlar::verification::rc11 {
namespace {

constexpr std::size_t kGuardBytes = 64 * 1024;  // a page on any machine

}  // namespace

Fiber::Fiber() {
  void* const memory = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASHLAR_CHECK(memory != MAP_FAILED, "no memory for a fiber's stack");
  ASHLAR_CHECK(mprotect(memory, kGuardBytes, PROT_NONE) == 0);
  memory_ = static_cast<std::byte*>(memory);
}

Fiber::~Fiber() { munmap(memory_, kGuardBytes + kStackBytes); }

bool Fiber::IsBelowStack(const void* address) const {
  const auto* const byte = static_cast<const std::byte*>(address);
  return byte >= memory_ && byte < memory_ + kGuardBytes;
}

#if defined(__x86_64__)

// Calls rbx(r12).
extern "C" void AshlarEnterFiber();
asm(R"(
.pushsection .text
.globl AshlarSwitchStack
.type AshlarSwitchStack, @function
AshlarSwitchStack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size AshlarSwitchStack, .-AshlarSwitchStack
.globl AshlarEnterFiber
.type AshlarEnterFiber, @function
AshlarEnterFiber:
  movq %r12, %rdi
  call *%rbx
  ud2
.size AshlarEnterFiber, .-AshlarEnterFiber
.popsection
)");

void Fiber::Start(void (*entry)(void*), void* argument) {
  // What AshlarSwitchStack pops: r15, r14, r13, r12, rbx, rbp, and where to return to,
  // after which the stack has to be aligned to 16 bytes.
  auto* const top = reinterpret_cast<std::uint64_t*>(memory_ + kGuardBytes + kStackBytes);
  std::uint64_t* const frame = top - 9;
  frame[3] = reinterpret_cast<std::uint64_t>(argument);
  frame[4] = reinterpret_cast<std::uint64_t>(entry);
  frame[5] = 0;
  frame[6] = reinterpret_cast<std::uint64_t>(&AshlarEnterFiber);
  frame[7] = 0;  // the end of the stack, for debuggers
  inside_ = frame;
}

#else

void Fiber::Enter(unsigned high, unsigned low) {
  auto* const fiber =
      reinterpret_cast<Fiber*>(static_cast<std::uintptr_t>(std::uint64_t{high} << 32 | low));
  fiber->entry_(fiber->argument_);
}

void Fiber::Start(void (*entry)(void*), void* argument) {
  entry_ = entry;
  argument_ = argument;
  ASHLAR_CHECK(getcontext(&inside_) == 0);
  inside_.uc_stack.ss_sp = memory_ + kGuardBytes;
  inside_.uc_stack.ss_size = kStackBytes;
  inside_.uc_link = nullptr;
  const auto self = static_cast<std::uint64_t>(reinterpret_cast<std::uintptr_t>(this));
  makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::Enter), 2,
              static_cast<unsigned>(self >> 32), static_cast<unsigned>(self));
}

void Fiber::Resume() { swapcontext(&outside_, &inside_); }

void Fiber::Suspend() { swapcontext(&inside_, &outside_); }

#endif

}  // namespace ashlar::verification::rc11
