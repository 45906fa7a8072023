// RootTask: the coroutine at the root of a chain of tasks. Nobody awaits it; it destroys itself
// when it ends. It must catch what it awaits, and not throw.
#ifndef ASHLAR_SCHEDULING_INTERNAL_ROOT_TASK_H_
#define ASHLAR_SCHEDULING_INTERNAL_ROOT_TASK_H_

#include <coroutine>
#include <exception>
#include <utility>

#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/internal/task_promise.h"
#include "ashlar/scheduling/internal/transfer.h"
#include "ashlar/scheduling/task.h"

namespace ashlar::internal {

class RootTask {
 public:
  class promise_type : public AwaitingPromise {
   public:
    RootTask get_return_object() noexcept { return RootTask(*this); }
    std::suspend_always initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }

   private:
    friend RootTask;
    TaskContext own_;
  };

  // One of both, once. The record, if there is one, must live until the end.
  void Start(CancellationToken token, TaskRecord* record = nullptr) && {
    promise_.own_.token = std::move(token);
    promise_.own_.record = record;
    std::move(*this).Start(promise_.own_);
  }
  // The context must live until the end.
  void Start(const TaskContext& context) && {
    promise_.context = &context;
    Resume(std::coroutine_handle<promise_type>::from_promise(promise_));
  }

 private:
  explicit RootTask(promise_type& promise) : promise_(promise) {}

  promise_type& promise_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_ROOT_TASK_H_
