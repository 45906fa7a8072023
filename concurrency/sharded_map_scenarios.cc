// What is done to a value is done by one thread at a time, and the next one sees it; also while
// the table under them grows.
//
// Each scenario has two threads and a map of one shard, of two where it says so. A checker sees
// the table of a shard as one thing that only who has the lock may read or write; what it does
// inside is for internal/flat_table_test.cc, its lock for spin_park_mutex_scenarios.cc. So no order
// is weakened here: the map has none of its own but for counting. What it has is a place to lock in
// each of its members; any of them left out is a data race in one of these.

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "ashlar/concurrency/sharded_map.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

template <class Platform>
using Map = ShardedMap<int, int, std::hash<int>, std::equal_to<>, Platform>;

constexpr auto kIncrement = [](int, int& value) { ++value; };

template <class Platform>
struct NoIncrementIsLost {
  static constexpr unsigned kThreads = 2;
  Map<Platform> map{1};

  void Thread(unsigned) { map.InsertOrVisit(7, 1, kIncrement); }
  void After() {
    Expect(map.Get(7) == 2);
    Expect(map.SizeApprox() == 1);
  }
};

template <class Platform>
struct OneErases {
  static constexpr unsigned kThreads = 2;
  Map<Platform> map{1};
  bool erased[2] = {};

  OneErases() { map.TryEmplace(7, 1); }

  void Thread(unsigned index) { erased[index] = map.Erase(7); }
  void After() { Expect(erased[0] != erased[1] && map.SizeApprox() == 0); }
};

// One fills the table's only group, so that it has to move.
template <class Platform>
struct FoundWhileItGrows {
  static constexpr unsigned kThreads = 2;
  static constexpr int kFull = 12;
  Map<Platform> map{1};

  FoundWhileItGrows() {
    for (int i = 0; i < kFull; ++i) map.TryEmplace(i, i);
  }

  void Thread(unsigned index) {
    if (index == 0) {
      map.TryEmplace(kFull, kFull);
    } else {
      Expect(map.Get(3) == 3);
      map.Visit(3, kIncrement);
    }
  }
  void After() {
    Expect(map.Get(3) == 4);
    Expect(map.SizeApprox() == kFull + 1);
  }
};

// One goes through both shards, and comes to what stays there; another's key comes and goes. The
// ways to go:
struct Visiting {
  template <class AnyMap>
  static void Go(AnyMap& map) {
    int times = 0;
    map.VisitAll([&times](int key, int) { times += key == 7; });
    Expect(times == 1);
  }
};
struct VisitingAsConst {
  template <class AnyMap>
  static void Go(const AnyMap& map) {
    Visiting::Go(map);
  }
};
struct Erasing {
  template <class AnyMap>
  static void Go(AnyMap& map) {
    Expect(map.EraseIf([](int key, int) { return key == 7; }) == 1);
    map.TryEmplace(7, 0);
  }
};
struct Reserving {
  template <class AnyMap>
  static void Go(AnyMap& map) {
    map.Reserve(100);
  }
};
struct Measuring {
  template <class AnyMap>
  static void Go(const AnyMap& map) {
    const auto spread = map.MeasureSpread();
    Expect(spread.size == 1 || spread.size == 2);
  }
};

template <class Platform, class Way>
struct GoneThrough {
  static constexpr unsigned kThreads = 2;
  Map<Platform> map{2};

  GoneThrough() { map.TryEmplace(7, 0); }

  void Thread(unsigned index) {
    if (index == 1) return Way::Go(map);
    Expect(map.TryEmplace(8, 0));
    Expect(map.Erase(8));
  }
  void After() { Expect(map.Contains(7) && map.SizeApprox() == 1); }
};

// What was cleared is freed by one, and not looked at by the other.
template <class Platform>
struct ClearedOrFound {
  static constexpr unsigned kThreads = 2;
  Map<Platform> map{1};

  ClearedOrFound() { map.TryEmplace(7, 7); }

  void Thread(unsigned index) {
    if (index == 0) return map.Clear();
    const std::optional<int> found = map.Get(7);
    Expect(!found.has_value() || *found == 7);
  }
  void After() { Expect(map.SizeApprox() == 0); }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<NoIncrementIsLost>("NoIncrementIsLost"),
      MakeScenario<OneErases>("OneErases"),
      MakeScenario<FoundWhileItGrows>("FoundWhileItGrows"),
      MakeScenario<GoneThrough, Visiting>("GoneThroughVisiting"),
      MakeScenario<GoneThrough, VisitingAsConst>("GoneThroughVisitingAsConst"),
      MakeScenario<GoneThrough, Erasing>("GoneThroughErasing"),
      MakeScenario<GoneThrough, Reserving>("GoneThroughReserving"),
      MakeScenario<GoneThrough, Measuring>("GoneThroughMeasuring"),
      MakeScenario<ClearedOrFound>("ClearedOrFound"),
  };
}

}  // namespace ashlar::verification
