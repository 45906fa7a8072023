#include "ashlar/engine/internal/task_pool.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

constexpr std::size_t kSlab = 1024;  // blocks that the system's allocator is asked for at once

// While it lives, the calling thread gets no new memory.
class Exhausted {
 public:
  Exhausted() { TaskPool::SetExhaustedForTesting(true); }
  ~Exhausted() { TaskPool::SetExhaustedForTesting(false); }
};

// All that the pool can give to this thread now.
std::vector<void*> TakeAll() {
  const Exhausted exhausted;
  std::vector<void*> blocks;
  while (void* const block = TaskPool::Allocate()) blocks.push_back(block);
  return blocks;
}

void FreeAll(const std::vector<void*>& blocks) {
  for (void* const block : blocks) TaskPool::Free(block);
}

std::vector<void*> Take(std::size_t count) {
  std::vector<void*> blocks;
  for (std::size_t i = 0; i < count; ++i) blocks.push_back(TaskPool::Allocate());
  return blocks;
}

template <class F>
void OnAnotherThread(F f) {
  std::thread(f).join();
}

// The pool is one for the process: each test begins with an empty one.
class TaskPoolTest : public testing::Test {
 protected:
  TaskPoolTest() : others_(TakeAll()) {}
  ~TaskPoolTest() override { FreeAll(others_); }

 private:
  const std::vector<void*> others_;
};

TEST_F(TaskPoolTest, BlocksAreAlignedAndApart) {
  const std::vector<void*> blocks = Take(3 * kSlab);
  std::set<void*> different(blocks.begin(), blocks.end());
  EXPECT_EQ(different.size(), blocks.size());
  for (void* const block : blocks) {
    ASSERT_NE(block, nullptr);
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(block) % TaskPool::kBlockSize, 0u);
    std::memset(block, 0xff, TaskPool::kBlockSize);
  }
  FreeAll(blocks);
}

TEST_F(TaskPoolTest, TheNewestFreeBlockIsUsedFirst) {
  void* const one = TaskPool::Allocate();
  void* const other = TaskPool::Allocate();
  TaskPool::Free(one);
  TaskPool::Free(other);
  EXPECT_EQ(TaskPool::Allocate(), other);
  EXPECT_EQ(TaskPool::Allocate(), one);
  TaskPool::Free(one);
  TaskPool::Free(other);
}

TEST_F(TaskPoolTest, FreedBlocksSufficeForAsMany) {
  for (const std::size_t count : {1, 63, 64, 65, 127, 128, 129, 1000, 5000}) {
    FreeAll(Take(count));
    const Exhausted exhausted;
    const std::vector<void*> blocks = Take(count);
    EXPECT_NE(blocks.back(), nullptr) << count;
    FreeAll(blocks);
  }
}

TEST_F(TaskPoolTest, WithoutMemoryAllocateGivesNullAndRecovers) {
  {
    const Exhausted exhausted;
    EXPECT_EQ(TaskPool::Allocate(), nullptr);
    EXPECT_EQ(TaskPool::Allocate(), nullptr);
  }
  void* const block = TaskPool::Allocate();
  ASSERT_NE(block, nullptr);
  TaskPool::Free(block);
  const std::vector<void*> all = TakeAll();
  EXPECT_EQ(all.size(), kSlab);
  {
    const Exhausted exhausted;
    TaskPool::Free(all.back());
    EXPECT_EQ(TaskPool::Allocate(), all.back());
  }
  FreeAll(all);
}

TEST_F(TaskPoolTest, BlocksThatAnotherThreadFreesComeBack) {
  const std::vector<void*> blocks = Take(kSlab);
  std::atomic<bool> freed{false};
  std::atomic<bool> done{false};
  std::thread other([&] {
    FreeAll(blocks);
    freed.store(true, std::memory_order_release);
    while (!done.load(std::memory_order_acquire)) std::this_thread::yield();
  });
  while (!freed.load(std::memory_order_acquire)) std::this_thread::yield();
  // All but what the other thread, alive still, keeps for itself.
  const std::vector<void*> back = TakeAll();
  EXPECT_GE(back.size(), kSlab - 128);
  EXPECT_LT(back.size(), kSlab);
  done.store(true, std::memory_order_release);
  other.join();
  const std::vector<void*> rest = TakeAll();
  EXPECT_EQ(back.size() + rest.size(), kSlab);
  FreeAll(back);
  FreeAll(rest);
}

