#include "ashlar/verification/linearizability/order.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"

namespace ashlar::verification::linearizability {
namespace {

absl::Status Wrong(int operation, const std::string& what) {
  return absl::InvalidArgumentError("operation " + std::to_string(operation) + " " + what);
}

std::string Number(Time number) { return std::to_string(number); }

}  // namespace

absl::Status Order::SetSequences(int threads, std::span<const Place> places,
                                 std::span<const int> order) {
  sequences_.resize(threads < 0 ? 0 : threads);
  thread_.resize(places.size());
  index_.resize(places.size());
  pending_.resize(places.size());
  for (const int operation : order) {
    const Place& place = places[operation];
    if (place.thread < 0 || place.thread >= threads) {
      return Wrong(operation, "is of thread " + Number(place.thread) + ", but there are " +
                                  Number(threads) + " threads, counted from 0");
    }
    std::vector<int>& sequence = sequences_[place.thread];
    if (!sequence.empty() && places[sequence.back()].pending) {
      return Wrong(operation, "of thread " + Number(place.thread) + " follows operation " +
                                  Number(sequence.back()) + ", which has not returned");
    }
    thread_[operation] = place.thread;
    index_[operation] = static_cast<std::uint32_t>(sequence.size());
    pending_[operation] = place.pending;
    sequence.push_back(operation);
  }
  return absl::OkStatus();
}

absl::StatusOr<Order> Order::OfTimes(int threads, std::span<const Place> places) {
  const int size = static_cast<int>(places.size());
  for (int i = 0; i < size; ++i) {
    if (places[i].pending || places[i].called <= places[i].returned) continue;
    return Wrong(i, "returned at " + Number(places[i].returned) + ", before it was called at " +
                        Number(places[i].called));
  }
  std::vector<int> by_call(size);
  std::iota(by_call.begin(), by_call.end(), 0);
  std::stable_sort(by_call.begin(), by_call.end(), [&](int a, int b) {
    // Where a call takes no time, another of its thread may come at the same time after it.
    const auto key = [&](int i) {
      return std::tuple(places[i].called, places[i].pending, places[i].returned);
    };
    return key(a) < key(b);
  });
  Order order;
  const absl::Status status = order.SetSequences(threads, places, by_call);
  if (!status.ok()) return status;

  order.before_.reserve(std::size_t(size) * threads);
  for (int i = 0; i < size; ++i) {
    for (int thread = 0; thread < threads; ++thread) {
      const std::span<const int> sequence = order.Sequence(thread);
      if (thread == places[i].thread) {
        const std::uint32_t index = order.index_[i];
        if (index > 0 && places[sequence[index - 1]].returned > places[i].called) {
          return Wrong(i, "of thread " + Number(thread) + " was called at " +
                              Number(places[i].called) + ", while operation " +
                              Number(sequence[index - 1]) + " of the same thread lasted until " +
                              Number(places[sequence[index - 1]].returned));
        }
        order.before_.push_back(index);
        continue;
      }
      const auto later = std::partition_point(sequence.begin(), sequence.end(), [&](int other) {
        return !places[other].pending && places[other].returned < places[i].called;
      });
      order.before_.push_back(static_cast<std::uint32_t>(later - sequence.begin()));
    }
  }
  order.by_rank_ = std::move(by_call);
  std::stable_sort(order.by_rank_.begin(), order.by_rank_.end(), [&](int a, int b) {
    if (places[a].pending || places[b].pending) return places[a].pending < places[b].pending;
    return places[a].returned < places[b].returned;
  });
  return order;
}

absl::StatusOr<Order> Order::OfPairs(int threads, std::span<const Place> places,
                                     std::span<const std::pair<int, int>> pairs) {
  const int size = static_cast<int>(places.size());
  std::vector<int> as_listed(size);
  std::iota(as_listed.begin(), as_listed.end(), 0);
  Order order;
  const absl::Status status = order.SetSequences(threads, places, as_listed);
  if (!status.ok()) return status;

  for (const auto& [a, b] : pairs) {
    if (std::min(a, b) < 0 || std::max(a, b) >= size) {
      return absl::InvalidArgumentError("the pair " + Number(a) + ", " + Number(b) +
                                        " names an operation that does not exist; there are " +
                                        Number(size));
    }
    if (places[a].pending) {
      return Wrong(a, "has not returned and can not precede operation " + Number(b));
    }
  }
  order.before_.assign(std::size_t(size) * order.sequences_.size(), 0);
  for (int i = 0; i < size; ++i) {
    order.before_[i * order.sequences_.size() + places[i].thread] = order.index_[i];
  }
  if (const int wrong = order.Close(pairs); wrong >= 0) {
    return Wrong(wrong, "precedes itself, or follows one that does");
  }
  return order;
}

std::optional<Order> Order::With(std::span<const std::pair<int, int>> pairs) const {
  Order order = *this;
  if (order.Close(pairs) >= 0) return std::nullopt;
  return order;
}

int Order::Close(std::span<const std::pair<int, int>> pairs) {
  const int size = Size();
  const int threads = Threads();
  std::vector<std::vector<int>> after(size);
  std::vector<int> missing(size);  // how many that precede it have no final row yet
  const auto add = [&](int a, int b) {
    after[a].push_back(b);
    ++missing[b];
  };
  for (const auto& [a, b] : pairs) add(a, b);
  for (int i = 0; i < size; ++i) {
    for (int thread = 0; thread < threads; ++thread) {
      if (const std::uint32_t count = Before(i)[thread]) add(sequences_[thread][count - 1], i);
    }
  }

  std::vector<int> done;
  done.reserve(size);
  for (int i = 0; i < size; ++i) {
    if (missing[i] == 0) done.push_back(i);
  }
  for (std::size_t next = 0; next < done.size(); ++next) {
    const int a = done[next];
    for (const int b : after[a]) {
      std::uint32_t* const row = &before_[std::size_t(threads) * b];
      for (int thread = 0; thread < threads; ++thread) {
        row[thread] = std::max(row[thread], Before(a)[thread]);
      }
      row[thread_[a]] = std::max(row[thread_[a]], index_[a] + 1);
      if (--missing[b] == 0) done.push_back(b);
    }
  }
  for (int i = 0; i < size; ++i) {
    if (missing[i] != 0) return i;
  }
  // By times if there are any: they say more than the sequence found here.
  if (by_rank_.empty()) {
    by_rank_ = std::move(done);
    std::stable_partition(by_rank_.begin(), by_rank_.end(), [&](int i) { return !pending_[i]; });
  }
  return -1;
}

Order Order::Of(std::span<const int> operations) const {
  constexpr int kNone = -1;
  std::vector<int> renamed(index_.size(), kNone);
  for (std::size_t i = 0; i < operations.size(); ++i) renamed[operations[i]] = static_cast<int>(i);

  Order order;
  order.sequences_.resize(sequences_.size());
  order.thread_.resize(operations.size());
  order.index_.resize(operations.size());
  order.pending_.resize(operations.size());
  // For each thread, how many of its first few operations are kept.
  std::vector<std::vector<std::uint32_t>> kept(sequences_.size());
  for (std::size_t thread = 0; thread < sequences_.size(); ++thread) {
    std::vector<int>& sequence = order.sequences_[thread];
    kept[thread].push_back(0);
    for (const int old : sequences_[thread]) {
      if (const int i = renamed[old]; i != kNone) {
        order.thread_[i] = static_cast<int>(thread);
        order.index_[i] = static_cast<std::uint32_t>(sequence.size());
        order.pending_[i] = pending_[old];
        sequence.push_back(i);
      }
      kept[thread].push_back(static_cast<std::uint32_t>(sequence.size()));
    }
  }
  order.before_.reserve(operations.size() * sequences_.size());
  for (const int old : operations) {
    for (std::size_t thread = 0; thread < sequences_.size(); ++thread) {
      order.before_.push_back(kept[thread][Before(old)[thread]]);
    }
  }
  for (const int old : by_rank_) {
    if (renamed[old] != kNone) order.by_rank_.push_back(renamed[old]);
  }
  return order;
}

}  // namespace ashlar::verification::linearizability
