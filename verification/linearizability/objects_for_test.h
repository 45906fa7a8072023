// objects_for_test.h
// ------------------
// Descriptions (object.h) of objects that are right, and of wrong ones that each test that can
// see what is wrong with them must find.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_OBJECTS_FOR_TEST_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_OBJECTS_FOR_TEST_H_

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "ashlar/concurrency/platform.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {

// A sum. Wrong: it is read and then written.
template <class Platform, bool kRight>
class SumObject {
 public:
  using Specification = Counter;
  using Call = Counter::Call;
  static constexpr int kThreads = 2;

  static std::vector<Call> Calls(int, std::span<const Call>) {
    return {Counter::Add(1), Counter::Add(2)};
  }
  std::int64_t Do(int, const Call& call) {
    if (kRight) return sum_.fetch_add(call.add, std::memory_order_relaxed);
    const std::int64_t before = sum_.load(std::memory_order_relaxed);
    // So that the error shows with one processor too.
    if constexpr (std::is_same_v<Platform, StdPlatform>) std::this_thread::yield();
    sum_.store(before + call.add, std::memory_order_relaxed);
    return before;
  }

 private:
  typename Platform::template Atomic<std::int64_t> sum_{0};
};

// A work-stealing deque. Wrong: a steal looks, and then takes.
template <class Platform, bool kRight>
class SimpleDequeObject {
 public:
  using Specification = WorkStealingDeque<int>;
  using Call = Specification::Call;
  using Result = Specification::Result;
  static constexpr int kThreads = 3;

  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    if (thread > 0) return {Specification::Steal()};
    return {Specification::Push(static_cast<int>(made.size()) + 1), Specification::Pop()};
  }
  Result Do(int, const Call& call) {
    switch (call.method) {
      case Specification::Method::kPush:
        return Push(call.item);
      case Specification::Method::kPop:
        return Pop();
      default:
        return Steal();
    }
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool) { return {{{3, 1}}, {{2, 1, 1}}}; }

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;
  static constexpr auto kAcquire = std::memory_order_acquire;
  static constexpr auto kRelease = std::memory_order_release;

  Result Push(int item) {
    const int bottom = bottom_.load(kRelaxed);
    items_[bottom % kItems].store(item, kRelaxed);
    bottom_.store(bottom + 1, kRelease);
    return Specification::Done();
  }
  Result Pop() {
    const int last = bottom_.load(kRelaxed) - 1;
    bottom_.store(last, kRelease);
    Platform::Fence(std::memory_order_seq_cst);
    int top = top_.load(kRelaxed);
    if (top < last) return Specification::Took(items_[last % kItems].load(kRelaxed));
    const bool taken =
        top == last && top_.compare_exchange_strong(top, top + 1, kRelaxed, kRelaxed);
    bottom_.store(last + 1, kRelease);
    return taken ? Specification::Took(items_[last % kItems].load(kRelaxed))
                 : Specification::Empty();
  }
  Result Steal() {
    int top = top_.load(kAcquire);
    Platform::Fence(std::memory_order_seq_cst);
    if (top >= bottom_.load(kAcquire)) return Specification::Empty();
    const int item = items_[top % kItems].load(kRelaxed);
    if (!kRight) {
      // So that the error shows with one processor too.
      if constexpr (std::is_same_v<Platform, StdPlatform>) std::this_thread::yield();
      top_.store(top + 1, kRelease);
    } else if (!top_.compare_exchange_strong(top, top + 1, kRelease, kRelaxed)) {
      return Specification::Retry();
    }
    return Specification::Took(item);
  }

  static constexpr int kItems = 16;  // of which no more are in it
  typename Platform::template Atomic<int> top_{0};
  typename Platform::template Atomic<int> bottom_{0};
  typename Platform::template Atomic<int> items_[kItems];
};

struct QueueOfThree : Queue<int> {
  QueueOfThree() : Queue<int>(3) {}
};

// A queue of three for one thread, whose indices begin at 0, or just below their overflow.
// Wrong: they are taken modulo three, and 2^8 is no multiple of it.
template <class Platform, bool kRight>
class RingObject {
 public:
  using Specification = QueueOfThree;
  using Call = Specification::Call;
  using Result = Specification::Result;
  static constexpr int kThreads = 1;
  static constexpr int kVariants = 2;
  explicit RingObject(int variant) : first_(variant == 0 ? 0 : 254), next_(first_) {}

  static std::vector<Call> Calls(int, std::span<const Call> made) {
    return {Specification::Push(static_cast<int>(made.size()) + 1), Specification::Pop()};
  }
  Result Do(int, const Call& call) {
    const auto size = static_cast<std::uint8_t>(next_ - first_);
    if (call.method == Specification::Method::kPush) {
      if (size == 3) return Specification::Full();
      items_[next_++ % kPlaces] = call.item;
      return Specification::Done();
    }
    if (size == 0) return Specification::Empty();
    return Specification::Took(items_[first_++ % kPlaces]);
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }

 private:
  static constexpr int kPlaces = kRight ? 4 : 3;
  int items_[kPlaces] = {};
  std::uint8_t first_;
  std::uint8_t next_;
};

// A gate that others open. Who waits for it sleeps. Wrong: who opens it looks first whether
// somebody sleeps, without a fence.
struct Gate {
  enum class Call : std::uint8_t { kOpen, kWait };
  using Result = bool;
  using State = bool;  // whether it is open

  template <class Offer>
  void Apply(State open, Call call, Offer offer) const {
    if (call == Call::kOpen || open) offer(true, true);
  }
  std::string Text(Call call) const { return call == Call::kOpen ? "Open()" : "Wait()"; }
  std::string Text(bool open) const { return open ? "open" : "closed"; }
};

template <class Platform, bool kRight>
class GateObject {
 public:
  using Specification = Gate;
  using Call = Gate::Call;
  static constexpr int kThreads = 2;

  // The last call opens it.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    if (thread == 0 && !made.empty()) return {};
    return {thread == 0 ? Call::kOpen : Call::kWait};
  }
  bool Do(int, Call call) {
    if (call == Call::kOpen) {
      open_.store(1, std::memory_order_relaxed);
      if (kRight) Platform::Fence(std::memory_order_seq_cst);
      if (kRight || sleepers_.load(std::memory_order_relaxed) > 0) Platform::WakeAll(open_);
    } else {
      sleepers_.fetch_add(1, std::memory_order_relaxed);
      Platform::Fence(std::memory_order_seq_cst);
      while (open_.load(std::memory_order_relaxed) == 0) Platform::Wait(open_, 0);
    }
    return true;
  }
  static std::vector<Shape> Programs(bool) { return {{{1, 1}}, {{0, 1}}}; }

 private:
  typename Platform::template Atomic<std::uint32_t> open_{0};
  typename Platform::template Atomic<int> sleepers_{0};
};

template <class Platform>
using RightSum = SumObject<Platform, true>;
template <class Platform>
using WrongSum = SumObject<Platform, false>;
template <class Platform>
using RightDeque = SimpleDequeObject<Platform, true>;
template <class Platform>
using WrongDeque = SimpleDequeObject<Platform, false>;
template <class Platform>
using RightRing = RingObject<Platform, true>;
template <class Platform>
using WrongRing = RingObject<Platform, false>;
template <class Platform>
using RightGate = GateObject<Platform, true>;
template <class Platform>
using WrongGate = GateObject<Platform, false>;

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_OBJECTS_FOR_TEST_H_
