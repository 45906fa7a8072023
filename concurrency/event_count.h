// event_count.h
// -------------
// EventCount: a thread sleeps until a condition that others make true without a lock.
//
// It adds sleeping to a lock-free structure as a condition variable adds it to a
// mutex, and leaves the structure's fast path alone: a notification that nobody waits
// for is one fence and one load.
//
//   waiter                                     notifier
//     auto key = events.PrepareWait();           queue.Push(task);
//     if (queue.MayHaveWork()) {                 events.NotifyOne();
//       events.CancelWait();
//     } else {
//       events.CommitWait(key);
//     }
//
// Contract. A waiter that prepares, then finds its condition false, then commits, is
// woken by a notification that follows the moment when the condition became true; no
// wake-up is lost. Each PrepareWait is followed by exactly one CancelWait or Commit....
// A commit may also return for no reason, or by a notification meant for another
// waiter: look at the condition again, in a loop.
// Of several waiters NotifyOne wakes at least one that prepared before it (each call
// another one while they sleep), NotifyAll all of them. While all have been notified who
// wait, one more does nothing: their next look comes after it. What precedes a notification
// happens before the PrepareWait that sees it: for a waiter that it woke, the next one.
//
// When to use: many checks of a condition, few sleeps. When not: under a mutex, where
// std::condition_variable costs the same; for one-shot results, where a plain futex
// word does.
//
// Parameters: FencePolicy (fence_policy.h) says who pays for the ordering. With
// AsymmetricFencePolicy a notification without waiters costs 1 ns and less, and each
// PrepareWait a membarrier. SeqCstAccessPolicy (below) is as cheap on both sides, where the
// condition is looked at and changed by seq_cst accesses.
// Thread safety: everything from any thread; the commit from the thread that prepared.
// Progress: system calls aside, PrepareWait and a notification that finds nobody to notify
// are wait-free, CancelWait and other notifications lock-free; commits block. A notifier that
// is stopped before its system call holds up those that take its waiter for notified.
// Cost: a notification without waiters is a fence and a load, 6.5 ns on a 2.8 GHz Ice
// Lake, and so it is while all who wait have been notified and only have not run yet; else it
// is a system call. Prepare and cancel are two locked instructions, 20 ns.
// Bound: the epoch has 32 bits. A waiter that is stopped between PrepareWait and its
// commit, while exactly a multiple of 2^32 notifications to waiters passes (many minutes
// of nothing else), sleeps until the next one.
// Source: D. Vyukov's event count; the epoch is a futex word as in folly's.
#ifndef ASHLAR_CONCURRENCY_EVENT_COUNT_H_
#define ASHLAR_CONCURRENCY_EVENT_COUNT_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <type_traits>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/platform.h"

namespace ashlar {

// No fence on either side, and a notification without waiters is a load. Only for conditions
// that become true by a seq_cst store or read-modify-write of the notifier, and that the waiter
// looks at, after PrepareWait, by a seq_cst access: those and the event count's are in one order.
struct SeqCstAccessPolicy {};

template <class Platform = StdPlatform, class FencePolicy = FullFencePolicy>
class BasicEventCount {
 public:
  // What PrepareWait saw. Good for one commit.
  class Key {
    friend class BasicEventCount;
    explicit Key(std::uint32_t epoch) : epoch_(epoch) {}
    std::uint32_t epoch_;
  };

  // `first_epoch` is for tests of its wrap-around.
  explicit BasicEventCount(std::uint32_t first_epoch = 0) : epoch_(first_epoch) {}
  BasicEventCount(const BasicEventCount&) = delete;
  BasicEventCount& operator=(const BasicEventCount&) = delete;

  // Announces that this thread is about to sleep. Look at the condition after it.
  [[nodiscard]] Key PrepareWait() noexcept {
    // (1) acquire: before the announcement, or a notifier who takes us for notified might be in
    // the key already, and would not wake us. And its condition must be seen. Pairs with (2).
    const Key key(epoch_.load(std::memory_order_acquire));
    counts_.fetch_add(kWaiter, kAccess);
    // Between announcing and the caller's look at its condition: pairs with Notify's fence.
    if constexpr (kFenced) FencePolicy::template ColdAfterRmw<Platform>();
    return key;
  }

