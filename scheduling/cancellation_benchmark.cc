// The rival is the standard's: std::stop_source, std::stop_token, std::stop_callback.
#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <vector>

#include "ashlar/scheduling/cancellation.h"
#include "benchmark/benchmark.h"

namespace ashlar {
namespace {

struct Count {
  std::size_t* count;
  void operator()() const noexcept { ++*count; }
};

struct Ashlar {
  using Source = CancellationSource;
  using Token = CancellationToken;
  using Callback = CancellationCallback<Count>;
  static Token TokenOf(Source& source) { return source.token(); }
  static void Cancel(Source& source) { source.Cancel(); }
  static bool IsCancelled(const Token& token) { return token.IsCancelled(); }
};

struct Std {
  using Source = std::stop_source;
  using Token = std::stop_token;
  using Callback = std::stop_callback<Count>;
  static Token TokenOf(Source& source) { return source.get_token(); }
  static void Cancel(Source& source) { source.request_stop(); }
  static bool IsCancelled(const Token& token) { return token.stop_requested(); }
};

// Items are looks at a token.
template <class Kind>
void Poll(benchmark::State& state) {
  typename Kind::Source source;
  const auto token = Kind::TokenOf(source);
  for (auto _ : state) benchmark::DoNotOptimize(Kind::IsCancelled(token));
  state.SetItemsProcessed(state.iterations());
}

// Items are callbacks that are registered and deregistered beside others.
template <class Kind>
void RegisterDeregister(benchmark::State& state) {
  typename Kind::Source source;
  const auto token = Kind::TokenOf(source);
  std::size_t count = 0;
  std::optional<typename Kind::Callback> others[8];
  for (auto& other : others) other.emplace(token, Count{&count});
  for (auto _ : state) {
    const typename Kind::Callback callback(token, Count{&count});
    benchmark::DoNotOptimize(&callback);
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are callbacks that a cancellation runs; their registration is not timed.
template <class Kind>
void CancelFanOut(benchmark::State& state) {
  const auto fan = static_cast<std::size_t>(state.range(0));
  std::size_t count = 0;
  const auto callbacks = std::make_unique<std::optional<typename Kind::Callback>[]>(fan);
  for (auto _ : state) {
    state.PauseTiming();
    typename Kind::Source source;
    for (std::size_t i = 0; i < fan; ++i) {
      callbacks[i].emplace(Kind::TokenOf(source), Count{&count});
    }
    state.ResumeTiming();
    Kind::Cancel(source);
  }
  if (count != fan * static_cast<std::size_t>(state.iterations())) state.SkipWithError("lost some");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Items are callbacks of a source that is made, cancelled and destroyed with all of them.
template <class Kind>
void WholeFanOut(benchmark::State& state) {
  const auto fan = static_cast<std::size_t>(state.range(0));
  std::size_t count = 0;
  const auto callbacks = std::make_unique<std::optional<typename Kind::Callback>[]>(fan);
  for (auto _ : state) {
    typename Kind::Source source;
    const auto token = Kind::TokenOf(source);
    for (std::size_t i = 0; i < fan; ++i) callbacks[i].emplace(token, Count{&count});
    Kind::Cancel(source);
    for (std::size_t i = 0; i < fan; ++i) callbacks[i].reset();
  }
  if (count != fan * static_cast<std::size_t>(state.iterations())) state.SkipWithError("lost some");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK_TEMPLATE(Poll, Ashlar)->Name("Poll/ashlar");
BENCHMARK_TEMPLATE(Poll, Std)->Name("Poll/std");
BENCHMARK_TEMPLATE(RegisterDeregister, Ashlar)->Name("RegisterDeregister/ashlar");
BENCHMARK_TEMPLATE(RegisterDeregister, Std)->Name("RegisterDeregister/std");
BENCHMARK_TEMPLATE(CancelFanOut, Ashlar)->Name("CancelFanOut/ashlar")->Arg(1000);
BENCHMARK_TEMPLATE(CancelFanOut, Std)->Name("CancelFanOut/std")->Arg(1000);
BENCHMARK_TEMPLATE(WholeFanOut, Ashlar)->Name("WholeFanOut/ashlar")->Arg(10)->Arg(1000);
BENCHMARK_TEMPLATE(WholeFanOut, Std)->Name("WholeFanOut/std")->Arg(10)->Arg(1000);

}  // namespace
}  // namespace ashlar
