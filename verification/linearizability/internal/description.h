// description.h
// -------------
// Description: what a description of an object (object.h) says, without its type, and, where it
// says nothing, what holds. What tests objects is compiled once for all that have the same
// specification, on whichever platform.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_DESCRIPTION_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_DESCRIPTION_H_

#include <concepts>
#include <cstddef>
#include <new>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/specification.h"

namespace ashlar::verification::linearizability::internal {

template <Specification S>
struct Description {
  using Call = typename S::Call;
  using Result = typename S::Result;

  int threads;
  int variants;
  std::vector<Call> (*calls)(int thread, std::span<const Call> made);
  std::optional<Call> (*last)(const std::optional<Result>& before);
  std::vector<Shape> (*programs)(bool deep);
  S (*specified)();
  S (*late)();  // or null

  // The object, in memory of the caller.
  std::size_t size;
  std::size_t alignment;
  void (*begin)(void* object, int variant);
  Result (*make)(void* object, int thread, const Call& call);
  void (*settle)(void* object, int thread, const Call& call, const Result& result);
  void (*end)(void* object);
};

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
constexpr bool MayWait() {
  if constexpr (requires { D::kMayWait; }) return D::kMayWait;
  return false;
}

// For so many threads at most.
std::vector<Shape> UsualPrograms(int threads, bool deep);

template <Described D>
constexpr Description<typename D::Specification> Describe() {
  using Call = CallOf<D>;
  using Result = ResultOf<D>;
  Description<typename D::Specification> description = {
      .threads = D::kThreads,
      .variants = 1,
      .calls = [](int thread, std::span<const Call> made) { return D::Calls(thread, made); },
      .last = [](const std::optional<Result>&) { return std::optional<Call>(); },
      .programs = [](bool deep) { return UsualPrograms(D::kThreads, deep); },
      .specified = nullptr,
      .late = nullptr,
      .size = sizeof(D),
      .alignment = alignof(D),
      .begin =
          [](void* object, int variant) {
            if constexpr (requires { D::kVariants; }) {
              ::new (object) D(variant);
            } else {
              ::new (object) D();
            }
          },
      .make = [](void* object, int thread,
                 const Call& call) { return static_cast<D*>(object)->Do(thread, call); },
      .settle = [](void*, int, const Call&, const Result&) {},
      .end = [](void* object) { static_cast<D*>(object)->~D(); },
  };
  if constexpr (requires { D::kVariants; }) description.variants = D::kVariants;
  if constexpr (requires(std::optional<Result> before) { D::Last(before); }) {
    description.last = [](const std::optional<Result>& before) { return D::Last(before); };
  }
  if constexpr (requires(bool deep) { D::Programs(deep); }) description.programs = D::Programs;
  if constexpr (requires { D::Specified(); }) {
    description.specified = D::Specified;
  } else {
    description.specified = [] { return typename D::Specification(); };
  }
  if constexpr (requires { D::Late(); }) description.late = D::Late;
  if constexpr (requires(D & object, Call call, Result result) {
                  object.Settle(0, call, result);
                }) {
    description.settle = [](void* object, int thread, const Call& call, const Result& result) {
      static_cast<D*>(object)->Settle(thread, call, result);
    };
  }
  return description;
}

template <Described D>
inline constexpr Description<typename D::Specification> kDescription = Describe<D>();

// A described object.
template <Specification S>
class Instance {
 public:
  Instance(const Description<S>& description, int variant)
      : description_(description),
        object_(::operator new(description.size, std::align_val_t(description.alignment))) {
    description_.begin(object_, variant);
  }
  ~Instance() {
    description_.end(object_);
    ::operator delete(object_, std::align_val_t(description_.alignment));
  }
  Instance(const Instance&) = delete;
  Instance& operator=(const Instance&) = delete;

  void* Get() const { return object_; }

 private:
  const Description<S>& description_;
  void* const object_;
};

// Makes the last calls, at most `limit`, each by make(call), which gives its result.
template <Specification S, class Make>
void MakeLastCalls(const Description<S>& description, int limit, Make make) {
  std::optional<typename S::Result> before;
  for (int i = 0; i < limit; ++i) {
    const std::optional<typename S::Call> call = description.last(before);
    if (!call.has_value()) return;
    before = make(*call);
  }
}

}  // namespace ashlar::verification::linearizability::internal

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_INTERNAL_DESCRIPTION_H_
