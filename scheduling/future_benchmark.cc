// Futures, beside those of the standard library, Boost.Thread and Boost.Fiber.
//
//   bazel run -c opt //scheduling:future_benchmark -- --benchmark_repetitions=9
//     --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true
//
// All but the last on one thread: what is measured is what futures cost, and not what threads do.
// Items are
//
//   ThenReady   a function attached to a ready future, and its value read
//   ThenChain   a link of a chain that is attached to a promise before it is set
//   HandOff     a promise, a function attached to its future, the value set, and that of the
//               function read
//   HandOffOn   the same with the function on an executor, which runs it at once
//   Value       a promise, the value set, and read: all that futures without functions can do
//   All         one of many futures that are waited for together, with its promise. std: one after
//               the other.
//   TwoThreads  a promise that is given to another thread, which has been waiting for it and sets
//               it, and its future waited for; in real time
#define BOOST_THREAD_PROVIDES_FUTURE
#define BOOST_THREAD_PROVIDES_FUTURE_CONTINUATION
#define BOOST_THREAD_PROVIDES_FUTURE_WHEN_ALL_WHEN_ANY

#include <atomic>
#include <boost/fiber/future/future.hpp>
#include <boost/fiber/future/promise.hpp>
#include <boost/thread/future.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/scheduling/combinators.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/inline_executor.h"
#include "ashlar/scheduling/outcome.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

// While a process has one thread only, glibc's mutex and libstdc++'s shared_ptr leave the lock
// prefix out.
const std::thread& second_thread = *new std::thread([] {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
});

int Next(int n) {
  benchmark::DoNotOptimize(n);
  return n + 1;
}

void ThenReady(benchmark::State& state) {
  int n = 0;
  for (auto _ : state) {
    Future<int> ready = MakeFuture(n);
    benchmark::DoNotOptimize(ready);
    n = std::move(ready).Then([](int m) { return Next(m); }).WaitForOutcome().value();
  }
  benchmark::DoNotOptimize(n);
  state.SetItemsProcessed(state.iterations());
}

void ThenReadyBoost(benchmark::State& state) {
  int n = 0;
  for (auto _ : state) {
    auto next = boost::make_ready_future(n).then(
        boost::launch::sync, [](boost::future<int> future) { return Next(future.get()); });
    n = next.get();
  }
  state.SetItemsProcessed(state.iterations());
}