TEST_F(TaskPoolTest, WhatOthersFreedLastIsUsedBeforeTheReserve) {
  // The rest of the slab stays in reserve.
  const std::vector<void*> blocks = Take(128);
  OnAnotherThread([&] { FreeAll(blocks); });
  const std::vector<void*> again = Take(128);
  EXPECT_EQ(std::set<void*>(again.begin(), again.end()),
            std::set<void*>(blocks.begin(), blocks.end()));
  FreeAll(again);
}

TEST_F(TaskPoolTest, AThreadThatEndsGivesAllBack) {
  for (const std::size_t count : {1, 100, 1000}) {
    OnAnotherThread([count] { FreeAll(Take(count)); });
    const std::vector<void*> all = TakeAll();
    EXPECT_EQ(all.size(), kSlab);
    OnAnotherThread([&all] { FreeAll(all); });  // it never allocated
  }
}

// Uses the pool when the thread's cache is gone already.
struct Late {
  std::vector<void*> to_free;
  std::vector<void*>* taken = nullptr;

  ~Late() {
    FreeAll(to_free);
    if (taken != nullptr) *taken = Take(100);
  }
};

TEST_F(TaskPoolTest, AnEndingThreadKeepsNothing) {
  std::vector<void*> taken;
  const std::vector<void*> here = Take(kSlab);
  const auto end_late = [](const std::vector<void*>& to_free, std::vector<void*>* taken_late) {
    static thread_local Late late;  // destroyed after what is made later
    late.to_free = to_free;
    late.taken = taken_late;
    TaskPool::Free(TaskPool::Allocate());
  };
  OnAnotherThread([&] { end_late(here, nullptr); });
  std::vector<void*> all = TakeAll();
  EXPECT_EQ(all.size(), 2 * kSlab);  // the thread's own slab and what it was given
  FreeAll(all);

  OnAnotherThread([&] { end_late({}, &taken); });
  EXPECT_EQ(taken.size(), 100u);
  all = TakeAll();
  // What it took has been handed out to it; all the rest is here.
  EXPECT_EQ(all.size() + taken.size(), 2 * kSlab);
  FreeAll(all);
  FreeAll(taken);
}

// Blocks go round among threads, and each is written by whoever holds it: two holders would
// race, which TSan sees, or find a stranger's writing.
TEST_F(TaskPoolTest, ABlockHasOneHolder) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20000;
  struct Note {
    std::size_t writer;
    std::size_t round;
  };
  std::atomic<Note*> mailboxes[kThreads] = {};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (std::size_t self = 0; self < kThreads; ++self) {
    threads.emplace_back([&, self] {
      std::vector<Note*> held;
      for (std::size_t round = 0; round < kRounds; ++round) {
        // In waves, so that batches pass through the depot.
        if (round / 300 % 2 == 0) {
          held.push_back(::new (TaskPool::Allocate()) Note{self, round});
        } else if (!held.empty()) {
          Note* const note = held.back();
          held.pop_back();
          if (note->writer != self) ++wrong;
          // To the neighbour, who frees it.
          Note* const old =
              mailboxes[(self + 1) % kThreads].exchange(note, std::memory_order_acq_rel);
          if (old != nullptr) TaskPool::Free(old);
        }
        if (Note* const note = mailboxes[self].exchange(nullptr, std::memory_order_acq_rel)) {
          if (note->writer != (self + kThreads - 1) % kThreads) ++wrong;
          TaskPool::Free(note);
        }
      }
      for (Note* const note : held) {
        if (note->writer != self) ++wrong;
        TaskPool::Free(note);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (std::atomic<Note*>& mailbox : mailboxes) {
    if (Note* const note = mailbox.load()) TaskPool::Free(note);
  }
  EXPECT_EQ(wrong, 0);
  // Nothing was lost: whole slabs are there.
  const std::vector<void*> all = TakeAll();
  EXPECT_EQ(all.size() % kSlab, 0u);
  FreeAll(all);
}

}  // namespace
}  // namespace ashlar::internal
