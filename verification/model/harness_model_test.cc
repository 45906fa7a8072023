// The test of the harness: it finds small programs that are known to be wrong, passes
// those that are right, and reports the mutants of a lock as they are known to end.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "ashlar/verification/model/mutation.h"
#include "ashlar/verification/model/relacy_scenario.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/spin_lock_for_test.h"
#include "ashlar/verification/model/survivors.h"
#include "ashlar/verification/platform/order_hook.h"
#include "ashlar/verification/platform/relacy_platform.h"

namespace ashlar::verification {
namespace {

using Platform = RelacyPlatform;
template <class T>
using Atomic = Platform::Atomic<T>;
template <class T>
using Var = Platform::Var<T>;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcqRel = std::memory_order_acq_rel;
constexpr auto kSeqCst = std::memory_order_seq_cst;

// ---- Programs, right with one choice of orders and wrong with another ----------------

template <std::memory_order kStore, std::memory_order kLoad>
struct MessagePassing {
  static constexpr unsigned kThreads = 2;
  Var<int> data;
  Atomic<bool> ready;

  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      ready.store(true, kStore);
    } else if (ready.load(kLoad)) {
      Expect(data.Read() == 1);
    }
  }
};

template <std::memory_order kFence>
struct Dekker {
  static constexpr unsigned kThreads = 2;
  Atomic<bool> wants[2];
  Var<int> inside;

  void Thread(unsigned index) {
    wants[index].store(true, kRelaxed);
    Platform::Fence(kFence);
    if (!wants[1 - index].load(kRelaxed)) inside.Write() += 1;
  }
};

// A failure order above the success order, legal since C++17.
template <std::memory_order kFailure>
struct FailedExchange {
  static constexpr unsigned kThreads = 2;
  Var<int> data;
  Atomic<int> state;

  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      state.store(1, kRelease);
    } else {
      int expected = 0;
      if (!state.compare_exchange_strong(expected, 2, kRelaxed, kFailure)) {
        Expect(data.Read() == 1);
      }
    }
  }
};

// Such an acquire is no fence: it does not cover earlier relaxed loads.
struct FailedExchangeIsNoFence {
  static constexpr unsigned kThreads = 2;
  Var<int> data;
  Atomic<bool> ready;
  Atomic<int> other;

  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      ready.store(true, kRelease);
    } else if (ready.load(kRelaxed)) {
      int expected = 1;
      other.compare_exchange_strong(expected, 2, kRelaxed, kAcquire);
      Expect(data.Read() == 1);
    }
  }
};

enum class Signal { kRight, kBeforeStore, kNone };

// A thread sleeps until a flag is set.
template <Signal kSignal>
struct Sleeper {
  static constexpr unsigned kThreads = 2;
  Var<int> data;
  Atomic<std::uint32_t> flag;

  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      if (kSignal == Signal::kBeforeStore) Platform::WakeAll(flag);
      flag.store(1, kRelease);
      if (kSignal == Signal::kRight) Platform::WakeAll(flag);
    } else {
      while (flag.load(kAcquire) == 0) Platform::Wait(flag, 0);
      Expect(data.Read() == 1);
    }
  }
};

// A wake-up itself carries nothing over.
struct WakeSynchronisesNothing {
  static constexpr unsigned kThreads = 2;
  Var<int> data;
  Atomic<std::uint32_t> flag;

  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      flag.store(1, kRelaxed);
      Platform::WakeOne(flag);
    } else {
      while (flag.load(kRelaxed) == 0) Platform::Wait(flag, 0);
      Expect(data.Read() == 1);
    }
  }
};

// Two sleepers, one wake-up.
template <bool kAll>
struct TwoSleepers {
  static constexpr unsigned kThreads = 3;
  Atomic<std::uint32_t> flag;

  void Thread(unsigned index) {
    if (index == 0) {
      flag.store(1, kRelaxed);
      kAll ? Platform::WakeAll(flag) : Platform::WakeOne(flag);
    } else {
      while (flag.load(kRelaxed) == 0) Platform::Wait(flag, 0);
    }
  }
};

