#include "ashlar/verification/rc11/replay.h"

namespace ashlar::verification::rc11 {

void Replay::Start(Operation* pending) {
  stale_ = 0;
  for (int thread = 0; thread < program_.Threads(); ++thread) {
    done_[thread] = 0;
    Resume(thread, 0);
    pending[thread] = next_[thread];
  }
}

bool Replay::Next(const Graph& graph, int thread, Operation* next) {
  const bool again = !independent_ && stale_ != 0;
  const bool caught_up = again ? RunAllAgain(graph) : CatchUpAlone(graph, thread);
  *next = next_[thread];
  return caught_up;
}

bool Replay::CatchUp(const Graph& graph) {
  if (!independent_ && stale_ != 0) return RunAllAgain(graph);
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    if (!CatchUpAlone(graph, thread)) return false;
  }
  return true;
}

bool Replay::CatchUpAlone(const Graph& graph, int thread) {
  if (stale_ >> thread & 1) {
    stale_ &= ~(1u << thread);
    program_.RestartThread(thread);
    done_[thread] = 0;
    Resume(thread, 0);
  }
  while (done_[thread] < graph.ThreadSize(thread)) {
    if (!Step(graph, thread)) return false;
  }
  return true;
}

bool Replay::RunAllAgain(const Graph& graph) {
  Operation first[Graph::kMaxThreads];
  program_.Restart();
  Start(first);
  // No read runs before the write that it reads from, so that what a thread hands to
  // another exists when that touches it.
  const auto can_step = [&](int thread) {
    if (done_[thread] == graph.ThreadSize(thread)) return false;
    const Event& event = graph[graph.ThreadAt(thread, done_[thread])];
    if (!event.IsRead() || Graph::IsInitial(event.reads_from)) return true;
    const Event& write = graph[event.reads_from];
    return done_[write.thread] > write.index;
  };
  for (int left = graph.Size(); left > 0;) {
    for (int thread = 0; thread < graph.Threads(); ++thread) {
      for (; can_step(thread); --left) {
        if (!Step(graph, thread)) return false;
      }
    }
  }
  return true;
}

bool Replay::Step(const Graph& graph, int thread) {
  const EventId id = graph.ThreadAt(thread, done_[thread]);
  if (next_[thread] != graph[id].operation) {
    failure_.kind = Failure::Kind::kNotDeterministic;
    failure_.thread = thread;
    failure_.place = next_[thread].place;
    failure_.first = id;
    return false;
  }
  ++done_[thread];
  // A thread that failed does not go on.
  if (graph.Failed(thread) && done_[thread] == graph.ThreadSize(thread)) return true;
  if (graph[id].operation.choices != 0) program_.Choose(thread, graph[id].choice);
  Resume(thread, graph[id].value);
  return true;
}

}  // namespace ashlar::verification::rc11
