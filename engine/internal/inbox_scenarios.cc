// Every node that enters an inbox is taken exactly once, with all that was written before
// its push; none slips in behind the last taking; no pusher and sleeper miss each other.

#include <atomic>
#include <cstddef>
#include <vector>

#include "ashlar/engine/internal/inbox.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

template <class Platform>
struct Node;

// A pointer to the next node whose races are seen.
template <class Platform>
class Link {
 public:
  Link& operator=(Node<Platform>* next) {
    next_.Write() = next;
    return *this;
  }
  operator Node<Platform>*() const { return next_.Read(); }  // NOLINT: as the pointer that it is

 private:
  typename Platform::template Var<Node<Platform>*> next_;
};

template <class Platform>
struct Node {
  Link<Platform> next;
  typename Platform::template Var<bool> full;
};

template <class Platform>
class Nodes {
 public:
  bool Push(std::size_t i) {
    nodes_[i].full.Write() = true;
    return inbox_.Push(&nodes_[i], &nodes_[i]);
  }
  bool PushTwo(std::size_t i) {
    nodes_[i].full.Write() = true;
    nodes_[i + 1].full.Write() = true;
    nodes_[i + 1].next = &nodes_[i];
    if (inbox_.Push(&nodes_[i + 1], &nodes_[i])) return true;
    Expect(nodes_[i + 1].next == &nodes_[i] && nodes_[i].next == nullptr);
    return false;
  }
  // How many there were.
  int TakeAll() {
    int count = 0;
    for (Node<Platform>* node = inbox_.TakeAll(); node != nullptr; node = node->next) {
      Expect(node->full.Read());
      node->full.Write() = false;
      ++count;
    }
    return count;
  }
  void TakeAllAndReturn() {
    Node<Platform>* const first = inbox_.TakeAll();
    if (first == nullptr) return;
    Node<Platform>* last = first;
    while (last->next != nullptr) last = last->next;
    first->full.Write() = true;  // as a taker may
    inbox_.Return(first, last);
  }
  Inbox<Node<Platform>, Platform>& inbox() { return inbox_; }

 private:
  Node<Platform> nodes_[3];
  Inbox<Node<Platform>, Platform> inbox_;
};

template <class Platform>
struct TwoPushersOneTaker {
  static constexpr unsigned kThreads = 3;
  Nodes<Platform> nodes;
  int taken = 0;

  void Thread(unsigned index) {
    if (index == 0) Expect(nodes.Push(0));
    if (index == 1) Expect(nodes.PushTwo(1));
    if (index == 2) taken = nodes.TakeAll() + nodes.TakeAll();
  }
  void After() { Expect(taken + nodes.TakeAll() == 3); }
};

template <class Platform>
struct TwoTakers {
  static constexpr unsigned kThreads = 3;
  Nodes<Platform> nodes;
  int taken[2] = {};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(nodes.Push(0));
      Expect(nodes.Push(1));
    } else {
      taken[index - 1] = nodes.TakeAll();
    }
  }
  void After() { Expect(taken[0] + taken[1] + nodes.TakeAll() == 2); }
};

template <class Platform>
struct ReturnedNodesAreTaken {
  static constexpr unsigned kThreads = 3;
  Nodes<Platform> nodes;
  int taken = 0;

  void Thread(unsigned index) {
    if (index == 0) Expect(nodes.PushTwo(0));
    if (index == 1) nodes.TakeAllAndReturn();
    if (index == 2) taken = nodes.TakeAll() + nodes.TakeAll();
  }
  void After() { Expect(taken + nodes.TakeAll() == 2); }
};

template <class Platform>
struct NothingComesAfterClose {
  static constexpr unsigned kThreads = 3;
  Nodes<Platform> nodes;
  int pushed[2] = {};
  int taken = 0;

  void Thread(unsigned index) {
    if (index < 2) {
      if (index == 0 && nodes.Push(0)) pushed[0] = 1;
      if (index == 1 && nodes.PushTwo(1)) pushed[1] = 2;
    } else {
      nodes.inbox().Close();
      taken = nodes.TakeAll();
    }
  }
  void After() {
    Expect(taken == pushed[0] + pushed[1]);
    Expect(nodes.inbox().Empty() && nodes.inbox().closed());
  }
};

template <class Platform>
struct PushIsSeenOrSleeperIs {
  static constexpr unsigned kThreads = 2;
  Nodes<Platform> nodes;
  typename Platform::template Atomic<bool> asleep{false};
  bool sleeper_was_seen = false;
  bool push_was_seen = false;

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(nodes.Push(0));
      sleeper_was_seen = asleep.load(std::memory_order_seq_cst);
    } else {
      asleep.exchange(true, std::memory_order_seq_cst);
      push_was_seen = !nodes.inbox().Empty();
    }
  }
  void After() { Expect(sleeper_was_seen || push_was_seen); }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  using namespace internal;
  return {
      MakeScenario<TwoPushersOneTaker>("TwoPushersOneTaker"),
      MakeScenario<TwoTakers>("TwoTakers"),
      MakeScenario<ReturnedNodesAreTaken>("ReturnedNodesAreTaken"),
      MakeScenario<NothingComesAfterClose>("NothingComesAfterClose"),
      MakeScenario<PushIsSeenOrSleeperIs>("PushIsSeenOrSleeperIs"),
  };
}

}  // namespace ashlar::verification
