// treiber_stack.h
// ---------------
// Treiber's stack (1986) of nodes that are pushed again.
//
// Who pops reads the second node and then swings the top to it if the first is still
// there; but the first may have gone and come back, and the second be somebody's. A tag
// that each pop changes tells:
//
//   a pool of tasks, https://github.com/pmodels/argobots/issues/178
#ifndef ASHLAR_VERIFICATION_KNOWN_BUGS_TREIBER_STACK_H_
#define ASHLAR_VERIFICATION_KNOWN_BUGS_TREIBER_STACK_H_

#include <atomic>
#include <cstdint>

#include "ashlar/verification/model/expectation.h"

namespace ashlar::known_bugs {

enum class TreiberBug { kNone, kNoTag };

// Of nodes 1 to kNodes; 0 is none.
template <class Platform, TreiberBug kBug, std::uint32_t kNodes>
class TreiberStack {
 public:
  void Push(std::uint32_t node) {
    std::uint64_t top = top_.load(std::memory_order_relaxed);
    for (;;) {
      next_[node].store(Node(top), std::memory_order_relaxed);
      if (Swing(top, Tag(top) | node)) return;
      Platform::SpinWait();
    }
  }
  std::uint32_t Pop() {
    std::uint64_t top = top_.load(std::memory_order_acquire);
    while (Node(top) != 0) {
      const std::uint32_t next = next_[Node(top)].load(std::memory_order_relaxed);
      const std::uint64_t tag = kBug == TreiberBug::kNoTag ? 0 : Tag(top) + kOneTag;
      if (Swing(top, tag | next)) return Node(top);
      Platform::SpinWait();
    }
    return 0;
  }

 private:
  static constexpr std::uint64_t kOneTag = std::uint64_t{1} << 32;
  static std::uint32_t Node(std::uint64_t top) { return static_cast<std::uint32_t>(top); }
  static std::uint64_t Tag(std::uint64_t top) { return top & ~(kOneTag - 1); }

  bool Swing(std::uint64_t& top, std::uint64_t to) {
    return top_.compare_exchange_strong(top, to, std::memory_order_acq_rel,
                                        std::memory_order_acquire);
  }

  typename Platform::template Atomic<std::uint64_t> top_{0};
  typename Platform::template Atomic<std::uint32_t> next_[kNodes + 1];
};

// One thread pops; the other pops two and gives the first back. Nobody has what another
// has, or what is on the stack.
template <TreiberBug kBug>
struct TreiberReuse {
  template <class Platform>
  struct Scenario {
    static constexpr unsigned kThreads = 2;
    static constexpr std::uint32_t kNodes = 2;
    TreiberStack<Platform, kBug, kNodes> stack;
    std::uint32_t mine[kThreads] = {};

    Scenario() {
      for (std::uint32_t node = kNodes; node > 0; --node) stack.Push(node);
    }
    void Thread(unsigned index) {
      const std::uint32_t first = stack.Pop();
      mine[index] = first;
      if (index == 0 || first == 0) return;
      mine[index] = stack.Pop();
      stack.Push(first);
    }
    void After() {
      int owners[kNodes + 1] = {};
      for (const std::uint32_t node : mine) ++owners[node];
      for (std::uint32_t node; (node = stack.Pop()) != 0;) ++owners[node];
      verification::Expect(owners[1] == 1 && owners[2] == 1);
    }
  };
};

}  // namespace ashlar::known_bugs

#endif  // ASHLAR_VERIFICATION_KNOWN_BUGS_TREIBER_STACK_H_
