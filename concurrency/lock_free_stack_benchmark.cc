// The rivals are boost::lockfree::stack of a fixed size, and a std::vector under a std::mutex.
// `ashlar` is LockFreeStack, `ashlar_ebr` LockFreeStackEbr, whose Participants are the threads'
// own.
#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
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

// How often this thread has lost its processor to another one.
long Preemptions() {
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw;
}

// Threads that do the same at the same time, each on a processor of its own while there are enough.
class Race {
 public:
  explicit Race(int threads) : threads_(threads) {}

  // Each thread runs body(its number). How many seconds that took in all.
  template <class Body>
  double Run(Body body) {
    using Clock = std::chrono::steady_clock;
    std::atomic<int> ready{0};
    std::vector<Clock::time_point> begins(threads_);
    std::vector<Clock::time_point> ends(threads_);
    std::atomic<long> preemptions{0};
    std::vector<std::thread> running;
    for (int thread = 0; thread < threads_; ++thread) {
      running.emplace_back([&, thread] {
        cpu_set_t processor;
        CPU_ZERO(&processor);
        CPU_SET(thread % static_cast<int>(std::thread::hardware_concurrency()), &processor);
        sched_setaffinity(0, sizeof(processor), &processor);
        ready.fetch_add(1, std::memory_order_relaxed);
        while (ready.load(std::memory_order_relaxed) < threads_) {
          if (threads_ > static_cast<int>(std::thread::hardware_concurrency())) {
            std::this_thread::yield();
          }
        }
        const long before = Preemptions();
        begins[thread] = Clock::now();
        body(thread);
        ends[thread] = Clock::now();
        preemptions.fetch_add(Preemptions() - before, std::memory_order_relaxed);
      });
    }
    for (std::thread& thread : running) thread.join();
    was_disturbed_ = preemptions.load(std::memory_order_relaxed) > 0;
    return std::chrono::duration<double>(*std::max_element(ends.begin(), ends.end()) -
                                         *std::min_element(begins.begin(), begins.end()))
        .count();
  }

  // Whether a thread lost its processor in the last run.
  bool WasDisturbed() const { return was_disturbed_; }

 private:
  const int threads_;
  bool was_disturbed_ = false;
};

// Items are pairs of a push and a pop, of one of several threads that all do the same. The time is
// the median of some rounds. If there are processors enough, rounds in which a thread was preempted
// do not count, or other load would be measured; `disturbed` is their share. What comes out must be
// what went in.
template <class Stack>
void SharedPair(benchmark::State& state) {
  constexpr std::size_t kRounds = 9;
  constexpr int kMostAttempts = 100;
  const int threads = static_cast<int>(state.range(0));
  const bool enough = threads <= static_cast<int>(std::thread::hardware_concurrency());
  const Item pairs = enough ? 8000 : 80000;
  int all = 0;
  int disturbed = 0;
  for (auto _ : state) {
    std::vector<double> rounds;
    for (int attempt = 1; rounds.size() < kRounds && attempt <= kMostAttempts; ++attempt) {
      Stack stack;
      std::atomic<Item> sum{0};
      Race race(threads);
      const double seconds = race.Run([&](int thread) {
        Item own = 0;
        for (Item item = thread; item < pairs; item += threads) {
          while (!stack.Push(item)) std::this_thread::yield();
          if (const std::optional<Item> popped = stack.Pop()) own += *popped;
        }
        sum.fetch_add(own, std::memory_order_relaxed);
      });
      if (sum + stack.PopAll() != pairs * (pairs - 1) / 2) state.SkipWithError("items were lost");
      ++all;
      if (enough && race.WasDisturbed()) {
        ++disturbed;
        if (attempt < kMostAttempts || !rounds.empty()) continue;
      }
      rounds.push_back(seconds);
    }
    const auto median = rounds.begin() + static_cast<std::ptrdiff_t>(rounds.size() / 2);
    std::nth_element(rounds.begin(), median, rounds.end());
    state.SetIterationTime(*median);
  }
  state.counters["disturbed"] = static_cast<double>(disturbed) / all;
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(pairs));
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
