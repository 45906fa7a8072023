// ChaseLevDeque is a work-stealing deque: what its owner and its thieves take is what a
// sequence of their calls would give them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {
namespace {

template <class Platform, class FencePolicy>
class Deque {
 public:
  using Specification = WorkStealingDeque<int>;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;

  // Too small, and about to wrap around.
  static constexpr int kVariants = 2;
  explicit Deque(int variant)
      : deque_(variant == 0 ? 1 : 2, variant == 0 ? 0 : ~std::uint64_t{0} - 1) {}

  // The owner, and thieves.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    if (thread > 0) return {Specification::Steal()};
    return {Specification::Push(static_cast<int>(made.size()) + 1), Specification::Pop()};
  }
  Result Do(int, const Call& call) {
    switch (call.method) {
      case Specification::Method::kPush:
        deque_.Push(call.item);
        return Specification::Done();
      case Specification::Method::kPop:
        return Specification::TookOrEmpty(deque_.Pop());
      default: {
        const StealResult<int> result = deque_.Steal();
        if (result.outcome == StealOutcome::kSuccess) return Specification::Took(result.item);
        return result.outcome == StealOutcome::kRetry ? Specification::Retry()
                                                      : Specification::Empty();
      }
    }
  }

  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{7, 2}}, {{6, 3}}, {{5, 1, 1}}, {{4, 2, 1}}};
    return {{{6, 2}}, {{4, 3}}, {{4, 1, 1}}, {{3, 2, 1}}};
  }
  // Push is a release store, which may wait in a store buffer.
  static Specification Late() {
    Specification specification;
    specification.steal_may_miss = true;
    return specification;
  }

 private:
  ChaseLevDeque<int, Platform, FencePolicy> deque_;
};

template <class Platform>
using FencedDeque = Deque<Platform, FullFencePolicy>;
template <class Platform>
using AsymmetricDeque = Deque<Platform, AsymmetricFencePolicy>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<FencedDeque>("ChaseLevDeque"),
      MakeObject<AsymmetricDeque>("AsymmetricChaseLevDeque"),
  };
}

}  // namespace ashlar::verification::linearizability
