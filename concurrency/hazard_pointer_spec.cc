// A domain by itself answers nothing that a specification could compare. Here it is what makes
// a stack right whose nodes are allocated and freed: without it, Pop reads freed memory, or
// takes a node for the one that had been there before (ABA).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ashlar/concurrency/fence_policy.h"
#include "ashlar/concurrency/hazard_pointer.h"
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

  // All that can be freed is looked at with each Retire, or after some.
  static constexpr int kVariants = 2;
  explicit StackObject(int variant) : domain_(variant == 0 ? 0 : 2) {}

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
  // What was retired is freed where it can be.
  void Settle(int thread, const Call&, const Result&) {
    if (thread == 0) domain_.Collect();
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
  using Domain = BasicHazardDomain<Platform, FencePolicy>;
  struct Content {
    int item;
    void* below;
  };
  struct Node : Domain::template Object<Node> {
    explicit Node(int item) : content(Content{item, nullptr}) {}
    typename Platform::template Var<Content> content;
  };

  void Push(int item) {
    Node* const node = Platform::template Create<Node>(item);
    Node* top = top_.load(std::memory_order_relaxed);
    do {
      node->content.Write().below = top;
    } while (!top_.compare_exchange_strong(top, node, std::memory_order_release,
                                           std::memory_order_relaxed));
  }

  std::optional<int> Pop(int thread) {
    auto& pointer = pointers_[thread];
    while (Node* node = pointer.Protect(top_)) {
      const Content content = node->content.Read();
      if (top_.compare_exchange_strong(node, static_cast<Node*>(content.below),
                                       std::memory_order_relaxed, std::memory_order_relaxed)) {
        pointer.ResetProtection();
        node->Retire(domain_);
        return content.item;
      }
    }
    return std::nullopt;
  }

  Domain domain_;
  typename Platform::template Atomic<Node*> top_{nullptr};
  typename Domain::Pointer pointers_[kThreads] = {domain_.MakePointer(), domain_.MakePointer(),
                                                  domain_.MakePointer()};
};

template <class Platform>
using FencedStack = StackObject<Platform, FullFencePolicy>;
template <class Platform>
using AsymmetricStack = StackObject<Platform, AsymmetricFencePolicy>;

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<FencedStack>("StackOnHazardPointers"),
      MakeObject<AsymmetricStack>("StackOnAsymmetricHazardPointers"),
  };
}

}  // namespace ashlar::verification::linearizability
