// A single data structure: the owner pops from one end, a thief steals from the other, and
// together they get every number once.
#include <cstdio>
#include <thread>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/steal_result.h"

int main() {
  ashlar::ChaseLevDeque<int> deque;
  for (int number = 1; number <= 100000; ++number) deque.Push(number);

  long long stolen = 0;
  std::thread thief([&] {
    for (auto got = deque.Steal(); got.outcome != ashlar::StealOutcome::kEmpty;
         got = deque.Steal()) {
      // The other outcome is kRetry: somebody else got that one.
      if (got.outcome == ashlar::StealOutcome::kSuccess) stolen += got.item;
    }
  });
  long long kept = 0;
  while (auto number = deque.Pop()) kept += *number;
  thief.join();

  std::printf("both ends together: %lld\n", kept + stolen);
}
