#include "ashlar/scheduling/internal/task_record.h"

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/internal/task_promise.h"
#include "ashlar/scheduling/internal/task_tree.h"

namespace ashlar::internal {
namespace {

// Of those that await each other in one task.
constexpr std::size_t kMostPlaces = 32;

// Where tasks of ours await, such as WithScope's: nobody looks for that.
bool IsOurs(const TaskPromiseBase& task) {
  const std::string_view file = task.file;
  return file.ends_with("ashlar/scheduling/task.h") ||
         file.ends_with("ashlar/scheduling/async_scope.h");
}

std::string Place(const TaskPromiseBase& task) { return absl::StrCat(task.file, ":", task.line); }

std::string Spaces(std::size_t count) { return std::string(count, ' '); }

}  // namespace

void TaskRecord::Describe(std::string& text, std::size_t indent) {
  absl::StrAppend(&text, Spaces(indent), TaskTitle(index_, name_), ": ");
  {
    const std::lock_guard lock(mutex_);
    if (!has_begun_) {
      text += "pending\n";
    } else if (innermost_ == nullptr) {
      text += "running\n";
    } else {
      text += "suspended\n";
      DescribeWait(text, indent + 2);
    }
  }
  tree_.Describe(text, indent + 2);
}

void TaskRecord::DescribeWait(std::string& text, std::size_t indent) const {
  absl::StrAppend(&text, Spaces(indent), "waits");
  if (*what_ != '\0') absl::StrAppend(&text, " for ", what_);
  if (!IsOurs(*innermost_)) absl::StrAppend(&text, " at ", Place(*innermost_));
  text += "\n";
  std::size_t places = 0;
  // Down to the root, which has no link, and stands for the scope.
  for (const TaskLink* link = innermost_->link; link != nullptr && link->parent->link != nullptr;
       link = link->parent->link) {
    if (IsOurs(*link->parent) || ++places > kMostPlaces) continue;
    absl::StrAppend(&text, Spaces(indent), "awaited at ", Place(*link->parent), "\n");
  }
  if (places > kMostPlaces) {
    absl::StrAppend(&text, Spaces(indent), "and so on, ", places - kMostPlaces, " more\n");
  }
}

ScopeRecord::ScopeRecord(std::string name, CancellationToken token, TaskTree* place)
    : name_(std::move(name)), token_(std::move(token)), place_(place) {
  if (place_ != nullptr) place_->Add(*this);
}

ScopeRecord::~ScopeRecord() {
  if (place_ != nullptr) place_->Remove(*this);
}

std::unique_ptr<TaskRecord> ScopeRecord::NewTask(std::string_view name, bool has_begun) {
  // relaxed: a number of its own for each, nothing more.
  const std::size_t index = spawned_.fetch_add(1, std::memory_order_relaxed);
  return std::make_unique<TaskRecord>(tree_, index, name, has_begun);
}

void ScopeRecord::Describe(std::string& text, std::size_t indent) {
  absl::StrAppend(&text, Spaces(indent), Title("scope", name_), ": ",
                  token_.IsCancelled() ? "cancelled" : "open", ", ",
                  spawned_.load(std::memory_order_relaxed), " spawned\n");
  tree_.Describe(text, indent + 2);
}

}  // namespace ashlar::internal
