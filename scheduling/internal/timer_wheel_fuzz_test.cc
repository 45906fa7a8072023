// Sequences of calls on a TimerWheel and on a plain list of times. Each three bytes are a call.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "ashlar/base/check.h"
#include "ashlar/scheduling/internal/timer_wheel.h"

namespace ashlar::internal {
namespace {

// Longer inputs find nothing new and take longer.
constexpr std::size_t kMostBytes = 3 * 1024;

class Target {
 public:
  void Call(std::uint8_t first, std::uint8_t second, std::uint8_t third) {
    const std::size_t index = second % kTimers;
    // Of each length in bits, up to ages.
    const Tick span = (Tick{1} << (first / 4)) * third / 64;
    switch (first % 4) {
      case 0:
      case 1:
        wheel_.Schedule(timers_[index], wheel_.now() + span);
        due_[index] = std::clamp(wheel_.now() + span, wheel_.now() + 1, TimerWheel::kLast);
        break;
      case 2:
        ASHLAR_CHECK((third % 2 == 0 ? wheel_.Suspend(timers_[index])
                                     : wheel_.Remove(timers_[index])) == due_[index].has_value());
        due_[index].reset();
        break;
      case 3:
        // A time span, or to the moment that the wheel names, or just before.
        Advance(third % 4 != 3 ? wheel_.now() + span
                               : wheel_.NextTime().value_or(wheel_.now() + 1) - third / 4 % 2);
        break;
    }
    CheckNextTime();
  }
  void AdvanceToTheEnd() {
    Advance(TimerWheel::kLast);
    while (TimerWheel::Node* const node = wheel_.PopExpired(~Tick{0})) {
      due_[static_cast<std::size_t>(node - timers_.data())].reset();
    }
    for (const auto& due : due_) ASHLAR_CHECK(!due);
    ASHLAR_CHECK(!wheel_.NextTime() && wheel_.now() == TimerWheel::kLast);
  }

 private:
  using Tick = TimerWheel::Tick;
  static constexpr std::size_t kTimers = 40;

  // All that are due come out, in order, and nothing else.
  void Advance(Tick now) {
    now = std::min(now, TimerWheel::kLast - 1);
    Tick latest = 0;
    while (TimerWheel::Node* const node = wheel_.PopExpired(now)) {
      const auto index = static_cast<std::size_t>(node - timers_.data());
      ASHLAR_CHECK(due_[index].has_value() && *due_[index] <= now);
      ASHLAR_CHECK(*due_[index] >= latest && wheel_.now() == *due_[index]);
      latest = *due_[index];
      due_[index].reset();
    }
    for (const auto& due : due_) ASHLAR_CHECK(!due || *due > now);
    ASHLAR_CHECK(wheel_.now() >= now);
  }

  void CheckNextTime() const {
    const std::optional<Tick> next = wheel_.NextTime();
    for (const auto& due : due_) ASHLAR_CHECK(!due || (next && *next <= *due));
    ASHLAR_CHECK(!next || *next > wheel_.now());
  }

  TimerWheel wheel_;
  std::array<TimerWheel::Node, kTimers> timers_;
  std::array<std::optional<Tick>, kTimers> due_;
};

}  // namespace
}  // namespace ashlar::internal

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  size = std::min(size, ashlar::internal::kMostBytes);
  ashlar::internal::Target target;
  for (std::size_t i = 0; i + 2 < size; i += 3) target.Call(data[i], data[i + 1], data[i + 2]);
  target.AdvanceToTheEnd();
  return 0;
}
