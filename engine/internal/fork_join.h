// ForkJoin: runs two functions, the second one perhaps on another worker.
//
// The forked half is an object on the caller's stack. If nobody steals it, forking
// costs a handful of plain stores and loads, and the caller runs it by its static type.
#ifndef ASHLAR_ENGINE_INTERNAL_FORK_JOIN_H_
#define ASHLAR_ENGINE_INTERNAL_FORK_JOIN_H_

#include <exception>
#include <functional>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

#include "ashlar/engine/internal/stack_job.h"
#include "ashlar/engine/internal/worker.h"

namespace ashlar::internal {

// What f() gives, by value; std::monostate for void.
template <class F>
using JoinPart = std::conditional_t<std::is_void_v<std::invoke_result_t<F&>>, std::monostate,
                                    std::decay_t<std::invoke_result_t<F&>>>;

template <class F>
inline constexpr bool kGivesVoid = std::is_void_v<std::invoke_result_t<F&>>;

template <class F>
JoinPart<F> CallForPart(F& f) {
  if constexpr (kGivesVoid<F>) {
    std::invoke(f);
    return {};
  } else {
    return std::invoke(f);
  }
}

// A forked `g`, with room for its outcome in case a thief runs it. The outcome is left
// uninitialized on the owner's path, which has no use for it.
template <class G>
class ForkedJob : public StackJob<> {
 public:
  explicit ForkedJob(G& g) : StackJob(&RunOnThief), g_(&g) {}

  ~ForkedJob() {}

  // After the thief is done: the result, or the exception.
  JoinPart<G> Take() {
    if (failed_) {
      std::exception_ptr error = std::move(error_);
      error_.~exception_ptr();
      std::rethrow_exception(std::move(error));
    }
    JoinPart<G> value = std::move(value_);
    value_.~JoinPart<G>();
    return value;
  }

  void Drop() noexcept {
    if (failed_) {
      error_.~exception_ptr();
    } else {
      value_.~JoinPart<G>();
    }
  }

 private:
  static void RunOnThief(StackJob<>* job) {
    auto* const self = static_cast<ForkedJob*>(job);
    try {
      ::new (&self->value_) JoinPart<G>(CallForPart(*self->g_));
      self->failed_ = false;
    } catch (...) {
      ::new (&self->error_) std::exception_ptr(std::current_exception());
      self->failed_ = true;
    }
    self->Finish();
  }

  G* const g_;
  bool failed_;
  // A union and no array of bytes: those make compilers guard the stack of each fork.
  union {
    JoinPart<G> value_;
    std::exception_ptr error_;
  };
};

// The two ways on which the forked half is not run by the owner in the normal way. They
// find the job in its place: a register that held it would cost every fork.
template <class Job>
[[gnu::noinline, gnu::cold]] auto JoinStolen(Worker& worker, Forks<>::Deque::Place* place) {
  Job& job = *static_cast<Job*>(place->Read());
  worker.Await(job);
  worker.forks().Release(place);
  return job.Take();
}

template <class Job>
[[gnu::noinline, gnu::cold]] void JoinAfterThrow(Worker& worker,
                                                 Forks<>::Deque::Place* place) noexcept {
  Job& job = *static_cast<Job*>(place->Read());
  if (worker.forks().Pop(place, [&worker] { worker.OnPublished(); })) return;
  worker.Await(job);
  worker.forks().Release(place);
  job.Drop();
}

// On `worker`'s own thread. If f throws, g is not run unless it was stolen, and in any
// case has ended; if both throw, f's exception goes on.
template <class F, class G>
[[gnu::always_inline]] inline std::pair<JoinPart<F>, JoinPart<G>> ForkJoin(Worker& worker, F& f,
                                                                           G& g) {
  using Job = ForkedJob<G>;
  Job job(g);
  const auto on_published = [&worker] { worker.OnPublished(); };
  Forks<>::Deque::Place* const place = worker.forks().Push(&job, on_published);
  if (place == nullptr) [[unlikely]] {  // as many forks are open as the deque holds
    JoinPart<F> first = CallForPart(f);
    return {std::move(first), CallForPart(g)};
  }
  JoinPart<F> first = [&] {
    try {
      return CallForPart(f);
    } catch (...) {
      JoinAfterThrow<Job>(worker, place);
      throw;
    }
  }();
  if (worker.forks().Pop(place, on_published)) [[likely]] {
    return {std::move(first), CallForPart(g)};
  }
  return {std::move(first), JoinStolen<Job>(worker, place)};
}

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_FORK_JOIN_H_
