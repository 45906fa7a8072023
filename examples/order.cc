// A task group with fail-fast: an order is handled by several tasks at the same time, some of which
// spawn others. When one fails, the others are told to stop, what has not begun never runs, and
// the scope ends only when all have ended: on an engine of one worker, too.
//
//   bazel run //examples:order

#include <atomic>
#include <cstdio>

#include "absl/status/status.h"
#include "ashlar/engine/engine.h"
#include "ashlar/scheduling/cancellation.h"
#include "ashlar/scheduling/task_group.h"

namespace {

using ashlar::CancellationToken;
using ashlar::Engine;
using ashlar::TaskGroup;

// How many parts were packed, and how many workers of an order are still there.
struct Shop {
  std::atomic<int> packed = 0;
  std::atomic<int> busy = 0;
};

// Packs until told to stop.
absl::Status Pack(Shop& shop, const CancellationToken& token) {
  ++shop.busy;
  absl::Status status;
  for (int part = 0; part < 1000 && (status = token.status()).ok(); ++part) ++shop.packed;
  --shop.busy;
  return status;
}

absl::Status HandleOrder(Engine& engine, Shop& shop, bool card_is_good) {
  TaskGroup order(engine, {.name = "order"});
  order.SpawnNamed("pay", [card_is_good]() -> absl::Status {
    if (!card_is_good) return absl::FailedPreconditionError("the card was declined");
    return absl::OkStatus();
  });
  order.SpawnNamed("pack", [&](const CancellationToken&) {
    // Inside of the order's scope; it ends before that does, and its packers before it.
    TaskGroup packers(engine, {.name = "packers", .max_concurrency = 2, .parent = &order});
    for (int i = 0; i < 4; ++i) {
      packers.Spawn([&shop](const CancellationToken& token) { return Pack(shop, token); });
    }
    return packers.Wait();
  });
  const absl::Status status = order.Wait();
  std::printf("%s  %s\n", DumpTasks(order).c_str(), status.ToString().c_str());
  return status;
}

}  // namespace

int main() {
  for (const int workers : {1, 2}) {
    auto engine = Engine::Create({.workers = workers});
    if (!engine.ok()) return 1;
    Shop shop;
    if (!HandleOrder(**engine, shop, true).ok() || shop.packed != 4000 || shop.busy != 0) return 2;
    if (!absl::IsFailedPrecondition(HandleOrder(**engine, shop, false)) || shop.busy != 0) return 3;
    // The same from one of the engine's own threads, which helps while it waits.
    const auto inside = [&] { return HandleOrder(**engine, shop, true); };
    if (!(*engine)->Submit(inside).Get().ok() || shop.busy != 0) return 4;
  }
  return 0;
}
