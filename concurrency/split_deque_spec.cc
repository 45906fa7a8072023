// SplitDeque, used as fork and join use it: what its owner and its thieves take is what a
// sequence of their calls would give them.

#include <atomic>
#include <cstddef>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/concurrency/split_deque.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {
namespace {

// A deque in which the place of a stolen item stays taken until the owner's Pop comes to
// it, which is then told that the deque is empty. A Steal may always miss items: they are the
// owner's alone until a thief has asked.
template <std::size_t kCapacity>
struct ForkedItems : ItemContainer<int> {
  struct State {
    std::deque<int> items;  // the oldest first
    std::size_t stolen = 0;
    friend bool operator==(const State&, const State&) = default;
    template <class H>
    friend H AbslHashValue(H hash, const State& state) {
      return H::combine(std::move(hash), state.items, state.stolen);
    }
  };

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    State next = state;
    switch (call.method) {
      case Method::kPush:
        if (state.items.size() + state.stolen == kCapacity) return offer(Full(), state);
        next.items.push_back(call.item);
        return offer(Done(), std::move(next));
      case Method::kPop: {
        if (state.items.empty() && state.stolen > 0) --next.stolen;
        const Result result = TakeNewest(next.items);
        return offer(result, std::move(next));
      }
      case Method::kSteal: {
        offer(Empty(), state);
        offer(Retry(), state);
        if (state.items.empty()) return;
        ++next.stolen;
        const Result result = TakeOldest(next.items);
        return offer(result, std::move(next));
      }
    }
  }
  using ItemContainer::Text;
  std::string Text(const State& state) const {
    return ItemContainer::Text(state.items) + " and " + std::to_string(state.stolen) + " stolen";
  }
};

constexpr std::size_t kPlaces = 4;

template <class Platform>
class ForkJoinDeque {
 public:
  using Specification = ForkedItems<kPlaces>;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;

  // The owner, and thieves.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    if (thread > 0) return {Specification::Steal()};
    return {Specification::Push(static_cast<int>(made.size()) + 1), Specification::Pop()};
  }
  Result Do(int thread, const Call& call) {
    switch (call.method) {
      case Specification::Method::kPush:
        return Push(call.item);
      case Specification::Method::kPop:
        return Pop();
      default:
        return Steal(thread);
    }
  }
  void Settle(int thread, const Call& call, const Result& result) {
    if (call.method == Specification::Method::kPop && result == Specification::Empty()) {
      Release();
    } else if (call.method == Specification::Method::kSteal &&
               result.answer == Specification::Answer::kTook) {
      // (1) release: pairs with (2).
      has_ended_[stolen_[thread]].store(true, std::memory_order_release);
    }
  }

  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{6, 2}}, {{5, 3}}, {{5, 1, 1}}};
    return {{{5, 2}}, {{4, 1, 1}}};
  }
  static Specification Late() { return {}; }

 private:
  // An item, and where the owner has it.
  struct Fork {
    int item = 0;
    int index = 0;
  };
  using Forks = SplitDeque<Fork, Platform>;

  Result Push(int item) {
    typename Forks::Place* const place = deque_.Push({item, size_}, [] {});
    if (place == nullptr) return Specification::Full();
    items_[size_] = item;
    places_[size_++] = place;
    return Specification::Done();
  }
  Result Pop() {
    if (size_ == 0 || !deque_.Pop(places_[size_ - 1], [] {})) return Specification::Empty();
    return Specification::Took(items_[--size_]);
  }
  Result Steal(int thread) {
    const StealResult<Fork> result = deque_.Steal();
    if (result.outcome == StealOutcome::kEmpty) return Specification::Empty();
    if (result.outcome == StealOutcome::kRetry) return Specification::Retry();
    stolen_[thread] = result.item.index;
    return Specification::Took(result.item.item);
  }
  // Joins the thief of the newest item, if there is one.
  void Release() {
    if (size_ == 0) return;
    --size_;
    // (2) acquire: pairs with (1).
    while (!has_ended_[size_].load(std::memory_order_acquire)) Platform::Yield();
    has_ended_[size_].store(false, std::memory_order_relaxed);
    deque_.Release(places_[size_]);
  }

  Forks deque_{kPlaces};
  typename Platform::template Atomic<bool> has_ended_[kPlaces];
  // The owner's stack.
  int items_[kPlaces] = {};
  typename Forks::Place* places_[kPlaces] = {};
  int size_ = 0;
  // Where each thief's last item was.
  int stolen_[kThreads] = {};
};

}  // namespace

std::vector<Object> Objects() { return {MakeObject<ForkJoinDeque>("SplitDeque")}; }

}  // namespace ashlar::verification::linearizability
