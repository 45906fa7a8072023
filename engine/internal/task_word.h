// TaskWord: the life of one submitted task, in one word.
//
//                 claim                finish
//     pending ------------> running ------------> completed | failed
//        |                  cancel
//        +--------------------------------------> cancelled
//
// A task is claimed by whoever gets to it first: the worker that took it from a queue,
// a thread that waits for it, or the one that cancels it; the others let go. The word
// also counts the parties that still hold the task (its queue, its handle, its waiters)
// and says who runs it, so that a waiting worker knows whom to help.
#ifndef ASHLAR_ENGINE_INTERNAL_TASK_WORD_H_
#define ASHLAR_ENGINE_INTERNAL_TASK_WORD_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>

#include "ashlar/concurrency/platform.h"

namespace ashlar::internal {

enum class TaskPhase : std::uint32_t { kPending, kRunning, kCompleted, kFailed, kCancelled };

template <class Platform = StdPlatform>
class TaskWord {
 public:
  // Who runs a task that no worker runs.
  static constexpr std::uint32_t kOutsider = 0xfff;
  static constexpr std::uint32_t kMaxWorkers = kOutsider;

  explicit TaskWord(std::uint32_t holders) : word_(holders * kOneHolder) {}

  // True if nobody but the caller holds the task. Nobody else can get at it then, and
  // the operations below need no atomic read-modify-write.
  bool SoleHolder() const {
    // Acquire: pairs with DropHolder; what the others did is visible.
    return word_.load(std::memory_order_acquire) / kOneHolder == 1;
  }

  // pending -> running. False if somebody else was first.
  bool TryClaim(std::uint32_t runner) { return Leave(TaskPhase::kRunning, runner); }
  // pending -> running as well: the caller clears the task away and then calls
  // Finish(kCancelled).
  bool TryCancel() { return Leave(TaskPhase::kRunning, kOutsider); }

  // running -> `phase`, after the result was stored; lets go of the caller's hold in
  // the same step. `waiters`: somebody may sleep on this task; see Wake.
  struct Finished {
    bool waiters;
    bool last;  // nobody holds the task any more
  };
  Finished Finish(TaskPhase phase) {
    if (SoleHolder()) {
      SetPhase(phase);
      return {.waiters = false, .last = true};
    }
    const std::uint32_t change =
        static_cast<std::uint32_t>(phase) - static_cast<std::uint32_t>(TaskPhase::kRunning);
    // Release: pairs with the acquire in phase(). Acquire: the last one to let go sees
    // what the others did.
    const std::uint32_t before = word_.fetch_add(change - kOneHolder, std::memory_order_acq_rel);
    return {(before & kWaiters) != 0, before / kOneHolder == 1};
  }

  // After Finish said that there are waiters. May touch the word of a task that is gone
  // already, so blocks are never returned to the system.
  void Wake() { Platform::WakeAll(word_); }

  // Acquire: pairs with Finish; a finished task's result is visible.
  TaskPhase phase() const { return PhaseOf(word_.load(std::memory_order_acquire)); }
  bool finished() const { return phase() > TaskPhase::kRunning; }

  // Who runs it, if somebody does.
  std::optional<std::uint32_t> runner() const {
    const std::uint32_t word = word_.load(std::memory_order_acquire);
    if (PhaseOf(word) != TaskPhase::kRunning) return std::nullopt;
    return word >> kRunnerShift & kRunnerMask;
  }

  void AddHolder() { word_.fetch_add(kOneHolder, std::memory_order_relaxed); }

  // True if the caller was the last holder.
  bool DropHolder() {
    if (SoleHolder()) return true;
    // Release: what this holder did happens before the last one clears away (acquire).
    return word_.fetch_sub(kOneHolder, std::memory_order_acq_rel) / kOneHolder == 1;
  }

  // Asks Finish to report waiters. False if the task has finished already.
  bool AnnounceWaiter() {
    return PhaseOf(word_.fetch_or(kWaiters, std::memory_order_acquire)) <= TaskPhase::kRunning;
  }

  // Sleeps until the word changes or the time is up; blocking. Returns at any time.
  // Shows the caller nothing: it looks at the phase again.
  void Sleep(std::optional<std::chrono::nanoseconds> timeout) {
    const std::uint32_t word = word_.load(std::memory_order_relaxed);
    if (PhaseOf(word) > TaskPhase::kRunning || (word & kWaiters) == 0) return;
    if (timeout.has_value()) {
      Platform::WaitFor(word_, word, *timeout);
    } else {
      Platform::Wait(word_, word);
    }
  }

 private:
  static constexpr std::uint32_t kPhaseMask = 7;
  static constexpr std::uint32_t kWaiters = 8;
  static constexpr int kRunnerShift = 4;
  static constexpr std::uint32_t kRunnerMask = 0xfff;
  static constexpr std::uint32_t kOneHolder = 1u << 16;

  // By the sole holder.
  void SetPhase(TaskPhase phase) {
    const std::uint32_t word = word_.load(std::memory_order_relaxed);
    word_.store((word & ~kPhaseMask) | static_cast<std::uint32_t>(phase),
                std::memory_order_relaxed);
  }

  static TaskPhase PhaseOf(std::uint32_t word) { return static_cast<TaskPhase>(word & kPhaseMask); }

  bool Leave(TaskPhase phase, std::uint32_t runner) {
    for (;;) {
      std::uint32_t word = word_.load(std::memory_order_acquire);  // as in SoleHolder
      if (PhaseOf(word) != TaskPhase::kPending) return false;
      const std::uint32_t next = word | static_cast<std::uint32_t>(phase) | runner << kRunnerShift;
      if (word / kOneHolder == 1) {
        word_.store(next, std::memory_order_relaxed);
        return true;
      }
      // Relaxed: the task's contents came with the queue, or with the handle.
      if (word_.compare_exchange_weak(word, next, std::memory_order_relaxed)) return true;
    }
  }

  typename Platform::template Atomic<std::uint32_t> word_;
};

}  // namespace ashlar::internal

#endif  // ASHLAR_ENGINE_INTERNAL_TASK_WORD_H_
