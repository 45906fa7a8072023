#include "ashlar/verification/rc11/report/smallest_failure.h"

#include <utility>

#include "ashlar/verification/rc11/report/execution_order.h"

namespace ashlar::verification::rc11 {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kClockInterval = 64;  // executions between two looks at the clock

EventSet WithPrefix(const Graph& graph, EventId id) { return graph[id].porf | EventSet::Of(id); }

}  // namespace

EventSet Irrelevant(const Graph& graph, const Failure& failure) {
  EventSet needed;
  if (failure.kind == Failure::Kind::kRace) {
    needed = WithPrefix(graph, failure.first) | WithPrefix(graph, failure.second);
  } else if (failure.kind == Failure::Kind::kWrong && failure.thread >= 0) {
    if (const int size = graph.ThreadSize(failure.thread); size > 0) {
      needed = WithPrefix(graph, graph.ThreadAt(failure.thread, size - 1));
    }
  } else {
    return EventSet();
  }
  EventSet irrelevant;
  for (int i = 0; i < graph.Size(); ++i) {
    if (!needed.Contains(graph.At(i))) irrelevant.Insert(graph.At(i));
  }
  return irrelevant;
}

bool SmallestFailure::Add(const Graph& graph, const Failure& failure) {
  const EventSet irrelevant = Irrelevant(graph, failure);
  const int size = graph.Size() - irrelevant.Size();
  if (smallest_ == nullptr) start_ = Clock::now();
  if (smallest_ == nullptr || size <= smallest_->Size()) {
    auto candidate = std::make_unique<Graph>();
    candidate->CopyWithout(graph, irrelevant);
    const int switches = ContextSwitches(*candidate, ExecutionOrder(*candidate));
    if (smallest_ == nullptr || size < smallest_->Size() || switches < switches_) {
      smallest_ = std::move(candidate);
      whole_ = std::make_unique<Graph>(graph);
      switches_ = switches;
      failure_ = failure;
    }
  }
  return GoOn();
}

bool SmallestFailure::GoOn() {
  if (smallest_ == nullptr) return true;
  if (++executions_ >= budget_.executions) return false;
  return executions_ % kClockInterval != 0 || Clock::now() - start_ < budget_.time;
}

}  // namespace ashlar::verification::rc11
