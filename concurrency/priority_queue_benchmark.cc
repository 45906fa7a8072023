// Priority queues in the hold model: each item is a pop, and a push of something greater. The
// rivals are oneTBB's concurrent_priority_queue, which aggregates the calls of all threads on one
// heap, and a std::priority_queue under a std::mutex. Both give the least, as PriorityQueue does,
// which moreover gives equals in their order; the relaxed one is near it: `rank` is how many lesser
// ones there are in the mean, `rank_max` at most, counted afterwards while one thread plays all
// participants in turn.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

#include "ashlar/concurrency/lock_free_priority_queue.h"
#include "ashlar/concurrency/priority_queue.h"
#include "ashlar/concurrency/relaxed_priority_queue.h"
#include "ashlar/concurrency/second_thread_for_benchmark.h"
#include "benchmark/benchmark.h"
#include "oneapi/tbb/concurrent_priority_queue.h"

namespace ashlar {
namespace {

using Priority = std::uint64_t;
using Item = std::uint64_t;

struct PriorityAndItem {
  Priority priority;
  Item item;
  friend bool operator>(const PriorityAndItem& one, const PriorityAndItem& other) {
    return one.priority > other.priority;
  }
};

class Relaxed {
  using Queue = RelaxedPriorityQueue<Priority, Item>;

 public:
  static constexpr bool kIsRelaxed = true;

  explicit Relaxed(std::size_t threads) : queue_({.threads = threads}) {}

  class Participant {
   public:
    explicit Participant(Relaxed& queue) : self_(queue.queue_) {}
    void Push(Priority priority, Item item) { self_.Push(priority, item); }
    std::optional<Priority> Pop() {
      const auto entry = self_.TryPop();
      if (!entry) return std::nullopt;
      return entry->priority;
    }

   private:
    Queue::Participant self_;
  };

 private:
  Queue queue_;
};

class Strict {
  using Queue = PriorityQueue<Priority, Item>;

 public:
  static constexpr bool kIsRelaxed = false;

  explicit Strict(std::size_t) {}

  class Participant {
   public:
    explicit Participant(Strict& queue) : self_(queue.queue_) {}
    void Push(Priority priority, Item item) { self_.Push(priority, item); }
    std::optional<Priority> Pop() {
      const auto entry = self_.TryPop();
      if (!entry) return std::nullopt;
      return entry->priority;
    }

   private:
    Queue::Participant self_;
  };

 private:
  Queue queue_;
};

class LockFree {
  using Queue = LockFreePriorityQueue<Priority, Item>;

 public:
  static constexpr bool kIsRelaxed = false;

  explicit LockFree(std::size_t) {}

  class Participant {
   public:
    explicit Participant(LockFree& queue) : self_(queue.epochs_), queue_(queue.queue_) {}
    void Push(Priority priority, Item item) { queue_.Push(self_, priority, item); }
    std::optional<Priority> Pop() {
      const auto entry = queue_.TryPop(self_);
      if (!entry) return std::nullopt;
      return entry->priority;
    }

   private:
    Queue::Participant self_;
    Queue& queue_;
  };

 private:
  Queue::Epochs epochs_;
  Queue queue_{epochs_};
};

class Tbb {
 public:
  static constexpr bool kIsRelaxed = false;

  explicit Tbb(std::size_t) {}

  class Participant {
   public:
    explicit Participant(Tbb& queue) : queue_(queue.queue_) {}
    void Push(Priority priority, Item item) { queue_.push({priority, item}); }
    std::optional<Priority> Pop() {
      PriorityAndItem entry;
      if (!queue_.try_pop(entry)) return std::nullopt;
      return entry.priority;
    }

   private:
    tbb::concurrent_priority_queue<PriorityAndItem, std::greater<>>& queue_;
  };

 private:
  tbb::concurrent_priority_queue<PriorityAndItem, std::greater<>> queue_;
};

class Mutex {
 public:
  static constexpr bool kIsRelaxed = false;

  explicit Mutex(std::size_t) {}

  class Participant {
   public:
    explicit Participant(Mutex& queue) : queue_(queue) {}
    void Push(Priority priority, Item item) {
      const std::lock_guard lock(queue_.mutex_);
      queue_.entries_.push({priority, item});
    }
    std::optional<Priority> Pop() {
      const std::lock_guard lock(queue_.mutex_);
      if (queue_.entries_.empty()) return std::nullopt;
      const Priority priority = queue_.entries_.top().priority;
      queue_.entries_.pop();
      return priority;
    }

   private:
    Mutex& queue_;
  };

 private:
  std::mutex mutex_;
  std::priority_queue<PriorityAndItem, std::vector<PriorityAndItem>, std::greater<>> entries_;
};

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15) {}
  std::uint64_t operator()() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }

 private:
  std::uint64_t state_;
};

// How far a hold puts an item behind that which it took, evenly distributed.
constexpr std::uint64_t kSpan = 1 << 20;

