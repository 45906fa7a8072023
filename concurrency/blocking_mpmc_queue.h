// blocking_mpmc_queue.h
// ---------------------
// BlockingMpmcQueue: a bounded queue whose producers wait for room and consumers for items, until
// it is closed.
//
//   BlockingMpmcQueue<Job> queue(64);
//
//   if (queue.Push(std::move(job)) == WaitOutcome::kClosed) Refuse(job);  // producers
//   while (auto next = queue.Pop()) Run(*next.item);                      // consumers
//   queue.Close();  // wakes all; what is inside is still popped, and then Pop says kClosed
//
// When to use: work between threads of which some have nothing else to do while they wait. When
// not: nobody waits (mpmc_queue.h); a worker that has several sources (event_count.h over them).
//
// Calls and what they answer (wait_outcome.h):
//
//   TryPush, TryPop, TryPushBatch, TryPopBatch             kOk; kFull, kEmpty; kClosed
//   Push, Pop, PopBatch                                    kOk; kClosed
//   PushFor, PushUntil, PopFor, PopUntil, PopBatchFor      kOk; kClosed; kTimedOut
//
// and, of those that wait, kStopped if they are given a std::stop_token. An answer holds at one
// moment of the call, and a call that could have succeeded at the last of its looks says neither
// kTimedOut nor kStopped: they mean that the queue was full, or empty. A push that does not say kOk
// leaves its item with the caller, as it was.
//
// Guarantees. As mpmc_queue.h, on which this stands: linearizable, first in first out, each item
// once. A push comes before the Close or is refused, there is nothing in between: all that was
// accepted is popped, and a pop says kClosed only after the last item. No wake-up is lost, nor used
// up by a waiter that gives up: nobody sleeps on although there is an item, or room. Who of several
// is woken is not specified, and who has not slept may be faster.
// What precedes a Close, or a request to stop, happens before what follows the kClosed, or
// kStopped, that it causes.
//
// Parameters: T as in mpmc_queue.h, the capacity in items, rounded up as there. `spin` is how long
// a call looks again and again before it sleeps, zero for not at all. Timeouts of zero or less do
// not block; a timeout beyond the clock's range has no end. Thread safety: any member from any
// thread, but for the destructor. Progress: calls that do not wait as in mpmc_queue.h, and a system
// call if somebody sleeps. Memory: as mpmc_queue.h, and 128 bytes; nothing is allocated after the
// constructor. Errors: as mpmc_queue.h. A call that T's constructors leave by an exception wakes
// whom it has to. Cost: a push or pop that need not wait, while nobody sleeps at the other end, is
// that of mpmc_queue.h and a load. A wake-up is a system call, and the sleeper is late by tens of
// microseconds: hence the spinning. A stop request wakes all that wait at the same end to look
// again, as Close does.
//
// Source: an MpmcQueue between two event counts, as a mutex's queue stands between two condition
// variables. Close is decided in the word by which pushes claim (a flag beside it loses
// what is being pushed at that moment); a notification needs no fence, since claims are seq_cst.
#ifndef ASHLAR_CONCURRENCY_BLOCKING_MPMC_QUEUE_H_
#define ASHLAR_CONCURRENCY_BLOCKING_MPMC_QUEUE_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

#include "ashlar/concurrency/event_count.h"
#include "ashlar/concurrency/mpmc_queue.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/stop_signal.h"
#include "ashlar/concurrency/wait_outcome.h"

namespace ashlar {

template <class T, class Platform = StdPlatform>
class BlockingMpmcQueue {
  using Queue = MpmcQueue<T, Platform>;

 public:
  using Index = typename Queue::Index;
  using Duration = std::chrono::nanoseconds;
  using Deadline = std::chrono::steady_clock::time_point;

  // About as long as a sleep takes that ends at once.
  static constexpr Duration kDefaultSpin = std::chrono::microseconds(10);

  // `first_index` is for tests of the wrap-around.
  explicit BlockingMpmcQueue(std::size_t capacity, Duration spin = kDefaultSpin,
                             Index first_index = 0)
      : queue_(capacity, first_index), spin_(spin) {}

