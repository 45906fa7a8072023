// MpmcQueue is a queue of bounded length, as each of its calls is specified: what it answers is
// what a sequence of the calls would be answered by a list that says full and empty only when it
// is so.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ashlar/concurrency/mpmc_queue.h"
#include "ashlar/verification/linearizability/findings.h"
#include "ashlar/verification/linearizability/object.h"
#include "ashlar/verification/linearizability/specifications.h"

namespace ashlar::verification::linearizability {
namespace {

// An index like any other, and the last one.
constexpr int kFirstIndices = 2;
std::uint64_t FirstIndex(int variant) { return variant == 0 ? 0 : ~std::uint64_t{0} >> 1; }

// ---- One by one.

template <class Platform, std::size_t kCapacity>
class QueueObject {
 public:
  using Specification = Queue<int>;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;
  static constexpr int kVariants = kFirstIndices;
  explicit QueueObject(int variant) : queue_(kCapacity, FirstIndex(variant)) {}

  // All items differ.
  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int item = 100 * (thread + 1) + static_cast<int>(made.size());
    return {Specification::Push(item), Specification::Pop()};
  }
  Result Do(int, const Call& call) {
    if (call.method == Specification::Method::kPop) {
      return Specification::TookOrEmpty(queue_.TryPop());
    }
    return queue_.TryPush(call.item) ? Specification::Done() : Specification::Full();
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before == Specification::Empty()) return std::nullopt;
    return Specification::Pop();
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{3, 3}}, {{2, 1, 1}}, {{2, 2, 1}}};
    return {{{2, 2}}, {{3, 2}}, {{1, 1, 1}}, {{2, 1, 1}}};
  }
  static Specification Specified() { return Specification(kCapacity); }
  // A call that was told of an item waits for it.
  static Specification Late() { return Specified(); }

 private:
  MpmcQueue<int, Platform> queue_;
};

template <class Platform>
using OneSlot = QueueObject<Platform, 1>;
template <class Platform>
using TwoSlots = QueueObject<Platform, 2>;

// ---- In batches, of up to two.

// A batch moves one item or more, as long as there is one to move.
struct BatchQueue {
  static constexpr std::size_t kCapacity = 4;
  static constexpr std::size_t kMost = 3;

  struct Call {
    std::size_t push = 0;  // how many, or
    std::size_t pop = 0;   // how many
    int first = 0;         // to push: this one, and the next numbers
  };
  struct Result {
    std::size_t count = 0;
    int items[kMost] = {};  // popped
    friend bool operator==(const Result&, const Result&) = default;
  };
  using State = std::deque<int>;  // the oldest first

  template <class Offer>
  void Apply(const State& state, const Call& call, Offer offer) const {
    State next = state;
    Result result;
    if (call.push > 0) {
      if (state.size() == kCapacity) return offer(result, next);
      while (result.count < call.push && next.size() < kCapacity) {
        next.push_back(call.first + static_cast<int>(result.count++));
        offer(result, next);
      }
    } else {
      if (state.empty()) return offer(result, next);
      while (result.count < call.pop && !next.empty()) {
        result.items[result.count++] = next.front();
        next.pop_front();
        offer(result, next);
      }
    }
  }

  std::string Text(const Call& call) const {
    if (call.push == 0) return "Pop " + std::to_string(call.pop);
    return "Push " + std::to_string(call.push) + " from " + std::to_string(call.first);
  }
  std::string Text(const Result& result) const {
    std::string text = std::to_string(result.count) + ":";
    for (const int item : result.items) text += " " + std::to_string(item);
    return text;
  }
  std::string Text(const State& state) const {
    std::string text;
    for (const int item : state) text += std::to_string(item) + " ";
    return text;
  }
};

template <class Platform>
class BatchObject {
 public:
  using Specification = BatchQueue;
  using Call = Specification::Call;
  using Result = Specification::Result;

  static constexpr int kThreads = 3;
  static constexpr int kVariants = kFirstIndices;
  // So that the first batch of two lies across the end.
  explicit BatchObject(int variant)
      : queue_(Specification::kCapacity, FirstIndex(variant) + (variant == 0 ? 3 : 0)) {}

  static std::vector<Call> Calls(int thread, std::span<const Call> made) {
    const int first = 100 * (thread + 1) + 10 * static_cast<int>(made.size());
    // The last of kMost is for the fuzzer and real threads: it makes programs too many.
    if (made.size() < 2) return {{2, 0, first}, {0, 2, 0}};
    return {{2, 0, first}, {0, 2, 0}, {3, 0, first}, {0, 3, 0}, {1, 0, first}, {0, 1, 0}};
  }
  Result Do(int, const Call& call) {
    Result result;
    int items[Specification::kMost] = {call.first, call.first + 1, call.first + 2};
    if (call.push > 0) {
      result.count = queue_.TryPushBatch(items, call.push);
    } else {
      result.count = queue_.TryPopBatch(result.items, call.pop);
    }
    return result;
  }
  static std::optional<Call> Last(const std::optional<Result>& before) {
    if (before.has_value() && before->count == 0) return std::nullopt;
    return Call{0, 2, 0};
  }
  static std::vector<Shape> Programs(bool deep) {
    if (deep) return {{{2, 2}}, {{2, 1, 1}}};
    return {{{2, 1}}, {{1, 1, 1}}};
  }
  static Specification Late() { return {}; }

 private:
  MpmcQueue<int, Platform> queue_;
};

}  // namespace

std::vector<Object> Objects() {
  return {
      MakeObject<OneSlot>("MpmcQueueOneSlot"),
      MakeObject<TwoSlots>("MpmcQueueTwoSlots"),
      MakeObject<BatchObject>("MpmcQueueBatches"),
  };
}

}  // namespace ashlar::verification::linearizability