// Nobody wakes it, but its time is up at some point.
struct TimedSleeper {
  static constexpr unsigned kThreads = 2;
  Atomic<std::uint32_t> flag;

  void Thread(unsigned index) {
    if (index == 0) {
      flag.store(1, kRelaxed);
    } else {
      while (flag.load(kRelaxed) == 0) {
        if (!Platform::WaitFor(flag, 0, std::chrono::seconds(1))) break;
      }
    }
  }
};

struct SpinsForEver {
  static constexpr unsigned kThreads = 2;
  Atomic<bool> never;

  void Thread(unsigned index) {
    if (index == 0) return;
    while (!never.load(kRelaxed)) Platform::Yield();
  }
};

// One thread takes all its steps between two of the other one.
struct StandsStill {
  static constexpr unsigned kThreads = 2;
  static constexpr int kSteps = 10;
  Atomic<int> count;

  void Thread(unsigned index) {
    if (index == 0) {
      const int before = count.fetch_add(0, kRelaxed);
      const int after = count.fetch_add(0, kRelaxed);
      Expect(before != 0 || after != kSteps);
    } else {
      for (int i = 0; i < kSteps; ++i) count.fetch_add(1, kRelaxed);
    }
  }
};

enum class Fault { kNone, kUseAfterFree, kLeak, kDoubleFree };

// The second thread looks at what the first one has published.
template <Fault kFault>
struct Heap {
  static constexpr unsigned kThreads = 2;
  Atomic<Var<int>*> shared;
  Var<int>* mine = nullptr;

  Heap() : mine(Platform::Create<Var<int>>(1)) {}

  void Thread(unsigned index) {
    if (index == 0) {
      shared.store(mine, kRelease);
      if (kFault == Fault::kUseAfterFree) Platform::Destroy(mine);
    } else if (Var<int>* const seen = shared.load(kAcquire); seen != nullptr) {
      if (kFault == Fault::kDoubleFree) {
        Platform::Destroy(seen);
      } else {
        Expect(seen->Read() == 1);
      }
    }
  }
  void After() {
    if (kFault == Fault::kNone || kFault == Fault::kDoubleFree) Platform::Destroy(mine);
  }
};

struct Uninitialised {
  static constexpr unsigned kThreads = 2;
  Atomic<Atomic<int>*> shared{nullptr};

  void Thread(unsigned index) {
    if (index == 0) {
      shared.store(Platform::Create<Atomic<int>>(1), kRelaxed);
    } else if (Atomic<int>* const seen = shared.load(kRelaxed); seen != nullptr) {
      (void)seen->load(kRelaxed);
    }
  }
  void After() { Platform::Destroy(shared.load(kRelaxed)); }
};

struct Counter {
  static constexpr unsigned kThreads = 3;
  SpinLockForTest<Platform> lock;
  Var<int> count;

  void Thread(unsigned) {
    lock.Lock();
    count.Write() += 1;
    lock.Unlock();
  }
  void After() { Expect(count.Read() == 3); }
};

// ---- Where Relacy's memory model is not that of C++20; see verification/README.md --------

// May end with both at 1.
struct TwoWritersOfTwo {
  static constexpr unsigned kThreads = 2;
  Atomic<int> words[2];

  void Thread(unsigned index) {
    words[index].store(1, kRelaxed);
    words[1 - index].store(2, kRelaxed);
  }
  void After() { Expect(words[0].load(kRelaxed) == 2 || words[1].load(kRelaxed) == 2); }
};

// Both may see the other's.
struct LoadBuffering {
  static constexpr unsigned kThreads = 2;
  Atomic<int> words[2];
  int seen[2] = {};

  void Thread(unsigned index) {
    seen[index] = words[index].load(kRelaxed);
    words[1 - index].store(1, kRelaxed);
  }
  void After() { Expect(seen[0] == 0 || seen[1] == 0); }
};

