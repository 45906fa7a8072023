// Runs queues and stacks for a long time with more threads than processors, and looks that every
// item comes out once, and in its order if it has one.
//
//   bazel run -c opt //concurrency:lock_free_queue_soak -- --seconds=5
//
//   --seconds=N    for each queue [10]
//   --queue=NAME   only those whose names begin so
//
// A round is some hundred thousand items from producers to consumers, on a new queue; from round
// to round the numbers of threads change. Now and then a thread sleeps, so that others find it
// where it stopped. Of each item it is noted how often it came out. Consumers end when producers
// have ended and then the queue says that it is empty: a queue that says so too soon loses items
// here.
//
// Another queue takes a part by a struct such as those below.
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include "ashlar/concurrency/blocking_mpmc_queue.h"
#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_priority_queue.h"
#include "ashlar/concurrency/lock_free_queue.h"
#include "ashlar/concurrency/lock_free_stack.h"
#include "ashlar/concurrency/lock_free_stack_ebr.h"
#include "ashlar/concurrency/mpmc_queue.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/priority_queue.h"
#include "ashlar/concurrency/relaxed_priority_queue.h"
#include "ashlar/concurrency/spsc_queue.h"
#include "ashlar/concurrency/steal_result.h"
#include "ashlar/concurrency/work_stealing_queue.h"

namespace ashlar {
namespace {

using Clock = std::chrono::steady_clock;
using Item = std::uint64_t;

// ---- Queues: `Thread` is what each thread has of one.

template <LockFreeQueueOptions kOptions>
struct LockFree {
  static constexpr bool kManyThreads = true;
  static constexpr bool kInOrder = true;
  using Queue = LockFreeQueue<Item, StdPlatform, AsymmetricFencePolicy, kOptions>;
  struct Thread {
    explicit Thread(LockFree& of) : queue(of.queue), self(of.epochs) {}
    void Push(Item item) { queue.Push(self, item); }
    std::optional<Item> Pop() { return queue.TryPop(self); }
    Queue& queue;
    typename Queue::Participant self;
  };
  typename Queue::Epochs epochs{EpochOptions{.batch = 4}};
  Queue queue;
};
using Segments = LockFree<LockFreeQueueOptions{}>;
// Most slots are at the end of a segment, and are given up at once.
using ShortSegments =
    LockFree<LockFreeQueueOptions{.segment = 2, .spares = 1, .collect_every = 4, .patience = 0}>;

// A bounded queue is pushed to until it takes the item.
template <template <class, class> class BoundedQueue, std::size_t kCapacity, bool kMany,
          bool kFirstInFirstOut = true>
struct Bounded {
  static constexpr bool kManyThreads = kMany;
  static constexpr bool kInOrder = kFirstInFirstOut;
  using Queue = BoundedQueue<Item, StdPlatform>;
  struct Thread {
    explicit Thread(Bounded& of) : queue(of.queue) {}
    void Push(Item item) {
      while (!queue.TryPush(item)) std::this_thread::yield();
    }
    std::optional<Item> Pop() { return queue.TryPop(); }
    Queue& queue;
  };
  Queue queue{kCapacity};
};

// All at once, now and then.
struct Stack {
  static constexpr bool kManyThreads = true;
  static constexpr bool kInOrder = false;
  struct Thread {
    explicit Thread(Stack& of) : stack(of.stack) {}
    void Push(Item item) { stack.Push(item); }
    std::optional<Item> Pop() {
      if (taken.empty()) {
        if (++pops % 64 != 0) return stack.TryPop();
        auto all = stack.PopAll();
        while (const std::optional<Item> item = all.TryPop()) taken.push_back(*item);
        if (taken.empty()) return std::nullopt;
      }
      const Item item = taken.back();
      taken.pop_back();
      return item;
    }
    LockFreeStackEbr<Item>& stack;
    std::vector<Item> taken;
    unsigned pops = 0;
  };
  LockFreeStackEbr<Item> stack;
};

// Both sides sleep where they have to wait.
template <std::size_t kCapacity>
struct Blocking {
  static constexpr bool kManyThreads = true;
  static constexpr bool kInOrder = true;
  struct Thread {
    explicit Thread(Blocking& of) : queue(of.queue) {}
    void Push(Item item) { queue.Push(item); }
    std::optional<Item> Pop() { return queue.PopFor(std::chrono::microseconds(200)).item; }
    BlockingMpmcQueue<Item>& queue;
  };
  BlockingMpmcQueue<Item> queue{kCapacity, std::chrono::nanoseconds(0)};
};

// All push from outside; the first who pops is the owner, others steal.
struct WorkStealing {
  static constexpr bool kManyThreads = true;
  static constexpr bool kInOrder = false;
  class Thread {
   public:
    explicit Thread(WorkStealing& of) : of_(of) {}
    ~Thread() {
      if (owns_) of_.owned.store(false, std::memory_order_release);
    }
    Thread(const Thread&) = delete;
    void Push(Item item) {
      while (!of_.queue.TryPushExternal(item)) std::this_thread::yield();
    }
    std::optional<Item> Pop() {
      owns_ = owns_ || !of_.owned.exchange(true, std::memory_order_acquire);
      if (owns_) return of_.queue.Pop();
      for (;;) {
        const StealResult<Item> stolen = of_.queue.Steal();
        if (stolen.outcome == StealOutcome::kSuccess) return stolen.item;
        if (stolen.outcome == StealOutcome::kEmpty) return std::nullopt;
      }
    }

