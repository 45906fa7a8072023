// Submission from outside, beside oneTBB.
//
//   bazel run -c opt //engine:submit_benchmark -- --benchmark_repetitions=9
//     --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true
//
// Items are tasks; `per_item` is the time of one. SubmitTotal: from the first submission
// to the end of the last task; SubmitCall: the submitting thread's part of it, and of
// the same run. RoundTripHot: submit and wait, again and again. RoundTripHelped: the
// waiter may run the task itself. RoundTripParked: the same after 2 ms of idleness.
// Sparse: CPU time of the process for one empty task a millisecond, less that of a main
// thread that does the same without submitting. Sparse/futex is the least that can cost:
// it wakes a thread that only goes to sleep again.
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "ashlar/engine/engine.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

using Clock = std::chrono::steady_clock;

double Seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

constexpr int64_t kTasks = 1'000'000;

void PerItem(benchmark::State& state, int64_t items) {
  state.SetItemsProcessed(state.iterations() * items);
  state.counters["per_item"] =
      benchmark::Counter(static_cast<double>(state.iterations() * items),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// What the two runtimes are asked to do.
class Ashlar {
 public:
  explicit Ashlar(int64_t workers)
      : engine_(*Engine::Create({.workers = static_cast<int>(workers)})) {}
  template <class F>
  void Submit(F f) {
    (void)engine_->Submit(f);
  }
  template <class F>
  void RoundTrip(F f) {
    (void)engine_->Submit(f).Get();
  }
  template <class F>
  void RoundTripHelped(F f) {
    (void)engine_->Submit(f).Get({.help = true});
  }

 private:
  std::unique_ptr<Engine> engine_;
};

// The arena has one slot more than workers, and none kept for the outside thread.
class Tbb {
 public:
  explicit Tbb(int64_t workers)
      : control_(tbb::global_control::max_allowed_parallelism,
                 static_cast<std::size_t>(workers) + 1),
        arena_(static_cast<int>(workers), 0) {}
  template <class F>
  void Submit(F f) {
    arena_.enqueue(f);
  }
  template <class F>
  void RoundTrip(F f) {
    tbb::task_group group;
    arena_.enqueue(group.defer(f));
    group.wait();
  }

 private:
  tbb::global_control control_;
  tbb::task_arena arena_;
};

// A counter that the workers count down on a line of its own.
struct alignas(64) Left {
  std::atomic<int64_t> value{0};

  // Looks seldom: each look takes the line from the workers.
  void AwaitZero() {
    while (value.load(std::memory_order_relaxed) != 0) {
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  }
};

template <class Runtime, bool kCall>
void Submit(benchmark::State& state) {
  Runtime runtime(state.range(0));
  Left left;
  for (auto _ : state) {
    left.value.store(kTasks);
    const auto begin = Clock::now();
    for (int64_t i = 0; i < kTasks; ++i) {
      runtime.Submit([&left] { left.value.fetch_sub(1, std::memory_order_relaxed); });
    }
    const auto submitted = Clock::now();
    left.AwaitZero();
    state.SetIterationTime(Seconds((kCall ? submitted : Clock::now()) - begin));
  }
  PerItem(state, kTasks);
}

void SubmitAllTotal(benchmark::State& state) {
  auto engine = *Engine::Create({.workers = static_cast<int>(state.range(0))});
  Left left;
  auto task = [&left] { left.value.fetch_sub(1, std::memory_order_relaxed); };
  const std::vector<decltype(task)> batch(1000, task);
  for (auto _ : state) {
    left.value.store(kTasks);
    for (int64_t i = 0; i < kTasks; i += 1000) engine->SubmitAll(batch);
    left.AwaitZero();
  }
  PerItem(state, kTasks);
}

// A counter with the median: the mean is that of two cases where the system sometimes puts
// waiter and worker on one CPU.
void CountMedian(benchmark::State& state, std::vector<Clock::duration>& times) {
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  state.counters["median"] = Seconds(*middle);
}

template <class Runtime>
void RoundTripHot(benchmark::State& state) {
  Runtime runtime(state.range(0));
  int64_t done = 0;
  std::vector<Clock::duration> times;
  auto begin = Clock::now();
  for (auto _ : state) {
    runtime.RoundTrip([&done] { ++done; });
    const auto end = Clock::now();
    times.push_back(end - begin);
    begin = end;
  }
  if (done != static_cast<int64_t>(state.iterations())) state.SkipWithError("lost a task");
  PerItem(state, 1);
  CountMedian(state, times);
}

void RoundTripHelped(benchmark::State& state) {
  Ashlar runtime(state.range(0));
  int64_t done = 0;
  for (auto _ : state) runtime.RoundTripHelped([&done] { ++done; });
  if (done != static_cast<int64_t>(state.iterations())) state.SkipWithError("lost a task");
  PerItem(state, 1);
}

template <class Runtime>
void RoundTripParked(benchmark::State& state) {
  Runtime runtime(state.range(0));
  int64_t done = 0;
  std::vector<Clock::duration> times;
  for (auto _ : state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    const auto begin = Clock::now();
    runtime.RoundTrip([&done] { ++done; });
    times.push_back(Clock::now() - begin);
    state.SetIterationTime(Seconds(times.back()));
  }
  PerItem(state, 1);
  CountMedian(state, times);
}

// A thread that does nothing but wake up.
class Futex {
 public:
  explicit Futex(int64_t) : thread_([this] { Sleep(); }) {}
  ~Futex() {
    stop_.store(true);
    Submit([] {});
    thread_.join();
  }
  template <class F>
  void Submit(F) {
    word_.fetch_add(1);
    StdPlatform::WakeOne(word_);
  }
  template <class F>
  void RoundTrip(F) {}

 private:
  void Sleep() {
    while (!stop_.load()) StdPlatform::Wait(word_, word_.load());
  }

  std::atomic<std::uint32_t> word_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

double ProcessCpuSeconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

template <class Step>
double CpuOfSteps(Step step) {
  constexpr int kSteps = 50;
  const double begin = ProcessCpuSeconds();
  for (int i = 0; i < kSteps; ++i) {
    step();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return (ProcessCpuSeconds() - begin) / kSteps;
}

// The median of many short comparisons: sleeping itself costs more than what is measured,
// and as much more on some days as on others.
template <class Runtime>
void Sparse(benchmark::State& state) {
  Runtime runtime(state.range(0));
  runtime.RoundTrip([] {});
  std::this_thread::sleep_for(std::chrono::milliseconds(10));
  std::vector<double> costs;
  for (auto _ : state) {
    const double without = CpuOfSteps([] {});
    const double with = CpuOfSteps([&] { runtime.Submit([] {}); });
    costs.push_back(with - without);
    state.SetIterationTime(std::max(costs.back(), 1e-9));
  }
  std::nth_element(costs.begin(), costs.begin() + static_cast<std::ptrdiff_t>(costs.size() / 2),
                   costs.end());
  state.SetItemsProcessed(state.iterations());
  state.counters["per_item"] = costs[costs.size() / 2];
}

void Register() {
  using benchmark::RegisterBenchmark;
  const auto each = [](const std::string& operation, void (*ashlar)(benchmark::State&),
                       void (*tbb)(benchmark::State&), auto&& configure) {
    configure(RegisterBenchmark((operation + "/ashlar").c_str(), ashlar)->ArgName("workers"));
    if (tbb != nullptr) {
      configure(RegisterBenchmark((operation + "/tbb").c_str(), tbb)->ArgName("workers"));
    }
  };
  const auto bulk = [](auto* b) {
    b->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond);
  };
  each("SubmitTotal", Submit<Ashlar, false>, Submit<Tbb, false>, bulk);
  each("SubmitCall", Submit<Ashlar, true>, Submit<Tbb, true>, bulk);
  each("SubmitAllTotal", SubmitAllTotal, nullptr,
       [](auto* b) { b->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond); });
  each("RoundTripHot", RoundTripHot<Ashlar>, RoundTripHot<Tbb>,
       [](auto* b) { b->Arg(1)->UseRealTime(); });
  each("RoundTripHelped", RoundTripHelped, nullptr, [](auto* b) { b->Arg(1)->UseRealTime(); });
  each("RoundTripParked", RoundTripParked<Ashlar>, RoundTripParked<Tbb>,
       [](auto* b) { b->Arg(1)->UseManualTime()->Iterations(100)->Unit(benchmark::kMicrosecond); });
  const auto sparse = [](auto* b) {
    b->Arg(2)->UseManualTime()->Iterations(15)->Unit(benchmark::kMicrosecond);
  };
  each("Sparse", Sparse<Ashlar>, Sparse<Tbb>, sparse);
  sparse(RegisterBenchmark("Sparse/futex", Sparse<Futex>)->ArgName("workers"));
}

[[maybe_unused]] const bool registered = (Register(), true);

}  // namespace
}  // namespace ashlar