void ThenChain(benchmark::State& state) {
  for (auto _ : state) {
    Promise<int> promise;
    Future<int> future = promise.GetFuture();
    for (int64_t i = 0; i < state.range(0); ++i) {
      future = std::move(future).Then([](int n) { return Next(n); });
    }
    promise.SetValue(0);
    benchmark::DoNotOptimize(future.WaitForOutcome().value());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void ThenChainBoost(benchmark::State& state) {
  for (auto _ : state) {
    boost::promise<int> promise;
    boost::future<int> future = promise.get_future();
    for (int64_t i = 0; i < state.range(0); ++i) {
      future = future.then(boost::launch::sync,
                           [](boost::future<int> value) { return Next(value.get()); });
    }
    promise.set_value(0);
    benchmark::DoNotOptimize(future.get());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void HandOff(benchmark::State& state) {
  for (auto _ : state) {
    Promise<int> promise;
    Future<int> next = promise.GetFuture().Then([](int n) { return Next(n); });
    promise.SetValue(1);
    benchmark::DoNotOptimize(next.WaitForOutcome().value());
  }
  state.SetItemsProcessed(state.iterations());
}

void HandOffOn(benchmark::State& state) {
  InlineExecutor executor;
  for (auto _ : state) {
    Promise<int> promise;
    Future<int> next = promise.GetFuture().Then(executor, [](int n) { return Next(n); });
    promise.SetValue(1);
    benchmark::DoNotOptimize(next.WaitForOutcome().value());
  }
  state.SetItemsProcessed(state.iterations());
}

void HandOffBoost(benchmark::State& state) {
  for (auto _ : state) {
    boost::promise<int> promise;
    auto next = promise.get_future().then(
        boost::launch::sync, [](boost::future<int> value) { return Next(value.get()); });
    promise.set_value(1);
    benchmark::DoNotOptimize(next.get());
  }
  state.SetItemsProcessed(state.iterations());
}

void Value(benchmark::State& state) {
  for (auto _ : state) {
    Promise<int> promise;
    Future<int> future = promise.GetFuture();
    benchmark::DoNotOptimize(future);
    promise.SetValue(1);
    benchmark::DoNotOptimize(future.WaitForOutcome().value());
  }
  state.SetItemsProcessed(state.iterations());
}

template <template <class> class ThePromise>
void ValueOf(benchmark::State& state) {
  for (auto _ : state) {
    ThePromise<int> promise;
    auto future = promise.get_future();
    benchmark::DoNotOptimize(future);
    promise.set_value(1);
    benchmark::DoNotOptimize(future.get());
  }
  state.SetItemsProcessed(state.iterations());
}
template <class T>
using FiberPromise = boost::fibers::promise<T>;
template <class T>
using StdPromise = std::promise<T>;
template <class T>
using BoostPromise = boost::promise<T>;

void AllOf(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<Promise<int>> promises(static_cast<std::size_t>(state.range(0)));
    std::vector<Future<int>> futures;
    futures.reserve(promises.size());
    for (auto& promise : promises) futures.push_back(promise.GetFuture());
    auto all = All(std::move(futures));
    for (auto& promise : promises) promise.SetValue(1);
    benchmark::DoNotOptimize(all.WaitForOutcome().value().data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

template <template <class> class ThePromise>
void AllOneByOne(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<ThePromise<int>> promises(static_cast<std::size_t>(state.range(0)));
    std::vector<decltype(promises[0].get_future())> futures;
    futures.reserve(promises.size());
    for (auto& promise : promises) futures.push_back(promise.get_future());
    for (auto& promise : promises) promise.set_value(1);
    std::vector<int> values;
    values.reserve(futures.size());
    for (auto& future : futures) values.push_back(future.get());
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void AllBoost(benchmark::State& state) {
  for (auto _ : state) {
    std::vector<boost::promise<int>> promises(static_cast<std::size_t>(state.range(0)));
    std::vector<boost::future<int>> futures;
    futures.reserve(promises.size());
    for (auto& promise : promises) futures.push_back(promise.get_future());
    auto all = boost::when_all(futures.begin(), futures.end());
    for (auto& promise : promises) promise.set_value(1);
    std::vector<int> values;
    values.reserve(promises.size());
    auto ready = all.get();
    for (auto& future : ready) values.push_back(future.get());
    benchmark::DoNotOptimize(values.data());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Sets each promise that it is given.
template <class ThePromise>
class Setter {
 public:
  Setter() : thread_(&Setter::Run, this) {}
  ~Setter() {
    word_.store(kEnd, std::memory_order_relaxed);
    thread_.join();
  }

  // The future of a new promise, which is given.
  auto Give() {
    promise_ = ThePromise();
    auto future = [this] {
      if constexpr (requires { promise_.GetFuture(); }) {
        return promise_.GetFuture();
      } else {
        return promise_.get_future();
      }
    }();
    word_.store(kGiven, std::memory_order_release);
    return future;
  }

 private:
  enum Word { kNone, kGiven, kEnd };

  void Run() {
    for (;;) {
      const Word word = word_.load(std::memory_order_acquire);
      if (word == kEnd) return;
      if (word == kNone) {
        std::this_thread::yield();
        continue;
      }
      word_.store(kNone, std::memory_order_relaxed);
      ThePromise promise = std::move(promise_);
      if constexpr (requires { promise.SetValue(1); }) {
        promise.SetValue(1);
      } else {
        promise.set_value(1);
      }
    }
  }

  ThePromise promise_;
  std::atomic<Word> word_ = kNone;
  std::thread thread_;
};

template <template <class> class ThePromise>
void TwoThreads(benchmark::State& state) {
  Setter<ThePromise<int>> setter;
  for (auto _ : state) {
    auto future = setter.Give();
    if constexpr (requires { future.WaitForOutcome(); }) {
      benchmark::DoNotOptimize(future.WaitForOutcome().value());
    } else {
      benchmark::DoNotOptimize(future.get());
    }
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(ThenReady)->Name("ThenReady/ashlar");
BENCHMARK(ThenReadyBoost)->Name("ThenReady/boost");
BENCHMARK(ThenChain)->Name("ThenChain/ashlar")->Arg(100);
BENCHMARK(ThenChainBoost)->Name("ThenChain/boost")->Arg(100);
BENCHMARK(HandOff)->Name("HandOff/ashlar");
BENCHMARK(HandOffBoost)->Name("HandOff/boost");
BENCHMARK(HandOffOn)->Name("HandOffOn/ashlar");
BENCHMARK(Value)->Name("Value/ashlar");
BENCHMARK(ValueOf<StdPromise>)->Name("Value/std");
BENCHMARK(ValueOf<BoostPromise>)->Name("Value/boost");
BENCHMARK(ValueOf<FiberPromise>)->Name("Value/boost_fiber");
BENCHMARK(AllOf)->Name("All/ashlar")->Arg(1000);
BENCHMARK(AllOneByOne<StdPromise>)->Name("All/std")->Arg(1000);
// Waits on a thread of its own.
BENCHMARK(AllBoost)->Name("All/boost")->Arg(1000)->UseRealTime();
BENCHMARK(TwoThreads<Promise>)->Name("TwoThreads/ashlar")->UseRealTime();
BENCHMARK(TwoThreads<StdPromise>)->Name("TwoThreads/std")->UseRealTime();
BENCHMARK(TwoThreads<BoostPromise>)->Name("TwoThreads/boost")->UseRealTime();

}  // namespace
}  // namespace ashlar
