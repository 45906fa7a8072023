// signal_trap.h
// -------------
// SignalTrap: what would end the process, or never ends, comes to a function instead.
//
//   SignalTrap trap(&OnSignal, argument);   // for the thread that makes it, while it lives
//
// OnSignal is called in a signal's handler, on a stack of its own, for a crash (SIGSEGV,
// SIGBUS, SIGFPE, SIGILL, SIGABRT) and for each quarter of a second of CPU time that the thread
// spends (kTick). It may leave that stack for another one and never return. If it returns, a
// crash takes its course.
#ifndef ASHLAR_VERIFICATION_RC11_SIGNAL_TRAP_H_
#define ASHLAR_VERIFICATION_RC11_SIGNAL_TRAP_H_

#include <signal.h>
#include <time.h>

#include <cstddef>

namespace ashlar::verification::rc11 {

class SignalTrap {
 public:
  // `address`: what was accessed, of a SIGSEGV or SIGBUS.
  using OnSignal = void (*)(void* argument, int signal, const void* address);
  static const int kTick;

  SignalTrap(OnSignal on_signal, void* argument);
  ~SignalTrap();
  SignalTrap(const SignalTrap&) = delete;
  SignalTrap& operator=(const SignalTrap&) = delete;

 private:
  static constexpr std::size_t kStackBytes = 64 * 1024;

  static void InstallHandlers();
  static void Handle(int signal, siginfo_t* info, void* context);

  const OnSignal on_signal_;
  void* const argument_;
  SignalTrap* const outer_;  // of the same thread
  std::byte* const stack_;
  stack_t old_stack_;
  timer_t timer_;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_SIGNAL_TRAP_H_
