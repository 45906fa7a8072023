#include "ashlar/verification/linearizability/fifo.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace ashlar::verification::linearizability {
namespace {

constexpr int kNone = -1;

using Kind = FifoOperation::Kind;

struct Item {
  int push = kNone;
  int pop = kNone;
  bool popped_twice = false;
};

// For each thread and each of its positions, the last operation before it of some kind.
// Those before that one need no pairs of their own: the order of the thread has them.
class LastBefore {
 public:
  template <class Wanted>
  LastBefore(const Order& order, Wanted wanted) {
    for (int thread = 0; thread < order.Threads(); ++thread) {
      std::vector<int>& last = last_.emplace_back(1, kNone);
      for (const int operation : order.Sequence(thread)) {
        last.push_back(wanted(operation) ? operation : last.back());
      }
    }
  }
  // Calls visit(a) for the last of each thread that precedes `operation`.
  template <class Visit>
  void ForEach(const Order& order, int operation, Visit visit) const {
    for (int thread = 0; thread < order.Threads(); ++thread) {
      const int last = last_[thread][order.Before(operation)[thread]];
      if (last != kNone) visit(last);
    }
  }
  // The same for the last of each thread.
  template <class Visit>
  void ForEachThread(Visit visit) const {
    for (const std::vector<int>& last : last_) {
      if (last.back() != kNone) visit(last.back());
    }
  }

 private:
  std::vector<std::vector<int>> last_;
};

// Threads whose last operation has taken effect even if it is pending, because it precedes
// one that returned.
std::vector<bool> EffectiveThreads(const Order& order) {
  std::vector<bool> effective(order.Threads());
  for (int i = 0; i < order.Size(); ++i) {
    if (order.Pending(i)) continue;
    for (int thread = 0; thread < order.Threads(); ++thread) {
      if (order.Before(i)[thread] == order.Sequence(thread).size()) effective[thread] = true;
    }
  }
  return effective;
}

}  // namespace

std::optional<Order> DeduceFifo(const Order& order, std::span<const FifoOperation> all) {
  std::vector<FifoOperation> operations(all.begin(), all.end());
  const bool pops_known = std::none_of(operations.begin(), operations.end(), [](const auto& other) {
    return other.kind == Kind::kUnknown;
  });
  std::vector<Item> items;
  for (int i = 0; i < order.Size(); ++i) {
    auto& [kind, number] = operations[i];
    // Another may have taken that item, and this one not take effect.
    if (!pops_known && kind == Kind::kPop && order.Pending(i)) kind = Kind::kUnknown;
    if (kind != Kind::kPush && kind != Kind::kPop) continue;
    items.resize(std::max(items.size(), static_cast<std::size_t>(number) + 1));
    Item& found = items[number];
    if (kind == Kind::kPush) {
      if (found.push != kNone) return order;
      found.push = i;
    } else {
      found.popped_twice = found.pop != kNone;
      if (found.popped_twice && (order.Pending(i) || order.Pending(found.pop))) return order;
      found.pop = i;
    }
  }
  for (const auto& [push, pop, popped_twice] : items) {
    const bool from_nowhere = push == kNone && pop != kNone && !order.Pending(pop);
    if (from_nowhere || popped_twice) return std::nullopt;
  }
  const auto item = [&](int operation) { return items[operations[operation].item]; };
  const auto is = [&](Kind kind) {
    return [&operations, kind](int operation) { return operations[operation].kind == kind; };
  };
  // Pushes of items that were popped, and the pops.
  const auto is_popped_push = [&](int i) { return is(Kind::kPush)(i) && item(i).pop != kNone; };
  const auto is_pushed_pop = [&](int i) { return is(Kind::kPop)(i) && item(i).push != kNone; };
  const LastBefore popped_pushes(order, is_popped_push);
  const LastBefore pushed_pops(order, is_pushed_pop);
  const LastBefore empty_pops(order, is(Kind::kEmpty));

  std::vector<std::pair<int, int>> pairs;
  std::optional<Order> deduced = order;
  const auto add = [&](int a, int b) {
    if (!deduced->Precedes(a, b)) pairs.emplace_back(a, b);
  };
  for (const auto& [push, pop, popped_twice] : items) {
    if (push != kNone && pop != kNone) add(push, pop);
  }
  for (;;) {
    if (pops_known) {
      const std::vector<bool> effective = EffectiveThreads(*deduced);
      const auto took_effect = [&](int i) {
        return !order.Pending(i) || effective[order.Thread(i)];
      };
      // What came and went while the items that stay were not there yet.
      const LastBefore earlier(order, [&](int i) {
        return is_popped_push(i) ? took_effect(item(i).pop) : is(Kind::kEmpty)(i) && took_effect(i);
      });
      for (int i = 0; i < order.Size(); ++i) {
        if (operations[i].kind != Kind::kPush || item(i).pop != kNone) continue;
        earlier.ForEachThread([&](int a) { add(a, i); });
      }
    }
    for (int i = 0; i < order.Size(); ++i) {
      if (is_popped_push(i)) {
        popped_pushes.ForEach(*deduced, i, [&](int a) { add(item(a).pop, item(i).pop); });
      } else if (is_pushed_pop(i)) {
        pushed_pops.ForEach(*deduced, i, [&](int a) { add(item(a).push, item(i).push); });
        empty_pops.ForEach(*deduced, i, [&](int a) { add(a, item(i).push); });
      } else if (operations[i].kind == Kind::kEmpty) {
        popped_pushes.ForEach(*deduced, i, [&](int a) { add(item(a).pop, i); });
      }
    }
    if (pairs.empty()) return deduced;
    deduced = deduced->With(pairs);
    if (!deduced.has_value()) return deduced;
    pairs.clear();
  }
}

}  // namespace ashlar::verification::linearizability
