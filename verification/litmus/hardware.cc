#include "ashlar/verification/litmus/hardware.h"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <limits>
#include <thread>
#include <vector>

#include "ashlar/concurrency/platform.h"
#include "ashlar/verification/litmus/execution.h"
#include "ashlar/verification/litmus/outcome.h"

namespace ashlar::verification::litmus {
namespace {

using Clock = std::chrono::steady_clock;

// Runs between two collections. Their locations stay in a core's cache.
constexpr std::size_t kRuns = 256;
constexpr std::uint64_t kStop = std::numeric_limits<std::uint64_t>::max();

template <class T>
struct alignas(StdPlatform::kCacheLine) Line {
  T value{};
};
using Cell = Line<std::atomic<std::int64_t>>;
using Counter = Line<std::atomic<std::uint64_t>>;

// Those that the caller may run on, at most as many as fit into a cpu_set_t.
std::vector<int> Processors() {
  std::vector<int> processors;
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return processors;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (CPU_ISSET(i, &set)) processors.push_back(i);
  }
  return processors;
}

// Two threads that the system puts on one processor see nothing of each other, and it may
// take long to notice. May fail: then it is for the system to decide.
void StayOn(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  sched_setaffinity(0, sizeof(set), &set);
}

// Not so good, but cheap.
class Random {
 public:
  explicit Random(std::size_t seed) : state_(0x9e3779b97f4a7c15u * (seed + 1)) {}
  std::uint64_t Below(std::uint64_t bound) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_ % bound;
  }

 private:
  std::uint64_t state_;
};

// The locations of one run.
struct Memory {
  Cell* lines;
  Random* interrupts;  // if set, decides where the thread lets others run

  std::atomic<std::int64_t>& At(int location) {
    if (interrupts != nullptr && interrupts->Below(4) == 0) StdPlatform::Yield();
    return lines[location].value;
  }
  std::int64_t ReadPlain(int location) { return At(location).load(std::memory_order_relaxed); }
  void WritePlain(int location, std::int64_t value) {
    At(location).store(value, std::memory_order_relaxed);
  }
};

// The threads take turns together. Thread 0 leads: it announces a turn when all have done
// the one before. kRuns turns are runs of the program; in the next one all tidy up.
class Experiment {
 public:
  Experiment(const LitmusProgram& program, const HardwareOptions& options)
      : program_(program),
        options_(options),
        locations_(program.locations.size()),
        memory_(kRuns * locations_),
        done_(program.threads.size()),
        registers_(program.threads.size()),
        processors_(Processors()),
        crowded_(program.threads.size() > processors_.size()) {
    for (std::size_t i = 0; i < registers_.size(); ++i) {
      registers_[i].resize(kRuns * program.threads[i].registers.size());
      random_.push_back({Random(i)});
    }
  }

  std::map<std::vector<std::int64_t>, std::uint64_t> Run() {
    std::vector<std::jthread> threads;
    // Whatever ends this: the followers are joined, and should come.
    const Stop stop{turn_.value};
    for (std::size_t i = 1; i < program_.threads.size(); ++i) {
      threads.emplace_back([this, i] { Follow(i); });
    }
    // Not the caller, who may go where he likes afterwards.
    std::jthread([this] { Lead(); }).join();
    return seen_;
  }

 private:
  struct Stop {
    std::atomic<std::uint64_t>& turn;
    ~Stop() { turn.store(kStop, std::memory_order_release); }
  };

  void Lead() {
    if (!crowded_) StayOn(processors_[0]);
    const Clock::time_point end = Clock::now() + options_.time;
    std::uint64_t turn = 0;
    std::uint64_t runs = 0;
    for (bool more = true; more; TakeTurnTogether(++turn)) {
      std::size_t used = 0;
      while (more && used < kRuns) {
        TakeTurnTogether(++turn);
        ++used;
        ++runs;
        more = options_.runs != 0 ? runs < options_.runs : Clock::now() < end;
      }
      Collect(used);
      if (!more) break;
    }
  }

  void TakeTurnTogether(std::uint64_t turn) {
    start_ = Clock::now() + kHeadStart;
    // release: start_, and that what was collected may be overwritten. Pairs with the
    // acquire in Follow.
    turn_.value.store(turn, std::memory_order_release);
    TakeTurn(0, turn);
    for (std::size_t i = 1; i < done_.size(); ++i) {
      // acquire: the thread's registers. Pairs with the release in Follow.
      WaitUntil([&] { return done_[i].value.load(std::memory_order_acquire) == turn; });
    }
  }

