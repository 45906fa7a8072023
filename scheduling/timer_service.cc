#include "ashlar/scheduling/timer_service.h"

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>

#include "absl/time/time.h"
#include "ashlar/base/check.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/scheduling/internal/running_call.h"

namespace ashlar {

TimerService::TimerService(TimePoint start, absl::Duration tick)
    : start_(start), tick_(absl::ToChronoNanoseconds(tick)) {
  ASHLAR_CHECK(tick_.count() >= 1, "a tick is a nanosecond or more");
}

TimerService::~TimerService() { ASHLAR_CHECK(core_.IsEmpty(), "a timer outlives its service"); }

TimerService::Core::Tick TimerService::TickOf(TimePoint time) const {
  if (time <= start_) return 0;
  const auto since = static_cast<std::uint64_t>((time - start_).count());
  const auto tick = static_cast<std::uint64_t>(tick_.count());
  return since / tick + (since % tick != 0 ? 1 : 0);
}

std::optional<TimerService::TimePoint> TimerService::RunExpired(TimePoint now) {
  const auto time_of = [this](Core::Tick tick) {
    constexpr auto kMost = static_cast<Core::Tick>(std::numeric_limits<std::int64_t>::max());
    const auto length = static_cast<Core::Tick>(tick_.count());
    const auto room = static_cast<Core::Tick>((TimePoint::max() - start_).count());
    return tick > std::min(kMost, room) / length
               ? TimePoint::max()
               : start_ + std::chrono::nanoseconds(static_cast<std::int64_t>(tick * length));
  };
  const Core::Tick tick = now <= start_ ? 0 : static_cast<Core::Tick>((now - start_) / tick_);
  const auto fire = [&](Core::Node& node, Core::Tick at) {
    OnTick(time_of(at));
    auto& timer = static_cast<Timer&>(node);
    timer.function_(timer);
  };
  // Until those who wait have come in: who sleeps has to wake up for it, some 50 us. No longer: a
  // thread may be stopped.
  const auto give_way = [this] {
    for (int i = 0; i < 1000 && core_.IsAwaited(); ++i) StdPlatform::SpinWait();
  };
  const std::optional<Core::Tick> next =
      core_.RunExpired(tick, internal::ThisThread(), fire, give_way);
  if (!next) return std::nullopt;
  return time_of(*next);
}

void Timer::StartAfter(absl::Duration delay) {
  if (delay == absl::InfiniteDuration()) {
    Cancel();
    return;
  }
  const TimePoint now = service_.Now();
  const auto length = absl::ToChronoNanoseconds(delay);
  if (length.count() <= 0) return StartAt(now);
  StartAt(length > TimePoint::max() - now ? TimePoint::max() : now + length);
}

}  // namespace ashlar
