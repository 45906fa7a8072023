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
        // A time span, or to the moment that the wheel names, or just before; in small pieces, or
        // so few of them that it is left in the middle.
        Advance(third % 4 != 3 ? wheel_.now() + span
                               : wheel_.NextTime().value_or(wheel_.now() + 1) - third / 4 % 2,
                second % 2 == 0 ? kAllPieces : second / 2 % 8);
        break;
    }
    CheckNextTime();
  }
  void AdvanceToTheEnd() {
    Advance(TimerWheel::kLast - 1, kAllPieces);
    int steps = 1 << 10;
    while (TimerWheel::Node* const node = wheel_.PopExpired(~Tick{0}, steps)) {
      due_[static_cast<std::size_t>(node - timers_.data())].reset();
    }
    for (const auto& due : due_) ASHLAR_CHECK(!due);
    ASHLAR_CHECK(!wheel_.NextTime() && wheel_.now() == TimerWheel::kLast);
  }

 private:
  using Tick = TimerWheel::Tick;
  static constexpr std::size_t kTimers = 40;
  static constexpr int kSteps = 3;
  // Each but the last takes out a timer or moves some, which go down through all levels at most.
  static constexpr int kAllPieces = kTimers * (TimerWheel::kLevels + 1) + 1;

  // All that are due come out, in order, and nothing else.
  void Advance(Tick now, int pieces) {
    now = std::min(now, TimerWheel::kLast - 1);
    const bool all = pieces == kAllPieces;
    Tick latest = 0;
    for (; pieces > 0; --pieces) {
      int steps = kSteps;
      TimerWheel::Node* const node = wheel_.PopExpired(now, steps);
      ASHLAR_CHECK(0 <= steps && steps <= kSteps);
      if (node == nullptr) {
        if (steps == 0) continue;
        for (const auto& due : due_) ASHLAR_CHECK(!due || *due > now);
        ASHLAR_CHECK(wheel_.now() >= now);
        return;
      }
      const auto index = static_cast<std::size_t>(node - timers_.data());
      ASHLAR_CHECK(due_[index].has_value() && *due_[index] <= now);
      ASHLAR_CHECK(*due_[index] >= latest && wheel_.now() == *due_[index]);
      latest = *due_[index];
      due_[index].reset();
    }
    ASHLAR_CHECK(!all);
  }

  void CheckNextTime() const {
    const std::optional<Tick> next = wheel_.NextTime();
    for (const auto& due : due_) ASHLAR_CHECK(!due || (next && *next <= *due));
    ASHLAR_CHECK(!next || *next >= wheel_.now());
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
