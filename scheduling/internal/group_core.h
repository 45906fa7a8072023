// GroupCore: a task group without its types: what task_group.h stands on.
//
// It is on the heap and counted, because an executor may run, or drop, a runner when the group is
// long over, and because who tells of the end does so while the group's scope may end. It keeps its
// parent's. All else of it is in use only between a TaskGroup's constructor and destructor.
#ifndef ASHLAR_SCHEDULING_INTERNAL_GROUP_CORE_H_
#define ASHLAR_SCHEDULING_INTERNAL_GROUP_CORE_H_

#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/group_state.h"
#include "ashlar/scheduling/internal/task_tree.h"

namespace ashlar {

// How a task of a group ended that failed.
struct TaskFailure {
  static constexpr std::size_t kGroup = ~std::size_t{0};

  std::size_t index = kGroup;    // of the task; kGroup: a group inside
  std::string name;              // of the task or group, if it has one
  absl::Status status;           // not OK; for an exception, what it says
  std::exception_ptr exception;  // what was thrown, or null
};

namespace internal {

class GroupCore;

// A task, its function and its result.
class GroupTask : public GroupState<>::Member {
 public:
  virtual ~GroupTask() = default;

  // Calls the function, and destroys it. May throw what it throws.
  virtual absl::Status Run(const CancellationToken& token) = 0;
  // Destroys the function of one that never ran.
  virtual void Drop() = 0;
  virtual std::string_view name() const { return {}; }
  // The result, if the type is that, and it has one.
  virtual void* result(const void* type) {
    (void)type;
    return nullptr;
  }

  absl::Status status;
  std::exception_ptr exception;
  bool is_taken = false;  // the result
};

// An executor without its type.
struct GroupExecutor {
  void* executor;
  bool runs_inside;  // of the call
  absl::Status (*post)(void* executor, GroupCore* core);
  absl::Status (*help)(void* executor, GroupCore* core);
  bool (*is_here)(const void* executor);
};

class GroupCore final : private TaskTree::Entry {
 public:
  struct Config {
    std::string name;
    std::size_t limit;
    bool cancel_on_error;
    bool keep_results;
    GroupCore* parent;
  };

  GroupCore(GroupExecutor executor, Config config);
  GroupCore(const GroupCore&) = delete;
  GroupCore& operator=(const GroupCore&) = delete;

  // The owner's last call. Everything has ended.
  void Close();

  CancellationSource& source() { return source_; }
  const CancellationToken& token() const { return token_; }
  GroupState<>& state() { return state_; }
  TaskTree& tree() { return tree_; }
  const Config& config() const { return config_; }

  // Takes the task, and gives its index; kRefused if it is not admitted, and then destroyed. No
  // std::optional, which g++ 12 returns by way of memory, byte by byte.
  static constexpr std::size_t kRefused = ~std::size_t{0};
  std::size_t Spawn(GroupTask* task);
  absl::Status Wait(absl::Duration timeout);
  Future<void> Join();
  // What has not begun never runs, and nothing is admitted any more.
  void Refuse();

  std::vector<TaskFailure> Failures();
  // visit(task), under a lock: it must not call the group. False if there is no such task, or it
  // has ended and was not kept.
  template <class Visit>
  bool VisitTask(std::size_t index, Visit&& visit) {
    if (has_ended_.load(std::memory_order_acquire)) {
      const std::lock_guard lock(mutex_);
      GroupTask* const task = FindEnded(index);
      if (task != nullptr) visit(*task);
      return task != nullptr;
    }
    bool found = false;
    state_.VisitMembers([&](GroupState<>::Member& member) {
      if (member.index() != index) return;
      found = true;
      visit(static_cast<GroupTask&>(member));
    });
    return found;
  }
  // Whether a parent waits for it.
  bool is_child() const { return is_child_; }
  bool has_ended() const { return has_ended_.load(std::memory_order_acquire); }

  void Describe(std::string& text, std::size_t indent) override;

  // A runner's, and a helper's.
  void RunRunner();
  void DropRunner();
  void Help();

 private:
  class Joining;

  ~GroupCore() = default;

  void Run(GroupState<>::Member* first);
  // Ends those that never ran.
  void EndAll(GroupState<>::Member* first, const absl::Status& status);
  void Fail(TaskFailure failure);
  bool IsCancelledResult(const absl::Status& status) const;
  // What who has joined is told, and the parent. Afterwards this may be no more.
  void Tell(GroupState<>::Joiner* joiners);
  void OnEnd();
  // Under the mutex.
  GroupTask* FindEnded(std::size_t index);
  absl::Status Outcome();
  void LetGo();

  const GroupExecutor executor_;
  const Config config_;
  CancellationSource source_;
  const CancellationToken token_ = source_.token();
  GroupState<> state_;
  TaskTree tree_;
  std::mutex mutex_;  // for what follows
  std::vector<TaskFailure> failures_;
  std::vector<GroupTask*> ended_;  // by index, when asked for
  std::atomic<bool> has_ended_{false};
  bool is_child_ = false;
};

// What an executor is given: runs a task of the group, or lets it know that it will not.
class GroupRunner {
 public:
  explicit GroupRunner(GroupCore* core) noexcept : core_(core) {}
  GroupRunner(GroupRunner&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}
  GroupRunner& operator=(GroupRunner&&) = delete;
  ~GroupRunner() {
    if (core_ != nullptr) core_->DropRunner();
  }
  void operator()() { std::exchange(core_, nullptr)->RunRunner(); }

 private:
  GroupCore* core_;
};

}  // namespace internal
}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_INTERNAL_GROUP_CORE_H_
