// The rivals are boost::lockfree::spsc_queue and a std::deque under a std::mutex.
#include <cstddef>
#include <optional>

#include "ashlar/concurrency/queues_for_benchmark.h"
#include "ashlar/concurrency/spsc_queue.h"
#include "benchmark/benchmark.h"
#include "boost/lockfree/spsc_queue.hpp"

namespace ashlar::queue_benchmark {
namespace {

constexpr std::size_t kCapacity = 1024;

class Ashlar {
 public:
  bool Push(Item item) { return queue_.TryPush(item); }
  std::optional<Item> Pop() { return queue_.TryPop(); }

 private:
  SpscQueue<Item> queue_{kCapacity};
};

class Boost {
 public:
  bool Push(Item item) { return queue_.push(item); }
  std::optional<Item> Pop() {
    Item item;
    if (queue_.pop(&item, 1) == 0) return std::nullopt;
    return item;
  }

 private:
  boost::lockfree::spsc_queue<Item> queue_{kCapacity};
};

#define ASHLAR_QUEUE_BENCHMARK(Queue, name)            \
  BENCHMARK_TEMPLATE(Pair, Queue)->Name("Pair/" name); \
  BENCHMARK_TEMPLATE(Transfer, Queue)->Name("Transfer/" name)->Apply(OneToOne)

ASHLAR_QUEUE_BENCHMARK(Ashlar, "ashlar");
ASHLAR_QUEUE_BENCHMARK(Boost, "boost");
ASHLAR_QUEUE_BENCHMARK(MutexQueue<kCapacity>, "mutex");

}  // namespace
}  // namespace ashlar::queue_benchmark
