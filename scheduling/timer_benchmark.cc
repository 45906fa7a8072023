// The rivals are libuv's timers, a heap of pointers, and Asio's, a heap with a handler each. Loops
// are of one thread, over a given number of timers that are all set; times are by the processor.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <vector>

#include "absl/time/time.h"
#include "ashlar/scheduling/manual_timer_service.h"
#include "ashlar/scheduling/timer_service.h"
#include "ashlar/scheduling/timer_thread.h"
#include "asio/io_context.hpp"
#include "asio/steady_timer.hpp"
#include "benchmark/benchmark.h"
#include "uv.h"

namespace ashlar {
namespace {

// Milliseconds: timeouts of connections, the same for all implementations.
class Delays {
 public:
  Delays() {
    std::mt19937 random(1);
    for (auto& delay : delays_) delay = 1000 + random() % 60000;
  }
  std::uint32_t Next() { return delays_[next_++ % kCount]; }

 private:
  static constexpr std::size_t kCount = 1 << 14;
  std::uint32_t delays_[kCount];
  std::size_t next_ = 0;
};

struct Nothing {
  void operator()() const noexcept {}
};

// One clock for all: it stands still, as that of libuv's loop does.
class Ashlar {
 public:
  explicit Ashlar(std::size_t count) : timers_(count) {
    for (auto& timer : timers_) timer.emplace(service_, Nothing{});
  }
  void Start(std::size_t i, std::uint32_t delay) {
    timers_[i]->StartAt(now_ + std::chrono::milliseconds(delay));
  }
  void Cancel(std::size_t i) { timers_[i]->Cancel(); }
  void Expire() { service_.Advance(absl::Seconds(100)); }

 private:
  ManualTimerService service_;
  const TimerService::TimePoint now_ = service_.Now();
  std::vector<std::optional<CallbackTimer<Nothing>>> timers_;
};

// With a thread that sleeps until the first is due, and a look at the clock for each start.
class AshlarThread {
 public:
  explicit AshlarThread(std::size_t count) : timers_(count) {
    for (auto& timer : timers_) timer.emplace(service_, Nothing{});
  }
  void Start(std::size_t i, std::uint32_t delay) {
    timers_[i]->StartAfter(absl::Milliseconds(delay));
  }
  void Cancel(std::size_t i) { timers_[i]->Cancel(); }

 private:
  TimerThread service_;
  std::vector<std::optional<CallbackTimer<Nothing>>> timers_;
};

class Libuv {
 public:
  explicit Libuv(std::size_t count) : timers_(count) {
    uv_loop_init(&loop_);
    for (auto& timer : timers_) uv_timer_init(&loop_, &timer);
  }
  ~Libuv() {
    for (auto& timer : timers_) uv_close(reinterpret_cast<uv_handle_t*>(&timer), nullptr);
    uv_run(&loop_, UV_RUN_DEFAULT);
    uv_loop_close(&loop_);
  }
  void Start(std::size_t i, std::uint32_t delay) {
    uv_timer_start(
        &timers_[i], [](uv_timer_t*) {}, delay, 0);
  }
  void Cancel(std::size_t i) { uv_timer_stop(&timers_[i]); }

 private:
  uv_loop_t loop_;
  std::vector<uv_timer_t> timers_;
};

// Each start looks at the clock; a cancelled handler is called in the next poll.
class Asio {
 public:
  explicit Asio(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) timers_.emplace_back(context_);
  }
  void Start(std::size_t i, std::uint32_t delay) {
    timers_[i].expires_after(std::chrono::milliseconds(delay));
    timers_[i].async_wait([](const auto&) {});
    if (++starts_ % 64 == 0) context_.poll();
  }
  void Cancel(std::size_t i) { timers_[i].cancel(); }

 private:
  asio::io_context context_;
  std::deque<asio::steady_timer> timers_;
  std::size_t starts_ = 0;
};

// Items are timers that are cancelled and set again, among all that are set, in the order of a
// walk over them.
template <class Kind>
void CancelRearm(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Kind kind(count);
  Delays delays;
  for (std::size_t i = 0; i < count; ++i) kind.Start(i, delays.Next());
  std::size_t i = 0;
  for (auto _ : state) {
    kind.Cancel(i);
    kind.Start(i, delays.Next());
    if (++i == count) i = 0;
  }
  state.SetItemsProcessed(state.iterations());
}

// The same in one call, which sets a timer that is set.
template <class Kind>
void Rearm(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Kind kind(count);
  Delays delays;
  for (std::size_t i = 0; i < count; ++i) kind.Start(i, delays.Next());
  std::size_t i = 0;
  for (auto _ : state) {
    kind.Start(i, delays.Next());
    if (++i == count) i = 0;
  }
  state.SetItemsProcessed(state.iterations());
}

// Items are timers that are set for the first time, in a service that becomes full of them.
template <class Kind>
void Insert(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Delays delays;
  for (auto _ : state) {
    state.PauseTiming();
    auto kind = std::make_unique<Kind>(count);
    state.ResumeTiming();
    for (std::size_t i = 0; i < count; ++i) kind->Start(i, delays.Next());
    state.PauseTiming();
    kind.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Items are timers that fire, from a service that is full of them.
void Expire(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  Delays delays;
  for (auto _ : state) {
    state.PauseTiming();
    auto kind = std::make_unique<Ashlar>(count);
    for (std::size_t i = 0; i < count; ++i) kind->Start(i, delays.Next());
    state.ResumeTiming();
    kind->Expire();
    state.PauseTiming();
    kind.reset();
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

BENCHMARK_TEMPLATE(CancelRearm, Ashlar)->Name("CancelRearm/ashlar")->Arg(1000)->Arg(100000);
BENCHMARK_TEMPLATE(CancelRearm, AshlarThread)->Name("CancelRearm/ashlar_thread")->Arg(100000);
BENCHMARK_TEMPLATE(CancelRearm, Libuv)->Name("CancelRearm/libuv")->Arg(1000)->Arg(100000);
BENCHMARK_TEMPLATE(CancelRearm, Asio)->Name("CancelRearm/asio")->Arg(1000)->Arg(100000);
BENCHMARK_TEMPLATE(Rearm, Ashlar)->Name("Rearm/ashlar")->Arg(100000);
BENCHMARK_TEMPLATE(Rearm, Libuv)->Name("Rearm/libuv")->Arg(100000);
BENCHMARK_TEMPLATE(Insert, Ashlar)->Name("Insert/ashlar")->Arg(100000);
BENCHMARK_TEMPLATE(Insert, Libuv)->Name("Insert/libuv")->Arg(100000);
BENCHMARK(Expire)->Name("Expire/ashlar")->Arg(100000);

}  // namespace
}  // namespace ashlar
