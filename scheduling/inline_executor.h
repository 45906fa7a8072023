// inline_executor.h
// -----------------
// InlineExecutor: runs each function inside of the call that brings it.
//
//   InlineExecutor executor;
//   absl::Status status = executor.Post([] { std::puts("now"); });  // has run
//
// When to use: tests, programs of one thread, and continuations too short to be worth another
// thread. When not: where functions post others without end. Each runs on top of the one that
// posted it, and the stack grows with them.
//
// Contract: that of executor.h. Functions end before Post, PostAll and Submit return, so that
// Wait has nothing to wait for. Every thread is one of its own.
// Thread safety: everything from any thread; it has no state.
// Errors: InvalidArgument for a null function. What a function throws ends the program.
#ifndef ASHLAR_SCHEDULING_INLINE_EXECUTOR_H_
#define ASHLAR_SCHEDULING_INLINE_EXECUTOR_H_

#include <utility>

#include "absl/status/status.h"

namespace ashlar {

class InlineExecutor {
 public:
  // For who can save himself the detour of a Post.
  static constexpr bool kRunsInside = true;

  class [[nodiscard]] Handle {
   public:
    absl::Status Wait() { return std::exchange(status_, absl::OkStatus()); }

   private:
    friend InlineExecutor;
    explicit Handle(absl::Status status) : status_(std::move(status)) {}
    absl::Status status_;
  };

  template <class F>
  absl::Status Post(F&& f) noexcept {
    if (IsNull(f)) return NullFunction();
    std::forward<F>(f)();
    return absl::OkStatus();
  }

  template <class Range>
  absl::Status PostAll(Range&& range) noexcept {
    for (auto& f : range) {
      if (IsNull(f)) return NullFunction();
    }
    for (auto& f : range) f();
    return absl::OkStatus();
  }

  template <class F>
  Handle Submit(F&& f) noexcept {
    return Handle(Post(std::forward<F>(f)));
  }

  bool RunsOnThisThread() const noexcept { return true; }

 private:
  template <class F>
  static bool IsNull(const F& f) noexcept {
    if constexpr (requires { f == nullptr; }) {
      return f == nullptr;
    } else {
      return false;
    }
  }
  static absl::Status NullFunction() { return absl::InvalidArgumentError("the function is null"); }
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_INLINE_EXECUTOR_H_