// One that holds `size` items with priorities as after many holds.
template <class Queue>
std::unique_ptr<Queue> Filled(std::size_t size, std::size_t threads) {
  auto queue = std::make_unique<Queue>(threads);
  typename Queue::Participant self(*queue);
  Random random(1);
  for (std::size_t i = 0; i < size; ++i) self.Push(random() % kSpan, i);
  return queue;
}

template <class Queue>
std::unique_ptr<Queue> shared_queue;

template <class Queue>
void SetUp(const benchmark::State& state) {
  shared_queue<Queue> = Filled<Queue>(static_cast<std::size_t>(state.range(0)),
                                      static_cast<std::size_t>(state.threads()));
}
template <class Queue>
void TearDown(const benchmark::State&) {
  shared_queue<Queue>.reset();
}

// How many of a set of numbers below a limit are below one of them.
class Ranks {
 public:
  explicit Ranks(std::size_t limit) : sums_(limit + 1) {}
  void Add(std::size_t number, int count) {
    for (std::size_t i = number + 1; i < sums_.size(); i += i & -i) sums_[i] += count;
  }
  int Below(std::size_t number) const {
    int sum = 0;
    for (std::size_t i = number; i > 0; i -= i & -i) sum += sums_[i];
    return sum;
  }

 private:
  std::vector<int> sums_;
};

struct RankCounts {
  double mean = 0;
  double most = 0;
};

// Of what pops give, while one thread plays all. The same each time.
template <class Queue>
RankCounts CountRanks(std::size_t size, std::size_t threads) {
  constexpr std::size_t kPops = 50000;
  const std::size_t span = 16 * size;
  Queue queue(threads);
  std::vector<std::unique_ptr<typename Queue::Participant>> participants;
  for (std::size_t i = 0; i < threads; ++i) {
    participants.push_back(std::make_unique<typename Queue::Participant>(queue));
  }
  // A hold moves an item on by half a span in the mean.
  Ranks present(span * (3 + kPops / size));
  Random random(1);
  const auto push = [&](std::size_t thread, Priority priority) {
    participants[thread]->Push(priority, 0);
    present.Add(priority, 1);
  };
  for (std::size_t i = 0; i < size; ++i) push(i % threads, random() % span);
  RankCounts counts;
  for (std::size_t i = 0; i < kPops; ++i) {
    const Priority priority = *participants[i % threads]->Pop();
    const double rank = present.Below(priority);
    counts.mean += rank / kPops;
    counts.most = std::max(counts.most, rank);
    present.Add(priority, -1);
    push(i % threads, priority + random() % span);
  }
  return counts;
}

// Once, though a benchmark is run many times.
template <class Queue>
const RankCounts& Counted(std::size_t size, std::size_t threads) {
  static std::map<std::pair<std::size_t, std::size_t>, RankCounts> counted;
  const auto [found, is_new] = counted.try_emplace({size, threads});
  if (is_new) found->second = CountRanks<Queue>(size, threads);
  return found->second;
}

template <class Queue>
void Hold(benchmark::State& state) {
  typename Queue::Participant self(*shared_queue<Queue>);
  Random random(static_cast<std::uint64_t>(state.thread_index()) + 2);
  bool lost = false;
  for (auto _ : state) {
    const std::optional<Priority> popped = self.Pop();
    lost |= !popped.has_value();
    self.Push(popped.value_or(0) + random() % kSpan, 0);
  }
  if (lost) state.SkipWithError("items were lost");
  state.SetItemsProcessed(state.iterations());
  if constexpr (Queue::kIsRelaxed) {
    if (state.thread_index() == 0) {
      const RankCounts& counts = Counted<Queue>(static_cast<std::size_t>(state.range(0)),
                                                static_cast<std::size_t>(state.threads()));
      state.counters["rank"] = counts.mean;
      state.counters["rank_max"] = counts.most;
    }
  }
}

#define ASHLAR_PRIORITY_QUEUE_BENCHMARK(Queue, name) \
  BENCHMARK_TEMPLATE(Hold, Queue)                    \
      ->Name("Hold/" name)                           \
      ->Arg(1000)                                    \
      ->Arg(100000)                                  \
      ->Setup(SetUp<Queue>)                          \
      ->Teardown(TearDown<Queue>)                    \
      ->Threads(1)                                   \
      ->Threads(2)                                   \
      ->Threads(4)                                   \
      ->UseRealTime()

ASHLAR_PRIORITY_QUEUE_BENCHMARK(Strict, "ashlar");
ASHLAR_PRIORITY_QUEUE_BENCHMARK(LockFree, "ashlar_lock_free");
ASHLAR_PRIORITY_QUEUE_BENCHMARK(Relaxed, "ashlar_relaxed");
ASHLAR_PRIORITY_QUEUE_BENCHMARK(Tbb, "tbb");
ASHLAR_PRIORITY_QUEUE_BENCHMARK(Mutex, "mutex");

}  // namespace
}  // namespace ashlar