  BlockingMpmcQueue(const BlockingMpmcQueue&) = delete;
  BlockingMpmcQueue& operator=(const BlockingMpmcQueue&) = delete;

  WaitOutcome TryPush(T&& item) { return Offer(std::move(item)); }
  WaitOutcome TryPush(const T& item) { return Offer(item); }

  // `stop` is a std::stop_token.
  template <class Stop = NeverStops>
  WaitOutcome Push(T&& item, const Stop& stop = {}) {
    return PushWithin(item, kForever, stop);
  }
  template <class Stop = NeverStops>
  WaitOutcome PushFor(T&& item, Duration timeout, const Stop& stop = {}) {
    return PushWithin(item, timeout, stop);
  }
  template <class Stop = NeverStops>
  WaitOutcome PushUntil(T&& item, Deadline deadline, const Stop& stop = {}) {
    return PushWithin(item, deadline, stop);
  }

  // The same with a copy, which is made first.
  template <class... Stop>
  WaitOutcome Push(const T& item, const Stop&... stop) {
    return Push(T(item), stop...);
  }
  template <class... Stop>
  WaitOutcome PushFor(const T& item, Duration timeout, const Stop&... stop) {
    return PushFor(T(item), timeout, stop...);
  }
  template <class... Stop>
  WaitOutcome PushUntil(const T& item, Deadline deadline, const Stop&... stop) {
    return PushUntil(T(item), deadline, stop...);
  }

  WaitResult<T> TryPop() {
    WaitResult<T> result;
    result.outcome = Take(result.item);
    return result;
  }

  template <class Stop = NeverStops>
  WaitResult<T> Pop(const Stop& stop = {}) {
    return PopWithin(kForever, stop);
  }
  template <class Stop = NeverStops>
  WaitResult<T> PopFor(Duration timeout, const Stop& stop = {}) {
    return PopWithin(timeout, stop);
  }
  template <class Stop = NeverStops>
  WaitResult<T> PopUntil(Deadline deadline, const Stop& stop = {}) {
    return PopWithin(deadline, stop);
  }

  // Batches, as MpmcQueue's: as many of the `count` items from `first` on as there is room for, or
  // at most `most` items into `*to++`, as there are. kOk if it is one or more, or none was asked
  // for.
  template <class Iterator>
  WaitBatchResult TryPushBatch(Iterator first, std::size_t count) {
    constexpr bool kThrows = kMoveThrows || !std::is_nothrow_constructible_v<T, decltype(*first)>;
    const NotifyAllAtEnd<kThrows> after(not_empty_);
    const std::size_t pushed = queue_.TryPushBatch(first, count);
    if (!kThrows) NotifySome(not_empty_, pushed);
    if (pushed > 0 || count == 0) return {WaitOutcome::kOk, pushed};
    return {WhyFull(), 0};
  }
  template <class Output>
  WaitBatchResult TryPopBatch(Output to, std::size_t most) {
    WaitBatchResult result;
    result.outcome = TakeBatch(to, most, result.count);
    return result;
  }

  // The same, but waits until there is an item, or none will come.
  template <class Output, class Stop = NeverStops>
  WaitBatchResult PopBatch(Output to, std::size_t most, const Stop& stop = {}) {
    return PopBatchWithin(to, most, kForever, stop);
  }
  template <class Output, class Stop = NeverStops>
  WaitBatchResult PopBatchFor(Output to, std::size_t most, Duration timeout,
                              const Stop& stop = {}) {
    return PopBatchWithin(to, most, timeout, stop);
  }

  // From now on nothing is pushed, and nobody waits. False if the queue was closed already.
  bool Close() noexcept {
    const bool first = queue_.Close();
    not_empty_.NotifyAll();
    not_full_.NotifyAll();
    return first;
  }

  bool IsClosed() const noexcept { return queue_.IsClosed(); }

  // As MpmcQueue's.
  std::size_t SizeApprox() const noexcept { return queue_.SizeApprox(); }
  std::size_t Capacity() const noexcept { return queue_.Capacity(); }

