#include "ashlar/verification/linearizability/internal/team.h"

#include <sched.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace ashlar::verification::linearizability::internal {
namespace {

constexpr std::chrono::minutes kPatience(2);

template <class Condition>
void Await(Condition condition) {
  for (int i = 0; !condition(); ++i) {
    if (i > 1000) std::this_thread::yield();
  }
}

// Binds the calling thread to one of the processors that it may use. Threads of a busy
// machine else end up on one, where rounds follow each other and nothing overlaps.
void BindTo(const cpu_set_t& usable, int thread) {
  const int count = CPU_COUNT(&usable);
  if (count < 2) return;
  int skip = thread % count;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &usable) || skip-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);  // if it cannot be, then not
    return;
  }
}

}  // namespace

Team::Team(int size, std::function<std::string()> describe)
    : size_(size), describe_(std::move(describe)) {
  CPU_ZERO(&usable_);
  sched_getaffinity(0, sizeof(usable_), &usable_);
  watch_ = std::thread([this] { Watch(); });
  for (int thread = 1; thread < size; ++thread) {
    threads_.emplace_back([this, thread] { Work(thread); });
  }
  BindTo(usable_, 0);
}

Team::~Team() {
  sched_setaffinity(0, sizeof(usable_), &usable_);
  task_ = nullptr;
  called_.fetch_add(1, std::memory_order_release);
  for (std::thread& thread : threads_) thread.join();
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_one();
  watch_.join();
}

void Team::Run(std::function<void(int)> task) {
  task_ = std::move(task);
  ready_.store(0, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  called_.fetch_add(1, std::memory_order_release);
  Await([&] { return ready_.load(std::memory_order_acquire) == size_ - 1; });
  begun_.fetch_add(1, std::memory_order_release);
  task_(0);
  Await([&] { return done_.load(std::memory_order_acquire) == size_ - 1; });
  ended_.fetch_add(1, std::memory_order_relaxed);
}

void Team::Work(int thread) {
  BindTo(usable_, thread);
  for (int round = 1;; ++round) {
    Await([&] { return called_.load(std::memory_order_acquire) == round; });
    if (task_ == nullptr) return;
    // All are awake when the round begins.
    ready_.fetch_add(1, std::memory_order_release);
    Await([&] { return begun_.load(std::memory_order_acquire) == round; });
    task_(thread);
    done_.fetch_add(1, std::memory_order_release);
  }
}

void Team::Watch() {
  int seen = 0;
  std::unique_lock lock(mutex_);
  while (!stop_.wait_for(lock, kPatience, [this] { return stopped_; })) {
    const int begun = begun_.load(std::memory_order_acquire);
    if (begun == seen && ended_.load(std::memory_order_relaxed) < begun) {
      std::printf("FAILED: a round does not end: its threads wait for ever\n%s\n",
                  describe_().c_str());
      std::fflush(stdout);
      std::_Exit(1);
    }
    seen = begun;
  }
}

}  // namespace ashlar::verification::linearizability::internal
