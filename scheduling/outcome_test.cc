#include "ashlar/scheduling/outcome.h"

#include <deque>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

static_assert(internal::OutcomeValue<void> && internal::OutcomeValue<std::unique_ptr<int>>);
static_assert(!internal::OutcomeValue<int&> && !internal::OutcomeValue<const int> &&
              !internal::OutcomeValue<int[3]> && !internal::OutcomeValue<absl::Status> &&
              !internal::OutcomeValue<absl::StatusOr<int>> &&
              !internal::OutcomeValue<std::exception_ptr>);
static_assert(std::is_same_v<Outcome<void>::Result, absl::Status>);
static_assert(std::is_same_v<Outcome<int>::Result, absl::StatusOr<int>>);
static_assert(std::is_nothrow_move_constructible_v<Outcome<std::string>>);
static_assert(!std::is_copy_constructible_v<Outcome<std::unique_ptr<int>>>);

std::exception_ptr Exception() { return std::make_exception_ptr(std::out_of_range("far")); }

TEST(OutcomeTest, KindFollowsWhatItIsMadeOf) {
  EXPECT_EQ(Outcome<int>().kind(), OutcomeKind::kNone);
  EXPECT_EQ(Outcome<int>(3).kind(), OutcomeKind::kValue);
  EXPECT_EQ(Outcome<int>(absl::NotFoundError("")).kind(), OutcomeKind::kError);
  EXPECT_EQ(Outcome<int>(absl::CancelledError("")).kind(), OutcomeKind::kCancelled);
  EXPECT_EQ(Outcome<int>(Exception()).kind(), OutcomeKind::kException);
  EXPECT_EQ(Outcome<int>(absl::StatusOr<int>(3)).kind(), OutcomeKind::kValue);
  EXPECT_EQ(Outcome<int>(absl::StatusOr<int>(absl::CancelledError())).kind(),
            OutcomeKind::kCancelled);
  EXPECT_EQ(Outcome<void>(absl::OkStatus()).kind(), OutcomeKind::kValue);
  EXPECT_EQ(Outcome<void>(std::monostate()).kind(), OutcomeKind::kValue);
}

TEST(OutcomeTest, ValuesAreConverted) {
  EXPECT_EQ(Outcome<std::string>("text").value(), "text");
  EXPECT_EQ(Outcome<std::unique_ptr<int>>(nullptr).value(), nullptr);
}

TEST(OutcomeTest, StatusTellsOfAll) {
  EXPECT_TRUE(Outcome<int>(3).status().ok());
  EXPECT_EQ(Outcome<int>(absl::NotFoundError("x")).status(), absl::NotFoundError("x"));
  EXPECT_EQ(Outcome<int>(absl::CancelledError("y")).status(), absl::CancelledError("y"));
  EXPECT_EQ(Outcome<int>(Exception()).status(), absl::UnknownError("exception: far"));
  EXPECT_EQ(Outcome<int>(std::make_exception_ptr(3)).status().code(), absl::StatusCode::kUnknown);
}

TEST(OutcomeTest, FailedIsNeitherValueNorCancelled) {
  EXPECT_FALSE(Outcome<int>(3).failed());
  EXPECT_FALSE(Outcome<int>(absl::CancelledError()).failed());
  EXPECT_TRUE(Outcome<int>(absl::NotFoundError("")).failed());
  EXPECT_TRUE(Outcome<int>(Exception()).failed());
}

TEST(OutcomeTest, ResultsRethrow) {
  EXPECT_EQ(*Outcome<int>(3).TakeResult(), 3);
  EXPECT_EQ(Outcome<int>(absl::NotFoundError("x")).TakeResult().status(), absl::NotFoundError("x"));
  EXPECT_TRUE(Outcome<void>(std::monostate()).TakeResult().ok());
  EXPECT_THROW((void)Outcome<void>(Exception()).TakeResult(), std::out_of_range);
}

TEST(OutcomeTest, FailuresChangeTheirType) {
  EXPECT_EQ(Outcome<int>(absl::NotFoundError("x")).FailureAs<std::string>().status(),
            absl::NotFoundError("x"));
  const Outcome<void> thrown = Exception();
  EXPECT_EQ(thrown.FailureAs<int>().exception(), thrown.exception());
  EXPECT_EQ(Outcome<int>(3).exception(), nullptr);
}

TEST(OutcomeTest, IsCopiedMovedAndAssigned) {
  Outcome<std::string> a = std::string(100, 'a');
  Outcome<std::string> b = a;
  EXPECT_EQ(a.value(), b.value());
  b = absl::NotFoundError("x");
  a = b;
  EXPECT_EQ(a.status(), absl::NotFoundError("x"));
  a = Outcome<std::string>(Exception());
  b = std::move(a);
  EXPECT_NE(b.exception(), nullptr);
  b = Outcome<std::string>("b");
  EXPECT_EQ(std::move(b).value(), "b");
  b.Clear();
  EXPECT_TRUE(b.empty());
}

struct Throws {
  Throws() = default;
  Throws(Throws&&) { throw 1; }
  Throws& operator=(Throws&&) = default;
};

TEST(OutcomeTest, IsEmptyAfterAMoveThatThrew) {
  Outcome<std::deque<int>> fine = std::deque<int>(3);
  EXPECT_EQ(Outcome<std::deque<int>>(std::move(fine)).value().size(), 3u);
  EXPECT_THROW(const Outcome<Throws> thrown{Throws()}, int);
}

TEST(OutcomeDeathTest, Misuse) {
  EXPECT_DEATH(const Outcome<int> bad{absl::OkStatus()}, "OK says nothing");
  EXPECT_DEATH((void)Outcome<int>(absl::NotFoundError("")).value(), "no value");
  EXPECT_DEATH((void)Outcome<int>().status(), "empty");
  EXPECT_DEATH(const Outcome<int> bad{std::exception_ptr()}, "null exception");
}

}  // namespace
}  // namespace ashlar
