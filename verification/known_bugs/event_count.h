// event_count.h
// -------------
// An event count: a thread announces itself, looks once more, and sleeps; who makes
// something true looks for sleepers afterwards. Three ways to lose the wake-up.
//
//   kNoNotifyFence   the look for sleepers passes the store that they wait for:
//                    https://github.com/uxlfoundation/oneTBB/pull/2136
//   kNoWaitFence     the second look passes the announcement:
//                    https://github.com/ClickHouse/silk/pull/76 (both sides)
//   kNotifyFirst     wakes, and only then makes true what is waited for. Manuals warn of it:
//                    https://www.ibm.com/docs/en/i/7.2.0?topic=threads-condition-variables
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_EVENT_COUNT_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_EVENT_COUNT_H_

#include <atomic>
#include <cstdint>

namespace ashlar::known_bugs {

enum class EventCountBug { kNone, kNoNotifyFence, kNoWaitFence, kNotifyFirst };

template <class Platform, EventCountBug kBug>
class EventCount {
 public:
  void Notify() {
    if (kBug != EventCountBug::kNoNotifyFence) Platform::Fence(std::memory_order_seq_cst);
    if (waiters_.load(std::memory_order_relaxed) == 0) return;
    epoch_.fetch_add(1, std::memory_order_release);
    Platform::WakeAll(epoch_);
  }
  // Sleeps until done() holds, which a Notify follows.
  template <class Done>
  void Await(Done&& done) {
    while (!done()) {
      waiters_.fetch_add(1, std::memory_order_relaxed);
      if (kBug != EventCountBug::kNoWaitFence) Platform::Fence(std::memory_order_seq_cst);
      const std::uint32_t epoch = epoch_.load(std::memory_order_acquire);
      const bool is_done = done();
      if (!is_done) Platform::Wait(epoch_, epoch);
      waiters_.fetch_sub(1, std::memory_order_relaxed);
      if (is_done) return;
    }
  }

 private:
  typename Platform::template Atomic<std::uint32_t> epoch_{0};
  typename Platform::template Atomic<int> waiters_{0};
};

template <EventCountBug kBug>
struct OneEvent {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 2;
    EventCount<Platform, kBug> event;
    typename Platform::template Atomic<bool> happened{false};

    void Thread(unsigned index) {
      if (index == 1) {
        event.Await([this] { return happened.load(std::memory_order_relaxed); });
        return;
      }
      if (kBug == EventCountBug::kNotifyFirst) event.Notify();
      happened.store(true, std::memory_order_relaxed);
      if (kBug != EventCountBug::kNotifyFirst) event.Notify();
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_EVENT_COUNT_H_
