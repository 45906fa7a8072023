// Nothing that a pinned reader can find is freed, and everything that is retired is, once: the
// checkers' heaps find the one (use after free) and the other (leaks, double frees). Batches
// have room for one object, so that every Retire but the first seals the one before.
//
// Bounds: two or three threads, at most three participants and two objects, pins that read one of
// them or one behind the other, two advances by the writer. RC11 runs every execution of each.
// Not covered: batches with more than two objects, more than two advances while a pin lasts,
// on_stall and memory that runs out (epoch_reclamation_test.cc), epochs that wrap (they do not).

#include <atomic>
#include <cstddef>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;

// Something that readers find and writers take out. Taking out is relaxed, so that all the
// ordering is the domain's.
template <class Platform, class FencePolicy>
class Shared {
 public:
  using Epochs = BasicEpochReclamation<Platform, FencePolicy>;
  using Participant = typename Epochs::Participant;
  using Item = typename Platform::template Var<int>;

  Shared() = default;
  ~Shared() {
    if (Item* const left = item_.load(kRelaxed)) Platform::Destroy(left);
  }

  void Read(Participant& self) {
    const auto pin = self.Pin();
    if (const Item* const seen = item_.load(kAcquire)) Expect(seen->Read() == 1);
  }
  void TakeOut(Participant& self) { self.Retire(item_.exchange(nullptr, kRelaxed)); }
  // Two advances, if no pin is in the way.
  void TakeOutAndFree(Participant& self) {
    TakeOut(self);
    self.Collect();
    self.Collect();
  }

  Epochs epochs{EpochOptions{.batch = 1}};

 private:
  typename Platform::template Atomic<Item*> item_{Platform::template Create<Item>(1)};
};

// One reads what the other takes out, retires and frees. One pin, two advances.
template <class Platform, class FencePolicy>
struct ReadWhileRetired {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant reader{data.epochs};
  typename Data::Participant writer{data.epochs};

  void Thread(unsigned index) {
    if (index == 0) return data.Read(reader);
    data.TakeOutAndFree(writer);
  }
};

// The reader's pins follow one another, so that an advance may see the second instead of the
// end of the first.
template <class Platform, class FencePolicy>
struct ReadTwice {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant reader{data.epochs};
  typename Data::Participant writer{data.epochs};

  void Thread(unsigned index) {
    if (index == 0) {
      data.Read(reader);
      return data.Read(reader);
    }
    data.TakeOutAndFree(writer);
  }
};

// The inner pin's end is not the outer one's. Two deep.
template <class Platform, class FencePolicy>
struct NestedPins {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant reader{data.epochs};
  typename Data::Participant writer{data.epochs};

  void Thread(unsigned index) {
    if (index == 0) {
      const auto outer = reader.Pin();
      { const auto inner = reader.Pin(); }
      return data.Read(reader);
    }
    data.TakeOutAndFree(writer);
  }
};

// The reader moves the epoch on itself, then pins the new one: what was retired in the old one
// may still be found.
template <class Platform, class FencePolicy>
struct ReaderAdvances {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant reader{data.epochs};
  typename Data::Participant writer{data.epochs};

  void Thread(unsigned index) {
    if (index == 0) {
      reader.Collect();
      return data.Read(reader);
    }
    data.TakeOutAndFree(writer);
  }
};

// A third thread moves the epoch on, between the reader's look at it and its pin, and between
// the writer's taking out and its stamp.
template <class Platform, class FencePolicy>
struct AnotherAdvances {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 3;
  Data data;
  typename Data::Participant reader{data.epochs};
  typename Data::Participant writer{data.epochs};
  typename Data::Participant other{data.epochs};

  void Thread(unsigned index) {
    if (index == 0) return data.Read(reader);
    if (index == 1) {
      other.Collect();
      return (void)other.Collect();
    }
    data.TakeOut(writer);
    writer.Collect();
  }
};

// The writer leaves; another adopts what it retired, and frees it if it comes late enough: two
// calls do not wait for the writer.
template <class Platform, class FencePolicy>
struct WriterLeaves {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 3;
  Data data;
  typename Data::Participant reader{data.epochs};
  typename Data::Participant heir{data.epochs};

  void Thread(unsigned index) {
    if (index == 0) return data.Read(reader);
    if (index == 1) {
      typename Data::Participant writer(data.epochs);
      return data.TakeOut(writer);
    }
    heir.Collect();
    heir.Collect();
  }
};

// Two leave; their batches meet in the list of orphans. Nobody reads.
template <class Platform, class FencePolicy>
struct TwoWritersLeave {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Item* mine[2] = {Platform::template Create<typename Data::Item>(1),
                                  Platform::template Create<typename Data::Item>(1)};

