// Fork-join, beside oneTBB and the serial function.
//
//   bazel run -c opt //engine:fork_join_benchmark -- --benchmark_repetitions=9
//     --benchmark_enable_random_interleaving=true --benchmark_report_aggregates_only=true
//
// Items are forks; `per_item` is the time of one.
// Uneven has a counter `busy`: the share of their time that workers spent in pieces.
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>
#include <tbb/task_group.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <random>
#include <utility>
#include <vector>

#include "ashlar/engine/engine.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

// Keeps compilers from unrolling the recursion of the serial functions.
#if defined(__clang__)
#define ASHLAR_SERIAL __attribute__((noinline))
#else
#define ASHLAR_SERIAL __attribute__((noinline, noclone, noipa))
#endif

std::unique_ptr<Engine> MakeEngine(int64_t workers) {
  return *Engine::Create({.workers = static_cast<int>(workers)});
}

// Runs body() in an arena of `workers` threads, the calling one among them.
class TbbArena {
 public:
  explicit TbbArena(int64_t workers)
      : control_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(workers)),
        arena_(static_cast<int>(workers)) {}
  template <class F>
  void Run(F&& body) {
    arena_.execute(body);
  }

 private:
  tbb::global_control control_;
  tbb::task_arena arena_;
};

void CountForks(benchmark::State& state, int64_t forks) {
  state.SetItemsProcessed(state.iterations() * forks);
  state.counters["per_item"] =
      benchmark::Counter(static_cast<double>(state.iterations() * forks),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void Check(benchmark::State& state, bool right) {
  if (!right) state.SkipWithError("wrong result");
}

// ---- Fib: one fork a call, nothing else ----

constexpr int kFib = 32;
constexpr int64_t kFibResult = 2178309;
constexpr int64_t kFibForks = 3524577;

ASHLAR_SERIAL int64_t FibSerial(int n) {
  if (n < 2) return n;
  return FibSerial(n - 1) + FibSerial(n - 2);
}

int64_t FibAshlar(Engine& engine, int n) {
  if (n < 2) return n;
  const auto [a, b] = engine.Join([&engine, n] { return FibAshlar(engine, n - 1); },
                                  [&engine, n] { return FibAshlar(engine, n - 2); });
  return a + b;
}

int64_t FibTbb(int n) {
  if (n < 2) return n;
  int64_t a, b;
  tbb::task_group group;
  group.run([&b, n] { b = FibTbb(n - 2); });
  a = FibTbb(n - 1);
  group.wait();
  return a + b;
}

// ---- N queens: several forks a call, some work in each ----

constexpr int kQueens = 11;
constexpr int64_t kQueensResult = 2680;
constexpr int64_t kQueensForks = 166925;
// Not char, whose arrays make compilers guard the stack of every call.
using Board = std::array<std::int16_t, kQueens>;

bool Safe(const Board& board, int row, int column) {
  for (int r = 0; r < row; ++r) {
    const int c = board[static_cast<std::size_t>(r)];
    if (c == column || c - column == row - r || column - c == row - r) return false;
  }
  return true;
}

ASHLAR_SERIAL int64_t QueensSerial(Board board, int row) {
  if (row == kQueens) return 1;
  int64_t sum = 0;
  for (int column = 0; column < kQueens; ++column) {
    if (!Safe(board, row, column)) continue;
    board[static_cast<std::size_t>(row)] = static_cast<std::int16_t>(column);
    sum += QueensSerial(board, row + 1);
  }
  return sum;
}

// The boards that go on from `board` with a queen of `row` at `column` or right of it.
int64_t QueensAshlar(Engine& engine, const Board& board, int row, int column) {
  if (row == kQueens) return 1;
  for (; column < kQueens; ++column) {
    if (!Safe(board, row, column)) continue;
    Board next = board;
    next[static_cast<std::size_t>(row)] = static_cast<std::int16_t>(column);
    const auto [here, beyond] =
        engine.Join([&, row] { return QueensAshlar(engine, next, row + 1, 0); },
                    [&, row, column] { return QueensAshlar(engine, board, row, column + 1); });
    return here + beyond;
  }
  return 0;
}

int64_t QueensTbb(Board board, int row) {
  if (row == kQueens) return 1;
  std::array<int64_t, kQueens> sums{};
  tbb::task_group group;
  for (int column = 0; column < kQueens; ++column) {
    if (!Safe(board, row, column)) continue;
    Board next = board;
    next[static_cast<std::size_t>(row)] = static_cast<std::int16_t>(column);
    group.run([&sums, next, row, column] {
      sums[static_cast<std::size_t>(column)] = QueensTbb(next, row + 1);
    });
  }
  group.wait();
  int64_t sum = 0;
  for (int64_t s : sums) sum += s;
  return sum;
}

// ---- Skynet: ten forks a call, nothing else ----

constexpr int kSkynetDepth = 6;
constexpr int64_t kSkynetLeaves = 1000000;
constexpr int64_t kSkynetResult = 499999500000;
constexpr int64_t kSkynetForks = 1111110;

ASHLAR_SERIAL int64_t SkynetSerial(int64_t base, int depth) {
  if (depth == 0) return base;
  int64_t width = 1;
  for (int i = 1; i < depth; ++i) width *= 10;
  int64_t sum = 0;
  for (int i = 0; i < 10; ++i) sum += SkynetSerial(base + i * width, depth - 1);
  return sum;
}

int64_t SkynetAshlar(Engine& engine, int64_t base, int64_t leaves);

// Children `child` to 9.
int64_t SkynetChildren(Engine& engine, int64_t base, int64_t width, int child) {
  if (child == 9) return SkynetAshlar(engine, base + 9 * width, width);
  const auto [first, others] = engine.Join(
      [&engine, base, width, child] { return SkynetAshlar(engine, base + child * width, width); },
      [&engine, base, width, child] { return SkynetChildren(engine, base, width, child + 1); });
  return first + others;
}

int64_t SkynetAshlar(Engine& engine, int64_t base, int64_t leaves) {
  if (leaves == 1) return base;
  return SkynetChildren(engine, base, leaves / 10, 0);
}

int64_t SkynetTbb(int64_t base, int64_t leaves) {
  if (leaves == 1) return base;
  const int64_t width = leaves / 10;
  std::array<int64_t, 10> sums;
  tbb::task_group group;
  for (int i = 0; i < 10; ++i) {
    group.run([&sums, base, width, i] {
      sums[static_cast<std::size_t>(i)] = SkynetTbb(base + i * width, width);
    });
  }
  group.wait();
  int64_t sum = 0;
  for (int64_t s : sums) sum += s;
  return sum;
}

// ---- What runs them ----

template <class F>
void RunSerial(benchmark::State& state, F function, int64_t result, int64_t forks) {
  for (auto _ : state) Check(state, function() == result);
  CountForks(state, forks);
}

template <class F>
void RunAshlar(benchmark::State& state, F function, int64_t result, int64_t forks) {
  auto engine = MakeEngine(state.range(0));
  for (auto _ : state) {
    Check(state, *engine->Run([&] { return function(*engine); }) == result);
  }
  CountForks(state, forks);
}

template <class F>
void RunTbb(benchmark::State& state, F function, int64_t result, int64_t forks) {
  TbbArena arena(state.range(0));
  for (auto _ : state) {
    int64_t got = 0;
    arena.Run([&] { got = function(); });
    Check(state, got == result);
  }
  CountForks(state, forks);
}

// ---- Steal: the victim forks without end, each fork is stolen ----

// Time from one steal to the next, as the thief sees it, with a victim that has work of
// its own. Items are steals.
void StealAshlar(benchmark::State& state) {
  auto engine = MakeEngine(2);
  constexpr int kDepth = 4000;
  int64_t steals = 0;
  for (auto _ : state) {
    int64_t first = 0, last = 0;
    std::atomic<bool> all_stolen{false};
    const int64_t before = engine->Stats().steals();
    const auto victim = [&](const auto& self, int depth) -> void {
      if (depth == 0) {
        // At work, forking: polls as any fork-join program does.
        while (!all_stolen.load(std::memory_order_relaxed)) {
          benchmark::DoNotOptimize(FibAshlar(*engine, 3));
        }
        return;
      }
      engine->Join([&] { self(self, depth - 1); }, [&, depth] {  // stolen in the order of forking
        if (depth == kDepth) first = TraceLog::NowNs();
        if (depth > 1) return;
        last = TraceLog::NowNs();
        all_stolen.store(true, std::memory_order_relaxed);
      });
    };
    (void)engine->Run([&] { victim(victim, kDepth); });
    steals += engine->Stats().steals() - before;
    state.SetIterationTime(static_cast<double>(last - first) / 1e9);
  }
  state.counters["steals"] = static_cast<double>(steals) / static_cast<double>(state.iterations());
  CountForks(state, kDepth);
}

// ---- Uneven: independent pieces of 1 to 1000 us ----

// Returns how long it took: longer than asked where the thread was preempted.
std::chrono::nanoseconds Spin(std::chrono::nanoseconds time) {
  const auto begin = std::chrono::steady_clock::now();
  for (;;) {
    const auto passed = std::chrono::steady_clock::now() - begin;
    if (passed >= time) return passed;
  }
}

constexpr int kPieces = 500;

std::vector<std::chrono::nanoseconds> UnevenPieces() {
  std::mt19937 random(42);
  std::vector<std::chrono::nanoseconds> pieces;
  for (int i = 0; i < kPieces; ++i) {
    pieces.push_back(
        std::chrono::microseconds(std::uniform_int_distribution<int>(1, 1000)(random)));
  }
  return pieces;
}

template <class Loop>
void RunUneven(benchmark::State& state, int workers, Loop loop) {
  const auto pieces = UnevenPieces();
  std::vector<std::chrono::nanoseconds> times(kPieces);
  double busy = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    loop([&](int i) {
      const auto piece = static_cast<std::size_t>(i);
      times[piece] = Spin(pieces[piece]);
    });
    const std::chrono::nanoseconds took = std::chrono::steady_clock::now() - begin;
    std::chrono::nanoseconds worked{0};
    for (const auto time : times) worked += time;
    busy += static_cast<double>(worked.count()) /
            (static_cast<double>(took.count()) * static_cast<double>(workers));
  }
  state.counters["busy"] = busy / static_cast<double>(state.iterations());
  state.SetItemsProcessed(state.iterations() * kPieces);
}

void UnevenAshlar(benchmark::State& state) {
  auto engine = MakeEngine(state.range(0));
  RunUneven(state, engine->worker_count(),
            [&](auto body) { engine->ParallelFor(0, kPieces, body); });
}

void UnevenTbb(benchmark::State& state) {
  TbbArena arena(state.range(0));
  RunUneven(state, static_cast<int>(state.range(0)),
            [&](auto body) { arena.Run([&] { tbb::parallel_for(0, kPieces, body); }); });
}

void Register() {
  using benchmark::RegisterBenchmark;
  struct Kernel {
    const char* name;
    int64_t (*serial)();
    int64_t (*ashlar)(Engine&);
    int64_t (*tbb)();
    int64_t result;
    int64_t forks;
  };
  static const Kernel kernels[] = {
      {"Fib", [] { return FibSerial(kFib); }, [](Engine& e) { return FibAshlar(e, kFib); },
       [] { return FibTbb(kFib); }, kFibResult, kFibForks},
      {"Nqueens", [] { return QueensSerial({}, 0); },
       [](Engine& e) { return QueensAshlar(e, {}, 0, 0); }, [] { return QueensTbb({}, 0); },
       kQueensResult, kQueensForks},
      {"Skynet", [] { return SkynetSerial(0, kSkynetDepth); },
       [](Engine& e) { return SkynetAshlar(e, 0, kSkynetLeaves); },
       [] { return SkynetTbb(0, kSkynetLeaves); }, kSkynetResult, kSkynetForks},
  };
  for (const Kernel& k : kernels) {
    const std::string name = k.name;
    RegisterBenchmark((name + "/serial").c_str(), [k](benchmark::State& state) {
      RunSerial(state, k.serial, k.result, k.forks);
    })->Unit(benchmark::kMillisecond);
    RegisterBenchmark(
        (name + "/ashlar").c_str(),
        [k](benchmark::State& state) { RunAshlar(state, k.ashlar, k.result, k.forks); })
        ->ArgName("workers")
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
    RegisterBenchmark((name + "/tbb").c_str(),
                      [k](benchmark::State& state) { RunTbb(state, k.tbb, k.result, k.forks); })
        ->ArgName("workers")
        ->Arg(1)
        ->Arg(2)
        ->UseRealTime()
        ->Unit(benchmark::kMillisecond);
  }
  RegisterBenchmark("Steal/ashlar", StealAshlar)->UseManualTime()->Unit(benchmark::kMicrosecond);
  RegisterBenchmark("Uneven/ashlar", UnevenAshlar)
      ->ArgName("workers")
      ->Arg(2)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
  RegisterBenchmark("Uneven/tbb", UnevenTbb)
      ->ArgName("workers")
      ->Arg(2)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] const bool registered = (Register(), true);

}  // namespace
}  // namespace ashlar