 private:
  // All that makes a look succeed is seq_cst, and so are looks that do not.
  using Events = BasicEventCount<Platform, SeqCstAccessPolicy>;

  static constexpr bool kMoveThrows = !std::is_nothrow_move_constructible_v<T>;

  // How long to wait, besides a Duration and a Deadline.
  struct Forever {};
  static constexpr Forever kForever{};

  // For calls that may throw on their way. Where T's move can, a push may leave a slot that is out
  // of use, and a pop bring back more than one (mpmc_queue.h), whatever they say; and half a batch
  // is one as well. Then all at the other end look again after each of them.
  template <bool kThrows>
  class NotifyAllAtEnd {
   public:
    explicit NotifyAllAtEnd(Events& events) noexcept : events_(events) {}
    ~NotifyAllAtEnd() {
      if constexpr (kThrows) events_.NotifyAll();
    }
    NotifyAllAtEnd(const NotifyAllAtEnd&) = delete;

   private:
    Events& events_;
  };

  static void NotifySome(Events& events, std::size_t count) noexcept {
    if (count == 1) events.NotifyOne();
    if (count > 1) events.NotifyAll();
  }

  // kOk, kFull or kClosed.
  template <class Item>
  WaitOutcome Offer(Item&& item) {
    const NotifyAllAtEnd<kMoveThrows> after(not_empty_);
    if (queue_.TryPush(std::forward<Item>(item))) [[likely]] {
      if (!kMoveThrows) not_empty_.NotifyOne();
      return WaitOutcome::kOk;
    }
    return WhyFull();
  }

  // Once closed it stays so: if it is open now, it was full.
  WaitOutcome WhyFull() const noexcept {
    return queue_.IsClosed() ? WaitOutcome::kClosed : WaitOutcome::kFull;
  }

  std::optional<T> TakeIfThereIsOne() {
    const NotifyAllAtEnd<kMoveThrows> after(not_full_);
    std::optional<T> item = queue_.TryPop();
    if (!kMoveThrows && item.has_value()) [[likely]]
      not_full_.NotifyOne();
    return item;
  }

  // kOk, kEmpty or kClosed.
  WaitOutcome Take(std::optional<T>& to) {
    return TakeUnlessClosed([&] {
      std::optional<T> item = TakeIfThereIsOne();
      if (item.has_value()) to.emplace(*std::move(item));
      return to.has_value();
    });
  }
  template <class Output>
  WaitOutcome TakeBatch(Output to, std::size_t most, std::size_t& count) {
    constexpr bool kThrows = kMoveThrows || !std::is_nothrow_assignable_v<decltype(*to), T>;
    return TakeUnlessClosed([&] {
      const NotifyAllAtEnd<kThrows> after(not_full_);
      count = queue_.TryPopBatch(to, most);
      if (!kThrows) NotifySome(not_full_, count);
      return count > 0 || most == 0;
    });
  }

  // `take` says whether it took something.
  template <class TakeSome>
  WaitOutcome TakeUnlessClosed(TakeSome take) {
    if (take()) return WaitOutcome::kOk;
    if (!queue_.IsClosed()) return WaitOutcome::kEmpty;
    // A last item may have come before it was closed.
    return take() ? WaitOutcome::kOk : WaitOutcome::kClosed;
  }

  template <class Limit, class Stop>
  WaitOutcome PushWithin(T& item, Limit limit, const Stop& stop) {
    const auto attempt = [&] { return Offer(std::move(item)); };
    const WaitOutcome outcome = attempt();
    if (!IsRefused(outcome)) [[likely]]
      return outcome;
    return SpinThenSleep(not_full_, attempt, EndOf(limit), stop);
  }

  template <class Limit, class Stop>
  WaitResult<T> PopWithin(Limit limit, const Stop& stop) {
    // In registers, as long as nobody has to wait.
    if (std::optional<T> item = TakeIfThereIsOne()) [[likely]]
      return {WaitOutcome::kOk, std::move(item)};
    return WaitForOne(EndOf(limit), stop);
  }

