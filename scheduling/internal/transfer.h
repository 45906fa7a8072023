// Resume, Go: how one coroutine goes over to another without the stack growing.
//
//   Transfer await_suspend(std::coroutine_handle<> me) { return Go(other); }
//
// Where the compiler turns that into a jump, this is symmetric transfer and nothing more. g++
// without optimisation calls instead, and a loop of a million awaits overflows the stack: there
// the coroutine returns to a loop, which resumes the next one. (At -O1 and -Og g++ calls as well,
// but cannot be told apart from -O2, where it jumps.)
#ifndef ASHLAR_SCHEDULING_INTERNAL_TRANSFER_H_
#define ASHLAR_SCHEDULING_INTERNAL_TRANSFER_H_

#include <coroutine>
#include <utility>

namespace ashlar::internal {

#if defined(__clang__) || defined(__OPTIMIZE__)

using Transfer = std::coroutine_handle<>;

[[nodiscard]] inline Transfer Go(std::coroutine_handle<> to) noexcept { return to; }
[[nodiscard]] inline Transfer GoNowhere() noexcept { return std::noop_coroutine(); }
inline void Resume(std::coroutine_handle<> coroutine) { coroutine.resume(); }

#else

using Transfer = void;

// Of this thread: whether it is in a loop, and which coroutine that is to resume next.
struct TransferLoop {
  bool runs = false;
  std::coroutine_handle<> next;
};
inline thread_local constinit TransferLoop transfer_loop;

inline void Resume(std::coroutine_handle<> coroutine) {
  const TransferLoop outer = std::exchange(transfer_loop, TransferLoop{true, coroutine});
  while (transfer_loop.next) std::exchange(transfer_loop.next, nullptr).resume();
  transfer_loop = outer;
}
// In a loop that somebody else's resume() is in between of, which may have gone somewhere before:
// then there is a loop for this one alone.
inline void Go(std::coroutine_handle<> to) {
  if (!transfer_loop.runs || transfer_loop.next) return Resume(to);
  transfer_loop.next = to;
}
inline void GoNowhere() noexcept {}

#endif

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_TRANSFER_H_
