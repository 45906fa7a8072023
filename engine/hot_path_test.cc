// What runs for each task asks the system for no memory, once the engine has run as much.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <utility>

#include "ashlar/engine/engine.h"
#include "gtest/gtest.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HOT_PATH_TEST_SANITIZED
#endif
#endif

namespace {

constinit std::atomic<std::int64_t> allocations{0};

}  // namespace

// Every allocation of the process is counted: operator new comes here too.
#ifdef HOT_PATH_TEST_SANITIZED
#include <sanitizer/allocator_interface.h>
namespace {
[[maybe_unused]] const int installed = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void*, std::size_t) { ++allocations; }, [](const volatile void*) {});
}  // namespace
#else
extern "C" void* __libc_malloc(std::size_t bytes);  // NOLINT: glibc's name
extern "C" void* malloc(std::size_t bytes) noexcept {
  ++allocations;
  return __libc_malloc(bytes);
}
#endif

namespace ashlar {
namespace {

TEST(HotPathTest, AllocationsAreCounted) {
  const std::int64_t before = allocations;
  void* volatile memory = std::malloc(1);
  EXPECT_EQ(allocations, before + 1);
  std::free(memory);
  int* volatile number = new int(1);
  EXPECT_EQ(allocations, before + 2);
  delete number;
}

int Fib(Engine& engine, int n) {
  if (n < 2) return n;
  const auto [left, right] =
      engine.Join([&] { return Fib(engine, n - 1); }, [&] { return Fib(engine, n - 2); });
  return left + right;
}

// At most `kHandles` tasks at once.
constexpr std::size_t kHandles = 500;

void SubmitAndWait(Engine& engine, int rounds) {
  static std::array<TaskHandle<int>, kHandles> handles;
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < kHandles; ++i) {
      handles[i] = engine.Submit([i] { return static_cast<int>(i); });
    }
    for (std::size_t i = 0; i < kHandles; ++i) {
      ASSERT_EQ(*handles[i].Get(), static_cast<int>(i));
    }
  }
}

void ForkAndJoin(Engine& engine) {
  ASSERT_EQ(engine.Submit([&] { return Fib(engine, 20); }).Get().value(), 6765);
  std::atomic<int> sum{0};
  engine.ParallelFor(0, 1000, [&](int i) { sum.fetch_add(i, std::memory_order_relaxed); });
  ASSERT_EQ(sum, 499500);
}

TEST(HotPathTest, TasksAskTheSystemForNoMemory) {
  auto engine = Engine::Create({.workers = 2});
  ASSERT_TRUE(engine.ok());
  // So many blocks that those below suffice, wherever they are.
  {
    std::array<TaskHandle<int>, 8 * kHandles> many;
    for (auto& handle : many) handle = (*engine)->Submit([] { return 0; });
    for (auto& handle : many) ASSERT_EQ(*handle.Get(), 0);
  }
  SubmitAndWait(**engine, 1);
  ForkAndJoin(**engine);

  // A worker that does something for the first time may ask: there is a time without.
  std::int64_t least = std::numeric_limits<std::int64_t>::max();
  for (int i = 0; i < 20 && least > 0; ++i) {
    const std::int64_t before = allocations;
    SubmitAndWait(**engine, 10);
    ForkAndJoin(**engine);
    least = std::min(least, allocations - before);
  }
  EXPECT_EQ(least, 0);
}

}  // namespace
}  // namespace ashlar
