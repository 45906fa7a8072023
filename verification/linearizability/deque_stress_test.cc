// The work-stealing deques are linearizable in every history that real threads produce
// here, and a broken one is not.
//
// Rounds of a few operations on a new deque, for a second each; ASHLAR_STRESS_SECONDS asks
// for more, ASHLAR_STRESS_SEED for the same operations again:
//
//   bazel test --config=opt //verification/linearizability:deque_stress_test
//       --test_env=ASHLAR_STRESS_SECONDS=60
//
// A wrong history is printed, and drawn to history.svg in TEST_UNDECLARED_OUTPUTS_DIR.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "ashlar/concurrency/chase_lev_deque.h"
#include "ashlar/concurrency/split_deque.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/drawing.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/specifications.h"
#include "ashlar/verification/linearizability/stress_recorder.h"
#include "gtest/gtest.h"

namespace ashlar::verification::linearizability {
namespace {

using Spec = WorkStealingDeque<int>;
using Recorder = StressRecorder<Spec>;
using Random = std::minstd_rand;

std::int64_t FromEnvironment(const char* name, std::int64_t otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoll(value);
}

int Choose(Random& random, int count) {
  return std::uniform_int_distribution<int>(0, count - 1)(random);
}

// Threads that begin together, again and again. The first is the caller's.
class Team {
 public:
  explicit Team(int size) : size_(size) {
    for (int i = 1; i < size; ++i) {
      threads_.emplace_back([this, i] {
        for (int round = 1;; ++round) {
          Await([&] { return called_.load(std::memory_order_acquire) == round; });
          if (task_ == nullptr) return;
          // All are awake when the round begins.
          ready_.fetch_add(1, std::memory_order_release);
          Await([&] { return begun_.load(std::memory_order_acquire) == round; });
          task_(i);
          done_.fetch_add(1, std::memory_order_release);
        }
      });
    }
  }
  ~Team() {
    task_ = nullptr;
    called_.fetch_add(1, std::memory_order_release);
    for (std::thread& thread : threads_) thread.join();
  }

  // task(0), task(1), ... at once. Returns when all have.
  void Run(std::function<void(int)> task) {
    task_ = std::move(task);
    ready_.store(0, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    called_.fetch_add(1, std::memory_order_release);
    Await([&] { return ready_.load(std::memory_order_acquire) == size_ - 1; });
    begun_.fetch_add(1, std::memory_order_release);
    task_(0);
    Await([&] { return done_.load(std::memory_order_acquire) == size_ - 1; });
  }

 private:
  template <class Condition>
  static void Await(Condition condition) {
    for (int i = 0; !condition(); ++i) {
      if (i > 1000) std::this_thread::yield();
    }
  }

  const int size_;
  std::function<void(int)> task_;
  std::atomic<int> called_{0};
  std::atomic<int> ready_{0};
  std::atomic<int> begun_{0};
  std::atomic<int> done_{0};
  std::vector<std::thread> threads_;
};

// ---- The deques, as the specification knows them. The owner's methods are recorded with
// ---- what surrounds them; a thief's Steal may be followed by what it owes.

class ChaseLev {
 public:
  void Push(int item) { deque_.Push(item); }
  std::optional<int> Pop() { return deque_.Pop(); }
  StealResult<int> Steal() { return deque_.Steal(); }
  void Stolen(int) {}
  void Popped(const std::optional<int>&) {}

 private:
  ChaseLevDeque<int> deque_{1};
};

// Pushes and pops as a stack does; a place whose item was stolen is released when the thief
// has it.
class Split {
 public:
  void Push(int item) {
    places_.push_back(deque_.Push(item, [] {}));
    items_.push_back(item);
  }
  std::optional<int> Pop() {
    if (places_.empty() || !deque_.Pop(places_.back(), [] {})) return std::nullopt;
    return items_.back();
  }
  StealResult<int> Steal() { return deque_.Steal(); }
  void Stolen(int item) { stolen_[item].store(true, std::memory_order_release); }
  void Popped(const std::optional<int>& item) {
    if (item.has_value()) {
      places_.pop_back();
      items_.pop_back();
    }
    // Where one was stolen, all below were.
    while (!item.has_value() && !places_.empty()) {
      while (!stolen_[items_.back()].load(std::memory_order_acquire)) std::this_thread::yield();
      deque_.Release(places_.back());
      places_.pop_back();
      items_.pop_back();
    }
  }

 private:
  static constexpr int kItems = 32;
  SplitDeque<int> deque_{kItems};
  std::vector<SplitDeque<int>::Place*> places_;
  std::vector<int> items_;
  std::atomic<bool> stolen_[kItems] = {};
};

// A steal does not compare and exchange: it looks, and then takes. It dawdles in between,
// so that the error shows with one processor too.
class Broken {
 public:
  void Push(int item) {
    const int bottom = bottom_.load(std::memory_order_relaxed);
    items_[bottom].store(item, std::memory_order_relaxed);
    bottom_.store(bottom + 1, std::memory_order_release);
  }
  std::optional<int> Pop() {
    const int last = bottom_.fetch_sub(1, std::memory_order_seq_cst) - 1;
    const int top = top_.load(std::memory_order_seq_cst);
    if (top > last) bottom_.store(top, std::memory_order_release);
    if (top > last) return std::nullopt;
    return items_[last].load(std::memory_order_relaxed);
  }
  StealResult<int> Steal() {
    const int top = top_.load(std::memory_order_seq_cst);
    if (top >= bottom_.load(std::memory_order_seq_cst)) return {};
    const int item = items_[top].load(std::memory_order_relaxed);
    std::this_thread::yield();
    top_.store(top + 1, std::memory_order_seq_cst);
    return {StealOutcome::kSuccess, item};
  }
  void Stolen(int) {}
  void Popped(const std::optional<int>&) {}

