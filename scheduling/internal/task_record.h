// TaskRecord, ScopeRecord: what DumpTasks knows of coroutine tasks, and of the scopes that they are
// in.
//
// A task that was spawned awaits others, which await others: a chain (task_promise.h), whose
// innermost task runs or waits. While it runs, nothing is recorded. When it comes to a wait it says
// so, and again when it goes on, each under the record's lock; in between nothing of the chain
// changes, and who has the lock may walk along it.
//
// Thread safety: any. Blocking: a task that goes on waits for a Describe of its record.
#ifndef ASHLAR_SCHEDULING_INTERNAL_TASK_RECORD_H_
#define ASHLAR_SCHEDULING_INTERNAL_TASK_RECORD_H_

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/internal/task_tree.h"

namespace ashlar::internal {

class TaskPromiseBase;

// Of a spawned task, from before it begins until after its end. It is in a tree while it lives.
class TaskRecord final : private TaskTree::Entry {
 public:
  // `has_begun`: unless its first wait is for an executor to begin it.
  TaskRecord(TaskTree& place, std::size_t index, std::string_view name, bool has_begun)
      : place_(place), index_(index), name_(name), has_begun_(has_begun) {
    place_.Add(*this);
  }
  ~TaskRecord() { place_.Remove(*this); }
  TaskRecord(const TaskRecord&) = delete;
  TaskRecord& operator=(const TaskRecord&) = delete;

  void Suspend(const TaskPromiseBase& innermost, const char* what) noexcept {
    const std::lock_guard lock(mutex_);
    innermost_ = &innermost;
    what_ = what;
  }
  void Resume() noexcept {
    const std::lock_guard lock(mutex_);
    innermost_ = nullptr;
    has_begun_ = true;
  }

  // Of the scopes that are open in the task.
  TaskTree& tree() { return tree_; }

 private:
  void Describe(std::string& text, std::size_t indent) override;
  // Under the lock.
  void DescribeWait(std::string& text, std::size_t indent) const;

  TaskTree& place_;
  const std::size_t index_;
  const std::string name_;
  TaskTree tree_;
  std::mutex mutex_;  // for what follows
  bool has_begun_;
  const TaskPromiseBase* innermost_ = nullptr;  // null: it runs
  const char* what_ = nullptr;                  // that one waits for
};

class ScopeRecord final : private TaskTree::Entry {
 public:
  // `place`: where it is shown, or null.
  ScopeRecord(std::string name, CancellationToken token, TaskTree* place);
  ~ScopeRecord();
  ScopeRecord(const ScopeRecord&) = delete;
  ScopeRecord& operator=(const ScopeRecord&) = delete;

  std::unique_ptr<TaskRecord> NewTask(std::string_view name, bool has_begun);

  void Describe(std::string& text, std::size_t indent) override;

 private:
  const std::string name_;
  const CancellationToken token_;
  TaskTree* const place_;
  TaskTree tree_;
  std::atomic<std::size_t> spawned_{0};
};

}  // namespace ashlar::internal

#endif  // ASHLAR_SCHEDULING_INTERNAL_TASK_RECORD_H_
