// The rivals are boost::lockfree::queue, moodycamel::ConcurrentQueue (which is neither bounded nor
// FIFO across producers), oneTBB's concurrent_bounded_queue, and a std::deque under a std::mutex.
#include <cstddef>
#include <optional>
#include <vector>

#include "ashlar/concurrency/mpmc_queue.h"
#include "ashlar/concurrency/queues_for_benchmark.h"
#include "benchmark/benchmark.h"
#include "boost/lockfree/queue.hpp"
#include "concurrentqueue/concurrentqueue.h"
#include "oneapi/tbb/concurrent_queue.h"

namespace ashlar::queue_benchmark {
namespace {

constexpr std::size_t kCapacity = 1024;

class Ashlar {
 public:
  bool Push(Item item) { return queue_.TryPush(item); }
  std::optional<Item> Pop() { return queue_.TryPop(); }
  std::size_t PushBatch(const Item* items, std::size_t count) {
    return queue_.TryPushBatch(items, count);
  }
  std::size_t PopBatch(Item* items, std::size_t count) { return queue_.TryPopBatch(items, count); }

 private:
  MpmcQueue<Item> queue_{kCapacity};
};

class Boost {
 public:
  bool Push(Item item) { return queue_.bounded_push(item); }
  std::optional<Item> Pop() {
    Item item;
    if (!queue_.pop(item)) return std::nullopt;
    return item;
  }

 private:
  boost::lockfree::queue<Item> queue_{kCapacity};
};

class Moodycamel {
 public:
  bool Push(Item item) { return queue_.try_enqueue(item); }
  std::optional<Item> Pop() {
    Item item;
    if (!queue_.try_dequeue(item)) return std::nullopt;
    return item;
  }
  std::size_t PushBatch(const Item* items, std::size_t count) {
    return queue_.try_enqueue_bulk(items, count) ? count : 0;
  }
  std::size_t PopBatch(Item* items, std::size_t count) {
    return queue_.try_dequeue_bulk(items, count);
  }

 private:
  // Room for that many from each of two producers.
  moodycamel::ConcurrentQueue<Item> queue_{kCapacity, 0, 2};
};

class Tbb {
 public:
  Tbb() { queue_.set_capacity(kCapacity); }
  bool Push(Item item) { return queue_.try_push(item); }
  std::optional<Item> Pop() {
    Item item;
    if (!queue_.try_pop(item)) return std::nullopt;
    return item;
  }

 private:
  tbb::concurrent_bounded_queue<Item> queue_;
};

// Items are pairs, in batches.
template <class Queue>
void Batch(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Queue queue;
  std::vector<Item> items(size, 1);
  for (auto _ : state) {
    queue.PushBatch(items.data(), size);
    benchmark::DoNotOptimize(queue.PopBatch(items.data(), size));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

#define ASHLAR_QUEUE_BENCHMARK(Queue, name)                    \
  BENCHMARK_TEMPLATE(Pair, Queue)->Name("Pair/" name);         \
  BENCHMARK_TEMPLATE(PopEmpty, Queue)->Name("PopEmpty/" name); \
  BENCHMARK_TEMPLATE(Transfer, Queue)->Name("Transfer/" name)->Apply(OneToOneAndTwoToTwo)

ASHLAR_QUEUE_BENCHMARK(Ashlar, "ashlar");
ASHLAR_QUEUE_BENCHMARK(Boost, "boost");
ASHLAR_QUEUE_BENCHMARK(Moodycamel, "moodycamel");
ASHLAR_QUEUE_BENCHMARK(Tbb, "tbb");
ASHLAR_QUEUE_BENCHMARK(MutexQueue<kCapacity>, "mutex");
BENCHMARK_TEMPLATE(Batch, Ashlar)->Name("Batch/ashlar")->Arg(32);
BENCHMARK_TEMPLATE(Batch, Moodycamel)->Name("Batch/moodycamel")->Arg(32);
BENCHMARK_TEMPLATE(Batch, MutexQueue<kCapacity>)->Name("Batch/mutex")->Arg(32);

}  // namespace
}  // namespace ashlar::queue_benchmark
