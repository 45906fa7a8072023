// Each block comes out once, with all that was done with it before it was pushed, and can be used
// again at once.
//
// Each scenario has two or three threads, and one to four blocks. Not covered here: longer chains,
// and what block_pool.h does under locks (block_pool_test.cc).

#include <cstddef>
#include <vector>

#include "ashlar/memory/remote_free_list.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

// Blocks, each of which one thread has or the list.
template <class Platform>
class Blocks {
  using List = RemoteFreeList<Platform>;

 public:
  static constexpr int kBlocks = 4;

  // Nothing is lost.
  ~Blocks() {
    Take();
    for (int i = 0; i < kBlocks; ++i) Expect(!blocks_[i].listed.Read());
  }

  // A chain of the blocks from `first` to `last`, which the thread has.
  void Push(int first, int last) {
    for (int i = first; i <= last; ++i) {
      Expect(!blocks_[i].listed.Read());
      blocks_[i].listed.Write() = true;
      if (i > first) List::Join(&blocks_[i - 1], &blocks_[i]);
    }
    list_.Push(&blocks_[first], &blocks_[last]);
  }

  // Takes all. Two who take the same one are found here, or race.
  std::vector<int> Take() {
    std::vector<int> taken;
    for (auto* link = list_.TakeAll(); link != nullptr;) {
      auto* const block = static_cast<Block*>(link);
      link = List::Next(link);
      Expect(block->listed.Read());
      block->listed.Write() = false;
      taken.push_back(static_cast<int>(block - blocks_));
    }
    return taken;
  }

 private:
  struct Block : List::Link {
    typename Platform::template Var<bool> listed{false};
  };

  List list_;
  Block blocks_[kBlocks];
};

// Two push, and the owner takes meanwhile. Bound: a block each, two takes.
template <class Platform>
struct TwoPushOneTakes {
  static constexpr unsigned kThreads = 3;
  Blocks<Platform> blocks;

  void Thread(unsigned index) {
    if (index < 2) return blocks.Push(static_cast<int>(index), static_cast<int>(index));
    blocks.Take();
    blocks.Take();
  }
};

// Chains come out whole, each in its sequence. Bound: two chains of two.
template <class Platform>
struct ChainsKeepTheirSequence {
  static constexpr unsigned kThreads = 3;
  Blocks<Platform> blocks;

  void Thread(unsigned index) {
    if (index == 0) return blocks.Push(0, 1);
    if (index == 1) return blocks.Push(2, 3);
    const std::vector<int> taken = blocks.Take();
    Expect(taken.size() % 2 == 0);
    for (std::size_t i = 0; i < taken.size(); i += 2) Expect(taken[i + 1] == taken[i] + 1);
  }
};

// The owner of a limited pool and one who is refused elsewhere take at once. Bound: two chains.
template <class Platform>
struct TwoTake {
  static constexpr unsigned kThreads = 3;
  Blocks<Platform> blocks;

  TwoTake() { blocks.Push(0, 1); }
  void Thread(unsigned index) {
    if (index == 0) return blocks.Push(2, 2);
    blocks.Take();
  }
};

// ABA: a thread is about to push on top of a block that is taken, used and pushed again. Bound: two
// blocks, one of them twice.
template <class Platform>
struct TopIsUsedAgain {
  static constexpr unsigned kThreads = 2;
  Blocks<Platform> blocks;

  TopIsUsedAgain() { blocks.Push(0, 0); }
  void Thread(unsigned index) {
    if (index == 0) return blocks.Push(1, 1);
    for (const int block : blocks.Take()) blocks.Push(block, block);
    blocks.Take();
  }
};

}  // namespace

namespace verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<TwoPushOneTakes>("TwoPushOneTakes"),
      MakeScenario<ChainsKeepTheirSequence>("ChainsKeepTheirSequence"),
      MakeScenario<TwoTake>("TwoTake"),
      MakeScenario<TopIsUsedAgain>("TopIsUsedAgain"),
  };
}

}  // namespace verification
}  // namespace ashlar
