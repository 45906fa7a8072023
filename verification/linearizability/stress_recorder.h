// stress_recorder.h
// -----------------
// StressRecorder: the history of real threads, with times.
//
//   StressRecorder<Queue<int>> recorder(/*threads=*/2, /*operations=*/100);
//   // in thread 1, for each operation:
//   recorder.Of(1).Call(Queue<int>::Pop());
//   std::optional<int> item = queue.TryPop();
//   recorder.Of(1).Return(Queue<int>::TookOrEmpty(item));
//   // when all threads are done:
//   auto verdict = CheckLinearizable(Queue<int>(), recorder.Take());
//
// Many short rounds that begin together find more than a long one: operations overlap at
// the beginning, and short histories are quickly checked and understood.
//
// What it does to the test: each operation costs two readings of the steady clock, some
// 50 ns, and nothing else. Each thread writes memory of its own, which was allocated and
// touched before. No thread waits for another or synchronises with it.
//
// What the times mean: an operation's loads lie between them. Its stores may become visible
// later than it returns, for as long as they wait in the processor's store buffer, and by
// these times such an operation came too late: a queue that publishes by a release store
// alone, correct by the C++ memory model, may be found empty after a push returned. Either
// the specification says so (WorkStealingDeque's steal_may_miss), or Returns::kVisible lets
// the recorder wait until all stores are visible, which hides what goes wrong
// because a store is late between two operations, though not within one.
//
// Thread safety: each Log belongs to one thread; all else when no thread runs.
// Errors: ASHLAR_CHECK, if a log is full, or calls and returns do not alternate.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_STRESS_RECORDER_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_STRESS_RECORDER_H_

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability {

enum class Returns {
  kAtOnce,
  kVisible,  // when what the operation stored is visible to all
};

namespace internal {

// Nanoseconds, the same clock for all threads. What follows BeforeCall() is not executed
// before it, what precedes AfterReturn() was.
Time BeforeCall();
Time AfterReturn(Returns returns);

}  // namespace internal

template <Specification S>
class StressRecorder {
 public:
  // What one thread does.
  class Log {
   public:
    void Call(typename S::Call call) {
      ASHLAR_CHECK(used_ < entries_.size(), "a log of a StressRecorder is full");
      ASHLAR_CHECK(!called_, "a call before the last one returned");
      called_ = true;
      Operation& operation = entries_[used_];
      operation.call = std::move(call);
      operation.called = internal::BeforeCall();
    }
    void Return(typename S::Result result) {
      const Time returned = internal::AfterReturn(returns_);
      ASHLAR_CHECK(called_, "a return without a call");
      called_ = false;
      Operation& operation = entries_[used_++];
      operation.returned = returned;
      operation.result = std::move(result);
    }

   private:
    friend class StressRecorder;
    using Operation = typename HistoryOf<S>::Operation;
    std::vector<Operation> entries_;
    std::size_t used_ = 0;
    bool called_ = false;
    Returns returns_ = Returns::kAtOnce;
  };

  // At most `operations` of each thread.
  StressRecorder(int threads, std::size_t operations, Returns returns = Returns::kAtOnce) {
    for (int thread = 0; thread < threads; ++thread) {
      Log& log = *logs_.emplace_back(std::make_unique<PaddedLog>());
      log.entries_.resize(operations);
      log.returns_ = returns;
    }
  }

  Log& Of(int thread) { return *logs_[thread]; }

  // The history so far; the next one begins empty. What was called and has not returned is
  // pending.
  HistoryOf<S> Take() {
    HistoryOf<S> history;
    history.threads = static_cast<int>(logs_.size());
    for (int thread = 0; thread < history.threads; ++thread) {
      Log& log = *logs_[thread];
      for (std::size_t i = 0; i < log.used_ + log.called_; ++i) {
        history.operations.push_back(log.entries_[i]);
        history.operations.back().thread = thread;
        if (i == log.used_) history.operations.back().result.reset();
      }
      log.used_ = 0;
      log.called_ = false;
    }
    return history;
  }

 private:
  // On cache lines of its own, so that logs do not slow each other down.
  struct alignas(128) PaddedLog : Log {};

  std::vector<std::unique_ptr<PaddedLog>> logs_;
};

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_STRESS_RECORDER_H_
