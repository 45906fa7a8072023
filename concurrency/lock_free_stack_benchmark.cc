// The rivals are boost::lockfree::stack of a fixed size, and a std::vector under a std::mutex.
// `ashlar` is LockFreeStack, `ashlar_ebr` LockFreeStackEbr, whose Participants are the threads'
// own.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/concurrency/lock_free_stack.h"
#include "ashlar/concurrency/lock_free_stack_ebr.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "benchmark/benchmark.h"
#include "boost/lockfree/stack.hpp"

namespace ashlar {
namespace {

using Item = std::uint64_t;

constexpr std::size_t kCapacity = 1024;

class Ashlar {
 public:
  bool Push(Item item) { return stack_.TryPush(item); }
  std::optional<Item> Pop() { return stack_.TryPop(); }
  Item PopAll() {
    Item sum = 0;
    auto all = stack_.PopAll();
    while (const std::optional<Item> item = all.TryPop()) sum += *item;
    return sum;
  }

 private:
  LockFreeStack<Item> stack_{kCapacity};
};

class AshlarEbr {
 public:
  bool Push(Item item) {
    stack_.Push(item);
    return true;
  }
  std::optional<Item> Pop() { return stack_.TryPop(); }
  Item PopAll() {
    Item sum = 0;
    auto all = stack_.PopAll();
    while (const std::optional<Item> item = all.TryPop()) sum += *item;
    return sum;
  }

 private:
  LockFreeStackEbr<Item> stack_;
};

class Boost {
 public:
  bool Push(Item item) { return stack_.bounded_push(item); }
  std::optional<Item> Pop() {
    Item item;
    if (!stack_.pop(item)) return std::nullopt;
    return item;
  }
  Item PopAll() {
    Item sum = 0;
    stack_.consume_all_atomic([&sum](Item item) { sum += item; });
    return sum;
  }

 private:
  boost::lockfree::stack<Item> stack_{kCapacity};
};

class Mutex {
 public:
  bool Push(Item item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(item);
    return true;
  }
  std::optional<Item> Pop() {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) return std::nullopt;
    const Item item = items_.back();
    items_.pop_back();
    return item;
  }
  Item PopAll() {
    const std::lock_guard lock(mutex_);
    Item sum = 0;
    for (; !items_.empty(); items_.pop_back()) sum += items_.back();
    return sum;
  }

 private:
  std::mutex mutex_;
  std::vector<Item> items_;
};

// Items are pairs of a push and a pop.
template <class Stack>
void Pair(benchmark::State& state) {
  Stack stack;
  Item item = 0;
  for (auto _ : state) {
    stack.Push(++item);
    if (const std::optional<Item> popped = stack.Pop()) benchmark::DoNotOptimize(*popped);
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are pairs: so many pushes, then as many pops.
template <class Stack>
void Burst(benchmark::State& state) {
  Stack stack;
  for (auto _ : state) {
    for (Item item = 0; item < static_cast<Item>(state.range(0)); ++item) stack.Push(item);
    while (const std::optional<Item> popped = stack.Pop()) benchmark::DoNotOptimize(*popped);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Items are pairs: so many pushes, then all are taken at once.
template <class Stack>
void PopAll(benchmark::State& state) {
  Stack stack;
  for (auto _ : state) {
    for (Item item = 0; item < static_cast<Item>(state.range(0)); ++item) stack.Push(item);
    benchmark::DoNotOptimize(stack.PopAll());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Items are pairs of a push and a pop, of one of several threads that all do the same. A round is
// an iteration. What comes out must be what went in.
template <class Stack>
void SharedPair(benchmark::State& state) {
  constexpr Item kPairs = 100000;
  const auto threads = static_cast<Item>(state.range(0));
  for (auto _ : state) {
    Stack stack;
    std::atomic<Item> sum{0};
    std::atomic<Item> ready{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> running;
    for (Item thread = 0; thread < threads; ++thread) {
      running.emplace_back([&, thread] {
        ready.fetch_add(1, std::memory_order_relaxed);
        while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
        Item own = 0;
        for (Item item = thread; item < kPairs; item += threads) {
          while (!stack.Push(item)) std::this_thread::yield();
          if (const std::optional<Item> popped = stack.Pop()) own += *popped;
        }
        sum.fetch_add(own, std::memory_order_relaxed);
      });
    }
    while (ready.load(std::memory_order_relaxed) < threads) std::this_thread::yield();
    const auto start = std::chrono::steady_clock::now();
    go.store(true, std::memory_order_release);
    for (std::thread& thread : running) thread.join();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
    if (sum + stack.PopAll() != kPairs * (kPairs - 1) / 2) state.SkipWithError("items were lost");
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kPairs));
}

#define ASHLAR_STACK_BENCHMARK(Stack, name)                         \
  BENCHMARK_TEMPLATE(Pair, Stack)->Name("Pair/" name);              \
  BENCHMARK_TEMPLATE(Burst, Stack)->Name("Burst/" name)->Arg(256);  \
  BENCHMARK_TEMPLATE(PopAll, Stack)->Name("PopAll/" name)->Arg(32); \
  BENCHMARK_TEMPLATE(SharedPair, Stack)                             \
      ->Name("SharedPair/" name)                                    \
      ->ArgName("threads")                                          \
      ->Arg(2)                                                      \
      ->Arg(4)                                                      \
      ->UseManualTime()

ASHLAR_STACK_BENCHMARK(Ashlar, "ashlar");
ASHLAR_STACK_BENCHMARK(AshlarEbr, "ashlar_ebr");
ASHLAR_STACK_BENCHMARK(Boost, "boost");
ASHLAR_STACK_BENCHMARK(Mutex, "mutex");

}  // namespace
}  // namespace ashlar
