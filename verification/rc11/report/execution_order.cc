#include "ashlar/verification/rc11/report/execution_order.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace ashlar::verification::rc11 {
namespace {

constexpr std::size_t kMaxStates = std::size_t{1} << 20;

// How far each thread has come, in steps.
using Position = std::array<std::uint8_t, Graph::kMaxThreads>;

struct Node {
  Step step;
  Position after = {};   // comes after so many steps of each thread
  Position before = {};  // is overtaken once a thread has made more steps than this
};

class Line {
 public:
  explicit Line(const Graph& graph) : graph_(graph) {
    for (int thread = 0; thread < graph.Threads(); ++thread) AddSteps(thread);
    for (std::vector<Node>& thread : threads_) {
      for (Node& node : thread) Constrain(node);
    }
  }

  std::vector<Step> Steps() const {
    std::vector<Step> steps;
    Position position = {};
    for (const int thread : States() <= kMaxStates ? Best() : Greedy()) {
      Node node = threads_[thread][position[thread]++];
      if (Overtaken(node, position)) node.step.overtaken = Newest(node.step, position);
      steps.push_back(node.step);
    }
    return steps;
  }

 private:
  void AddSteps(int thread) {
    std::vector<Node>& nodes = threads_.emplace_back();
    for (int index = 0; index < graph_.ThreadSize(thread); ++index) {
      const EventId id = graph_.ThreadAt(thread, index);
      if (graph_[id].IsWrite() && graph_[id].operation.rmw) {
        const bool has_choice = graph_.RmwRead(id) != nodes.back().step.event;
        const EventId choice = has_choice ? nodes.back().step.event : Graph::kNone;
        if (has_choice) nodes.pop_back();
        nodes.back().step.choice = choice;
        nodes.back().step.write = id;
        if (has_choice) step_of_[choice] = static_cast<std::uint8_t>(nodes.size() - 1);
      } else {
        nodes.push_back({.step = {.event = id}});
      }
      step_of_[id] = static_cast<std::uint8_t>(nodes.size() - 1);
    }
  }

  void Constrain(Node& node) {
    const Event& event = graph_[node.step.event];
    event.porf.ForEach([&](EventId id) {
      std::uint8_t& after = node.after[graph_[id].thread];
      after = std::max<std::uint8_t>(after, step_of_[id] + 1);
    });
    node.before.fill(std::numeric_limits<std::uint8_t>::max());
    for (EventId id = NextInMo(node.step); id != Graph::kNone; id = graph_[id].mo_after) {
      std::uint8_t& before = node.before[graph_[id].thread];
      before = std::min(before, step_of_[id]);
    }
  }

  // The first of the writes that should come later.
  EventId NextInMo(const Step& step) const {
    const EventId last = step.write != Graph::kNone ? step.write : step.event;
    const Event& event = graph_[last];
    if (event.IsFence()) return Graph::kNone;
    return event.IsRead() ? graph_[event.reads_from].mo_after : event.mo_after;
  }

  EventId Newest(const Step& step, const Position& position) const {
    EventId newest = Graph::kNone;
    for (EventId id = NextInMo(step); id != Graph::kNone; id = graph_[id].mo_after) {
      if (step_of_[id] < position[graph_[id].thread]) newest = id;
    }
    return newest;
  }

  bool Ready(const Node& node, const Position& position) const {
    for (int thread = 0; thread < graph_.Threads(); ++thread) {
      if (position[thread] < node.after[thread]) return false;
    }
    return true;
  }
  bool Overtaken(const Node& node, const Position& position) const {
    for (int thread = 0; thread < graph_.Threads(); ++thread) {
      if (position[thread] > node.before[thread]) return true;
    }
    return false;
  }

  std::size_t States() const {
    std::size_t states = threads_.size();
    for (const std::vector<Node>& thread : threads_) {
      states *= thread.size() + 1;
      if (states > kMaxStates) break;
    }
    return states;
  }

