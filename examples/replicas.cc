// Racing replicas: the same question to three servers, one of which is down. The first good answer
// is taken, the others are told to stop, and have stopped when it is printed.
//
//   bazel run //examples:replicas

#include <atomic>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "ashlar/engine/engine.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/combinators.h"
#include "ashlar/scheduling/future.h"
#include "ashlar/scheduling/outcome.h"

using ashlar::CancellationToken;
using ashlar::Engine;
using ashlar::Future;
using ashlar::Outcome;

std::atomic<int> stopped{0};

// Works in pieces, and looks at the token after each.
absl::StatusOr<std::string> Compute(int replica, long pieces, const CancellationToken& token) {
  unsigned hash = 1;
  for (long piece = 0; piece < pieces; ++piece) {
    if (token.IsCancelled()) return token.status();
    for (int i = 0; i < 1000; ++i) hash = hash * 1664525 + 1013904223;
  }
  return "replica " + std::to_string(replica) + (hash == 0 ? "!" : "");
}

Future<std::string> Ask(Engine& engine, int replica, long pieces) {
  return Async(engine,
               [=](CancellationToken token) -> absl::StatusOr<std::string> {
                 if (replica == 0) return absl::UnavailableError("replica 0 is down");
                 return Compute(replica, pieces, token);
               })
      .ThenOutcome([](Outcome<std::string> outcome) {
        if (outcome.cancelled()) ++stopped;
        return Future<std::string>(std::move(outcome));
      });
}

int main() {
  auto engine = Engine::Create({.workers = 3});
  if (!engine.ok()) return 1;

  std::vector<Future<std::string>> replicas;
  replicas.push_back(Ask(**engine, 0, 0));
  replicas.push_back(Ask(**engine, 1, 2'000'000'000'000));  // would take for ever
  replicas.push_back(Ask(**engine, 2, 10));
  const auto answer = Any(std::move(replicas)).Get();
  if (!answer.ok()) {
    std::printf("%s\n", answer.status().ToString().c_str());
    return 1;
  }
  std::printf("the answer is from %s; stopped: %d\n", answer->value.c_str(), stopped.load());
  return answer->index == 2 && stopped == 1 ? 0 : 1;
}
