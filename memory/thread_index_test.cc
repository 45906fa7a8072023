#include "ashlar/memory/thread_index.h"

#include <atomic>
#include <cstdint>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar {
namespace {

TEST(ThreadIndexTest, ThreadsThatLiveAtOnceHaveDifferentNumbers) {
  constexpr std::uint32_t kThreads = 8;
  EXPECT_EQ(ThreadIndex(), ThreadIndex());
  for (int round = 0; round < 20; ++round) {
    std::vector<std::uint32_t> numbers(kThreads);
    std::atomic<std::uint32_t> arrived{0};
    std::vector<std::thread> threads;
    for (std::uint32_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        EXPECT_EQ(ThreadIndexIfAny(), kNoThreadIndex);
        numbers[i] = ThreadIndex();
        EXPECT_EQ(ThreadIndexIfAny(), numbers[i]);
        arrived.fetch_add(1);
        while (arrived.load() < kThreads) std::this_thread::yield();
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::set<std::uint32_t> all(numbers.begin(), numbers.end());
    all.insert(ThreadIndex());
    EXPECT_EQ(all.size(), kThreads + 1);
    EXPECT_EQ(*all.rbegin(), kThreads) << "numbers are not used again";
  }
}

class Counter final : public ThreadExitHook {
 public:
  Counter() { Register(); }
  ~Counter() { Unregister(); }
  void OnThreadExit(std::uint32_t index) noexcept override {
    ++ended;
    last = index;
  }

  int ended = 0;
  std::uint32_t last = kNoThreadIndex;
};

TEST(ThreadIndexTest, HooksAreToldOfThreadsThatEnd) {
  Counter outer;
  std::uint32_t number = kNoThreadIndex;
  {
    Counter first;
    Counter second;
    std::thread([&] { number = ThreadIndex(); }).join();
    EXPECT_EQ(first.ended, 1);
    EXPECT_EQ(second.ended, 1);
    EXPECT_EQ(second.last, number);
  }
  std::thread([] {}).join();  // it never asked
  EXPECT_EQ(outer.ended, 1);
  std::thread([] { ThreadIndex(); }).join();
  EXPECT_EQ(outer.ended, 2);
}

TEST(ThreadIndexTest, WhatAThreadDidIsSeenByTheNextOfItsNumber) {
  int plain[64] = {};
  for (int round = 0; round < 50; ++round) {
    std::atomic<bool> first_done{false};
    const auto work = [&] { ++plain[ThreadIndex()]; };
    std::thread first([&] {
      work();
      first_done.store(true, std::memory_order_relaxed);
    });
    while (!first_done.load(std::memory_order_relaxed)) std::this_thread::yield();
    std::thread second(work);
    first.join();
    second.join();
  }
  int all = 0;
  for (const int count : plain) all += count;
  EXPECT_EQ(all, 100);
}

// A destructor of a thread_local may be the first to ask.
TEST(ThreadIndexTest, ThreadsMayAskUntilTheirVeryEnd) {
  struct Asker {
    ~Asker() { EXPECT_NE(ThreadIndex(), kNoThreadIndex); }
    int touched = 0;
  };
  Counter counter;
  std::thread([] {
    static thread_local Asker asker;
    asker.touched = 1;
  }).join();
  EXPECT_EQ(counter.ended, 1);
}

}  // namespace
}  // namespace ashlar
