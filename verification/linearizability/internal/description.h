// description.h
// -------------
// What a description of an object (object.h) says, or, where it says nothing, what holds.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_DESCRIPTION_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_DESCRIPTION_H_

#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability::internal {

template <class D>
using CallOf = typename D::Specification::Call;
template <class D>
using ResultOf = typename D::Specification::Result;

template <class D>
concept Described = Specification<typename D::Specification> && D::kThreads >
0 && std::is_trivially_copyable_v<CallOf<D>>&& std::is_trivially_copyable_v<ResultOf<D>>&& requires(
         D& object, int thread, const CallOf<D>& call, std::span<const CallOf<D>> made) {
  { D::Calls(thread, made) } -> std::same_as<std::vector<CallOf<D>>>;
  { object.Do(thread, call) } -> std::same_as<ResultOf<D>>;
};

template <Described D>
constexpr int Variants() {
  if constexpr (requires { D::kVariants; }) return D::kVariants;
  return 1;
}

template <Described D>
constexpr bool MayWait() {
  if constexpr (requires { D::kMayWait; }) return D::kMayWait;
  return false;
}

// A new object, in place.
template <Described D>
D Begin(int variant) {
  if constexpr (requires { D::kVariants; }) {
    return D(variant);
  } else {
    return D();
  }
}

template <Described D>
void Settle(D& object, int thread, const CallOf<D>& call, const ResultOf<D>& result) {
  if constexpr (requires { object.Settle(thread, call, result); }) {
    object.Settle(thread, call, result);
  }
}

// Makes the last calls, at most `limit`, each by make(call), which gives its result.
template <Described D, class Make>
void MakeLastCalls(int limit, Make make) {
  if constexpr (requires(std::optional<ResultOf<D>> before) { D::Last(before); }) {
    std::optional<ResultOf<D>> before;
    for (int i = 0; i < limit; ++i) {
      const std::optional<CallOf<D>> call = D::Last(before);
      if (!call.has_value()) return;
      before = make(*call);
    }
  }
}

template <Described D>
std::vector<Shape> Shapes(bool deep) {
  if constexpr (requires { D::Programs(deep); }) {
    return D::Programs(deep);
  } else if constexpr (D::kThreads == 1) {
    return {{{deep ? 6 : 4}}};
  } else {
    std::vector<Shape> shapes = {{std::vector<int>(2, deep ? 3 : 2)}};
    if (D::kThreads > 2) shapes.push_back({std::vector<int>(3, deep ? 2 : 1)});
    return shapes;
  }
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_DESCRIPTION_H_