   private:
    WorkStealing& of_;
    bool owns_ = false;
  };
  std::atomic<bool> owned{false};
  WorkStealingQueue<Item> queue{4, 64};
};

// With one priority, what a strict queue holds comes out as it went in.
template <class PriorityQueueOfItems, bool kStrict>
struct ByPriority {
  static constexpr bool kManyThreads = true;
  static constexpr bool kInOrder = kStrict;
  using Queue = PriorityQueueOfItems;
  struct Thread {
    explicit Thread(ByPriority& of) : self(of.queue) {}
    void Push(Item item) { self.Push(kStrict ? 0 : static_cast<int>(item % 3), item); }
    std::optional<Item> Pop() {
      const auto entry = self.TryPop();
      if (!entry) return std::nullopt;
      return entry->item;
    }
    typename Queue::Participant self;
  };
  Queue queue;
};
using Strict = ByPriority<PriorityQueue<int, Item>, true>;
// With as few places as there can be, so that there is always a new version to make.
struct LockFreeStrict {
  using Queue = LockFreePriorityQueue<int, Item, StdPlatform, AsymmetricFencePolicy,
                                      LockFreePriorityQueueOptions{.least_chunk = 2}>;
  static constexpr bool kManyThreads = true;
  static constexpr bool kInOrder = true;
  struct Thread {
    explicit Thread(LockFreeStrict& of) : queue(of.queue) {}
    void Push(Item item) { queue.Push(0, item); }
    std::optional<Item> Pop() {
      const auto entry = queue.TryPop();
      if (!entry) return std::nullopt;
      return entry->item;
    }
    Queue& queue;
  };
  Queue queue;
};
using Relaxed = ByPriority<RelaxedPriorityQueue<int, Item>, false>;

// ---- A round.

struct Threads {
  unsigned producers;
  unsigned consumers;
};
constexpr Threads kManyThreads[] = {{2, 2}, {1, 1}, {4, 4}, {6, 1}, {1, 6}, {3, 2}};
constexpr Threads kTwoThreads[] = {{1, 1}};

constexpr unsigned kMostProducers = 6;
constexpr std::uint64_t kItemsOfOne = 60000;

constexpr unsigned ProducerOf(Item item) { return static_cast<unsigned>(item / kItemsOfOne); }

struct Counts {
  std::uint64_t rounds = 0;
  std::uint64_t items = 0;
  std::uint64_t lost = 0;
  std::uint64_t doubled = 0;
  std::uint64_t out_of_order = 0;
  std::uint64_t unknown = 0;
  bool AllRight() const { return lost + doubled + out_of_order + unknown == 0; }
};

// Sleeps about every 2^14th time.
class Sleeper {
 public:
  explicit Sleeper(unsigned seed) : state_(seed * 2654435761u + 1) {}
  void Now() {
    state_ = state_ * 1664525u + 1013904223u;
    if (state_ >> 18 == 0) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }

 private:
  std::uint32_t state_;
};

template <class Queue>
void RunRound(Threads threads, unsigned seed, Counts& counts) {
  const std::uint64_t items = threads.producers * kItemsOfOne;
  Queue queue;
  const auto times = std::make_unique<std::atomic<std::uint8_t>[]>(items);
  std::atomic<unsigned> producing{threads.producers};
  std::atomic<std::uint64_t> out_of_order{0};
  std::atomic<std::uint64_t> unknown{0};
  std::vector<std::thread> running;
  for (unsigned producer = 0; producer < threads.producers; ++producer) {
    running.emplace_back([&, producer] {
      {
        typename Queue::Thread thread(queue);
        Sleeper sleeper(seed + producer);
        for (Item i = 0; i < kItemsOfOne; ++i) {
          thread.Push(producer * kItemsOfOne + i);
          sleeper.Now();
        }
      }
      producing.fetch_sub(1, std::memory_order_release);
    });
  }
  for (unsigned consumer = 0; consumer < threads.consumers; ++consumer) {
    running.emplace_back([&, consumer] {
      typename Queue::Thread thread(queue);
      Sleeper sleeper(seed + 100 + consumer);
      std::array<Item, kMostProducers> next = {};  // at least
      for (bool last = false;;) {
        const std::optional<Item> item = thread.Pop();
        if (!item) {
          if (last) return;
          // All that was pushed before is there, the next time.
          last = producing.load(std::memory_order_acquire) == 0;
          if (!last) std::this_thread::yield();
          continue;
        }
        sleeper.Now();
        if (*item >= items) {
          unknown.fetch_add(1, std::memory_order_relaxed);
          continue;
        }
        times[*item].fetch_add(1, std::memory_order_relaxed);
        Item& at_least = next[ProducerOf(*item)];
        if (Queue::kInOrder && *item < at_least)
          out_of_order.fetch_add(1, std::memory_order_relaxed);
        at_least = *item + 1;
      }
    });
  }
  for (std::thread& thread : running) thread.join();
  ++counts.rounds;
  counts.items += items;
  counts.out_of_order += out_of_order;
  counts.unknown += unknown;
  for (std::uint64_t i = 0; i < items; ++i) {
    const unsigned came = times[i].load(std::memory_order_relaxed);
    if (came == 0) ++counts.lost;
    if (came > 1) ++counts.doubled;
  }
}

template <class Queue>
Counts Soak(std::chrono::seconds time) {
  Counts counts;
  const Clock::time_point end = Clock::now() + time;
  for (unsigned round = 0; round == 0 || (Clock::now() < end && counts.AllRight()); ++round) {
    if constexpr (Queue::kManyThreads) {
      RunRound<Queue>(kManyThreads[round % std::size(kManyThreads)], 1000 * round, counts);
    } else {
      RunRound<Queue>(kTwoThreads[0], 1000 * round, counts);
    }
  }
  return counts;
}

struct Subject {
  std::string_view name;
  Counts (*soak)(std::chrono::seconds);
};
constexpr Subject kSubjects[] = {
    {"blocking_mpmc_queue", &Soak<Blocking<64>>},
    {"blocking_mpmc_queue_one_slot", &Soak<Blocking<1>>},
    {"lock_free_priority_queue", &Soak<LockFreeStrict>},
    {"lock_free_queue", &Soak<Segments>},
    {"lock_free_queue_short_segments", &Soak<ShortSegments>},
    {"lock_free_stack", &Soak<Bounded<LockFreeStack, 64, true, false>>},
    {"lock_free_stack_ebr", &Soak<Stack>},
    {"lock_free_stack_two_places", &Soak<Bounded<LockFreeStack, 2, true, false>>},
    {"mpmc_queue", &Soak<Bounded<MpmcQueue, 64, true>>},
    {"mpmc_queue_two_slots", &Soak<Bounded<MpmcQueue, 2, true>>},
    {"priority_queue", &Soak<Strict>},
    {"relaxed_priority_queue", &Soak<Relaxed>},
    {"spsc_queue", &Soak<Bounded<SpscQueue, 64, false>>},
    {"work_stealing_queue", &Soak<WorkStealing>},
};

int Main(int argc, char** argv) {
  long seconds = 10;
  std::string_view only;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument.starts_with("--seconds=")) {
      seconds = std::atol(argv[i] + std::string_view("--seconds=").size());
    } else if (argument.starts_with("--queue=")) {
      only = argument.substr(std::string_view("--queue=").size());
    } else {
      std::fprintf(stderr, "%s: no such flag; --seconds=N, --queue=NAME\n", argv[i]);
      return 2;
    }
  }
  bool any = false;
  bool all_right = true;
  for (const Subject& subject : kSubjects) {
    if (!subject.name.starts_with(only)) continue;
    any = true;
    const Counts counts = subject.soak(std::chrono::seconds(seconds));
    all_right = all_right && counts.AllRight();
    std::printf(
        "%-32.*s %8llu rounds %12llu items, %llu lost, %llu doubled, %llu out of order%s\n",
        static_cast<int>(subject.name.size()), subject.name.data(),
        static_cast<unsigned long long>(counts.rounds),
        static_cast<unsigned long long>(counts.items), static_cast<unsigned long long>(counts.lost),
        static_cast<unsigned long long>(counts.doubled),
        static_cast<unsigned long long>(counts.out_of_order), counts.AllRight() ? "" : ": WRONG");
    std::fflush(stdout);
  }
  if (!any) {
    std::fprintf(stderr, "no such queue; there are\n");
    for (const Subject& subject : kSubjects) {
      std::fprintf(stderr, "  %.*s\n", static_cast<int>(subject.name.size()), subject.name.data());
    }
    return 2;
  }
  return all_right ? 0 : 1;
}

}  // namespace
}  // namespace ashlar

int main(int argc, char** argv) { return ashlar::Main(argc, argv); }
