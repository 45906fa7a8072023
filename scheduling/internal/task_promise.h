// What tasks are made of, besides their values: who awaits whom, what they inherit, and how they
// end where they are suspended.
//
// A task that is awaited knows a TaskLink, which lies in the frame of who awaits it. The links
// make a chain from the innermost task, which waits or runs, to a root. A task that returns, or
// throws, goes over to who awaits it. One that fails with a Status, or is cancelled, goes over to
// the next in the chain that catches that: those in between stay suspended for good. The catcher
// destroys them, the innermost first, in a loop; their locals are destroyed as in a return.
//
// Each task notes where it awaits. A chain that has a record (task_record.h) is looked at by other
// threads while its innermost task waits.
#ifndef ASHLAR_SCHEDULING_INTERNAL_TASK_PROMISE_H_
#define ASHLAR_SCHEDULING_INTERNAL_TASK_PROMISE_H_

#include <coroutine>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/internal/frame_pool.h"
#include "ashlar/scheduling/internal/transfer.h"

namespace ashlar::internal {

class TaskPromiseBase;
class TaskRecord;

// What a task hands down to the tasks that it awaits.
struct TaskContext {
  CancellationToken token;
  TaskRecord* record = nullptr;  // if DumpTasks is to know of it
};

enum class Catches { kNothing, kErrors, kAll };

struct TaskLink {
  explicit TaskLink(std::coroutine_handle<> task, Catches what) : child(task), catches(what) {}
  TaskLink(const TaskLink&) = delete;
  TaskLink& operator=(const TaskLink&) = delete;
  ~TaskLink() {
    if (child) child.destroy();
  }

  std::coroutine_handle<> child;  // owned
  TaskPromiseBase* parent = nullptr;
  const Catches catches;
};

// One that catches something.
struct CatchingTaskLink : TaskLink {
  using TaskLink::TaskLink;

  // Ends those that will not go on, the innermost first.
  absl::Status Catch() noexcept;

  std::coroutine_handle<> awaiting;      // who goes on
  TaskPromiseBase* innermost = nullptr;  // null: the child came to its end
  absl::Status failure;
};

// Of every coroutine that awaits tasks.
class TaskPromiseBase {
 public:
  static void* operator new(std::size_t bytes) { return AllocateFrame(bytes); }
  static void operator delete(void* frame, std::size_t bytes) noexcept { FreeFrame(frame, bytes); }

  // What is set when it is awaited. Who goes on when it has ended is not looked up in the link: a
  // load less between the end of a task and that of who awaits it.
  std::coroutine_handle<> awaiting;
  TaskLink* link = nullptr;
  const TaskContext* context = nullptr;

  // Where in the source it awaits, or has last; nothing before. Two stores at each co_await,
  // recorded or not: to ask would cost as much.
  const char* file;
  unsigned line;
  void AwaitsAt(const char* in_file, unsigned at_line) noexcept {
    file = in_file;
    line = at_line;
  }

  // Around each wait, by what it waits with: before another thread may make it go on, and when it
  // goes on, before anything of the chain changes. `what` it waits for: a literal, may be empty.
  void Suspends(const char* what) const noexcept {
    if (context->record != nullptr) [[unlikely]]
      RecordSuspended(what);
  }
  void Resumes() const noexcept {
    if (context->record != nullptr) [[unlikely]]
      RecordResumed();
  }

  bool IsCancelled() const noexcept { return context->token.IsCancelled(); }

  // The task ends where it is suspended, or in its return statement: gives who goes on.
  std::coroutine_handle<> EndCancelled() noexcept { return End(context->token.status(), true); }
  std::coroutine_handle<> EndFailed(absl::Status failure) noexcept {
    const bool cancelled = absl::IsCancelled(failure);
    return End(std::move(failure), cancelled);
  }

 private:
  std::coroutine_handle<> End(absl::Status failure, bool cancelled) noexcept;
  void RecordSuspended(const char* what) const noexcept;
  void RecordResumed() const noexcept;
};

// A root has no link. It awaits with one that catches all.

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_TASK_PROMISE_H_
