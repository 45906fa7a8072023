// manual_executor.h
// -----------------
// ManualExecutor: keeps what it is given until a test runs it, step by step.
//
//   ManualExecutor executor;
//   auto future = Async(executor, [] { return 42; });  // nothing has run
//   EXPECT_EQ(executor.pending(), 1);
//   executor.RunOne();                                 // on this thread
//
// When to use: tests of what is written against executors (executor.h), in which the order of
// things is the point. RunAt(i) runs them in any order, such as a random one. When not: as an
// executor of production; each function costs a lock and an allocation.
//
// Contract: that of executor.h. Its own threads are those inside of RunOne, RunAt and RunAll. A
// Wait, on whatever thread, runs its function on the spot if that has not begun, so that a test
// of one thread never hangs in one; if another thread is running it, it sleeps until the end. A
// Wait in a function for itself has no end.
// Refuse() lets it refuse everything from then on; what was accepted can be run as before.
// The destructor runs what is left, in order: what that refers to must live longer, or be run
// before by RunAll. No other thread may be in a call then.
//
// Thread safety: everything from any thread. Blocking.
// Errors: InvalidArgument for a null function, FailedPrecondition after Refuse(). What a function
// throws goes to whoever runs it: out of RunOne, RunAt, RunAll or Wait.
#ifndef ASHLAR_SCHEDULING_MANUAL_EXECUTOR_H_
#define ASHLAR_SCHEDULING_MANUAL_EXECUTOR_H_

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

namespace ashlar {

class ManualExecutor {
  struct Entry;

 public:
  // Of a submitted function, or of a refusal. May outlive neither the executor nor be waited for
  // by two threads at once.
  class [[nodiscard]] Handle {
   public:
    absl::Status Wait();

   private:
    friend ManualExecutor;
    Handle(ManualExecutor* executor, std::shared_ptr<Entry> entry, absl::Status status)
        : executor_(executor), entry_(std::move(entry)), status_(std::move(status)) {}

    ManualExecutor* executor_;
    std::shared_ptr<Entry> entry_;  // null if it was refused
    absl::Status status_;
  };

  ManualExecutor() = default;
  ~ManualExecutor() { RunAll(); }
  ManualExecutor(const ManualExecutor&) = delete;
  ManualExecutor& operator=(const ManualExecutor&) = delete;

  template <class F>
  absl::Status Post(F&& f) {
    return Add(Entries(1, NewEntry(std::forward<F>(f))));
  }

  template <class Range>
  absl::Status PostAll(Range&& range) {
    Entries entries;
    for (auto& f : range) entries.push_back(NewEntry(f));
    return Add(std::move(entries));
  }

  template <class F>
  Handle Submit(F&& f) {
    auto entry = NewEntry(std::forward<F>(f));
    absl::Status status = Add(Entries(1, entry));
    if (!status.ok()) entry = nullptr;
    return Handle(this, std::move(entry), std::move(status));
  }

  bool RunsOnThisThread() const { return running_here_ == this; }

  // How many have not begun.
  std::size_t pending() const;

  // Runs the oldest. False if there is none.
  bool RunOne() { return RunAt(0); }
  // Runs the one before which `index` others were posted of those that have not begun. False if
  // there is none.
  bool RunAt(std::size_t index);
  // Runs all, and those that they post, until there are none. How many it ran.
  std::size_t RunAll();

  // Nothing is accepted any more.
  void Refuse();

 private:
  using Function = absl::AnyInvocable<void()>;

  enum class State { kPending, kRunning, kEnded };
  struct Entry {
    Function function;
    State state = State::kPending;  // under the executor's mutex
  };
  using Entries = std::vector<std::shared_ptr<Entry>>;

  template <class F>
  static std::shared_ptr<Entry> NewEntry(F&& f) {
    auto entry = std::make_shared<Entry>();
    if constexpr (requires { f == nullptr; }) {
      if (f == nullptr) return entry;
    }
    entry->function = Function(std::forward<F>(f));
    return entry;
  }

  absl::Status Add(Entries entries);
  // One that has been taken out of the queue.
  void Run(Entry& entry);

  static inline thread_local const ManualExecutor* running_here_ = nullptr;

  mutable std::mutex mutex_;
  std::condition_variable ended_;
  std::deque<std::shared_ptr<Entry>> queue_;  // those that are pending
  bool refuses_ = false;
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_MANUAL_EXECUTOR_H_
