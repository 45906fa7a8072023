// Executions per second: litmus programs of 10 to 40 events through the interpreter, and
// scenarios through fibers; by one thread, and by two.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

#include "ashlar/verification/litmus/interpreter.h"
#include "ashlar/verification/litmus/parser.h"
#include "ashlar/verification/model/published_for_test.h"
#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/rc11/explorer.h"
#include "benchmark/benchmark.h"

namespace ashlar::verification {
namespace {

using P = Rc11Platform;

void Report(benchmark::State& state, const rc11::Result& result) {
  const auto executions = static_cast<double>(result.executions + result.blocked);
  state.counters["executions"] = executions;
  state.counters["executions/s"] =
      benchmark::Counter(executions, benchmark::Counter::kIsIterationInvariantRate);
}

void ExploreLitmus(benchmark::State& state, const std::string& text, std::uint64_t executions) {
  litmus::ParseError error;
  const std::optional<litmus::LitmusProgram> program = litmus::Parse(text, &error);
  if (!program) return state.SkipWithError(error.message.c_str());
  rc11::Result result;
  for (auto _ : state) {
    litmus::Interpreter interpreter(*program);
    result = rc11::Explore(interpreter);
    if (result.executions != executions) return state.SkipWithError("another number of executions");
  }
  Report(state, result);
}

void ExploreByThreads(benchmark::State& state, const std::string& text, int threads,
                      std::uint64_t executions) {
  litmus::ParseError error;
  const std::optional<litmus::LitmusProgram> program = litmus::Parse(text, &error);
  if (!program) return state.SkipWithError(error.message.c_str());
  rc11::Result result;
  for (auto _ : state) {
    result =
        rc11::Explore([&] { return std::make_unique<litmus::Interpreter>(*program); }, threads);
    if (result.executions != executions) return state.SkipWithError("another number of executions");
  }
  Report(state, result);
}

template <class S>
void ExploreScenario(benchmark::State& state, std::uint64_t executions) {
  rc11::Result result;
  for (auto _ : state) {
    result = ExploreRc11<S>().result;
    if (result.executions != executions) return state.SkipWithError("another number of executions");
  }
  Report(state, result);
}

// `threads` threads, each with its number in place of the # of `text`.
std::string Threads(int threads, const std::string& text) {
  std::string program;
  for (int i = 0; i < threads; ++i) {
    program += i == 0 ? "" : " || ";
    for (const char c : text) program += c == '#' ? std::to_string(i) : std::string(1, c);
  }
  return program;
}

constexpr char kTwoWriters[] =
    " || W.rel x 1; W.rel y 1; W.rel x 2; W.rel y 2; W.rel x 3; W.rel y 3"
    " || W.rel z 1; W.rel w 1; W.rel z 2; W.rel w 2; W.rel z 3; W.rel w 3";

// The owner pushes two items and takes two; three thieves steal once each.
struct ChaseLev {
  static constexpr int kThreads = 4;
  FencedDeque<P> deque;
  void Thread(unsigned index) {
    if (index != 0) {
      deque.Steal();
      return;
    }
    for (int item = 1; item <= 2; ++item) deque.Push(item);
    for (int i = 0; i < 2; ++i) deque.Pop();
  }
};

struct Mcs {
  static constexpr int kThreads = 4;
  McsLock<P> lock;
  McsLock<P>::Node nodes[kThreads];
  P::Var<int> count{0};
  void Thread(unsigned index) {
    lock.Lock(nodes[index]);
    count.Write() += 1;
    lock.Unlock(nodes[index]);
  }
};

struct TwoWritesTwoReads {
  static constexpr int kThreads = 2;
  SeqLock<P> lock;
  void Thread(unsigned index) {
    for (int i = 1; i <= 2; ++i) {
      int first = 0;
      int second = 0;
      if (index == 0) {
        lock.Write(i);
      } else {
        lock.Read(&first, &second);
      }
    }
  }
};

const bool registered = [] {
  std::string coa_writers;
  for (const char* value : {"1", "2", "3", "4", "5"}) {
    coa_writers += std::string(" || W.rel y ") + value + "; W.rel z " + value;
  }
  const auto add = [](const std::string& name, const std::string& text, std::uint64_t executions) {
    benchmark::RegisterBenchmark(("Explore/" + name).c_str(), [=](benchmark::State& state) {
      ExploreLitmus(state, text, executions);
    })->Unit(benchmark::kMillisecond);
  };
  const auto add_threads = [](const std::string& name, const std::string& text,
                              std::uint64_t executions) {
    for (const int threads : {1, 2}) {
      benchmark::RegisterBenchmark(
          ("Explore/" + name + "/threads:" + std::to_string(threads)).c_str(),
          [=](benchmark::State& state) { ExploreByThreads(state, text, threads, executions); })
          ->Unit(benchmark::kMillisecond)
          ->UseRealTime();
    }
  };
  add("ainc(7)", Threads(7, "A.rlx x 1 r"), 5'040);
  add("ainc(8)", Threads(8, "A.rlx x 1 r"), 40'320);
  add("casw(5)", Threads(5, "C.rlx.rlx x 0 1 r; W.rel x #+3"), 32'880);
  add("SB(8)+sc",
      "W.sc a 1; R.sc b r || W.sc b 1; R.sc c r || W.sc c 1; R.sc d r || W.sc d 1; R.sc e r || "
      "W.sc e 1; R.sc f r || W.sc f 1; R.sc g r || W.sc g 1; R.sc h r || W.sc h 1; R.sc a r",
      255);
  add("big0",
      "R.acq x a; R.acq y b; R.acq z c; R.acq w d; R.acq x e; R.acq y f; R.acq z g || "
      "R.acq x a; R.acq y b; R.acq z c" +
          std::string(kTwoWriters),
      82'472);
  add("big1",
      "R.acq x a; R.acq y b; R.acq z c; R.acq w d; R.acq x e; R.acq y f; R.acq z g; R.acq w h || "
      "R.acq x a; R.acq y b; R.acq z c; R.acq w d; R.acq x e; R.acq y f" +
          std::string(kTwoWriters),
      2'950'753);
  add_threads("ainc(9)", Threads(9, "A.rlx x 1 r"), 362'880);
  add_threads("CoA(6)",
              "W.rel x 1; R.acq y a; R.acq x b || W.rel x 2; R.acq z a; R.acq x b" + coa_writers,
              2'073'600);
  const auto scenario = [](const char* name, auto run) {
    benchmark::RegisterBenchmark(name, run)->Unit(benchmark::kMillisecond);
  };
  scenario("Explore/chase_lev_3_thieves",
           [](benchmark::State& state) { ExploreScenario<ChaseLev>(state, 6'320); });
  scenario("Explore/mcs_lock_4_threads",
           [](benchmark::State& state) { ExploreScenario<Mcs>(state, 1'080); });
  scenario("Explore/seqlock_2_writes_2_reads",
           [](benchmark::State& state) { ExploreScenario<TwoWritesTwoReads>(state, 441); });
  return true;
}();

}  // namespace
}  // namespace ashlar::verification
