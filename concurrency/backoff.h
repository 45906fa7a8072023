// backoff.h
// ---------
// Backoff: how a thread waits for another one that will be done soon.
//
//   Backoff backoff;                            Backoff backoff;
//   while (!TryOnce()) backoff.Pause();         while (!HasWork()) {
//                                                 if (!backoff.PauseWithin(50us)) return Sleep();
//                                               }
//
// Each pause is longer than the last: 1, 2, 4, ... 64 SpinWaits, after which a pause gives
// the processor to another thread that is ready to run. A SpinWait takes 10 to 140 cycles,
// depending on the processor, so a budget is a time and no count.
//
// When to use: after a lost race, and for the moments before going to sleep. When not: to
// wait for what may take long; that is what event_count.h is for.
//
// RaceBackoff is for a thread that lost a race and waits for nobody, as in a lock-free loop around
// a compare-exchange. Whoever has won, and has the cache line, probably goes on; a thread that asks
// for the line again at once slows both down. Its pauses are 64, 128, and then always 256
// SpinWaits: some operations of the winner. It never yields, since nobody needs the processor.
//
// Thread safety: an object belongs to one thread. Progress: every call returns.
// Cost: the short pauses together 127 SpinWaits, 0.4 to 6 us; a later one 0.2 us and more
// (a system call), in PauseWithin with one reading of the clock. RaceBackoff's first 0.2 to 3.2 us,
// those from the third on four times that.
#ifndef ASHLAR_CONCURRENCY_BACKOFF_H_
#define ASHLAR_CONCURRENCY_BACKOFF_H_

#include <chrono>
#include <optional>

#include "ashlar/concurrency/platform.h"

namespace ashlar {

template <class Platform = StdPlatform>
class BasicBackoff {
 public:
  // Waits a little longer than the last time.
  void Pause() noexcept {
    if (IsYielding()) {
      Platform::Yield();
      return;
    }
    for (int i = 0; i < spins_; ++i) Platform::SpinWait();
    spins_ *= 2;
  }

  // Pauses, and says whether `budget` lasts. It counts from the first yield, so that a
  // short wait never reads the clock. A budget of zero or less is used up at once,
  // without a pause.
  bool PauseWithin(std::chrono::nanoseconds budget) noexcept {
    if (budget <= std::chrono::nanoseconds::zero()) return false;
    if (IsYielding()) {
      const auto now = Platform::Now();
      if (!yielding_since_) yielding_since_ = now;
      if (now - *yielding_since_ >= budget) return false;
    }
    Pause();
    return true;
  }

  // Back to short pauses: there was progress.
  void Reset() noexcept {
    spins_ = 1;
    yielding_since_.reset();
  }

  // True once the short pauses are over.
  bool IsYielding() const noexcept { return spins_ > kMaxSpins; }

 private:
  static constexpr int kMaxSpins = 64;

  int spins_ = 1;
  std::optional<std::chrono::steady_clock::time_point> yielding_since_;
};

template <class Platform = StdPlatform>
class BasicRaceBackoff {
 public:
  void Pause() noexcept {
    for (int i = 0; i < spins_; ++i) Platform::SpinWait();
    if (spins_ < kMaxSpins) spins_ *= 2;
  }

 private:
  static constexpr int kMaxSpins = 256;

  int spins_ = 64;
};

using Backoff = BasicBackoff<>;
using RaceBackoff = BasicRaceBackoff<>;

}  // namespace ashlar

#endif  // ASHLAR_CONCURRENCY_BACKOFF_H_
