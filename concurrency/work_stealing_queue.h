// work_stealing_queue.h
// ---------------------
// WorkStealingQueue: a work-stealing deque that any thread can push to.
//
//   WorkStealingQueue<Task*> queue;
//   queue.Push(task);                                      // owner
//   while (auto task = queue.Pop()) (*task)->Run();        // owner
//   if (!queue.TryPushExternal(task)) task->Run();         // anybody
//   auto stolen = queue.Steal();                           // anybody
//   if (stolen.outcome == StealOutcome::kSuccess) stolen.item->Run();
//
// A deque (chase_lev_deque.h) for its owner's own items, and an inbox (mpmc_queue.h) for those of
// others. The owner pops its own items, newest first; when there are none, what is in the inbox,
// oldest first, of which a batch then goes over to the deque. Thieves steal the oldest from the
// deque, and when that is empty the oldest from the inbox.
//
// When to use: a worker with tasks of its own, to which others submit some as well. When not:
// nobody else submits (chase_lev_deque.h costs less memory); all submit to all (mpmc_queue.h).
//
// Guarantees. Every item is taken exactly once. What precedes a push happens before what follows
// the taking of its item. Items of the inbox come in the order in which they were pushed, but for
// those of a batch that thieves steal from the deque, which come last first.
// The owner's Pop fails only if there is nothing in either at that moment. A Steal that says kEmpty
// has found nothing that was pushed before it began: all that has been taken, and so a thief who
// announces its sleep first (event_count.h) misses nothing. It says kRetry if another thief was
// quicker, or while the owner has a batch in its hands.
//
// The owner of a deque that never gets empty does not look into the inbox, thieves perhaps do not
// either: it should call PopExternal every now and then.
//
// Parameters: T and FencePolicy as in chase_lev_deque.h; capacities in items, rounded up to powers
// of two. That of the inbox is a bound, that of the deque is not.
// Thread safety: Push and Pop from one thread at a time (the owner), all else from any.
// Progress: Push, Pop and Steal of the deque's items as in chase_lev_deque.h, all that concerns the
// inbox as in mpmc_queue.h: lock-free but for threads that are stopped inside a call; while that is
// an owner with a batch in its hands, thieves say kRetry.
// Memory: 16 bytes for each item that fits into the inbox, and the deque.
// Errors: Push and the constructor throw std::bad_alloc as the deque's do.
// Cost: Push and Pop as in chase_lev_deque.h; an outside push one compare-exchange; a batch of up
// to 32 goes over by one more. Figures are in README.md.
//
// Source: the inbox beside the deque is that of tokio's and Go's schedulers, but one for each
// owner, and bounded.
#ifndef ASHLAR_CONCURRENCY_WORK_STEALING_QUEUE_H_
#define ASHLAR_CONCURRENCY_WORK_STEALING_QUEUE_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/mpmc_queue.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/steal_result.h"

namespace ashlar {

template <class T, class Platform = StdPlatform, class FencePolicy = FullFencePolicy>
class WorkStealingQueue {
  using Deque = ChaseLevDeque<T, Platform, FencePolicy>;
  using Inbox = MpmcQueue<T, Platform>;

 public:
  using Index = std::uint64_t;

  static constexpr std::size_t kDefaultCapacity = Deque::kDefaultCapacity;
  static constexpr std::size_t kDefaultInboxCapacity = 1024;
  static constexpr std::size_t kMostInABatch = 32;

  // `first_index` is for tests of the wrap-around.
  explicit WorkStealingQueue(std::size_t capacity = kDefaultCapacity,
                             std::size_t inbox_capacity = kDefaultInboxCapacity,
                             Index first_index = 0)
      : deque_(capacity, first_index), inbox_(inbox_capacity, first_index) {}

  // Owner. Adds an item to the deque.
  void Push(T item) { deque_.Push(item); }

  // Owner. Takes the deque's newest item or, if there is none, the inbox's oldest.
  std::optional<T> Pop() noexcept {
    if (const std::optional<T> item = deque_.Pop()) [[likely]]
      return item;
    return PopOrHandOver();
  }

