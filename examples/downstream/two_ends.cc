// One thread pushes and pops, another steals: together they see every number once.
#include <atomic>
#include <cstdio>
#include <thread>

#include "ashlar/base/check.h"
#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/steal_result.h"

int main() {
  constexpr int kNumbers = 1000000;
  ashlar::ChaseLevDeque<int> deque;
  std::atomic<bool> done = false;

  long long stolen = 0;
  std::thread thief([&] {
    while (true) {
      const bool last_look = done;
      const auto result = deque.Steal();
      if (result.outcome == ashlar::StealOutcome::kSuccess) stolen += result.item;
      if (result.outcome == ashlar::StealOutcome::kEmpty && last_look) return;
    }
  });

  long long kept = 0;
  for (int i = 1; i <= kNumbers; ++i) {
    deque.Push(i);
    if (i % 2 == 0) kept += deque.Pop().value_or(0);
  }
  while (auto number = deque.Pop()) kept += *number;
  done = true;
  thief.join();

  ASHLAR_CHECK(kept + stolen == 1LL * kNumbers * (kNumbers + 1) / 2, "a number was lost");
  std::printf("two ends, one sum: %lld\n", kept + stolen);
}