  template <class Stop>
  [[gnu::noinline]] WaitResult<T> WaitForOne(std::optional<Deadline> end, const Stop& stop) {
    WaitResult<T> result;
    const auto attempt = [&] { return Take(result.item); };
    result.outcome = attempt();
    if (IsRefused(result.outcome)) result.outcome = SpinThenSleep(not_empty_, attempt, end, stop);
    return result;
  }

  template <class Output, class Limit, class Stop>
  WaitBatchResult PopBatchWithin(Output to, std::size_t most, Limit limit, const Stop& stop) {
    WaitBatchResult result;
    const auto attempt = [&] { return TakeBatch(to, most, result.count); };
    result.outcome = attempt();
    if (IsRefused(result.outcome)) {
      result.outcome = SpinThenSleep(not_empty_, attempt, EndOf(limit), stop);
    }
    return result;
  }

  static bool IsRefused(WaitOutcome outcome) {
    return outcome == WaitOutcome::kFull || outcome == WaitOutcome::kEmpty;
  }

  // Until `attempt` is not refused any more. `events` tells when to look again.
  template <class Attempt, class Stop>
  [[gnu::noinline]] WaitOutcome SpinThenSleep(Events& events, Attempt attempt,
                                              std::optional<Deadline> end, const Stop& stop) {
    const WaitOutcome outcome = Spin(attempt, end);
    return IsRefused(outcome) ? Sleep(events, attempt, end, stop) : outcome;
  }

  // If the other side runs, it is done in a moment; if it waits for this processor, never.
  template <class Attempt>
  WaitOutcome Spin(Attempt attempt, const std::optional<Deadline>& end) {
    constexpr Duration kYieldAfter = std::chrono::nanoseconds(300);
    constexpr int kPauses = 4;  // between two looks
    const Deadline start = Platform::Now();
    Deadline until = EndOf(spin_).value_or(Deadline::max());
    if (end.has_value() && *end < until) until = *end;
    for (Deadline now = start; now < until; now = Platform::Now()) {
      if (now - start < kYieldAfter) {
        for (int i = 0; i < kPauses; ++i) Platform::SpinWait();
      } else {
        Platform::Yield();
      }
      const WaitOutcome outcome = attempt();
      if (!IsRefused(outcome)) return outcome;
    }
    return WaitOutcome::kEmpty;
  }

  template <class Attempt, class Stop>
  WaitOutcome Sleep(Events& events, Attempt attempt, const std::optional<Deadline>& end,
                    const Stop& stop) {
    StopSignal<Stop, Events, Platform> signal(stop, events);
    for (bool time_is_up = false;;) {
      Announcement announcement(events);
      // This look comes after the announcement, and after a wake-up that may have been meant for
      // another one before this call gives up.
      const WaitOutcome outcome = attempt();
      if (!IsRefused(outcome)) return outcome;
      if (signal.IsRaised()) return WaitOutcome::kStopped;
      if (time_is_up) return WaitOutcome::kTimedOut;
      time_is_up = !announcement.Sleep(end);
    }
  }

  // That the caller is about to sleep. Taken back at the end of the scope if it does not.
  class Announcement {
   public:
    explicit Announcement(Events& events) noexcept : events_(events), key_(events.PrepareWait()) {}
    ~Announcement() {
      if (!slept_) events_.CancelWait();
    }
    Announcement(const Announcement&) = delete;

    // False if the time is up.
    bool Sleep(const std::optional<Deadline>& end) noexcept {
      slept_ = true;
      if (!end.has_value()) return events_.CommitWait(key_), true;
      return events_.CommitWaitUntil(key_, *end) && Platform::Now() < *end;
    }

   private:
    Events& events_;
    const typename Events::Key key_;
    bool slept_ = false;
  };

  static std::optional<Deadline> EndOf(Forever) { return std::nullopt; }
  static std::optional<Deadline> EndOf(Deadline deadline) { return deadline; }
  static std::optional<Deadline> EndOf(Duration timeout) {
    const Deadline now = Platform::Now();
    if (timeout > Deadline::max() - now) return std::nullopt;
    return now + timeout;
  }

  Queue queue_;
  const Duration spin_;
  Events not_empty_;
  Events not_full_;
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_BLOCKING_MPMC_QUEUE_H_