  // Anybody, but meant for the owner. Takes the oldest item of the inbox, whatever is in the deque.
  std::optional<T> PopExternal() noexcept { return inbox_.TryPop(); }

  // Anybody. Adds an item to the inbox. False if that is full or closed.
  bool TryPushExternal(T item) noexcept { return inbox_.TryPush(item); }

  // The same for the `count` items from `first` on, an iterator. How many were added.
  template <class Iterator>
  std::size_t TryPushExternalBatch(Iterator first, std::size_t count) {
    return inbox_.TryPushBatch(first, count);
  }

  // Anybody. Takes the deque's oldest item or, if there is none, the inbox's.
  StealResult<T> Steal() noexcept {
    const StealResult<T> stolen = deque_.Steal();
    if (stolen.outcome != StealOutcome::kEmpty) return stolen;
    return StealExternal();
  }

  // Anybody. The same for several, into `to`: from the deque as its StealBatch does; if there is
  // nothing, about half of what is in the inbox, oldest first. kEmpty also if `to` is empty.
  StealBatchResult StealBatch(std::span<T> to) noexcept {
    const StealBatchResult stolen = deque_.StealBatch(to);
    if (stolen.outcome != StealOutcome::kEmpty || to.empty()) return stolen;
    return StealExternalBatch(to);
  }

  // Anybody. From now on nothing is pushed from outside. False if it was so already.
  bool CloseExternal() noexcept { return inbox_.Close(); }

  // Anybody. How many items there were a moment ago, without a batch in the owner's hands; exact
  // when nobody else is at work.
  std::size_t SizeApprox() const noexcept { return deque_.SizeApprox() + inbox_.SizeApprox(); }

 private:
  // Owner. The deque is empty: the next item of the inbox, of which more go over to the deque.
  [[gnu::noinline]] std::optional<T> PopOrHandOver() noexcept {
    if (inbox_.SizeApprox() < 2) return inbox_.TryPop();
    // relaxed: the claim of the batch publishes it.
    handing_over_.store(true, std::memory_order_relaxed);
    T batch[kMostInABatch];
    // The deque is empty, so that it need not grow for them.
    const std::size_t count =
        inbox_.TryPopBatch(batch, std::min(kMostInABatch, deque_.Capacity() + 1));
    // Backwards, so that they are popped in their order.
    for (std::size_t i = count; i > 1; --i) deque_.Push(batch[i - 1]);
    // (1) release: they are in the deque. Pairs with (2).
    handing_over_.store(false, std::memory_order_release);
    if (count == 0) return std::nullopt;
    return batch[0];
  }

  // The deque was empty.
  [[gnu::noinline]] StealResult<T> StealExternal() noexcept {
    if (const std::optional<T> item = inbox_.TryPop()) return {StealOutcome::kSuccess, *item};
    if (IsHandingOver()) return {StealOutcome::kRetry, T()};
    return deque_.Steal();
  }
  [[gnu::noinline]] StealBatchResult StealExternalBatch(std::span<T> to) noexcept {
    const std::size_t most = std::min(to.size(), inbox_.SizeApprox() / 2 + 1);
    const std::size_t count = inbox_.TryPopBatch(to.begin(), most);
    if (count > 0) return {StealOutcome::kSuccess, count};
    if (IsHandingOver()) return {StealOutcome::kRetry, 0};
    return deque_.StealBatch(to);
  }

  // To a thief that found the inbox empty: what was in it before has been taken, or is on its way
  // to the deque, which this says, or there.
  bool IsHandingOver() const noexcept {
    // (2) acquire: pairs with (1).
    return handing_over_.load(std::memory_order_acquire);
  }

  Deque deque_;
  Inbox inbox_;
  // The owner writes it now and then, thieves who find nothing read it.
  alignas(Platform::kCacheLine) typename Platform::template Atomic<bool> handing_over_{false};
};

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_WORK_STEALING_QUEUE_H_
