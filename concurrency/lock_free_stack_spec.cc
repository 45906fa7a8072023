// LockFreeStack is a stack of bounded length. With two places, all may be in the hands of another
// thread's PopAll, so nothing is said of refusals: lock_free_stack_scenarios.cc does. With as many
// places as real threads push items, only a full stack may refuse one: that is for the fuzzer.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/concurrency/lock_free_stack.h"
#include "ashlar/concurrency/stack_specification_for_test.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"

namespace ashlar::verification::linearizability {
namespace {

constexpr std::size_t kMany = 32;

template <class Platform, std::size_t kCapacity>
class StackObject {
 public:
  using Specification = StackSpecification;
  using Call = StackSpecification::Call;
  using Result = StackSpecification::Result;

  static constexpr int kThreads = 3;

  // The first tag, and the last.
  static constexpr int kVariants = 2;
  explicit StackObject(int variant) : stack_(kCapacity, variant == 0 ? 0 : ~std::uint64_t{0}) {}

  // All items differ.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int item = 100 * (thread + 1) + static_cast<int>(made.size());
    return {StackSpecification::Push(item), StackSpecification::Pop(),
            StackSpecification::PopAll()};
  }
  Result Do(int, const Call& call) {
    switch (call.method) {
      case StackSpecification::Method::kPush:
        return StackSpecification::Pushed(stack_.TryPush(call.item));
      case StackSpecification::Method::kPop:
        return StackSpecification::Popped(stack_.TryPop());
      default:
        return StackSpecification::Popped(stack_.PopAll());
    }
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before.has_value()) return std::nullopt;
    return StackSpecification::PopAll();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{2, 2}}, {{3, 1}}, {{1, 1, 1}}};
    return {{{2, 1}}, {{1, 1, 1}}};
  }
  static Specification Specified() { return {kCapacity, kCapacity < kMany}; }

 private:
  LockFreeStack<int, Platform> stack_;
};

template <class Platform>
using TwoPlaces = StackObject<Platform, 2>;
template <class Platform>
using ManyPlaces = StackObject<Platform, kMany>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<TwoPlaces>("LockFreeStackOfTwo"),
      MakeObject<ManyPlaces>("LockFreeStackOfMany"),
  };
}

}  // namespace ashlar::verification::linearizability
