// outcome.h
// ---------
// Outcome<T>: how an asynchronous computation ended: with a value, an error, or cancelled.
//
//   Outcome<int> outcome = 42;
//   Outcome<int> failed = absl::NotFoundError("no such file");
//   if (outcome.ok()) Use(outcome.value());
//
// An error is an absl::Status or an exception, which keeps its type. Cancelled is neither a
// value nor an error, so that code that handles errors does not take one for the other. As a
// Status it is one whose code is Cancelled, and such a Status makes a cancelled outcome: what
// was cancelled stays that when it goes through functions that know Status only.
//
// T: void, or an object type that can be moved, other than absl::Status, absl::StatusOr and
// std::exception_ptr. Where moving a T throws, so does moving the outcome, which has then
// nothing in it. An outcome that was made with OutcomeKind::kNone, or by default, is empty.
//
// Thread safety: as any value. No allocation of its own.
#ifndef ASHLAR_SCHEDULING_OUTCOME_H_
#define ASHLAR_SCHEDULING_OUTCOME_H_

#include <concepts>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ashlar/base/check.h"

namespace ashlar {

enum class OutcomeKind : std::uint8_t { kNone, kValue, kError, kException, kCancelled };

template <class T>
class Outcome;

namespace internal {

// UNKNOWN, with what() if there is one.
absl::Status StatusOfException(const std::exception_ptr& exception);

template <class T>
inline constexpr bool kIsStatusOr = false;
template <class T>
inline constexpr bool kIsStatusOr<absl::StatusOr<T>> = true;

template <class T>
inline constexpr bool kIsOutcome = kIsStatusOr<T>;  // or what makes one without being a value
template <class T>
inline constexpr bool kIsOutcome<Outcome<T>> = true;
template <>
inline constexpr bool kIsOutcome<absl::Status> = true;
template <>
inline constexpr bool kIsOutcome<std::exception_ptr> = true;

template <class T>
concept OutcomeValue = std::is_void_v<T> ||
    (std::is_object_v<T>&& std::same_as<T, std::decay_t<T>>&& std::move_constructible<T> &&
     !kIsOutcome<T>);

}  // namespace internal

template <class T>
class [[nodiscard]] Outcome {
  static_assert(internal::OutcomeValue<T>, "void, or a movable object type that is no Status");

 public:
  // What stands for the value of a void.
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
  // What functions give that wait for an outcome.
  using Result = std::conditional_t<std::is_void_v<T>, absl::Status, absl::StatusOr<Value>>;

  // Empty.
  Outcome() noexcept {}

  template <class V = Value>
  requires(std::convertible_to<V, Value> && !internal::kIsOutcome<std::remove_cvref_t<V>>)
      Outcome(V&& value)
      : kind_(OutcomeKind::kValue) {  // NOLINT: a conversion on purpose
    std::construct_at(&value_, std::forward<V>(value));
  }
  // An error, or cancelled if that is its code. OK is the value of a void; of another type it
  // is a failed check.
  Outcome(absl::Status status) noexcept {  // NOLINT: as above
    if (status.ok()) {
      if constexpr (std::is_void_v<T>) {
        std::construct_at(&value_);
        kind_ = OutcomeKind::kValue;
        return;
      }
      ASHLAR_CHECK(!status.ok(), "OK says nothing about the value");
    }
    kind_ = absl::IsCancelled(status) ? OutcomeKind::kCancelled : OutcomeKind::kError;
    std::construct_at(&status_, std::move(status));
  }
  template <std::same_as<absl::StatusOr<Value>> R>
  Outcome(R result) {  // NOLINT: as above
    static_assert(!std::is_void_v<T>, "a void comes with an absl::Status");
    if (result.ok()) {
      std::construct_at(&value_, *std::move(result));
      kind_ = OutcomeKind::kValue;
    } else {
      Adopt(Outcome(std::move(result).status()));
    }
  }
  Outcome(std::exception_ptr exception) noexcept : kind_(OutcomeKind::kException) {  // NOLINT
    ASHLAR_CHECK(exception != nullptr, "a null exception is no error");
    std::construct_at(&exception_, std::move(exception));
  }

  Outcome(Outcome&& other) noexcept(std::is_nothrow_move_constructible_v<Value>) { Adopt(other); }
  Outcome(const Outcome& other) noexcept(
      std::is_nothrow_copy_constructible_v<Value>) requires std::copy_constructible<Value> {
    Adopt(other);
  }
  Outcome& operator=(Outcome&& other) noexcept(std::is_nothrow_move_constructible_v<Value>) {
    if (this != &other) {
      Clear();
      Adopt(other);
    }
    return *this;
  }
  Outcome& operator=(const Outcome& other) noexcept(
      std::is_nothrow_copy_constructible_v<Value>) requires std::copy_constructible<Value> {
    if (this != &other) {
      Clear();
      Adopt(other);
    }
    return *this;
  }
  ~Outcome() { Destroy(); }

