#include "ashlar/verification/rc11/signal_trap.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <iterator>

#include "ashlar/base/check.h"

namespace ashlar::verification::rc11 {
namespace {

constexpr int kCrashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

struct sigaction old_actions[sizeof(kCrashes) / sizeof(kCrashes[0])];
thread_local SignalTrap* current = nullptr;

}  // namespace

const int SignalTrap::kTick = SIGVTALRM;

void SignalTrap::InstallHandlers() {
  struct sigaction action = {};
  action.sa_sigaction = &Handle;
  // The handler may never return, so nothing stays blocked.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
  for (std::size_t i = 0; i < std::size(kCrashes); ++i) {
    ASHLAR_CHECK(sigaction(kCrashes[i], &action, &old_actions[i]) == 0);
  }
  ASHLAR_CHECK(sigaction(kTick, &action, nullptr) == 0);
}

void SignalTrap::Handle(int signal, siginfo_t* info, void*) {
  if (current != nullptr) current->on_signal_(current->argument_, signal, info->si_addr);
  // What crashed crashes again when this returns, and then as it would have.
  for (std::size_t i = 0; i < std::size(kCrashes); ++i) {
    if (kCrashes[i] == signal) sigaction(signal, &old_actions[i], nullptr);
  }
}

SignalTrap::SignalTrap(OnSignal on_signal, void* argument)
    : on_signal_(on_signal),
      argument_(argument),
      outer_(current),
      stack_(new std::byte[kStackBytes]) {
  static const bool installed = (InstallHandlers(), true);
  ASHLAR_CHECK(installed);
  stack_t stack = {};
  stack.ss_sp = stack_;
  stack.ss_size = kStackBytes;
  ASHLAR_CHECK(sigaltstack(&stack, &old_stack_) == 0);
  current = this;

  sigevent event = {};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kTick;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  ASHLAR_CHECK(timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer_) == 0);
  itimerspec ticks = {};
  ticks.it_value.tv_nsec = ticks.it_interval.tv_nsec = 250'000'000;
  ASHLAR_CHECK(timer_settime(timer_, 0, &ticks, nullptr) == 0);
}

SignalTrap::~SignalTrap() {
  timer_delete(timer_);
  current = outer_;
  sigaltstack(&old_stack_, nullptr);
  delete[] stack_;
}

}  // namespace ashlar::verification::rc11