 private:
  std::atomic<int> top_{0};
  std::atomic<int> bottom_{0};
  std::atomic<int> items_[64] = {};
};

// ---- Rounds.

// So that rounds differ in what overlaps.
void Pause(Random& random) {
  for (int i = Choose(random, 64); i > 0; --i) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
}

template <class Deque>
void Own(Deque& deque, Recorder::Log& log, int operations, Random& random) {
  int next = 1;
  for (int i = 0; i < operations; ++i) {
    Pause(random);
    if (Choose(random, 2) == 0) {
      log.Call(Spec::Push(next));
      deque.Push(next);
      log.Return(Spec::Done());
      ++next;
    } else {
      log.Call(Spec::Pop());
      const std::optional<int> item = deque.Pop();
      log.Return(Spec::TookOrEmpty(item));
      deque.Popped(item);
    }
  }
}

template <class Deque>
void Rob(Deque& deque, Recorder::Log& log, int operations, Random& random) {
  for (int i = 0; i < operations; ++i) {
    Pause(random);
    log.Call(Spec::Steal());
    const StealResult<int> result = deque.Steal();
    log.Return(result.outcome == StealOutcome::kSuccess ? Spec::Took(result.item)
               : result.outcome == StealOutcome::kRetry ? Spec::Retry()
                                                        : Spec::Empty());
    if (result.outcome == StealOutcome::kSuccess) deque.Stolen(result.item);
  }
}

// How many operations of one thread overlap one of another.
int Overlapping(const HistoryOf<Spec>& history) {
  int count = 0;
  for (const auto& a : history.operations) {
    for (const auto& b : history.operations) {
      if (a.thread != b.thread && a.called <= b.returned && b.called <= a.returned) {
        ++count;
        break;
      }
    }
  }
  return count;
}

// Checks rounds until `end` or the first one that is wrong, and draws that.
template <class Deque>
std::optional<Drawing> FirstWrong(const Spec& specification, Returns returns, int thieves,
                                  std::chrono::steady_clock::time_point end) {
  constexpr int kOperations = 16;
  const std::int64_t seed = FromEnvironment("ASHLAR_STRESS_SEED", std::random_device()());
  std::vector<Random> random;  // of each thread
  for (int thread = 0; thread <= thieves; ++thread) {
    random.emplace_back(static_cast<std::uint32_t>(seed + thread));
  }
  Recorder recorder(1 + thieves, kOperations, returns);
  Team team(1 + thieves);
  int rounds = 0;
  std::size_t operations = 0;
  int overlapping = 0;
  std::optional<Drawing> wrong;
  do {
    ++rounds;
    Deque deque;
    team.Run([&](int thread) {
      if (thread == 0) {
        Own(deque, recorder.Of(0), kOperations, random[0]);
      } else {
        Rob(deque, recorder.Of(thread), kOperations / 2, random[thread]);
      }
    });
    const HistoryOf<Spec> history = recorder.Take();
    operations += history.operations.size();
    overlapping += Overlapping(history);
    const absl::StatusOr<Verdict> verdict = CheckLinearizable(specification, history);
    EXPECT_TRUE(verdict.ok()) << verdict.status();
    if (!verdict.ok()) break;
    if (verdict->outcome != Outcome::kLinearizable) wrong = Draw(specification, history, *verdict);
  } while (!wrong.has_value() && std::chrono::steady_clock::now() < end);
  std::printf("%d rounds, seed %lld; %.0f%% of %zu operations overlap another thread's\n", rounds,
              static_cast<long long>(seed), 100.0 * overlapping / static_cast<double>(operations),
              operations);
  return wrong;
}

template <class Deque>
void ExpectLinearizable(bool steal_may_miss, Returns returns) {
  Spec specification;
  specification.steal_may_miss = steal_may_miss;
  for (const int thieves : {1, 2}) {
    const auto end = std::chrono::steady_clock::now() +
                     std::chrono::seconds(FromEnvironment("ASHLAR_STRESS_SECONDS", 1));
    const auto wrong = FirstWrong<Deque>(specification, returns, thieves, end);
    if (!wrong.has_value()) continue;
    ADD_FAILURE() << Columns(*wrong);
    if (const char* const directory = std::getenv("TEST_UNDECLARED_OUTPUTS_DIR")) {
      std::ofstream(std::string(directory) + "/history.svg") << Svg(*wrong);
    }
  }
}

// Its Push is a release store, which may wait in a store buffer.
TEST(DequeStressTest, ChaseLevDeque) { ExpectLinearizable<ChaseLev>(true, Returns::kAtOnce); }

TEST(DequeStressTest, ChaseLevDequeShowsEachItemThatIsVisible) {
  ExpectLinearizable<ChaseLev>(false, Returns::kVisible);
}

// Items are private until a thief has asked.
TEST(DequeStressTest, SplitDeque) { ExpectLinearizable<Split>(true, Returns::kAtOnce); }

TEST(DequeStressTest, ABrokenDequeIsFound) {
  // Found within milliseconds; the bound is for machines that do nothing at once.
  const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  const auto wrong = FirstWrong<Broken>(Spec(), Returns::kVisible, 2, end);
  ASSERT_TRUE(wrong.has_value());
  EXPECT_EQ(wrong->title.find("not linearizable"), 0u) << wrong->title;
  std::puts(Columns(*wrong).c_str());
}

}  // namespace
}  // namespace ashlar::verification::linearizability
