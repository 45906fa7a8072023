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
  int LastOf(int thread) const { return last_[thread].back(); }

 private:
  std::vector<std::vector<int>> last_;
};

}  // namespace

std::optional<Order> DeduceFifo(const Order& order, std::span<const FifoOperation> operations) {
  std::vector<Item> items;
  bool pops_known = true;
  for (int i = 0; i < order.Size(); ++i) {
    const auto& [kind, number] = operations[i];
    if (kind == Kind::kUnknown) pops_known = false;
    if (kind != Kind::kPush && kind != Kind::kPop) continue;
    items.resize(std::max(items.size(), static_cast<std::size_t>(number) + 1));
    int& place = kind == Kind::kPush ? items[number].push : items[number].pop;
    if (place != kNone) return order;
    place = i;
  }
  const auto item = [&](int operation) { return items[operations[operation].item]; };
  const auto is = [&](Kind kind) {
    return [&operations, kind](int operation) { return operations[operation].kind == kind; };
  };
  // Pushes of items that were popped. An item that came from nowhere is left to the search.
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
  for (const auto& [push, pop] : items) {
    if (push != kNone && pop != kNone) add(push, pop);
  }
  if (pops_known) {
    for (int i = 0; i < order.Size(); ++i) {
      if (operations[i].kind != Kind::kPush || item(i).pop != kNone) continue;
      for (int thread = 0; thread < order.Threads(); ++thread) {
        if (popped_pushes.LastOf(thread) != kNone) add(popped_pushes.LastOf(thread), i);
      }
    }
  }
  for (;;) {
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
