#include "ashlar/scheduling/executor.h"

#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

// The smallest executor: everything runs inside of the call.
class Inline {
 public:
  struct Handle {
    absl::Status Wait() { return absl::OkStatus(); }
  };
  template <class F>
  absl::Status Post(F&& f) {
    f();
    return absl::OkStatus();
  }
  template <class Range>
  absl::Status PostAll(Range&& range) {
    for (auto& f : range) f();
    return absl::OkStatus();
  }
  template <class F>
  Handle Submit(F&& f) {
    f();
    return {};
  }
  bool RunsOnThisThread() const { return true; }
};
static_assert(Executor<Inline>);

struct WithoutHelp : Inline {
  void Submit(std::function<void()>) {}
};
static_assert(!Executor<WithoutHelp>);
static_assert(!Executor<int>);

int CountOn(Executor auto& executor) {
  int count = 0;
  const std::function<void()> f = [&count] { ++count; };
  EXPECT_TRUE(executor.Post(f).ok());
  EXPECT_TRUE(executor.PostAll(std::vector<std::function<void()>>(3, f)).ok());
  EXPECT_TRUE(executor.Submit(f).Wait().ok());
  return count;
}

TEST(ExecutorTest, CodeCanBeWrittenAgainstTheConcept) {
  Inline executor;
  EXPECT_EQ(CountOn(executor), 5);
}

}  // namespace
}  // namespace ashlar
