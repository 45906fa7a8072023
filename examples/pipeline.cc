// A pipeline with fan-out and a timeout: a query goes to several shards at once, what each of them
// finds is counted on the engine, and a shard that does not answer in time is left out.
//
//   bazel run //examples:pipeline

#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/engine/engine.h"
#include "ashlar/scheduling/combinators.h"
#include "ashlar/scheduling/delay.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/timeout.h"
#include "ashlar/scheduling/timer_service.h"
#include "ashlar/scheduling/timer_thread.h"

using ashlar::Engine;
using ashlar::Future;
using ashlar::TimerService;

constexpr int kShards = 4;
constexpr int kDead = 2;

struct Answer {
  int shard;
  int matches;  // -1: it did not answer
};

// What a server would do, at some distance.
Future<std::string> Ask(TimerService& timers, int shard) {
  const absl::Duration distance =
      shard == kDead ? absl::InfiniteDuration() : absl::Milliseconds(2 * shard);
  return Delay(timers, distance).Then([shard] { return std::string(10 * (shard + 1), 'x'); });
}

Future<Answer> Search(Engine& engine, TimerService& timers, int shard) {
  return Timeout(Ask(timers, shard), timers, absl::Milliseconds(300))
      .Then(engine,
            [shard](std::string found) {  // on a worker, which has time to count
              return Answer{shard, static_cast<int>(found.size())};
            })
      .Catch([shard](const absl::Status& status) -> absl::StatusOr<Answer> {
        if (!absl::IsDeadlineExceeded(status)) return status;
        return Answer{shard, -1};
      });
}

int main() {
  auto engine = Engine::Create();
  if (!engine.ok()) return 1;
  ashlar::TimerThread timers;

  std::vector<Future<Answer>> searches;
  for (int shard = 0; shard < kShards; ++shard) searches.push_back(Search(**engine, timers, shard));
  auto answers = All(std::move(searches)).Get();
  if (!answers.ok()) {
    std::printf("%s\n", answers.status().ToString().c_str());
    return 1;
  }
  for (const Answer& answer : *answers) {
    if (answer.matches < 0) {
      std::printf("shard %d did not answer in time\n", answer.shard);
    } else {
      std::printf("shard %d has %d matches\n", answer.shard, answer.matches);
    }
  }
  return answers->size() == kShards && (*answers)[kDead].matches < 0 ? 0 : 1;
}