  void Follow(std::size_t thread) {
    if (!crowded_) StayOn(processors_[thread]);
    for (std::uint64_t turn = 1;; ++turn) {
      std::uint64_t announced;
      WaitUntil([&] {
        announced = turn_.value.load(std::memory_order_acquire);  // see TakeTurnTogether
        return announced >= turn;
      });
      if (announced == kStop) return;
      TakeTurn(thread, turn);
      done_[thread].value.store(turn, std::memory_order_release);  // see TakeTurnTogether
    }
  }

  template <class Ready>
  void WaitUntil(Ready ready) const {
    // If a thread that is waited for has no processor, this one may be what it needs; or
    // not, and then it is better kept for when the other comes back.
    const int spins = crowded_ ? 0 : 30'000;
    for (int i = 0; !ready(); ++i) i < spins ? StdPlatform::SpinWait() : StdPlatform::Yield();
  }

  void TakeTurn(std::size_t thread, std::uint64_t turn) {
    const std::size_t run = (turn - 1) % (kRuns + 1);
    if (run == kRuns) {
      TidyUp(thread);
      return;
    }
    const LitmusThread& program = program_.threads[thread];
    Random& random = random_[thread].value;
    Memory memory{memory_.data() + run * locations_, crowded_ ? &random : nullptr};
    std::int64_t* const registers = registers_[thread].data() + run * program.registers.size();
    if (!crowded_) {
      const Clock::time_point start = start_ + std::chrono::nanoseconds(random.Below(kMostDelay));
      while (Clock::now() < start) {
      }
    } else if (random.Below(2) == 0) {
      StdPlatform::Yield();
    }
    ExecuteThread<StdPlatform>(program, memory, registers);
  }

  // Each thread has some of the locations in its cache then.
  void TidyUp(std::size_t thread) {
    std::fill(registers_[thread].begin(), registers_[thread].end(), 0);
    for (std::size_t i = thread; i < memory_.size(); i += done_.size()) {
      memory_[i].value.store(0, std::memory_order_relaxed);
    }
  }

  void Collect(std::size_t runs) {
    std::vector<std::int64_t> outcome;
    for (std::size_t run = 0; run < runs; ++run) {
      outcome.clear();
      for (std::size_t i = 0; i < registers_.size(); ++i) {
        const std::size_t count = program_.threads[i].registers.size();
        const auto begin = registers_[i].begin() + static_cast<std::ptrdiff_t>(run * count);
        outcome.insert(outcome.end(), begin, begin + static_cast<std::ptrdiff_t>(count));
      }
      for (std::size_t i = 0; i < locations_; ++i) {
        outcome.push_back(memory_[run * locations_ + i].value.load(std::memory_order_relaxed));
      }
      ++seen_[outcome];
    }
  }

  // Until every thread knows of a turn that begins.
  static constexpr std::chrono::nanoseconds kHeadStart{300};
  // In nanoseconds: about as long as it takes a line to move from core to core.
  static constexpr std::uint64_t kMostDelay = 150;

  const LitmusProgram& program_;
  const HardwareOptions options_;
  const std::size_t locations_;
  std::vector<Cell> memory_;
  Counter turn_;
  Clock::time_point start_;  // of the turn, for each thread with a delay of its own
  std::vector<Counter> done_;
  std::vector<std::vector<std::int64_t>> registers_;  // by thread, then by run
  std::vector<Line<Random>> random_;
  const std::vector<int> processors_;
  const bool crowded_;  // more threads than processors
  std::map<std::vector<std::int64_t>, std::uint64_t> seen_;
};

}  // namespace

Histogram RunOnHardware(const LitmusProgram& program, const HardwareOptions& options) {
  Histogram histogram;
  for (const auto& [values, count] : Experiment(program, options).Run()) {
    histogram[OutcomeText(program, values)] = count;
  }
  return histogram;
}

std::uint64_t PrintHistogram(const Histogram& seen, const Histogram& allowed, std::ostream& out) {
  constexpr std::uint64_t kMostNeverSeen = 20;
  std::uint64_t forbidden = 0;
  for (const auto& [outcome, count] : seen) {
    const bool is_allowed = allowed.contains(outcome);
    forbidden += !is_allowed;
    out << "  " << count << '\t' << outcome << '\t' << (is_allowed ? "allowed" : "FORBIDDEN")
        << '\n';
  }
  std::uint64_t never_seen = 0;
  for (const auto& [outcome, count] : allowed) {
    if (seen.contains(outcome) || ++never_seen > kMostNeverSeen) continue;
    out << "  0\t" << outcome << "\tallowed, never seen\n";
  }
  if (never_seen > kMostNeverSeen) {
    out << "  and " << never_seen - kMostNeverSeen << " more, never seen\n";
  }
  out << "  model allows " << allowed.size() << ", this CPU showed " << seen.size() - forbidden;
  if (forbidden > 0) out << " and " << forbidden << " FORBIDDEN";
  out << '\n';
  return forbidden;
}

}  // namespace ashlar::verification::litmus
