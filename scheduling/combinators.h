// combinators.h
// -------------
// All, Race, Any: one future of several.
//
//   Future<std::tuple<User, Cart>> page = All(GetUser(id), GetCart(id));
//   Future<std::vector<Row>> rows = All(std::move(queries));        // of a range of Future<Row>
//   Future<Winner<Reply>> reply = Any(std::move(replicas));
//
//   All   the values of all, in their order; or the first failure
//   Race  the first that ends, with its value or its failure
//   Any   the first value; if there is none, a Status with all failures: its code is that of the
//         first input that failed otherwise than by a cancellation
//
// over a range, which is given up (std::move it), or over futures of any types as arguments. The
// value of a void is left out in a range and std::monostate in a tuple; a Winner says which it was.
//
// What is not needed any more is cancelled, and waited for: when the result is ready, all inputs
// have ended, and nothing that they use is in use. So an input that does not listen to its
// cancellation holds up the result. Cancel() of the result cancels all inputs.
//
// When to use: several futures, one continuation. When not: to bound how many run at once, which
// is a TaskGroup's business.
//
// Thread safety and errors: those of futures. All of nothing is nothing; Race and Any of nothing is
// InvalidArgument. Progress: that of futures.
// Cost: one allocation for futures as arguments, two for a range, besides that of its values; 48
// bytes and an outcome for each input. Some more if inputs listen to their cancellation. Two locked
// instructions for each input that is not ready, one for each that is.
#ifndef ASHLAR_SCHEDULING_COMBINATORS_H_
#define ASHLAR_SCHEDULING_COMBINATORS_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/internal/gather.h"
#include "ashlar/scheduling/outcome.h"

namespace ashlar {

// T is void, or what the inputs give; for inputs of several types, a std::variant.
template <class T>
struct Winner {
  std::size_t index;
  typename Outcome<T>::Value value;
};

namespace internal {

template <class T>
inline constexpr bool kIsFuture = false;
template <class T>
inline constexpr bool kIsFuture<Future<T>> = true;

template <class R>
concept FutureRange = std::ranges::forward_range<R> && kIsFuture<std::ranges::range_value_t<R>> &&
    (!std::is_lvalue_reference_v<R> || std::ranges::view<std::remove_cvref_t<R>>);

template <class T>
using ValueOf = typename Outcome<T>::Value;

// std::vector<T>, and void for void.
template <class T>
using AllOfRange = std::conditional_t<std::is_void_v<T>, void, std::vector<ValueOf<T>>>;

template <class T, class... Ts>
struct WinnerOfTuple {
  using type = Winner<std::variant<ValueOf<T>, ValueOf<Ts>...>>;
};
template <class T, class... Ts>
requires(...&& std::same_as<T, Ts>) struct WinnerOfTuple<T, Ts...> {
  using type = Winner<T>;
};

struct AllPolicy {
  template <class T>
  static bool Decides(const Outcome<T>& outcome) {
    return !outcome.ok();
  }

  template <class R, class T>
  static Outcome<R> Result(RangeInputs<T, AllPolicy>& inputs, std::uint32_t first) {
    if (first != GatherState<>::kNobody) {
      return std::move(inputs[first].outcome()).template FailureAs<R>();
    }
    if constexpr (std::is_void_v<T>) {
      return std::monostate();
    } else {
      std::vector<T> values;
      values.reserve(inputs.size());
      inputs.ForEach(
          [&](std::size_t, auto& input) { values.push_back(std::move(input.outcome()).value()); });
      return values;
    }
  }

