// frontier.h
// ----------
// Frontier: what an exploration has still to do, and how far it is; shared by its workers.
//
// Work is the path to a graph, with the share that what can grow from it has in the whole
// (1 is everything). Shares are guesses: each branch gets its part of what its node has. So
// what has been explored so far, divided by its share, estimates the whole (Kilby et al.,
// "Estimating Search Tree Size", AAAI 2006).
//
// A worker takes work, and gives branches of it back when others may soon have none: those
// that are not deep, which are large. How deep that is, it learns: deeper as long as there
// is too little to take, less deep when what was taken was small.
//
// Thread-safe.
#ifndef ASHLAR_VERIFICATION_RC11_FRONTIER_H_
#define ASHLAR_VERIFICATION_RC11_FRONTIER_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "ashlar/verification/rc11/options.h"
#include "ashlar/verification/rc11/path.h"

namespace ashlar::verification::rc11 {

struct Work {
  Path path;
  double share = 1;
  int depth = 0;  // how many branches lead to it
};

class Frontier {
 public:
  Frontier(const Options& options, int workers, std::deque<Work> work, const Result& before);

  // Waits for work. False if there is none any more.
  bool Take(Work* work);
  void Add(Work work);
  // Whether there is too little for other workers, and a branch at `depth` is for them.
  bool Wants(int depth) const {
    return hungry_.load(std::memory_order_relaxed) &&
           depth <= giving_depth_.load(std::memory_order_relaxed);
  }
  // What was taken was too small to be worth it.
  void TookLittle() { giving_depth_.fetch_sub(1, std::memory_order_relaxed); }

  // What ends an exploration early. If the rest is to be saved, workers go on, but give all
  // that they find back; otherwise they stop.
  void End(Result::Status status);
  bool Stopped() const { return ending_.load(std::memory_order_relaxed) == kStopping; }
  bool Saving() const { return ending_.load(std::memory_order_relaxed) == kSaving; }

  // What a worker has explored since it last said so. Looks at the clock.
  void Explored(std::uint64_t executions, std::uint64_t blocked, double share);
  // Counts one execution if their number is bounded.
  void CountExecution();

  // Held while a callback runs, if there are several workers.
  std::mutex& callbacks() { return callbacks_; }

  // When all workers are done: how it ended, and what is left.
  Result::Status status() const { return status_; }
  std::deque<Work> TakeRest() { return std::move(work_); }

 private:
  enum Ending { kNot, kSaving, kStopping };

  void Changed();

  const Options& options_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();

  // Relaxed: they only tell workers to look. What they look at is under the mutex.
  std::atomic<bool> hungry_{false};
  std::atomic<Ending> ending_{kNot};
  std::atomic<int> giving_depth_{0};
  std::atomic<std::uint64_t> executions_left_;

  std::mutex mutex_;  // of all below
  std::condition_variable changed_;
  std::deque<Work> work_;
  int workers_;
  int waiting_ = 0;
  Result::Status status_ = Result::Status::kComplete;
  std::uint64_t executions_;
  std::uint64_t blocked_;
  double share_ = 1;  // explored
  std::chrono::steady_clock::time_point next_progress_;

  std::mutex callbacks_;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_FRONTIER_H_
