// Producers and consumers on threads of their own. All else about futures is in future_test.cc,
// which has one thread.

#include <atomic>
#include <chrono>
#include <coroutine>
#include <exception>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "ashlar/scheduling/future.h"
#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(FutureStressTest, SleepersAreWoken) {
  for (int i = 0; i < 50; ++i) {
    Promise<int> promise;
    auto future = promise.GetFuture();
    std::thread producer([&promise, i] {
      if (i % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      promise.SetValue(i);
    });
    if (i % 3 == 0) {
      while (!future.Wait(absl::Microseconds(300)).ok()) {
      }
    }
    EXPECT_EQ(*future.Get(absl::Hours(i % 5 == 0 ? 1e9 : 1)), i);
    producer.join();
  }
}

// Two threads meet at each pair, one setting and the other attaching, taking or dropping.
TEST(FutureStressTest, SetMeetsAttach) {
  constexpr int kPairs = 20'000;
  std::vector<Promise<int>> promises(kPairs);
  std::vector<Future<int>> futures;
  for (auto& promise : promises) futures.push_back(promise.GetFuture());
  std::atomic<int> at{0};
  std::thread producer([&] {
    for (int i = 0; i < kPairs; ++i) {
      at.store(i, std::memory_order_relaxed);
      if (i % 7 == 0) {
        Promise<int> dropped = std::move(promises[i]);
      } else {
        promises[i].SetValue(i);
      }
    }
    at.store(kPairs, std::memory_order_relaxed);
  });
  long sum = 0;
  int errors = 0;
  for (int i = 0; i < kPairs; ++i) {
    while (at.load(std::memory_order_relaxed) < i) std::this_thread::yield();
    const auto add = [&](Future<int> future) {
      const auto value = future.Get();
      value.ok() ? static_cast<void>(sum += *value) : static_cast<void>(++errors);
    };
    if (i % 3 == 0) {
      add(std::move(futures[i]));
    } else if (i % 3 == 1) {
      add(std::move(futures[i]).Then([](int n) { return n; }).Then([](int n) { return n; }));
    } else {
      Future<int> dropped = std::move(futures[i]);
      sum += i % 7 == 0 ? 0 : i;
      errors += i % 7 == 0;
    }
  }
  producer.join();
  long expected = 0;
  for (int i = 0; i < kPairs; ++i) expected += i % 7 == 0 ? 0 : i;
  EXPECT_EQ(sum, expected);
  EXPECT_EQ(errors, (kPairs + 6) / 7);
}

struct Detached {
  struct promise_type {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
};

Detached AddInto(Future<int> a, Future<int> b, Promise<int> sum) {
  const auto left = co_await a;
  const auto right = co_await b;
  sum.SetValue(*left + *right);
}

TEST(FutureStressTest, ACoroutineGoesOnWhereverTheOutcomeComesFrom) {
  for (int i = 0; i < 1000; ++i) {
    Promise<int> a, b, sum;
    auto future = sum.GetFuture();
    auto fa = a.GetFuture(), fb = b.GetFuture();
    std::thread producer([a = std::move(a), b = std::move(b)]() mutable {
      a.SetValue(1);
      b.SetValue(2);
    });
    AddInto(std::move(fa), std::move(fb), std::move(sum));
    EXPECT_EQ(*future.Get(), 3);
    producer.join();
  }
}

}  // namespace
}  // namespace ashlar