  void Thread(unsigned index) {
    typename Data::Participant writer(data.epochs);
    writer.Retire(mine[index]);
  }
  void After() {
    typename Data::Participant heir(data.epochs);
    heir.Collect();
    Expect(data.epochs.Garbage() <= 2);
    heir.Collect();
    heir.Collect();
    Expect(data.epochs.Garbage() == 0);
  }
};

// A reader joins while the epoch advances. Its record is new; the next scenario uses old ones.
template <class Platform, class FencePolicy>
struct ReaderJoins {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 2;
  Data data;
  typename Data::Participant writer{data.epochs};

  void Thread(unsigned index) {
    if (index == 0) {
      typename Data::Participant reader(data.epochs);
      return data.Read(reader);
    }
    data.TakeOutAndFree(writer);
  }
};

// Two join at once, each in a record of its own, or in that which the other has left.
template <class Platform, class FencePolicy>
struct RecordIsUsedAgain {
  using Data = Shared<Platform, FencePolicy>;
  static constexpr unsigned kThreads = 3;
  Data data;
  typename Data::Participant writer{data.epochs};

  void Thread(unsigned index) {
    if (index > 0) {
      typename Data::Participant reader(data.epochs);
      return data.Read(reader);
    }
    data.TakeOutAndFree(writer);
  }
};

// The deleter of what was taken out retires what only that led to.
template <class Platform, class FencePolicy>
struct DeleterRetires {
  using Epochs = BasicEpochReclamation<Platform, FencePolicy>;
  using Participant = typename Epochs::Participant;
  using Inner = typename Platform::template Var<int>;
  using Outer = typename Platform::template Var<Inner*>;
  struct FreeOuter {
    void operator()(Outer* outer, Participant& by) const noexcept {
      by.Retire(outer->Read());
      Platform::Destroy(outer);
    }
  };

  static constexpr unsigned kThreads = 2;
  Epochs epochs{EpochOptions{.batch = 1}};
  Participant reader{epochs};
  Participant writer{epochs};
  typename Platform::template Atomic<Outer*> shared{
      Platform::template Create<Outer>(Platform::template Create<Inner>(1))};

  void Thread(unsigned index) {
    if (index == 0) {
      const auto pin = reader.Pin();
      const Outer* const outer = shared.load(kAcquire);
      if (outer != nullptr) Expect(outer->Read()->Read() == 1);
      return;
    }
    writer.Retire(shared.exchange(nullptr, kRelaxed), FreeOuter());
    for (int i = 0; i < 4; ++i) writer.Collect();
  }
};

// A stack of two. While one thread is about to replace the top by what was below it, the other
// takes both, frees them, and pushes another, which may be where the first one was (ABA).
template <class Platform, class FencePolicy>
struct NodesAreUsedAgain {
  using Epochs = BasicEpochReclamation<Platform, FencePolicy>;
  using Participant = typename Epochs::Participant;
  struct Node {
    explicit Node(Node* node_below) : below(node_below) {}
    typename Platform::template Var<Node*> below;
  };

  static constexpr unsigned kThreads = 2;
  Epochs epochs{EpochOptions{.batch = 2}};
  Participant one{epochs};
  Participant other{epochs};
  typename Platform::template Atomic<Node*> top{
      Platform::template Create<Node>(Platform::template Create<Node>(nullptr))};
  int popped[2] = {0, 0};

  bool Pop(Participant& self) {
    const auto pin = self.Pin();
    Node* node = top.load(kAcquire);
    if (node == nullptr) return false;
    Node* const below = node->below.Read();
    if (!top.compare_exchange_strong(node, below, kRelaxed, kRelaxed)) return false;
    self.Retire(node);
    return true;
  }
  void Push() {
    Node* node = top.load(kRelaxed);
    Node* const fresh = Platform::template Create<Node>(node);
    if (!top.compare_exchange_strong(node, fresh, std::memory_order_release, kRelaxed)) {
      Platform::Destroy(fresh);
      ++popped[1];
    }
  }

  void Thread(unsigned index) {
    if (index == 0) return (void)(popped[0] += Pop(one));
    for (int i = 0; i < 2; ++i) popped[1] += Pop(other);
    for (int i = 0; i < 2; ++i) other.Collect();
    Push();
  }
  void After() {
    int left = 0;
    while (Pop(one)) ++left;
    Expect(left + popped[0] + popped[1] == 3);
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

#define BOTH(name)                            \
  MakeScenario<name, FullFencePolicy>(#name), \
      MakeScenario<name, AsymmetricFencePolicy>("Asymmetric" #name)

std::vector<Scenario> Scenarios() {
  return {
      BOTH(ReadWhileRetired),  BOTH(ReadTwice),      BOTH(NestedPins),        BOTH(ReaderAdvances),
      BOTH(AnotherAdvances),   BOTH(WriterLeaves),   BOTH(TwoWritersLeave),   BOTH(ReaderJoins),
      BOTH(RecordIsUsedAgain), BOTH(DeleterRetires), BOTH(NodesAreUsedAgain),
  };
}

}  // namespace ashlar::verification
