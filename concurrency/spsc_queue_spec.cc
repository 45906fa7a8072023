// SpscQueue is a queue of bounded length whose ends may be told too early that it is full or
// empty: spsc_queue.h says when they are not, and spsc_queue_scenarios.cc checks that.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/concurrency/spsc_queue.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {
namespace {

template <class Platform, std::size_t kCapacity>
class QueueObject {
 public:
  using Specification = RelaxedQueue<int>;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 2;
  static constexpr int kVariants = 2;
  explicit QueueObject(int variant) : queue_(kCapacity, variant == 0 ? 0 : ~std::uint64_t{0}) {}

  // A producer and a consumer.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    if (thread == 1) return {Specification::Pop()};
    return {Specification::Push(static_cast<int>(made.size()) + 1)};
  }
  Result Do(int, const Call& call) {
    if (call.method == Specification::Method::kPop) {
      return Specification::TookOrEmpty(queue_.TryPop());
    }
    return queue_.TryPush(call.item) ? Specification::Done() : Specification::Full();
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{5, 5}}};
    return {{{4, 4}}};
  }
  static Specification Specified() {
    Specification specification;
    specification.capacity = kCapacity;
    specification.may_fail = true;
    return specification;
  }

 private:
  SpscQueue<int, Platform> queue_;
};

template <class Platform>
using OneSlot = QueueObject<Platform, 1>;
template <class Platform>
using TwoSlots = QueueObject<Platform, 2>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<OneSlot>("SpscQueueOneSlot"),
      MakeObject<TwoSlots>("SpscQueueTwoSlots"),
  };
}

}  // namespace ashlar::verification::linearizability