  // The threads in the order in which they make their steps; of several that are best, the
  // one in which low threads come early. A state is a position and the thread that moved
  // last; positions are numbered so that every step leads to a higher one.
  std::vector<int> Best() const {
    constexpr std::uint32_t kOvertaken = 1024;  // more than there are changes of thread
    constexpr std::uint32_t kNever = std::numeric_limits<std::uint32_t>::max() / 2;
    struct State {
      std::uint32_t cost = kNever;  // of what is left
      std::uint8_t next = 0;
    };
    const auto threads = threads_.size();
    std::vector<std::size_t> stride(threads);
    std::size_t end = 1;
    for (std::size_t thread = 0; thread < threads; ++thread) {
      stride[thread] = end;
      end *= threads_[thread].size() + 1;
    }
    std::vector<State> states(end * threads);
    for (std::size_t last = 0; last < threads; ++last) states[(end - 1) * threads + last].cost = 0;
    for (std::size_t number = end - 1; number-- > 0;) {
      Position position = {};
      for (std::size_t thread = 0; thread < threads; ++thread) {
        position[thread] =
            static_cast<std::uint8_t>(number / stride[thread] % (threads_[thread].size() + 1));
      }
      for (std::size_t next = 0; next < threads; ++next) {
        if (position[next] == threads_[next].size()) continue;
        const Node& node = threads_[next][position[next]];
        if (!Ready(node, position)) continue;
        const std::uint32_t cost = states[(number + stride[next]) * threads + next].cost +
                                   (Overtaken(node, position) ? kOvertaken : 0);
        for (std::size_t last = 0; last < threads; ++last) {
          State& state = states[number * threads + last];
          const std::uint32_t total = std::min(cost + (last == next ? 0 : 1), kNever);
          if (total < state.cost) state = {total, static_cast<std::uint8_t>(next)};
        }
      }
    }

    // Whichever is first is no change of thread.
    std::vector<int> order;
    const auto first =
        std::min_element(states.begin(), states.begin() + static_cast<std::ptrdiff_t>(threads),
                         [](const State& a, const State& b) { return a.cost < b.cost; });
    auto last = static_cast<std::size_t>(first - states.begin());
    for (std::size_t number = 0; number != end - 1;) {
      last = states[number * threads + last].next;
      order.push_back(static_cast<int>(last));
      number += stride[last];
    }
    return order;
  }

  // Goes on with a thread for as long as it can, and overtakes only if all would.
  std::vector<int> Greedy() const {
    std::vector<int> order;
    Position position = {};
    int last = 0;
    for (;;) {
      int next = -1;
      bool next_overtakes = true;
      for (int i = 0; i < graph_.Threads(); ++i) {
        const int thread = (last + i) % graph_.Threads();
        if (position[thread] == threads_[thread].size()) continue;
        const Node& node = threads_[thread][position[thread]];
        if (!Ready(node, position)) continue;
        const bool overtakes = Overtaken(node, position);
        if (next >= 0 && (overtakes || !next_overtakes)) continue;
        next = thread;
        next_overtakes = overtakes;
      }
      if (next < 0) return order;
      order.push_back(next);
      ++position[next];
      last = next;
    }
  }

  const Graph& graph_;
  std::vector<std::vector<Node>> threads_;
  std::array<std::uint8_t, Graph::kMaxEvents> step_of_ = {};
};

}  // namespace

std::vector<Step> ExecutionOrder(const Graph& graph) { return Line(graph).Steps(); }

int ContextSwitches(const Graph& graph, const std::vector<Step>& steps) {
  int switches = 0;
  for (std::size_t i = 1; i < steps.size(); ++i) {
    switches += graph[steps[i].event].thread != graph[steps[i - 1].event].thread ? 1 : 0;
  }
  return switches;
}

}  // namespace ashlar::verification::rc11
