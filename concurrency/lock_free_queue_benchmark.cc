// The rivals are moodycamel::ConcurrentQueue (which is not FIFO across producers), oneTBB's
// concurrent_queue, boost::lockfree::queue, and a std::deque under a std::mutex.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_queue.h"
#include "ashlar/concurrency/platform.h"
#include "benchmark/benchmark.h"
#include "boost/lockfree/queue.hpp"
#include "concurrentqueue/concurrentqueue.h"
#include "oneapi/tbb/concurrent_queue.h"

namespace ashlar {
namespace {

using Item = std::uint64_t;

// A queue, and what each thread uses of it.
template <class FencePolicy>
struct Ashlar {
  using Queue = LockFreeQueue<Item, StdPlatform, FencePolicy>;
  class Thread {
   public:
    explicit Thread(Ashlar& ashlar) : queue_(ashlar.queue), self_(ashlar.epochs) {}
    void Push(Item item) { queue_.Push(self_, item); }
    std::optional<Item> Pop() { return queue_.TryPop(self_); }

   private:
    Queue& queue_;
    typename Queue::Participant self_;
  };
  typename Queue::Epochs epochs;
  Queue queue;
};
using Participants = Ashlar<AsymmetricFencePolicy>;
using Fenced = Ashlar<FullFencePolicy>;

// The same without a participant in sight.
struct Default {
  class Thread {
   public:
    explicit Thread(Default& of) : queue_(of.queue) {}
    void Push(Item item) { queue_.Push(item); }
    std::optional<Item> Pop() { return queue_.TryPop(); }

   private:
    LockFreeQueue<Item>& queue_;
  };
  LockFreeQueue<Item> queue;
};

struct Boost {
  class Thread {
   public:
    explicit Thread(Boost& boost) : queue_(boost.queue) {}
    void Push(Item item) { queue_.push(item); }
    std::optional<Item> Pop() {
      Item item;
      if (!queue_.pop(item)) return std::nullopt;
      return item;
    }

   private:
    boost::lockfree::queue<Item>& queue_;
  };
  boost::lockfree::queue<Item> queue{1024};
};

struct Moodycamel {
  class Thread {
   public:
    explicit Thread(Moodycamel& moodycamel) : queue_(moodycamel.queue) {}
    void Push(Item item) { queue_.enqueue(item); }
    std::optional<Item> Pop() {
      Item item;
      if (!queue_.try_dequeue(item)) return std::nullopt;
      return item;
    }

   private:
    moodycamel::ConcurrentQueue<Item>& queue_;
  };
  moodycamel::ConcurrentQueue<Item> queue;
};

struct Tbb {
  class Thread {
   public:
    explicit Thread(Tbb& tbb) : queue_(tbb.queue) {}
    void Push(Item item) { queue_.push(item); }
    std::optional<Item> Pop() {
      Item item;
      if (!queue_.try_pop(item)) return std::nullopt;
      return item;
    }

   private:
    tbb::concurrent_queue<Item>& queue_;
  };
  tbb::concurrent_queue<Item> queue;
};

struct Mutex {
  class Thread {
   public:
    explicit Thread(Mutex& mutex) : queue_(mutex) {}
    void Push(Item item) {
      const std::lock_guard lock(queue_.mutex);
      queue_.items.push_back(item);
    }
    std::optional<Item> Pop() {
      const std::lock_guard lock(queue_.mutex);
      if (queue_.items.empty()) return std::nullopt;
      const Item item = queue_.items.front();
      queue_.items.pop_front();
      return item;
    }

