// Runs pools for a long time with more threads than processors, of which some end while others
// free their blocks.
//
//   bazel run -c opt //memory:block_pool_soak -- --seconds=5
//
// A round is a new pool, of any size, with a limit or without. Threads allocate, fill what they
// got, and pass it on through mailboxes or keep it for a while; who gets a block looks that nobody
// has written to it since, and frees it, so that most are freed by another thread. A thread ends
// after some thousand calls, and another takes its place; now and then one trims. At the end all
// that was allocated has been freed, and the pool has given all its memory back.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "ashlar/base/check.h"
#include "ashlar/memory/block_pool.h"
#include "ashlar/memory/slab_source_for_test.h"

namespace ashlar {
namespace {

using Clock = std::chrono::steady_clock;
using Random = std::minstd_rand;

constexpr int kThreads = 6;
constexpr int kSuccessors = 5;  // of each
constexpr int kCalls = 5000;
constexpr std::size_t kMailboxes = 64;

template <class Pool>
class Round {
 public:
  Round(std::size_t words, std::size_t limit, std::size_t magazine)
      : words_(words),
        limit_(limit),
        pool_({.bytes = words * sizeof(std::uint64_t),
               .limit = limit,
               .magazine = magazine,
               .source = source_}) {}

  // Returns how many blocks were allocated.
  std::uint64_t Run(unsigned seed) {
    std::vector<std::thread> places;
    for (int place = 0; place < kThreads; ++place) {
      places.emplace_back([this, seed, place] {
        for (int i = 0; i < kSuccessors; ++i) {
          std::thread([&] { Work(Random(seed + static_cast<unsigned>(place * 100 + i))); }).join();
        }
      });
    }
    for (std::thread& place : places) place.join();
    for (auto& mailbox : mailboxes_) Free(mailbox.exchange(nullptr, std::memory_order_acquire));
    ASHLAR_CHECK(allocated_ == freed_);
    pool_.Trim();
    ASHLAR_CHECK(pool_.ReservedBytes() == 0 && source_.Bytes() == 0);
    return allocated_;
  }

 private:
  using Block = std::uint64_t;  // the first of its words

  void Work(Random random) {
    std::vector<Block*> kept;
    for (int i = 0; i < kCalls; ++i) {
      const auto dice = random();
      if (Block* const block = Allocate(dice)) {
        if (dice % 4 == 0) {
          kept.push_back(block);
        } else {
          // release: what is in it. acquire: the same of the other.
          auto& mailbox = mailboxes_[dice / 4 % kMailboxes];
          Free(mailbox.exchange(block, std::memory_order_acq_rel));
        }
      }
      if (dice % 97 == 0 || kept.size() > 400) {
        for (Block* const block : kept) Free(block);
        kept.clear();
      }
      if (dice % 2003 == 0) pool_.Trim();
    }
    for (Block* const block : kept) Free(block);
  }

  Block* Allocate(std::uint64_t number) {
    auto* const block = static_cast<Block*>(pool_.Allocate());
    if (block == nullptr) return nullptr;
    // Who frees counts that before.
    ASHLAR_CHECK(alive_.fetch_add(1, std::memory_order_relaxed) < limit_);
    allocated_.fetch_add(1, std::memory_order_relaxed);
    for (std::size_t i = 0; i < words_; ++i) block[i] = number + i;
    return block;
  }

  void Free(Block* block) {
    if (block == nullptr) return;
    for (std::size_t i = 1; i < words_; ++i) ASHLAR_CHECK(block[i] == block[0] + i);
    alive_.fetch_sub(1, std::memory_order_relaxed);
    pool_.Free(block);
    freed_.fetch_add(1, std::memory_order_relaxed);
  }

  const std::size_t words_;
  const std::size_t limit_;
  LimitedSource source_;
  std::atomic<std::uint64_t> alive_{0};
  std::atomic<std::uint64_t> allocated_{0};
  std::atomic<std::uint64_t> freed_{0};
  std::atomic<Block*> mailboxes_[kMailboxes] = {};
  Pool pool_;
};

void Soak(std::chrono::seconds time) {
  const auto end = Clock::now() + time;
  Random random(1);
  std::uint64_t rounds = 0;
  std::uint64_t blocks = 0;
  do {
    const std::size_t words = 1 + random() % 40;
    const std::size_t limit = random() % 2 == 0 ? 100 + random() % 5000 : std::size_t{1} << 40;
    const std::size_t magazine = random() % 3 == 0 ? random() % 64 : 64;
    const auto seed = static_cast<unsigned>(random());
    blocks += rounds % 4 == 3 ? Round<BasicBlockPool<true>>(words, limit, magazine).Run(seed)
                              : Round<BasicBlockPool<false>>(words, limit, magazine).Run(seed);
    ++rounds;
  } while (Clock::now() < end);
  std::printf("%llu rounds, %llu blocks, each freed once\n",
              static_cast<unsigned long long>(rounds), static_cast<unsigned long long>(blocks));
}

}  // namespace
}  // namespace ashlar

int main(int count, char** arguments) {
  long seconds = 10;
  constexpr std::string_view kSeconds = "--seconds=";
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (!argument.starts_with(kSeconds)) {
      std::fprintf(stderr, "usage: %s [--seconds=N]\n", arguments[0]);
      return 2;
    }
    seconds = std::atol(arguments[i] + kSeconds.size());
  }
  ashlar::Soak(std::chrono::seconds(seconds));
}
