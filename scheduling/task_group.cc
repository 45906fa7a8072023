#include "ashlar/scheduling/task_group.h"

#include <chrono>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/group_core.h"
#include "ashlar/scheduling/internal/group_state.h"
#include "ashlar/scheduling/internal/task_tree.h"

namespace ashlar {
namespace internal {
namespace {

// What is being handled, as a status.
absl::Status StatusOfException(std::size_t index, std::string_view name) {
  const std::string title = TaskTitle(index, name);
  try {
    throw;
  } catch (const std::exception& exception) {
    return absl::UnknownError(absl::StrCat(title, " threw: ", exception.what()));
  } catch (...) {
    return absl::UnknownError(absl::StrCat(title, " threw what is no std::exception"));
  }
}

}  // namespace

// Tells by a promise.
class GroupCore::Joining : public GroupState<>::Joiner {
 public:
  explicit Joining(const CancellationSource& source) : promise(source) {}
  Promise<void> promise;
};

GroupCore::GroupCore(GroupExecutor executor, Config config)
    : executor_(executor), config_(std::move(config)), state_(config_.limit) {
  if (config_.parent == nullptr) return;
  is_child_ = config_.parent->state_.AddChild();
  config_.parent->state_.Refer();
  config_.parent->tree_.Add(*this);
}

void GroupCore::Close() {
  for (GroupState<>::Member* member = state_.TakeKept(); member != nullptr;) {
    auto* const task = static_cast<GroupTask*>(member);
    member = member->next();
    delete task;
  }
  if (config_.parent != nullptr) config_.parent->tree_.Remove(*this);
  LetGo();
}

void GroupCore::LetGo() {
  if (!state_.Release()) return;
  GroupCore* const parent = config_.parent;
  delete this;
  if (parent != nullptr) parent->LetGo();
}

std::size_t GroupCore::Spawn(GroupTask* task) {
  using Admission = GroupState<>::Admission;
  const Admission admission = executor_.runs_inside ? state_.AddRunning(*task) : state_.Add(*task);
  switch (admission.kind) {
    case Admission::kRefused:
      delete task;
      return kRefused;
    case Admission::kQueued:
      break;
    case Admission::kRuns:
      Run(task);
      break;
    case Admission::kNeedsRunner:
      if (absl::Status status = executor_.post(executor_.executor, this); !status.ok()) [[unlikely]]
        Fail({admission.index, "", std::move(status), nullptr});
      break;
  }
  return admission.index;
}

void GroupCore::RunRunner() {
  Run(state_.BeginRunner());
  LetGo();
}

void GroupCore::DropRunner() {
  EndAll(state_.DropRunner(), absl::CancelledError("the executor has not run it"));
  LetGo();
}

void GroupCore::Help() {
  while (GroupState<>::Member* const member = state_.Begin()) Run(member);
}

void GroupCore::Run(GroupState<>::Member* member) {
  while (member != nullptr) {
    auto& task = static_cast<GroupTask&>(*member);
    try {
      task.status = task.Run(token_);
    } catch (...) {
      task.exception = std::current_exception();
      task.status = StatusOfException(task.index(), task.name());
    }
    MemberState how = MemberState::kCompleted;
    if (!task.status.ok()) [[unlikely]] {
      if (task.exception == nullptr && IsCancelledResult(task.status)) {
        how = MemberState::kCancelled;
      } else {
        how = MemberState::kFailed;
        Fail({task.index(), std::string(task.name()), task.status, task.exception});
      }
    }
    const bool keep = config_.keep_results;
    const GroupState<>::Due due = state_.End(task, how, keep);
    member = due.member;
    if (!keep) delete &task;
    if (due.joiners != nullptr) [[unlikely]]
      return Tell(due.joiners);
  }
}

void GroupCore::EndAll(GroupState<>::Member* member, const absl::Status& status) {
  while (member != nullptr) {
    auto& task = static_cast<GroupTask&>(*member);
    member = member->next();
    task.Drop();
    task.status = status;
    const bool keep = config_.keep_results;
    const GroupState<>::Due due = state_.End(task, MemberState::kCancelled, keep);
    if (!keep) delete &task;
    if (due.joiners != nullptr) return Tell(due.joiners);
  }
}

bool GroupCore::IsCancelledResult(const absl::Status& status) const {
  return absl::IsCancelled(status) || (absl::IsDeadlineExceeded(status) &&
                                       token_.reason() == CancellationReason::kDeadlineExceeded);
}

void GroupCore::Fail(TaskFailure failure) {
  {
    const std::lock_guard lock(mutex_);
    failures_.push_back(std::move(failure));
  }
  if (config_.cancel_on_error) source_.Cancel();
}

void GroupCore::Refuse() {
  EndAll(state_.Refuse(), absl::CancelledError("cancelled before it began"));
}

std::vector<TaskFailure> GroupCore::Failures() {
  const std::lock_guard lock(mutex_);
  return failures_;
}

absl::Status GroupCore::Wait(absl::Duration timeout) {
  const bool may_block = timeout > absl::ZeroDuration();
  const bool is_here = executor_.is_here(executor_.executor);
  const bool helps = is_here && may_block;
  const bool has_deadline = timeout != absl::InfiniteDuration();
  bool executor_helps = !is_here && !has_deadline;  // which nothing bounds
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    if (executor_helps && state_.MayHelp()) {
      executor_helps = executor_.help(executor_.executor, this).ok();
    }
    const GroupState<>::View view = state_.Look(helps);
    if (view.ended) {
      absl::Status outcome = Outcome();
      if (view.first) OnEnd();
      return outcome;
    }
    if (view.member != nullptr) {
      Run(view.member);
    } else if (!has_deadline) {
      state_.Sleep(view.ticket, helps);
    } else {
      const auto past = std::chrono::steady_clock::now() - begin;
      const absl::Duration left = timeout - absl::FromChrono(past);
      if (!state_.Sleep(view.ticket, helps, absl::ToChronoNanoseconds(left))) {
        return absl::DeadlineExceededError(
            absl::StrCat(Title("group", config_.name), " has not ended"));
      }
    }
  }
}

Future<void> GroupCore::Join() {
  auto joining = std::make_unique<Joining>(source_);
  Future<void> future = joining->promise.GetFuture();
  const GroupState<>::View view = state_.Join(*joining);
  if (!view.ended) {
    (void)joining.release();  // Tell's
  } else {
    absl::Status outcome = Outcome();
    if (view.first) OnEnd();
    joining->promise.SetOutcome(std::move(outcome));
  }
  return future;
}

void GroupCore::Tell(GroupState<>::Joiner* joiners) {
  const absl::Status outcome = Outcome();
  OnEnd();
  // Any of them may end the scope of the group.
  while (joiners != nullptr) {
    const std::unique_ptr<Joining> joining(static_cast<Joining*>(joiners));
    joiners = joining->next();
    joining->promise.SetOutcome(outcome);
  }
}

void GroupCore::OnEnd() {
  has_ended_.store(true, std::memory_order_release);
  if (!is_child_) return;
  GroupCore& parent = *config_.parent;
  if (std::vector<TaskFailure> failures = Failures(); !failures.empty()) {
    parent.Fail({TaskFailure::kGroup, config_.name, Outcome(), failures[0].exception});
  }
  if (GroupState<>::Joiner* const joiners = parent.state_.EndChild()) parent.Tell(joiners);
}

absl::Status GroupCore::Outcome() {
  {
    const std::lock_guard lock(mutex_);
    if (failures_.size() == 1) return failures_[0].status;
    if (failures_.size() > 1) {
      const absl::Status& first = failures_[0].status;
      return absl::Status(first.code(), absl::StrCat(first.message(), " (and ",
                                                     failures_.size() - 1, " more failed)"));
    }
  }
  const MemberCounts counts = state_.Counts();
  if (counts.cancelled + counts.refused == 0) return absl::OkStatus();
  if (token_.IsCancelled()) return token_.status();
  return absl::CancelledError(
      absl::StrCat(counts.cancelled + counts.refused, " of the tasks were cancelled"));
}

GroupTask* GroupCore::FindEnded(std::size_t index) {
  if (ended_.empty()) {
    state_.VisitMembers([this](GroupState<>::Member& member) {
      if (member.index() >= ended_.size()) ended_.resize(member.index() + 1);
      ended_[member.index()] = static_cast<GroupTask*>(&member);
    });
  }
  return index < ended_.size() ? ended_[index] : nullptr;
}

void GroupCore::Describe(std::string& text, std::size_t indent) {
  const MemberCounts counts = state_.Counts();
  const char* const state = has_ended_.load(std::memory_order_acquire) ? "ended"
                            : token_.IsCancelled()                     ? "cancelled"
                                                                       : "open";
  absl::StrAppend(&text, std::string(indent, ' '), Title("group", config_.name), ": ", state, ", ",
                  counts.pending, " pending, ", counts.running, " running, ", counts.completed,
                  " completed, ", counts.failed, " failed, ", counts.cancelled, " cancelled\n");
  state_.VisitMembers([&](GroupState<>::Member& member) {
    const char* const how = member.state() == MemberState::kPending   ? "pending"
                            : member.state() == MemberState::kRunning ? "running"
                                                                      : nullptr;
    if (how == nullptr) return;
    auto& task = static_cast<GroupTask&>(member);
    absl::StrAppend(&text, std::string(indent + 2, ' '), TaskTitle(task.index(), task.name()), ": ",
                    how, "\n");
  });
  tree_.Describe(text, indent + 2);
}

}  // namespace internal

