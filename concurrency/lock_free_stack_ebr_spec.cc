// LockFreeStackEbr is an unbounded stack, with either fence policy of its epochs.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_stack_ebr.h"
#include "ashlar/concurrency/stack_specification_for_test.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

template <class Platform, class FencePolicy>
class StackObject {
 public:
  using Specification = StackSpecification;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;

  // Batches of one and of two.
  static constexpr int kVariants = 2;
  explicit StackObject(int variant)
      : epochs_(EpochOptions{.batch = static_cast<std::size_t>(variant + 1)}) {}

  // All items differ.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int item = 100 * (thread + 1) + static_cast<int>(made.size());
    return {Specification::Push(item), Specification::Pop(), Specification::PopAll()};
  }
  Result Do(int thread, const Call& call) {
    switch (call.method) {
      case Specification::Method::kPush:
        stack_.Push(call.item);
        return Specification::Pushed(true);
      case Specification::Method::kPop:
        return Specification::Popped(stack_.TryPop(participants_[thread]));
      default:
        return Specification::Popped(stack_.PopAll(participants_[thread]));
    }
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before.has_value()) return std::nullopt;
    return Specification::PopAll();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{3, 2}}, {{1, 1, 1}}};
    return {{{2, 2}}, {{1, 1, 1}}};
  }

 private:
  using Stack = LockFreeStackEbr<int, Platform, FencePolicy>;
  using Participant = typename Stack::Participant;

  typename Stack::Epochs epochs_;
  Stack stack_{epochs_};
  Participant participants_[kThreads] = {Participant(epochs_), Participant(epochs_),
                                         Participant(epochs_)};
};

template <class Platform>
using FencedStack = StackObject<Platform, FullFencePolicy>;
template <class Platform>
using AsymmetricStack = StackObject<Platform, AsymmetricFencePolicy>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<FencedStack>("LockFreeStackEbr"),
      MakeObject<AsymmetricStack>("LockFreeStackEbrAsymmetric"),
  };
}

}  // namespace ashlar::verification::linearizability
