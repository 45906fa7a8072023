// LockFreeQueue is a queue, as each of its calls is specified: what it answers is what a sequence
// of the calls would be answered by a list that says empty only when it is so.

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_queue.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {
namespace {

// Segments of two slots, and consumers that give a slot up as soon as they find it empty. Two
// of those can miss a producer in step for long, so programs of three threads are for
// --config=deep.
template <class Platform>
class QueueObject {
 public:
  using Specification = Queue<int>;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;

  // The queue begins at the beginning of a segment, or at its last slot.
  static constexpr int kVariants = 2;
  explicit QueueObject(int variant) {
    for (int i = 0; i < variant; ++i) queue_.Push(participants_[0], 0);
    for (int i = 0; i < variant; ++i) (void)queue_.TryPop(participants_[0]);
  }

  // All items differ.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int item = 100 * (thread + 1) + static_cast<int>(made.size());
    return {Specification::Push(item), Specification::Pop()};
  }
  Result Do(int thread, const Call& call) {
    if (call.method == Specification::Method::kPop) {
      return Specification::TookOrEmpty(queue_.TryPop(participants_[thread]));
    }
    queue_.Push(participants_[thread], call.item);
    return Specification::Done();
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{2, 2}}, {{3, 1}}, {{1, 1, 1}}};
    return {{{2, 1}}};
  }
  // A call that was told of an item waits for it.
  static Specification Late() { return Specification(); }

 private:
  static constexpr LockFreeQueueOptions kOptions = {
      .segment = 2, .spares = 1, .collect_every = 1, .patience = 0};
  using Tested = LockFreeQueue<int, Platform, AsymmetricFencePolicy, kOptions>;
  using Participant = typename Tested::Participant;

  typename Tested::Epochs epochs_{EpochOptions{.batch = 1}};
  Tested queue_;
  Participant participants_[kThreads] = {Participant(epochs_), Participant(epochs_),
                                         Participant(epochs_)};
};

}  // namespace

std::vector<Object> Objects() { return {MakeObject<QueueObject>("LockFreeQueue")}; }

}  // namespace ashlar::verification::linearizability
