// A scope with fail-fast: parts of a page are loaded beside each other, as coroutines. One of them
// fails: the others are cancelled where they wait, clean up behind them, and have ended when the
// error comes out of the scope. Then the page without that part.
//
//   bazel run //examples:scope

#include <atomic>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "ashlar/engine/engine.h"
#include "ashlar/scheduling/async_scope.h"
#include "ashlar/scheduling/delay.h"
#include "ashlar/scheduling/outcome.h"
#include "ashlar/scheduling/spawn.h"
#include "ashlar/scheduling/task.h"
#include "ashlar/scheduling/timer_thread.h"

using ashlar::AsOutcome;
using ashlar::AsyncScope;
using ashlar::OrFail;
using ashlar::Outcome;
using ashlar::Shielded;
using ashlar::Task;
using ashlar::WithScope;

// What the tasks need, which outlives them.
struct Site {
  ashlar::Engine& engine;
  ashlar::TimerService& timers;
  std::atomic<int> open{0};  // connections
};

// Takes some time, which a cancellation ends early.
Task<std::string> Load(Site& site, std::string part, absl::Duration time) {
  const absl::Status waited = co_await Delay(site.timers, time);
  co_await OrFail(waited);
  if (part == "advertisement") co_return absl::UnavailableError("no advertisement today");
  co_return "<" + part + ">";
}

// Cleaning up takes some time as well, and is not cancelled.
Task<void> Close(Site& site) {
  (void)co_await Delay(site.timers, absl::Milliseconds(1));
  --site.open;
}

// A part, in its place of the page.
Task<void> LoadInto(Site& site, std::string& place, std::string part, absl::Duration time) {
  ++site.open;
  Outcome<std::string> text = co_await AsOutcome(Load(site, std::move(part), time));
  co_await Shielded(Close(site));
  place = co_await OrFail(std::move(text));
}

struct Part {
  std::string name;
  absl::Duration time;
};

Task<std::string> LoadPage(Site& site, std::vector<Part> parts) {
  std::vector<std::string> texts(parts.size());
  co_await WithScope([&](AsyncScope& scope) -> Task<void> {
    for (std::size_t i = 0; i < parts.size(); ++i) {
      scope.Spawn(site.engine, LoadInto(site, texts[i], parts[i].name, parts[i].time));
    }
    co_return;
  });
  // Not reached if one of them failed.
  std::string page;
  for (const std::string& text : texts) page += text;
  co_return page;
}

int main() {
  auto engine = ashlar::Engine::Create({.workers = 2});
  if (!engine.ok()) return 1;
  ashlar::TimerThread timers;
  Site site{**engine, timers};

  const Part text = {"text", absl::Milliseconds(2)};
  const Part images = {"images", absl::Milliseconds(3)};
  const Part forever = {"comments", absl::InfiniteDuration()};
  const Part fails = {"advertisement", absl::Milliseconds(5)};

  const auto failed = BlockOn(LoadPage(site, {forever, forever, fails}));
  std::printf("%s; still open: %d\n", failed.status().ToString().c_str(), site.open.load());
  const auto page = BlockOn(LoadPage(site, {text, images}));
  std::printf("%s\n", page.ok() ? page->c_str() : page.status().ToString().c_str());

  const bool as_shown = absl::IsUnavailable(failed.status()) && site.open == 0;
  return as_shown && page.ok() && *page == "<text><images>" ? 0 : 1;
}
