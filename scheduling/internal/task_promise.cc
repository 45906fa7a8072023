#include "ashlar/scheduling/internal/task_promise.h"

#include <coroutine>
#include <utility>

#include "absl/status/status.h"
#include "ashlar/scheduling/internal/task_record.h"

namespace ashlar::internal {

absl::Status CatchingTaskLink::Catch() noexcept {
  TaskPromiseBase* task = std::exchange(innermost, nullptr);
  for (bool last = false; !last;) {
    TaskLink* const link = task->link;
    last = link == this;
    task = link->parent;
    std::exchange(link->child, nullptr).destroy();
  }
  return std::move(failure);
}

std::coroutine_handle<> TaskPromiseBase::End(absl::Status failure, bool cancelled) noexcept {
  const Catches needed = cancelled ? Catches::kAll : Catches::kErrors;
  TaskLink* catcher = link;
  while (catcher->catches < needed) catcher = catcher->parent->link;
  auto& catching = static_cast<CatchingTaskLink&>(*catcher);
  catching.innermost = this;
  catching.failure = std::move(failure);
  return catching.awaiting;
}

void TaskPromiseBase::RecordSuspended(const char* what) const noexcept {
  context->record->Suspend(*this, what);
}
void TaskPromiseBase::RecordResumed() const noexcept { context->record->Resume(); }

}  // namespace ashlar::internal
