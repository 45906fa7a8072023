#include <span>
#include <vector>

#include "ashlar/verification/linearizability/object.h"
#include "ashlar/verification/linearizability/specifications.h"
#include "ring/ring.h"

namespace ashlar::verification::linearizability {
namespace {

constexpr int kCapacity = 2;

// What a ring is to those who use it.
struct BoundedQueue : Queue<int> {
  BoundedQueue() : Queue(kCapacity) {}
};

template <class Platform>
class RingObject {
 public:
  using Specification = BoundedQueue;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 2;

  // Thread 0 pushes 1, 2, ..., thread 1 pops.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    if (thread == 1) return {Specification::Pop()};
    return {Specification::Push(static_cast<int>(made.size()) + 1)};
  }
  Result Do(int, const Call& call) {
    if (call.method == Specification::Method::kPop) {
      return Specification::TookOrEmpty(ring_.TryPop());
    }
    return ring_.TryPush(call.item) ? Specification::Done() : Specification::Full();
  }

 private:
  downstream::Ring<int, kCapacity, Platform> ring_;
};

}  // namespace

std::vector<Object> Objects() { return {MakeObject<RingObject>("Ring")}; }

}  // namespace ashlar::verification::linearizability
