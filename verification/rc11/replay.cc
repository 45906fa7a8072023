#include "ashlar/verification/rc11/replay.h"

#include <algorithm>

namespace ashlar::verification::rc11 {

void Replay::Start(Operation* pending) {
  stale_ = 0;
  for (int thread = 0; thread < program_.Threads(); ++thread) {
    done_[thread] = 0;
    pending[thread] = next_[thread] = program_.Resume(thread, 0);
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
    done_[thread] = kNotStarted;
  }
  return Run(graph, thread, graph.ThreadSize(thread));
}

bool Replay::RunAllAgain(const Graph& graph) {
  stale_ = 0;
  program_.Restart();
  std::fill_n(done_, graph.Threads(), kNotStarted);
  // No read runs before the write that it reads from, so that what a thread hands to
  // another exists when that touches it.
  const auto can_run = [&](int thread, int index) {
    const Event& event = graph[graph.ThreadAt(thread, index)];
    if (!event.IsRead() || Graph::IsInitial(event.reads_from)) return true;
    const Event& write = graph[event.reads_from];
    return write.thread == thread || done_[write.thread] > write.index;
  };
  for (int left = graph.Size() + graph.Threads(); left > 0;) {
    for (int thread = 0; thread < graph.Threads(); ++thread) {
      const int done = done_[thread];
      int end = std::max(done, 0);
      while (end < graph.ThreadSize(thread) && can_run(thread, end)) ++end;
      if (!Run(graph, thread, end)) return false;
      left -= end - done;
    }
  }
  return true;
}

bool Replay::Run(const Graph& graph, int thread, int end) {
  int& done = done_[thread];
  if (done == end) return true;
  const auto event = [&](int index) -> const Event& {
    return graph[graph.ThreadAt(thread, index)];
  };
  // A thread that failed does not go on.
  const int last =
      graph.Failed(thread) && end > 0 && end == graph.ThreadSize(thread) ? end - 1 : end;
  if (done < last && (done == kNotStarted || next_[thread] == event(done).operation)) {
    Value value = 0;
    if (done != kNotStarted) {
      value = event(done).value;
      if (event(done).operation.choices != 0) program_.Choose(thread, event(done).choice);
    }
    PastEvent past[Graph::kMaxEvents];
    const int first = ++done;
    for (int i = first; i < last; ++i)
      past[i] = {&event(i).operation, event(i).value, event(i).choice};
    next_[thread] = program_.ResumeAlong(thread, value, {past + first, past + last}, &done);
  }
  if (done == last && last < end && next_[thread] == event(done).operation) ++done;
  if (done == end) return true;
  failure_.kind = Failure::Kind::kNotDeterministic;
  failure_.thread = thread;
  failure_.place = next_[thread].place;
  failure_.first = graph.ThreadAt(thread, done);
  return false;
}

}  // namespace ashlar::verification::rc11