TaskGroup::TaskGroup(internal::GroupExecutor executor, TaskGroupConfig config)
    : core_(new internal::GroupCore(
          executor, {.name = std::move(config.name),
                     .limit = config.max_concurrency == 0 ? internal::GroupState<>::kUnlimited
                                                          : config.max_concurrency,
                     .cancel_on_error = config.cancel_on_error,
                     .keep_results = config.keep_results,
                     .parent = config.parent != nullptr ? config.parent->core_ : nullptr})),
      exceptions_(std::uncaught_exceptions()) {
  ASHLAR_CHECK(config.timers != nullptr || config.timeout == absl::InfiniteDuration(),
               "a timeout needs timers");
  refuse_.emplace(core_->token(), RefuseAll{core_});
  if (config.parent != nullptr) {
    if (!core_->is_child()) Cancel();  // it has ended
    parent_.emplace(config.parent->token(), CancelSource{core_->source()});
  }
  if (config.token.CanBeCancelled()) token_.emplace(config.token, CancelSource{core_->source()});
  if (config.timeout != absl::InfiniteDuration()) {
    deadline_.emplace(*config.timers, core_->source(), config.timeout);
  }
}

TaskGroup::~TaskGroup() {
  if (!core_->has_ended()) {
    if (std::uncaught_exceptions() > exceptions_) Cancel();
    (void)Wait();
  }
  // Who cancels comes first, so that nothing uses the core afterwards.
  deadline_.reset();
  token_.reset();
  parent_.reset();
  refuse_.reset();
  core_->Close();
}