  // The condition was true after all: no sleep.
  void CancelWait() noexcept { Leave(); }

  // Sleeps until notified. Returns at once if a notification came since `key`.
  void CommitWait(Key key) noexcept {
    if (!NotifiedSince(key)) Platform::Wait(epoch_, key.epoch_);
    Leave();
  }

  // The same, for at most `timeout`. False if the time passed without a notification.
  // A timeout of zero or less does not block; one beyond the clock's range has no end.
  bool CommitWaitFor(Key key, std::chrono::nanoseconds timeout) noexcept {
    bool notified = NotifiedSince(key);
    if (!notified) {
      const bool in_time = Platform::WaitFor(epoch_, key.epoch_, timeout);
      notified = NotifiedSince(key) || in_time;
    }
    Leave();
    return notified;
  }

  bool CommitWaitUntil(Key key, std::chrono::steady_clock::time_point deadline) noexcept {
    const auto now = Platform::Now();
    return CommitWaitFor(key, deadline > now ? deadline - now : std::chrono::nanoseconds::zero());
  }

  // Call after the condition was made true.
  void NotifyOne() noexcept {
    const auto one_more = [](std::uint64_t counts) { return counts + kNotified; };
    if (Notify(one_more)) Platform::WakeOne(epoch_);
  }
  void NotifyAll() noexcept {
    const auto all = [](std::uint64_t counts) { return Waiters(counts) * (kWaiter + kNotified); };
    if (Notify(all)) Platform::WakeAll(epoch_);
  }

  // A hint without ordering: whether somebody is preparing or sleeping.
  bool HasWaiters() const noexcept { return Waiters(counts_.load(std::memory_order_relaxed)) != 0; }

 private:
  static constexpr bool kFenced = !std::is_same_v<FencePolicy, SeqCstAccessPolicy>;
  static constexpr std::memory_order kAccess =
      kFenced ? std::memory_order_relaxed : std::memory_order_seq_cst;

  bool NotifiedSince(Key key) const noexcept {
    // relaxed: a commit may return for no reason, so nobody can rely on what it saw, and
    // the next PrepareWait acquires it.
    return epoch_.load(std::memory_order_relaxed) != key.epoch_;
  }

  // In one word, how many have announced a sleep and not left yet, and for how many of them a
  // notification is under way, at least: they will leave in any case, and look again before they
  // sleep, so that others are notified or nobody. Without this, each of many notifications to a
  // waiter that has not run yet would be a system call.
  static constexpr std::uint64_t kWaiter = 1;
  static constexpr std::uint64_t kNotified = std::uint64_t{1} << 32;
  static std::uint64_t Waiters(std::uint64_t counts) noexcept { return counts % kNotified; }
  static std::uint64_t Notified(std::uint64_t counts) noexcept { return counts / kNotified; }

  // False if nobody is left to notify. `more`: the counts after this notification.
  template <class More>
  bool Notify(More more) noexcept {
    // Between the caller's condition and the look at the waiters: pairs with PrepareWait's.
    if constexpr (kFenced) FencePolicy::template Hot<Platform>();
    std::uint64_t counts = counts_.load(kAccess);
    do {
      if (Notified(counts) == Waiters(counts)) [[likely]]
        return false;
    } while (!counts_.compare_exchange_strong(counts, more(counts), std::memory_order_relaxed,
                                              std::memory_order_relaxed));
    // (2) release: pairs with (1).
    epoch_.fetch_add(1, std::memory_order_release);
    return true;
  }

  void Leave() noexcept {
    std::uint64_t counts = counts_.load(std::memory_order_relaxed);
    std::uint64_t without;
    do {
      // Whether this one is among the notified is not known. If it is not, one of them counts as
      // not notified from now on, and may be once more.
      without = counts - kWaiter - (Notified(counts) > 0 ? kNotified : 0);
    } while (!counts_.compare_exchange_strong(counts, without, std::memory_order_relaxed,
                                              std::memory_order_relaxed));
  }

  // One line: a notifier that finds no waiter reads it shared.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<std::uint64_t> counts_{0};
  typename Platform::template Atomic<std::uint32_t> epoch_;
};

using EventCount = BasicEventCount<>;

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_EVENT_COUNT_H_
