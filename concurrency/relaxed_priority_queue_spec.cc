// RelaxedPriorityQueue is a bag, of which nobody knows what comes out next, but which says empty
// only when it is so; with one internal queue it is a priority queue.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ashlar/concurrency/relaxed_priority_queue.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {
namespace {

// Pop takes one of the `rank` least.
struct Priorities : ItemContainer<int> {
  std::size_t rank = 1;

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    State next = state;
    if (call.method == Method::kPush) {
      next.insert(std::upper_bound(next.begin(), next.end(), call.item), call.item);
      return offer(Done(), next);
    }
    if (state.empty()) return offer(Empty(), next);
    for (std::size_t i = 0; i < std::min(rank, state.size()); ++i) {
      next = state;
      next.erase(next.begin() + static_cast<std::ptrdiff_t>(i));
      offer(Took(state[i]), next);
    }
  }
};

template <class Platform, std::size_t kQueues, std::size_t kRank>
class QueueObject {
 public:
  using Specification = Priorities;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;

  // Priorities differ and do not come in order.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int order = 7 * static_cast<int>(made.size() + 1) % 31;
    return {Specification::Push(4 * order + thread), Specification::Pop()};
  }
  Result Do(int thread, const Call& call) {
    if (call.method == Specification::Method::kPush) {
      participants_[thread].Push(call.item, call.item);
      return Specification::Done();
    }
    const auto entry = participants_[thread].TryPop();
    return entry ? Specification::Took(entry->item) : Specification::Empty();
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{3, 2}}, {{2, 1, 1}}};
    return {{{2, 2}}, {{1, 1, 1}}};
  }
  static Specification Specified() {
    Specification specification;
    specification.rank = kRank;
    return specification;
  }

 private:
  using Queue = RelaxedPriorityQueue<int, int, Platform>;
  using Participant = typename Queue::Participant;

  Queue queue_{
      RelaxedPriorityQueueOptions{.threads = kQueues, .queues_per_thread = 1, .stickiness = 2}};
  Participant participants_[kThreads] = {Participant(queue_), Participant(queue_),
                                         Participant(queue_)};
};

template <class Platform>
using OneQueue = QueueObject<Platform, 1, 1>;
template <class Platform>
using TwoQueues = QueueObject<Platform, 2, 1000>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<OneQueue>("RelaxedPriorityQueueOfOne"),
      MakeObject<TwoQueues>("RelaxedPriorityQueueOfTwo"),
  };
}

}  // namespace ashlar::verification::linearizability