  OutcomeKind kind() const { return kind_; }
  bool empty() const { return kind_ == OutcomeKind::kNone; }
  bool ok() const { return kind_ == OutcomeKind::kValue; }
  bool cancelled() const { return kind_ == OutcomeKind::kCancelled; }
  // An error or an exception.
  bool failed() const { return kind_ == OutcomeKind::kError || kind_ == OutcomeKind::kException; }

  // Only of what is ok(), which is checked.
  Value& value() & {
    ASHLAR_CHECK(ok(), "there is no value");
    return value_;
  }
  const Value& value() const& {
    ASHLAR_CHECK(ok(), "there is no value");
    return value_;
  }
  Value&& value() && {
    ASHLAR_CHECK(ok(), "there is no value");
    return std::move(value_);
  }

  // OK, the error, Cancelled; for an exception Unknown, with its what().
  absl::Status status() const {
    switch (kind_) {
      case OutcomeKind::kValue:
        return absl::OkStatus();
      case OutcomeKind::kException:
        return internal::StatusOfException(exception_);
      default:
        ASHLAR_CHECK(!empty(), "an empty outcome has no status");
        return status_;
    }
  }
  // Null if it is none.
  std::exception_ptr exception() const {
    return kind_ == OutcomeKind::kException ? exception_ : nullptr;
  }

  // The value, or the error, or Cancelled; an exception is rethrown.
  Result TakeResult() && {
    if (ok()) {
      if constexpr (std::is_void_v<T>) {
        return absl::OkStatus();
      } else {
        return std::move(value_);
      }
    }
    if (kind_ == OutcomeKind::kException) std::rethrow_exception(exception_);
    ASHLAR_CHECK(!empty(), "an empty outcome has no result");
    return std::move(status_);
  }

  // The same end of another computation. Not of what is ok().
  template <class U>
  Outcome<U> FailureAs() && {
    ASHLAR_CHECK(!ok() && !empty(), "a value is no failure");
    if (kind_ == OutcomeKind::kException) return Outcome<U>(std::move(exception_));
    return Outcome<U>(std::move(status_));
  }
  template <class U>
  Outcome<U> FailureAs() const& {
    ASHLAR_CHECK(!ok() && !empty(), "a value is no failure");
    if (kind_ == OutcomeKind::kException) return Outcome<U>(exception_);
    return Outcome<U>(status_);
  }

  void Clear() noexcept {
    Destroy();
    kind_ = OutcomeKind::kNone;
  }

 private:
  // Into an empty one. From a const it copies.
  template <class Other>
  void Adopt(Other&& other) {
    if (other.kind_ == OutcomeKind::kNone) return;
    if (other.kind_ == OutcomeKind::kValue) [[likely]] {
      if constexpr (std::is_const_v<std::remove_reference_t<Other>>) {
        std::construct_at(&value_, other.value_);
      } else {
        std::construct_at(&value_, std::move(other.value_));
      }
      kind_ = OutcomeKind::kValue;
    } else {
      AdoptFailure(other);
    }
  }

  [[gnu::always_inline]] void Destroy() noexcept {
    if (kind_ == OutcomeKind::kNone) return;
    if (kind_ == OutcomeKind::kValue) [[likely]] {
      std::destroy_at(&value_);
    } else {
      DestroyFailure();
    }
  }

  // Apart, so that what is done with a value is short enough to be inlined.
  template <class Other>
  [[gnu::noinline]] void AdoptFailure(Other& other) noexcept {
    const auto take = [](auto& from) -> decltype(auto) {
      if constexpr (std::is_const_v<Other>) {
        return std::as_const(from);
      } else {
        return std::move(from);
      }
    };
    if (other.kind_ == OutcomeKind::kException) {
      std::construct_at(&exception_, take(other.exception_));
    } else {
      std::construct_at(&status_, take(other.status_));
    }
    kind_ = other.kind_;
  }
  [[gnu::noinline]] void DestroyFailure() noexcept {
    if (kind_ == OutcomeKind::kException) {
      std::destroy_at(&exception_);
    } else {
      std::destroy_at(&status_);
    }
  }

  union {
    Value value_;
    absl::Status status_;
    std::exception_ptr exception_;
  };
  OutcomeKind kind_ = OutcomeKind::kNone;
};

}  // namespace ashlar

#endif  // ASHLAR_SCHEDULING_OUTCOME_H_