  template <class R, class... Ts>
  static Outcome<R> Result(TupleInputs<AllPolicy, Ts...>& inputs, std::uint32_t first) {
    if (first == GatherState<>::kNobody) {
      return std::apply([](auto&... input) { return R(std::move(input.outcome()).value()...); },
                        inputs.inputs());
    }
    Outcome<R> failure;
    inputs.At(first, [&](auto, auto& input) {
      failure = std::move(input.outcome()).template FailureAs<R>();
    });
    return failure;
  }
};

// Of Race and Any.
template <class R, class Inputs>
Outcome<R> ResultOfWinner(Inputs& inputs, std::uint32_t first) {
  Outcome<R> result;
  const auto take = [&](auto index, auto& input) {
    auto& outcome = input.outcome();
    if (!outcome.ok()) {
      result = std::move(outcome).template FailureAs<R>();
    } else if constexpr (std::is_same_v<decltype(R::value),
                                        std::remove_reference_t<decltype(outcome.value())>>) {
      result = R{index, std::move(outcome).value()};
    } else {
      result = R{index, decltype(R::value)(std::in_place_index<decltype(index)::value>,
                                           std::move(outcome).value())};
    }
  };
  if constexpr (requires { inputs.inputs(); }) {
    inputs.At(first, take);
  } else {
    take(std::size_t{first}, inputs[first]);
  }
  return result;
}

struct RacePolicy {
  template <class T>
  static bool Decides(const Outcome<T>&) {
    return true;
  }
  template <class R, class Inputs>
  static Outcome<R> Result(Inputs& inputs, std::uint32_t first) {
    return ResultOfWinner<R>(inputs, first);
  }
};

struct AnyPolicy {
  template <class T>
  static bool Decides(const Outcome<T>& outcome) {
    return outcome.ok();
  }
  template <class R, class Inputs>
  static Outcome<R> Result(Inputs& inputs, std::uint32_t first) {
    if (first != GatherState<>::kNobody) return ResultOfWinner<R>(inputs, first);
    Failures failures;
    inputs.ForEach(
        [&](std::size_t index, auto& input) { failures.Add(index, input.outcome().status()); });
    return failures.status(inputs.size());
  }
};

template <class R, class Policy, class T, class Range>
Future<R> GatherRange(Range&& range) {
  using Inputs = RangeInputs<T, Policy>;
  using Block = Gather<R, Policy, Inputs>;
  auto gather =
      std::make_unique<Block>(Inputs(static_cast<std::size_t>(std::ranges::distance(range))));
  std::uint32_t index = 0;
  for (auto&& future : range) {
    gather->inputs()[index].Set(gather.get(), index, std::move(future));
    ++index;
  }
  return Block::Start(std::move(gather));
}

template <class R, class Policy, class... Ts>
Future<R> GatherTuple(Future<Ts>&&... futures) {
  using Block = Gather<R, Policy, TupleInputs<Policy, Ts...>>;
  auto gather = std::make_unique<Block>();
  auto all = std::forward_as_tuple(std::move(futures)...);
  [&]<std::size_t... kIndex>(std::index_sequence<kIndex...>) {
    (std::get<kIndex>(gather->inputs().inputs())
         .Set(gather.get(), kIndex, std::get<kIndex>(std::move(all))),
     ...);
  }
  (std::index_sequence_for<Ts...>());
  return Block::Start(std::move(gather));
}

template <class Range>
using RangeValue = typename std::ranges::range_value_t<Range>::value_type;

}  // namespace internal

// Future<std::vector<T>>; of a range of Future<void> Future<void>.
template <internal::FutureRange Range>
auto All(Range&& range) {
  using T = internal::RangeValue<Range>;
  return internal::GatherRange<internal::AllOfRange<T>, internal::AllPolicy, T>(range);
}
// Future<std::tuple<...>>.
template <class... Ts>
auto All(Future<Ts>... futures) {
  return internal::GatherTuple<std::tuple<internal::ValueOf<Ts>...>, internal::AllPolicy>(
      std::move(futures)...);
}

// Future<Winner<...>>.
template <internal::FutureRange Range>
auto Race(Range&& range) {
  using T = internal::RangeValue<Range>;
  if (std::ranges::empty(range)) {
    return Future<Winner<T>>(absl::InvalidArgumentError("a race of no futures has no winner"));
  }
  return internal::GatherRange<Winner<T>, internal::RacePolicy, T>(range);
}
template <class T, class... Ts>
auto Race(Future<T> first, Future<Ts>... futures) {
  using R = typename internal::WinnerOfTuple<T, Ts...>::type;
  return internal::GatherTuple<R, internal::RacePolicy>(std::move(first), std::move(futures)...);
}

// Future<Winner<...>>.
template <internal::FutureRange Range>
auto Any(Range&& range) {
  using T = internal::RangeValue<Range>;
  if (std::ranges::empty(range)) {
    return Future<Winner<T>>(absl::InvalidArgumentError("none of no futures can succeed"));
  }
  return internal::GatherRange<Winner<T>, internal::AnyPolicy, T>(range);
}
template <class T, class... Ts>
auto Any(Future<T> first, Future<Ts>... futures) {
  using R = typename internal::WinnerOfTuple<T, Ts...>::type;
  return internal::GatherTuple<R, internal::AnyPolicy>(std::move(first), std::move(futures)...);
}

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_COMBINATORS_H_