   private:
    Mutex& queue_;
  };
  std::mutex mutex;
  std::deque<Item> items;
};

// While a process has one thread only, glibc's mutex leaves the lock prefix out.
const std::thread& second_thread = *new std::thread([] {
  for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
});

// Items are pairs of a push and a pop.
template <class Queue>
void Pair(benchmark::State& state) {
  Queue queue;
  typename Queue::Thread thread(queue);
  Item item = 0;
  for (auto _ : state) {
    thread.Push(++item);
    if (const std::optional<Item> popped = thread.Pop()) benchmark::DoNotOptimize(*popped);
  }
  state.SetItemsProcessed(state.iterations());
}

// As many items as the argument says are pushed, then popped. Items are pairs.
template <class Queue>
void Burst(benchmark::State& state) {
  Queue queue;
  typename Queue::Thread thread(queue);
  for (auto _ : state) {
    for (std::int64_t i = 0; i < state.range(0); ++i) thread.Push(i);
    for (std::int64_t i = 0; i < state.range(0); ++i) benchmark::DoNotOptimize(thread.Pop());
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Items are pops of an empty queue.
template <class Queue>
void PopEmpty(benchmark::State& state) {
  Queue queue;
  typename Queue::Thread thread(queue);
  for (auto _ : state) benchmark::DoNotOptimize(thread.Pop().has_value());
  state.SetItemsProcessed(state.iterations());
}

// Those who find a queue empty: the same for all.
class Waiter {
 public:
  void Wait() {
    if (++waits_ % 16 == 0) return std::this_thread::yield();
    StdPlatform::SpinWait();
  }

 private:
  unsigned waits_ = 0;
};

// Items go from producers to consumers. A round is an iteration; `worst` is the longest one as a
// multiple of the median.
template <class Queue>
void Transfer(benchmark::State& state) {
  constexpr Item kItems = 120000;  // a multiple of all numbers of threads
  const Item producers = static_cast<Item>(state.range(0));
  const Item consumers = static_cast<Item>(state.range(1));
  std::vector<double> rounds;
  for (auto _ : state) {
    Queue queue;
    std::atomic<Item> sum{0};
    std::atomic<bool> go{false};
    std::vector<std::thread> threads;
    for (Item producer = 0; producer < producers; ++producer) {
      threads.emplace_back([&, producer] {
        typename Queue::Thread thread(queue);
        while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
        for (Item item = producer; item < kItems; item += producers) thread.Push(item);
      });
    }
    for (Item consumer = 0; consumer < consumers; ++consumer) {
      threads.emplace_back([&] {
        typename Queue::Thread thread(queue);
        while (!go.load(std::memory_order_acquire)) std::this_thread::yield();
        Waiter waiter;
        Item own = 0;
        for (Item taken = 0; taken < kItems / consumers;) {
          if (const std::optional<Item> item = thread.Pop()) {
            own += *item;
            ++taken;
          } else {
            waiter.Wait();
          }
        }
        sum.fetch_add(own, std::memory_order_relaxed);
      });
    }
    const auto start = std::chrono::steady_clock::now();
    go.store(true, std::memory_order_release);
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(time.count());
    rounds.push_back(time.count());
    if (sum != kItems * (kItems - 1) / 2) state.SkipWithError("items were lost");
  }
  std::sort(rounds.begin(), rounds.end());
  state.counters["worst"] = rounds.back() / rounds[rounds.size() / 2];
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kItems));
}

void Threads(benchmark::internal::Benchmark* transfer) {
  transfer->ArgNames({"producers", "consumers"})->Args({1, 1})->Args({2, 2})->UseManualTime();
}

#define ASHLAR_QUEUE_BENCHMARK(Queue, name)                         \
  BENCHMARK_TEMPLATE(Pair, Queue)->Name("Pair/" name);              \
  BENCHMARK_TEMPLATE(Burst, Queue)->Name("Burst/" name)->Arg(4096); \
  BENCHMARK_TEMPLATE(PopEmpty, Queue)->Name("PopEmpty/" name);      \
  BENCHMARK_TEMPLATE(Transfer, Queue)->Name("Transfer/" name)->Apply(Threads)

ASHLAR_QUEUE_BENCHMARK(Default, "ashlar");
ASHLAR_QUEUE_BENCHMARK(Participants, "ashlar_participants");
ASHLAR_QUEUE_BENCHMARK(Fenced, "ashlar_fenced");
ASHLAR_QUEUE_BENCHMARK(Boost, "boost");
ASHLAR_QUEUE_BENCHMARK(Moodycamel, "moodycamel");
ASHLAR_QUEUE_BENCHMARK(Tbb, "tbb");
ASHLAR_QUEUE_BENCHMARK(Mutex, "mutex");

}  // namespace
}  // namespace ashlar
