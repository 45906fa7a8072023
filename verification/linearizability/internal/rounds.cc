#include "ashlar/verification/linearizability/internal/rounds.h"

#include <chrono>

#include "ashlar/verification/linearizability/internal/team.h"

namespace ashlar::verification::linearizability::internal {

void RunRounds(int threads, double seconds, Rounds& rounds) {
  using Clock = std::chrono::steady_clock;
  Team team(threads, [&] { return rounds.Text(); });
  const Clock::time_point end = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                                   std::chrono::duration<double>(seconds));
  do {
    rounds.Begin();
    team.Run([&](int thread) { rounds.Run(thread); });
  } while (rounds.End() && Clock::now() < end);
}

std::uint64_t Overlapping(std::span<const Order::Place> operations) {
  std::uint64_t count = 0;
  for (const Order::Place& a : operations) {
    for (const Order::Place& b : operations) {
      if (a.thread != b.thread && a.called <= b.returned && b.called <= a.returned) {
        ++count;
        break;
      }
    }
  }
  return count;
}

}  // namespace ashlar::verification::linearizability::internal
