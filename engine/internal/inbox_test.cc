#include "ashlar/engine/internal/inbox.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace ashlar::internal {
namespace {

struct Node {
  Node* next = nullptr;
  int number = 0;
};

std::vector<int> Numbers(const Node* node) {
  std::vector<int> numbers;
  for (; node != nullptr; node = node->next) numbers.push_back(node->number);
  return numbers;
}

class InboxTest : public testing::Test {
 protected:
  InboxTest() {
    for (int i = 0; i < 4; ++i) nodes_[i].number = i;
  }
  bool Push(int i) { return inbox_.Push(&nodes_[i], &nodes_[i]); }

  Node nodes_[4];
  Inbox<Node> inbox_;
};

TEST_F(InboxTest, TakesAllNewestFirst) {
  EXPECT_TRUE(inbox_.Empty());
  EXPECT_EQ(inbox_.TakeAll(), nullptr);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Push(i));
  EXPECT_FALSE(inbox_.Empty());
  EXPECT_EQ(Numbers(inbox_.TakeAll()), (std::vector<int>{2, 1, 0}));
  EXPECT_TRUE(inbox_.Empty());
}

TEST_F(InboxTest, AChainStaysTogether) {
  EXPECT_TRUE(Push(0));
  nodes_[2].next = &nodes_[1];
  EXPECT_TRUE(inbox_.Push(&nodes_[2], &nodes_[1]));
  EXPECT_TRUE(Push(3));
  EXPECT_EQ(Numbers(inbox_.TakeAll()), (std::vector<int>{3, 2, 1, 0}));
}

TEST_F(InboxTest, ClosedItRefusesButGivesWhatItHas) {
  EXPECT_TRUE(Push(0));
  EXPECT_FALSE(inbox_.closed());
  inbox_.Close();
  EXPECT_TRUE(inbox_.closed());
  EXPECT_FALSE(inbox_.Empty());
  nodes_[2].next = &nodes_[1];
  EXPECT_FALSE(inbox_.Push(&nodes_[2], &nodes_[1]));
  EXPECT_EQ(Numbers(&nodes_[2]), (std::vector<int>{2, 1}));
  EXPECT_EQ(Numbers(inbox_.TakeAll()), (std::vector<int>{0}));
  EXPECT_TRUE(inbox_.Empty());
  EXPECT_TRUE(inbox_.closed());
}

TEST_F(InboxTest, ReturnedNodesAreTakenAgainEvenWhenClosed) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(Push(i));
  inbox_.Close();
  Node* const all = inbox_.TakeAll();
  Node* const oldest = all->next->next;
  all->next->next = nullptr;
  inbox_.Return(all, all->next);
  EXPECT_TRUE(inbox_.closed());
  EXPECT_EQ(Numbers(inbox_.TakeAll()), (std::vector<int>{2, 1}));
  EXPECT_EQ(oldest->number, 0);
}

// Pushers race with two takers and at last with the closing. What was accepted is taken
// once; a refused chain is whole. `seen` is plain: TSan sees whoever takes a node twice or
// without what was written before its push.
TEST(InboxStressTest, EachAcceptedNodeIsTakenOnce) {
  struct Counted {
    Counted* next = nullptr;
    int seen = 0;
    bool accepted = false;
  };
  constexpr int kPushers = 3;
  constexpr int kEach = 20000;
  Inbox<Counted> inbox;
  std::vector<Counted> nodes(kPushers * kEach);
  std::atomic<int> pushing{kPushers};
  std::atomic<int> pushed{0};
  std::atomic<int> broken{0};

  std::vector<std::thread> threads;
  for (int p = 0; p < kPushers; ++p) {
    threads.emplace_back([&, p] {
      for (int i = 0; i + 1 < kEach; i += 2) {
        Counted* const last = &nodes[p * kEach + i];
        Counted* const first = last + 1;
        first->next = last;
        first->accepted = last->accepted = true;
        pushed.fetch_add(1, std::memory_order_relaxed);
        if (inbox.Push(first, last)) continue;
        if (first->next != last || last->next != nullptr) ++broken;
        first->accepted = last->accepted = false;
      }
      pushing.fetch_sub(1, std::memory_order_release);
    });
  }
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0;; ++round) {
        const bool last_round = pushing.load(std::memory_order_acquire) == 0;
        Counted* node = inbox.TakeAll();
        if (node == nullptr && last_round) return;
        if (node == nullptr) std::this_thread::yield();
        if (node != nullptr && node->next != nullptr && round % 16 == t) {
          // Takes less than there is.
          Counted* last = node->next;
          while (last->next != nullptr) last = last->next;
          Counted* const rest = node->next;
          node->next = nullptr;
          inbox.Return(rest, last);
        }
        while (node != nullptr) {
          Counted* const next = node->next;
          ++node->seen;
          node = next;
        }
      }
    });
  }
  while (pushed.load(std::memory_order_relaxed) < kPushers * kEach / 4) std::this_thread::yield();
  inbox.Close();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(inbox.Empty());
  EXPECT_EQ(broken, 0);
  for (const Counted& node : nodes) ASSERT_EQ(node.seen, node.accepted ? 1 : 0);
}

}  // namespace
}  // namespace ashlar::internal
