// The rivals are moodycamel::ConcurrentQueue (which is not FIFO across producers), oneTBB's
// concurrent_queue, boost::lockfree::queue, and a std::deque under a std::mutex.
#include <optional>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/lock_free_queue.h"
#include "ashlar/concurrency/platform.h"
#include "ashlar/concurrency/queues_for_benchmark.h"
#include "benchmark/benchmark.h"
#include "boost/lockfree/queue.hpp"
#include "concurrentqueue/concurrentqueue.h"
#include "oneapi/tbb/concurrent_queue.h"

namespace ashlar::queue_benchmark {
namespace {

// All adaptors are inlined: from a function, g++ returns a std::optional<Item> through memory, and
// waits there for 3 to 5 ns.

class Ashlar {
 public:
  [[gnu::always_inline]] bool Push(Item item) {
    queue_.Push(item);
    return true;
  }
  [[gnu::always_inline]] std::optional<Item> Pop() { return queue_.TryPop(); }

 private:
  LockFreeQueue<Item> queue_;
};

// The same with epochs of its own, in which each thread has a participant.
template <class FencePolicy>
class WithEpochs {
  using Queue = LockFreeQueue<Item, StdPlatform, FencePolicy>;

 public:
  class Thread {
   public:
    explicit Thread(WithEpochs& of) : queue_(of.queue_), self_(of.epochs_) {}
    [[gnu::always_inline]] bool Push(Item item) {
      queue_.Push(self_, item);
      return true;
    }
    [[gnu::always_inline]] std::optional<Item> Pop() { return queue_.TryPop(self_); }

   private:
    Queue& queue_;
    typename Queue::Participant self_;
  };

 private:
  typename Queue::Epochs epochs_;
  Queue queue_;
};

class Boost {
 public:
  [[gnu::always_inline]] bool Push(Item item) { return queue_.push(item); }
  [[gnu::always_inline]] std::optional<Item> Pop() {
    Item item;
    if (!queue_.pop(item)) return std::nullopt;
    return item;
  }

 private:
  boost::lockfree::queue<Item> queue_{1024};
};

class Moodycamel {
 public:
  [[gnu::always_inline]] bool Push(Item item) { return queue_.enqueue(item); }
  [[gnu::always_inline]] std::optional<Item> Pop() {
    Item item;
    if (!queue_.try_dequeue(item)) return std::nullopt;
    return item;
  }

 private:
  moodycamel::ConcurrentQueue<Item> queue_;
};

class Tbb {
 public:
  [[gnu::always_inline]] bool Push(Item item) {
    queue_.push(item);
    return true;
  }
  [[gnu::always_inline]] std::optional<Item> Pop() {
    Item item;
    if (!queue_.try_pop(item)) return std::nullopt;
    return item;
  }

 private:
  tbb::concurrent_queue<Item> queue_;
};

#define ASHLAR_QUEUE_BENCHMARK(Queue, name)                         \
  BENCHMARK_TEMPLATE(Pair, Queue)->Name("Pair/" name);              \
  BENCHMARK_TEMPLATE(Burst, Queue)->Name("Burst/" name)->Arg(4096); \
  BENCHMARK_TEMPLATE(PopEmpty, Queue)->Name("PopEmpty/" name);      \
  BENCHMARK_TEMPLATE(Transfer, Queue)->Name("Transfer/" name)->Apply(OneToOneAndTwoToTwo)

ASHLAR_QUEUE_BENCHMARK(Ashlar, "ashlar");
ASHLAR_QUEUE_BENCHMARK(WithEpochs<AsymmetricFencePolicy>, "ashlar_participants");
ASHLAR_QUEUE_BENCHMARK(WithEpochs<FullFencePolicy>, "ashlar_fenced");
ASHLAR_QUEUE_BENCHMARK(Boost, "boost");
ASHLAR_QUEUE_BENCHMARK(Moodycamel, "moodycamel");
ASHLAR_QUEUE_BENCHMARK(Tbb, "tbb");
ASHLAR_QUEUE_BENCHMARK(MutexQueue<>, "mutex");

}  // namespace
}  // namespace ashlar::queue_benchmark
