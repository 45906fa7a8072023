// LockFreePriorityQueue is a priority queue: a pop takes the least, and of equals the oldest.

#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_priority_queue.h"
#include "ashlar/concurrency/priority_specification_for_test.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

template <class Platform>
class QueueObject {
 public:
  using Specification = StablePriorities;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;

  // Items differ, unless there are very many. Each thread's first one has the same priority as the
  // others'; the next are less.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int number = static_cast<int>(made.size());
    return {Specification::Push(10 * (20 - 7 * number % 20) + 3 * thread + number % 3),
            Specification::Pop()};
  }
  Result Do(int thread, const Call& call) {
    if (call.method == Specification::Method::kPush) {
      queue_.Push(participants_[thread], PriorityOf(call.item), call.item);
      return Specification::Done();
    }
    const auto entry = queue_.TryPop(participants_[thread]);
    return entry ? Specification::Took(entry->item) : Specification::Empty();
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{2, 2}}, {{3, 1}}, {{1, 1, 1}}};
    return {{{2, 1}}, {{1, 1, 1}}};
  }

 private:
  // Chunks of two, so that they are split and taken all the time.
  static constexpr LockFreePriorityQueueOptions kOptions = {.least_chunk = 2,
                                                            .collect_bytes = 1 << 20};
  using Queue = LockFreePriorityQueue<int, int, Platform, FullFencePolicy, kOptions>;
  using Participant = typename Queue::Participant;

  typename Queue::Epochs epochs_{EpochOptions{.batch = 1}};
  Queue queue_{epochs_};
  Participant participants_[kThreads] = {Participant(epochs_), Participant(epochs_),
                                         Participant(epochs_)};
};

}  // namespace

std::vector<Object> Objects() { return {MakeObject<QueueObject>("LockFreePriorityQueue")}; }

}  // namespace ashlar::verification::linearizability
