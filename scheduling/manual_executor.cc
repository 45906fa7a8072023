#include "ashlar/scheduling/manual_executor.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"

namespace ashlar {

absl::Status ManualExecutor::Add(Entries entries) {
  for (const auto& entry : entries) {
    if (entry->function == nullptr) return absl::InvalidArgumentError("the function is null");
  }
  const std::lock_guard lock(mutex_);
  if (refuses_) return absl::FailedPreconditionError("the executor takes nothing any more");
  for (auto& entry : entries) queue_.push_back(std::move(entry));
  return absl::OkStatus();
}

void ManualExecutor::Run(Entry& entry) {
  const auto* const outer = std::exchange(running_here_, this);
  // Also if the function throws.
  const absl::Cleanup end = [&] {
    running_here_ = outer;
    entry.function = nullptr;
    const std::lock_guard lock(mutex_);
    entry.state = State::kEnded;
    ended_.notify_all();
  };
  entry.function();
}

std::size_t ManualExecutor::pending() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

bool ManualExecutor::RunAt(std::size_t index) {
  std::shared_ptr<Entry> entry;
  {
    const std::lock_guard lock(mutex_);
    if (index >= queue_.size()) return false;
    const auto place = queue_.begin() + static_cast<std::ptrdiff_t>(index);
    entry = std::move(*place);
    queue_.erase(place);
    entry->state = State::kRunning;
  }
  Run(*entry);
  return true;
}

std::size_t ManualExecutor::RunAll() {
  std::size_t count = 0;
  while (RunOne()) ++count;
  return count;
}

void ManualExecutor::Refuse() {
  const std::lock_guard lock(mutex_);
  refuses_ = true;
}

absl::Status ManualExecutor::Handle::Wait() {
  if (entry_ == nullptr) return status_;
  {
    std::unique_lock lock(executor_->mutex_);
    if (entry_->state != State::kPending) {
      executor_->ended_.wait(lock, [this] { return entry_->state == State::kEnded; });
      return absl::OkStatus();
    }
    auto& queue = executor_->queue_;
    queue.erase(std::find(queue.begin(), queue.end(), entry_));
    entry_->state = State::kRunning;
  }
  executor_->Run(*entry_);
  return absl::OkStatus();
}

}  // namespace ashlar
