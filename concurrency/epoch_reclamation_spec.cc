// A domain by itself answers nothing that a specification could compare. Here it is what makes
// a stack right whose nodes are allocated and freed: without it, Pop reads freed memory, or
// takes a node for the one that had been there before (ABA).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/concurrency/epoch_reclamation.h"
#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {
namespace {

template <class Platform, class FencePolicy>
class StackObject {
 public:
  using Specification = Stack<int>;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;

  // Batches of one and of two.
  static constexpr int kVariants = 2;
  explicit StackObject(int variant)
      : epochs_(EpochOptions{.batch = static_cast<std::size_t>(variant + 1)}) {}

  ~StackObject() {
    while (Pop(0)) {
    }
  }

  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    return {Specification::Push(100 * thread + static_cast<int>(made.size())),
            Specification::Pop()};
  }
  Result Do(int thread, const Call& call) {
    if (call.method == Specification::Method::kPop) {
      return Specification::TookOrEmpty(Pop(thread));
    }
    Push(call.item);
    return Specification::Done();
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{3, 2}}, {{1, 1, 1}}};
    return {{{2, 2}}};
  }

 private:
  using Epochs = BasicEpochReclamation<Platform, FencePolicy>;
  struct Content {
    int item;
    void* below;
  };
  using Node = typename Platform::template Var<Content>;

  void Push(int item) {
    Node* const node = Platform::template Create<Node>(Content{item, nullptr});
    Node* top = top_.load(std::memory_order_relaxed);
    do {
      node->Write().below = top;
    } while (!top_.compare_exchange_strong(top, node, std::memory_order_release,
                                           std::memory_order_relaxed));
  }

  std::optional<int> Pop(int thread) {
    auto& self = participants_[thread];
    const auto pin = self.Pin();
    Node* top = top_.load(std::memory_order_acquire);
    while (top != nullptr) {
      const Content content = top->Read();
      if (top_.compare_exchange_strong(top, static_cast<Node*>(content.below),
                                       std::memory_order_acquire, std::memory_order_acquire)) {
        self.Retire(top);
        return content.item;
      }
    }
    return std::nullopt;
  }

  Epochs epochs_;
  typename Platform::template Atomic<Node*> top_{nullptr};
  typename Epochs::Participant participants_[kThreads] = {typename Epochs::Participant(epochs_),
                                                          typename Epochs::Participant(epochs_),
                                                          typename Epochs::Participant(epochs_)};
};

template <class Platform>
using FencedStack = StackObject<Platform, FullFencePolicy>;
template <class Platform>
using AsymmetricStack = StackObject<Platform, AsymmetricFencePolicy>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<FencedStack>("StackOnEpochs"),
      MakeObject<AsymmetricStack>("StackOnAsymmetricEpochs"),
  };
}

}  // namespace ashlar::verification::linearizability
