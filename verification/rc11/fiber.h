// fiber.h
// -------
// Fiber: a function on a stack of its own, which runs when it is resumed and stops where
// it suspends itself.
//
// It can be started again at any time; what was on its stack is then forgotten, not
// unwound. A switch costs a few nanoseconds on x86-64, and two system calls elsewhere.
// Thread safety: none; a fiber is resumed by one thread at a time.
#ifndef ASHLAR_VERIFICATION_RC11_FIBER_H_
#define ASHLAR_VERIFICATION_RC11_FIBER_H_

#include <cstddef>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

namespace ashlar::verification::rc11 {

#if defined(__x86_64__)
// Stores the callee-saved registers on this stack, and takes those of the other.
extern "C" void AshlarSwitchStack(void** from, void* to);
#endif

class Fiber {
 public:
  static constexpr std::size_t kStackBytes = 256 * 1024;

  Fiber();
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // The next Resume() calls entry(argument), which must not return.
  void Start(void (*entry)(void*), void* argument);
  // Runs the fiber until it suspends itself.
  void Resume();
  // From inside, or from a signal's handler: goes back to where Resume() was called.
  void Suspend();

  // Whether an access of `address` is a sign that the stack is too small.
  bool IsBelowStack(const void* address) const;

 private:
  std::byte* memory_;  // a page that faults, and the stack
#if defined(__x86_64__)
  void* inside_ = nullptr;  // stack pointers of the one that does not run
  void* outside_ = nullptr;
#else
  static void Enter(unsigned high, unsigned low);
  void (*entry_)(void*) = nullptr;
  void* argument_ = nullptr;
  ucontext_t inside_;
  ucontext_t outside_;
#endif
};

#if defined(__x86_64__)
// Inline, since a return after a switch is one that the processor has foretold wrongly.
inline void Fiber::Resume() { AshlarSwitchStack(&outside_, inside_); }
inline void Fiber::Suspend() { AshlarSwitchStack(&inside_, outside_); }
#endif

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_FIBER_H_