// The second store ends the release sequence, so that this is a race.
struct RelaxedStoreAfterRelease {
  static constexpr unsigned kThreads = 2;
  Var<int> data;
  Atomic<int> flag;

  void Thread(unsigned index) {
    if (index == 0) {
      data.Write() = 1;
      flag.store(1, kRelease);
      flag.store(2, kRelaxed);
    } else if (flag.load(kAcquire) == 2) {
      Expect(data.Read() == 1);
    }
  }
};

// May not both miss.
struct FenceAgainstAccesses {
  static constexpr unsigned kThreads = 2;
  Atomic<int> words[2];
  int seen[2] = {};

  void Thread(unsigned index) {
    if (index == 0) {
      words[0].store(1, kRelaxed);
      Platform::Fence(kSeqCst);
      seen[0] = words[1].load(kRelaxed);
    } else {
      words[1].store(1, kSeqCst);
      seen[1] = words[0].load(kSeqCst);
    }
  }
  void After() { Expect(seen[0] == 1 || seen[1] == 1); }
};

// ---- What is expected of each ---------------------------------------------------------

const Search kRandom = Search::Random(20'000);
const Search kBounded = Search::Bounded(2, 50'000);

bool all_good = true;

void Check(bool good, const std::string& what) {
  std::printf("%-6s %s\n", good ? "ok" : "WRONG", what.c_str());
  all_good = all_good && good;
}

std::string Describe(const Outcome& outcome) {
  return (outcome.failed ? outcome.reason : "no failure") + " after " +
         std::to_string(outcome.executions);
}

template <class S>
void Passes(std::string_view name) {
  const Scenario scenario = MakeScenario<S>(std::string(name));
  for (const Search& search : {kRandom, kBounded}) {
    const Outcome outcome = scenario.Explore(search);
    Check(!outcome.failed && outcome.executions > 1, scenario.name + ": " + Describe(outcome));
    if (outcome.failed) std::printf("%s\n", outcome.history.c_str());
  }
  Check(scenario.Explore(kRandom).executions == kRandom.executions, scenario.name + ": budget");
}

// By both searches, and again from what the failure says of itself.
template <class S>
void Fails(std::string_view name, std::string_view reason) {
  const Scenario scenario = MakeScenario<S>(std::string(name));
  for (Search search : {kRandom, kBounded}) {
    const Outcome outcome = scenario.Explore(search);
    Check(outcome.failed && outcome.reason == reason && !outcome.history.empty(),
          scenario.name + ": " + Describe(outcome));
    search.first = outcome.last;
    search.state = outcome.state;
    search.executions = 1;
    const Outcome again = scenario.Explore(search);
    Check(again.failed && again.reason == reason && again.executions == 1,
          scenario.name + ", once more: " + Describe(again));
  }
}

void TestPrograms() {
  Passes<MessagePassing<kRelease, kAcquire>>("MessagePassing");
  Fails<MessagePassing<kRelaxed, kAcquire>>("MessagePassing, store relaxed", "DATA RACE");
  Fails<MessagePassing<kRelease, kRelaxed>>("MessagePassing, load relaxed", "DATA RACE");
  Passes<Dekker<kSeqCst>>("Dekker");
  Fails<Dekker<kAcqRel>>("Dekker, fence acq_rel", "DATA RACE");
  Fails<Dekker<kRelaxed>>("Dekker, no fence", "DATA RACE");
  Passes<FailedExchange<kAcquire>>("FailedExchange");
  Fails<FailedExchange<kRelaxed>>("FailedExchange, failure relaxed", "DATA RACE");
  Fails<FailedExchangeIsNoFence>("FailedExchangeIsNoFence", "DATA RACE");
  Passes<Sleeper<Signal::kRight>>("Sleeper");
  Fails<Sleeper<Signal::kBeforeStore>>("Sleeper, woken too early", "DEADLOCK");
  Fails<Sleeper<Signal::kNone>>("Sleeper, not woken", "DEADLOCK");
  Fails<WakeSynchronisesNothing>("WakeSynchronisesNothing", "DATA RACE");
  Passes<TwoSleepers<true>>("TwoSleepers");
  Fails<TwoSleepers<false>>("TwoSleepers, one woken", "DEADLOCK");
  Passes<TimedSleeper>("TimedSleeper");
  Fails<SpinsForEver>("SpinsForEver", "LIVELOCK");
  Fails<StandsStill>("StandsStill", "USER ASSERT FAILED");
  Passes<Heap<Fault::kNone>>("Heap");
  Fails<Heap<Fault::kUseAfterFree>>("Heap, use after free", "ACCESS TO FREED MEMORY");
  Fails<Heap<Fault::kLeak>>("Heap, leak", "MEMORY LEAK");
  Fails<Heap<Fault::kDoubleFree>>("Heap, double free", "ACCESS TO FREED MEMORY");
  Fails<Uninitialised>("Uninitialised", "ACCESS TO UNINITIALIZED VARIABLE");
}

void TestKnownLimits() {
  Passes<TwoWritersOfTwo>("TwoWritersOfTwo");
  Passes<LoadBuffering>("LoadBuffering");
  Passes<RelaxedStoreAfterRelease>("RelaxedStoreAfterRelease");
  Fails<FenceAgainstAccesses>("FenceAgainstAccesses", "USER ASSERT FAILED");
}

void TestMutation() {
  const std::vector<Scenario> scenarios = {MakeScenario<Counter>("Counter")};
  OrderHook::Record();
  for (const Search& search : {kRandom, kBounded}) {
    Check(!scenarios[0].Explore(search).failed, "Counter passes");
  }
  OrderHook::Stop();

  const std::string file = "verification/model/spin_lock_for_test.h";
  constexpr auto kRmw = Operation::kReadModifyWrite;
  const std::vector<Survivor> survivors = {
      {file, "Lock", kRmw, 1, kAcqRel, kAcquire, Claim::kUnseen, "on purpose", 2},
      {file, "Unlock", Operation::kStore, 1, kRelease, kRelaxed, Claim::kUnseen, "it is killed", 3},
  };
  const MutationReport report =
      RunMutants(Places(OrderHook::Recorded()), scenarios, {kRandom, kBounded}, survivors);

  // The acquire that survives is weakened once more, to relaxed, and killed.
  struct Expected {
    std::string_view function;
    std::memory_order to;
    Verdict verdict;
  };
  const std::vector<Expected> expected = {
      {"Lock", kAcquire, Verdict::kAccepted},
      {"Lock", kRelease, Verdict::kKilled},
      {"Lock", kRelaxed, Verdict::kKilled},
      {"Unlock", kRelaxed, Verdict::kKilled},
  };
  Check(report.mutants.size() == expected.size(), "number of mutants");
  for (std::size_t i = 0; i < report.mutants.size() && i < expected.size(); ++i) {
    const Mutant& mutant = report.mutants[i];
    Check(mutant.place.file == file && mutant.place.function == expected[i].function &&
              mutant.place.ordinal_on_line == 1 && mutant.place.ordinal_in_function == 1 &&
              mutant.to == expected[i].to && mutant.verdict == expected[i].verdict,
          mutant.place.function + " to " + std::string(Name(mutant.to)) + ": " +
              std::string(Name(mutant.verdict)) + ", " + Describe(mutant.outcome));
  }
  Check(report.stale.size() == 1 && report.stale[0].entry.function == "Unlock", "stale entry");

  const MutationReport blind =
      RunMutants(Places(OrderHook::Recorded()), scenarios, {Search::Random(1)}, {});
  Check(blind.mutants[0].verdict == Verdict::kSurvived, "a survivor is a survivor");
}

}  // namespace
}  // namespace ashlar::verification

int main() {
  ashlar::verification::TestPrograms();
  ashlar::verification::TestKnownLimits();
  ashlar::verification::TestMutation();
  return ashlar::verification::all_good ? 0 : 1;
}