std::optional<GroupTaskState> TaskGroup::state(std::size_t index) const {
  std::optional<GroupTaskState> state;
  core_->VisitTask(index, [&](internal::GroupTask& task) { state = task.state(); });
  return state;
}

absl::Status TaskGroup::status(std::size_t index) const {
  absl::Status status = absl::NotFoundError(absl::StrCat("there is no task ", index));
  core_->VisitTask(index, [&](internal::GroupTask& task) {
    const bool has_ended =
        task.state() != GroupTaskState::kPending && task.state() != GroupTaskState::kRunning;
    status = has_ended ? task.status
                       : absl::FailedPreconditionError(
                             absl::StrCat("task ", index, " has not ended: wait for the group"));
  });
  return status;
}

absl::Status TaskGroup::FindResult(std::size_t index, const void* type, void** result) const {
  if (absl::Status status = this->status(index); !status.ok()) {
    std::exception_ptr exception;
    core_->VisitTask(index, [&](internal::GroupTask& task) { exception = task.exception; });
    if (exception != nullptr) std::rethrow_exception(exception);
    return status;
  }
  core_->VisitTask(index, [&](internal::GroupTask& task) {
    *result = task.result(type);
    ASHLAR_CHECK(*result != nullptr, "the task returns another type");
    ASHLAR_CHECK(!std::exchange(task.is_taken, true), "the result was taken before");
  });
  return absl::OkStatus();
}

std::string DumpTasks(const TaskGroup& group) {
  std::string text;
  group.core_->Describe(text, 0);
  return text;
}

}  // namespace ashlar
