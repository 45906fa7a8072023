#include "ashlar/verification/rc11/frontier.h"

#include <algorithm>
#include <utility>

namespace ashlar::verification::rc11 {
namespace {

// Pieces of work that lie ready for each worker.
constexpr int kReady = 4;

}  // namespace

Frontier::Frontier(const Options& options, int workers, std::deque<Work> work, const Result& before)
    : options_(options),
      executions_left_(options.max_executions),
      work_(std::move(work)),
      workers_(workers),
      executions_(before.executions),
      blocked_(before.blocked),
      next_progress_(start_ + options.progress_interval) {
  for (const Work& left : work_) share_ -= left.share;
  Changed();
}

bool Frontier::Take(Work* work) {
  std::unique_lock lock(mutex_);
  ++waiting_;
  // When all of them wait, nobody can add more.
  if (waiting_ == workers_) changed_.notify_all();
  changed_.wait(lock, [&] {
    return !work_.empty() || waiting_ == workers_ ||
           ending_.load(std::memory_order_relaxed) != kNot;
  });
  if (work_.empty() || ending_.load(std::memory_order_relaxed) != kNot) return false;
  --waiting_;
  *work = std::move(work_.front());
  work_.pop_front();
  Changed();
  return true;
}

void Frontier::Changed() {
  // Some pieces for each worker lie ready: to wait for one takes longer than a small one.
  const bool hungry = workers_ > 1 && static_cast<int>(work_.size()) < kReady * workers_;
  hungry_.store(hungry, std::memory_order_relaxed);
}

void Frontier::Add(Work work) {
  const std::lock_guard lock(mutex_);
  work_.push_back(std::move(work));
  Changed();
  changed_.notify_one();
}

void Frontier::End(Result::Status status) {
  const std::lock_guard lock(mutex_);
  if (status_ == Result::Status::kComplete) status_ = status;
  const bool saves = options_.checkpoint && status == Result::Status::kStopped;
  ending_.store(saves ? kSaving : kStopping, std::memory_order_relaxed);
  changed_.notify_all();
}

void Frontier::CountExecution() {
  // A worker may count one too many before it sees the end.
  if (options_.max_executions == Bounds().max_executions) return;
  if (executions_left_.fetch_sub(1, std::memory_order_relaxed) == 1) {
    End(Result::Status::kStopped);
  }
}

void Frontier::Explored(std::uint64_t executions, std::uint64_t blocked, double share) {
  const auto now = std::chrono::steady_clock::now();
  Progress progress;
  bool tell = false;
  {
    const std::lock_guard lock(mutex_);
    executions_ += executions;
    blocked_ += blocked;
    share_ = std::min(share_ + share, 1.0);
    if (hungry_.load(std::memory_order_relaxed)) {
      giving_depth_.fetch_add(1, std::memory_order_relaxed);
    }
    tell = options_.on_progress != nullptr && now >= next_progress_;
    if (tell) next_progress_ = now + options_.progress_interval;
    progress = {executions_, blocked_, share_, now - start_};
  }
  if (tell) {
    const std::lock_guard lock(callbacks_);
    options_.on_progress(progress);
  }
  if (now - start_ >= options_.max_time) End(Result::Status::kStopped);
}

}  // namespace ashlar::verification::rc11
