// PriorityQueue is one: a pop takes the least, and of equals the oldest.

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "ashlar/concurrency/priority_queue.h"
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
      participants_[thread].Push(PriorityOf(call.item), call.item);
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
    if (deep) return {{{3, 2}}, {{1, 1, 1}}};
    return {{{2, 2}}, {{1, 1, 1}}};
  }

 private:
  using Queue = PriorityQueue<int, int, Platform>;
  using Participant = typename Queue::Participant;

  Queue queue_;
  Participant participants_[kThreads] = {Participant(queue_), Participant(queue_),
                                         Participant(queue_)};
};

}  // namespace

std::vector<Object> Objects() { return {MakeObject<QueueObject>("PriorityQueue")}; }

}  // namespace ashlar::verification::linearizability
