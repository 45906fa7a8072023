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
  return Run(graph, thread, graph.ThreadSize(thread));
}

bool Replay::RunAllAgain(const Graph& graph) {
  Operation first[Graph::kMaxThreads];
  program_.Restart();
  Start(first);
  // No read runs before the write that it reads from, so that what a thread hands to
  // another exists when that touches it.
  const auto can_run = [&](int thread, int index) {
    const Event& event = graph[graph.ThreadAt(thread, index)];
    if (!event.IsRead() || Graph::IsInitial(event.reads_from)) return true;
    const Event& write = graph[event.reads_from];
    return write.thread == thread || done_[write.thread] > write.index;
  };
  for (int left = graph.Size(); left > 0;) {
    for (int thread = 0; thread < graph.Threads(); ++thread) {
      int end = done_[thread];
      while (end < graph.ThreadSize(thread) && can_run(thread, end)) ++end;
      left -= end - done_[thread];
      if (!Run(graph, thread, end)) return false;
    }
  }
  return true;
}

bool Replay::Run(const Graph& graph, int thread, int end) {
  int& done = done_[thread];
  if (done == end) return true;
  // A thread that failed does not go on.
  const int last = graph.Failed(thread) && end == graph.ThreadSize(thread) ? end - 1 : end;
  PastEvent past[Graph::kMaxEvents];
  for (int i = done; i < last; ++i) {
    const Event& event = graph[graph.ThreadAt(thread, i)];
    past[i] = {&event.operation, event.value, event.choice};
  }
  const auto as_before = [&] {
    return next_[thread] == graph[graph.ThreadAt(thread, done)].operation;
  };
  if (done < last && as_before()) {
    next_[thread] = program_.ResumeAlong(thread, {past + done, past + last}, &done);
  }
  if (done == last && last < end && as_before()) ++done;
  if (done == end) return true;
  failure_.kind = Failure::Kind::kNotDeterministic;
  failure_.thread = thread;
  failure_.place = next_[thread].place;
  failure_.first = graph.ThreadAt(thread, done);
  return false;
}

}  // namespace ashlar::verification::rc11
