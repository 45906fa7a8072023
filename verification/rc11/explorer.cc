#include "ashlar/verification/rc11/explorer.h"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <vector>

#include "ashlar/verification/rc11/liveness.h"
#include "ashlar/verification/rc11/replay.h"

namespace ashlar::verification::rc11 {
namespace {

class Explorer {
 public:
  Explorer(Program& program, const Options& options, const Observer& observer)
      : program_(program), options_(options), observer_(observer), replay_(program) {}

  Result Run() {
    Graph& graph = NewGraph();
    program_.Restart();
    graph.Reset(program_);
    replay_.Start(pending_);
    Visit(graph);
    return result_;
  }

 private:
  // Explores all that `graph`, which satisfies the axioms, can grow to. Leaves it as it was.
  void Visit(Graph& graph);
  void VisitFence(Graph& graph, int thread);
  void VisitRead(Graph& graph, int thread);
  void VisitAwait(Graph& graph, int thread);
  void VisitWrite(Graph& graph, int thread);
  // Explores each place that `write` can have in its modification order, alone or with
  // `read`, which reads from it.
  void VisitPlaces(Graph& graph, EventId write, EventId read);
  // Lets earlier reads read from `write`, which has no place yet.
  void VisitReaders(const Graph& graph, EventId write);
  // Lets `read` do so, without the events in `deleted`.
  void Revisit(const Graph& graph, EventId write, EventId read, const EventSet& deleted);
  void Complete(const Graph& graph);

  // The thread whose operation comes next: a function of the graph. -1 if there is none.
  int NextThread(const Graph& graph) const;
  bool Append(Graph& graph, int thread, EventId* id);
  // Visits `graph`, in which `event` is new, and `read` reads from it if there is one.
  void Advance(Graph& graph, EventId event, EventId read = Graph::kNone);
  // The next operation of a thread whose last event in `graph` is new.
  void Resume(const Graph& graph, int thread);
  void Stop(Result::Status status) {
    if (result_.status == Result::Status::kComplete) result_.status = status;
    stopped_ = true;
  }
  void Fail(const Graph& graph, const Failure& failure);
  void FindHang(const Graph& graph);
  // Whether `thread` can go no further.
  bool Waits(const Graph& graph, int thread) const;

  // The write that ends the wait. kNone if there is none yet.
  static EventId Awaited(const Graph& graph, const Operation& await);
  // In how many ways besides the first `event` can come out here.
  int Choices(const Graph& graph, EventId event) const;
  // Whether anything is after a new event: if not, no cycle goes through it.
  static bool LeadsOn(const Graph& graph, EventId event);
  bool Coherent(const Graph& graph, EventId event) const;
  bool Consistent(const Graph& graph, EventId event) const;
  // Whether `event` races with another. Tells of it.
  bool Races(const Graph& graph, EventId event);
  // Of a read-modify-write's write: the write of another one that read the same, while
  // which is there this one has no place.
  static EventId Rival(const Graph& graph, EventId write);
  // Whether `event` was chosen as if it were newest, among the events in `present`.
  static bool Maximal(const Graph& graph, EventId event, const EventSet& present);

  // Graphs are kept for the next revisit, so that exploring does not allocate.
  Graph& NewGraph() {
    if (graphs_in_use_ == graphs_.size()) graphs_.push_back(std::make_unique<Graph>());
    return *graphs_[graphs_in_use_++];
  }
  void FreeGraph() { --graphs_in_use_; }

  Program& program_;
  const Options options_;
  const Observer& observer_;
  Result result_;
  bool stopped_ = false;
  Replay replay_;
  Operation pending_[Graph::kMaxThreads];  // what each thread does next
  std::vector<std::unique_ptr<Graph>> graphs_;
  std::size_t graphs_in_use_ = 0;
};

void Explorer::Visit(Graph& graph) {
  ++result_.steps;
  const int thread = NextThread(graph);
  if (thread < 0) return Complete(graph);
  switch (pending_[thread].kind) {
    case OperationKind::kRead:
      return pending_[thread].await ? VisitAwait(graph, thread) : VisitRead(graph, thread);
    case OperationKind::kWrite:
      return VisitWrite(graph, thread);
    case OperationKind::kFail: {
      Failure failure = program_.WhyFailed(thread);
      failure.thread = thread;
      failure.place = pending_[thread].place;
      Fail(graph, failure);
      graph.SetFailed(thread, true);
      Visit(graph);
      return graph.SetFailed(thread, false);
    }
    default:
      return VisitFence(graph, thread);
  }
}

void Explorer::VisitFence(Graph& graph, int thread) {
  EventId fence;
  if (!Append(graph, thread, &fence)) return;
  for (int choice = 0; choice <= Choices(graph, fence) && !stopped_; ++choice) {
    graph.Choose(fence, choice);
    Advance(graph, fence);
  }
  graph.RemoveLast();
}

void Explorer::VisitAwait(Graph& graph, int thread) {
  const EventId write = Awaited(graph, pending_[thread]);
  EventId read;
  if (!Append(graph, thread, &read)) return;
  graph.ReadFrom(read, write);
  Advance(graph, read);
  graph.RemoveLast();
}

void Explorer::VisitRead(Graph& graph, int thread) {
  EventId read;
  graph.AddLocations(pending_[thread].location + 1);
  EventId write = graph.MoLast(pending_[thread].location);
  if (!Append(graph, thread, &read)) return;
  for (; write != Graph::kNone && !stopped_; write = graph[write].mo_before) {
    graph.ReadFrom(read, write);
    if (!Coherent(graph, read)) break;  // nor is an older write
    for (int choice = 0; choice <= Choices(graph, read) && !stopped_; ++choice) {
      graph.Choose(read, choice);
      if (Consistent(graph, read)) Advance(graph, read);
    }
  }
  graph.RemoveLast();
}

void Explorer::VisitWrite(Graph& graph, int thread) {
  EventId write;
  graph.AddLocations(pending_[thread].location + 1);
  if (!Append(graph, thread, &write)) return;
  VisitPlaces(graph, write, Graph::kNone);
  if (!stopped_) VisitReaders(graph, write);
  graph.RemoveLast();
}

void Explorer::VisitPlaces(Graph& graph, EventId write, EventId read) {
  EventId place = graph.MoLast(graph[write].operation.location);
  for (; place != Graph::kNone && !stopped_; place = graph[place].mo_before) {
    if (options_.atomicity && !Atomicity(graph, write, place)) continue;
    graph.PlaceAfter(write, place);
    const bool coherent = Coherent(graph, write) && (read == Graph::kNone || Coherent(graph, read));
    if (coherent && Consistent(graph, write)) Advance(graph, write, read);
    graph.Displace(write);
    if (!coherent) break;  // nor is an older place
  }
}

void Explorer::VisitReaders(const Graph& graph, EventId write) {
  const int location = graph[write].operation.location;
  const EventSet prefix = graph[write].porf | EventSet::Of(write);
  const EventId rival = options_.atomicity ? Rival(graph, write) : Graph::kNone;
  if (rival != Graph::kNone && prefix.Contains(rival)) return;
  EventSet deleted;
  EventSet present = graph.Events();  // without those
  for (int i = graph.Size() - 1; i >= 0 && !stopped_; --i) {
    const EventId event = graph.At(i);
    if (prefix.Contains(event)) continue;
    if (!Maximal(graph, event, present)) break;
    const Operation& operation = graph[event].operation;
    const bool reads = graph[event].IsRead() && operation.location == location && !operation.await;
    if (reads && (rival == Graph::kNone || deleted.Contains(rival))) {
      Revisit(graph, write, event, deleted);
    }
    deleted.Insert(event);
    present.Remove(event);
  }
}

void Explorer::Revisit(const Graph& graph, EventId write, EventId read, const EventSet& deleted) {
  Operation pending[Graph::kMaxThreads];
  std::copy_n(pending_, graph.Threads(), pending);
  Graph& revisited = NewGraph();
  revisited.CopyWithout(graph, deleted);
  revisited.ReadFrom(read, write);
  revisited.SetFailed(revisited[read].thread, false);
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    const int size = revisited.ThreadSize(thread);
    if (size == graph.ThreadSize(thread)) continue;
    pending_[thread] = graph[graph.ThreadAt(thread, size)].operation;
    replay_.Forget(thread);
  }
  replay_.Forget(revisited[read].thread);
  ++result_.revisits;
  for (int choice = 0; choice <= Choices(revisited, read) && !stopped_; ++choice) {
    revisited.Choose(read, choice);
    VisitPlaces(revisited, write, read);
  }
  replay_.Forget(revisited[read].thread);
  FreeGraph();
  std::copy_n(pending, graph.Threads(), pending_);
}

EventId Explorer::Rival(const Graph& graph, EventId write) {
  const Event& event = graph[write];
  if (!event.operation.rmw) return Graph::kNone;
  const EventId next = graph[graph[graph.RmwRead(write)].reads_from].mo_after;
  return next != Graph::kNone && graph[next].operation.rmw ? next : Graph::kNone;
}

bool Explorer::Maximal(const Graph& graph, EventId id, const EventSet& present) {
  const Event& event = graph[id];
  if (event.choice != 0) return false;
  if (event.IsFence() || event.operation.await) return true;
  EventId newer;
  if (event.IsRead()) {
    newer = graph[event.reads_from].mo_after;
  } else {
    if (event.readers.Intersects(present)) return false;
    newer = event.mo_after;
  }
  for (; newer != Graph::kNone; newer = graph[newer].mo_after) {
    if (present.Contains(newer)) return false;
  }
  return true;
}

void Explorer::Complete(const Graph& graph) {
  if (options_.go_on != nullptr && !options_.go_on()) Stop(Result::Status::kStopped);
  if (graph.AnyFailed()) return;
  bool blocked = false;
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    blocked = blocked || Waits(graph, thread);
  }
  ++(blocked ? result_.blocked : result_.executions);
  if (observer_ != nullptr && !replay_.CatchUp(graph)) return Fail(graph, replay_.failure());
  if (observer_ != nullptr && !observer_(graph, blocked)) Stop(Result::Status::kStopped);
  if (blocked) {
    if (options_.on_failure != nullptr) FindHang(graph);
  } else if (const std::optional<Failure> failure = program_.Finish(graph)) {
    Fail(graph, *failure);
  }
  if (result_.executions + result_.blocked >= options_.max_executions) {
    Stop(Result::Status::kStopped);
  }
}

bool Explorer::Waits(const Graph& graph, int thread) const {
  const Operation& operation = pending_[thread];
  return operation.kind == OperationKind::kSpin ||
         (operation.await && graph.ThreadSize(thread) > 0);  // else it was not started
}

EventId Explorer::Awaited(const Graph& graph, const Operation& await) {
  if (await.location >= graph.Locations()) return Graph::kNone;
  EventId write = Graph::kNone;
  EventId older = graph.MoLast(await.location);
  while (older != Graph::kNone && (graph[older].value & await.value) == 0) {
    write = older;
    older = graph[older].mo_before;
  }
  return write;
}

int Explorer::Choices(const Graph& graph, EventId id) const {
  const Event& event = graph[id];
  if (event.operation.choices == 0) return 0;
  if (event.IsRead() && event.value != event.operation.value) return 0;
  if (event.operation.accident) {
    int accidents = 0;
    for (int i = 0; i < graph.Size(); ++i) {
      const Event& other = graph[graph.At(i)];
      accidents += other.operation.accident && other.choice != 0 && &other != &event;
    }
    if (accidents >= options_.max_accidents) return 0;
  }
  return event.operation.choices;
}

void Explorer::FindHang(const Graph& graph) {
  Failure failure;
  failure.kind = Failure::Kind::kHang;
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    if (!Waits(graph, thread)) continue;
    // An accident may end some.
    if (pending_[thread].await ? pending_[thread].accident : !WaitsForEver(graph, thread)) return;
    failure.waiting.push_back({thread, pending_[thread].place});
  }
  failure.thread = failure.waiting.front().thread;
  failure.place = failure.waiting.front().place;
  Fail(graph, failure);
}

void Explorer::Fail(const Graph& graph, const Failure& failure) {
  ++result_.failures;
  if (!result_.failure) result_.failure = failure;
  const bool go_on = options_.on_failure != nullptr && options_.on_failure(graph, failure);
  if (!go_on || failure.kind == Failure::Kind::kNotDeterministic) Stop(Result::Status::kFailed);
}

int Explorer::NextThread(const Graph& graph) const {
  int next = -1;
  for (int thread = graph.Threads() - 1; thread >= 0; --thread) {
    if (graph.Failed(thread)) continue;
    const Operation& operation = pending_[thread];
    if (operation.kind == OperationKind::kFail) return thread;
    if (operation.kind == OperationKind::kDone || operation.kind == OperationKind::kSpin) continue;
    // The halves of a read-modify-write follow each other, and a sleep the reason for it.
    if (operation.rmw && (operation.kind != OperationKind::kRead || operation.sleeps))
      return thread;
    if (operation.await && Awaited(graph, operation) == Graph::kNone) continue;
    next = thread;
  }
  return next;
}

bool Explorer::Append(Graph& graph, int thread, EventId* id) {
  if (graph.Append(thread, pending_[thread], id)) return true;
  Failure failure;
  failure.kind = Failure::Kind::kTooLarge;
  failure.thread = thread;
  failure.place = pending_[thread].place;
  Fail(graph, failure);
  return false;
}

void Explorer::Advance(Graph& graph, EventId event, EventId read) {
  const int thread = graph[event].thread;
  const int reader = read == Graph::kNone ? thread : graph[read].thread;
  graph.SetFailed(thread, Races(graph, event));
  if (reader != thread) graph.SetFailed(reader, Races(graph, read));
  Resume(graph, thread);
  if (reader != thread) Resume(graph, reader);
  if (!stopped_) Visit(graph);
  graph.SetFailed(thread, false);
  graph.SetFailed(reader, false);
  replay_.Forget(thread);
  replay_.Forget(reader);
  pending_[thread] = graph[event].operation;
}

void Explorer::Resume(const Graph& graph, int thread) {
  if (stopped_ || graph.Failed(thread)) return;
  if (!replay_.Next(graph, thread, &pending_[thread])) Fail(graph, replay_.failure());
}

bool Explorer::LeadsOn(const Graph& graph, EventId id) {
  const Event& event = graph[id];
  return (event.IsRead() ? graph[event.reads_from].mo_after : event.mo_after) != Graph::kNone;
}

bool Explorer::Coherent(const Graph& graph, EventId event) const {
  if (!LeadsOn(graph, event)) return true;
  if (options_.model == Model::kSc) return SequentialConsistency(graph);
  return !options_.coherence || Coherence(graph, event);
}

bool Explorer::Consistent(const Graph& graph, EventId event) const {
  if (graph[event].IsWrite() && graph[event].operation.sleeps && !QueueOrder(graph, event)) {
    return false;
  }
  if (options_.model == Model::kSc || !options_.seq_cst || !LeadsOn(graph, event)) return true;
  return SeqCst(graph, options_.model);
}

bool Explorer::Races(const Graph& graph, EventId event) {
  if (options_.on_failure == nullptr) return false;
  const Race race = FindRaceAt(graph, event);
  if (race.first == Graph::kNone) return false;
  Failure failure;
  failure.kind = Failure::Kind::kRace;
  failure.thread = graph[race.second].thread;
  failure.place = graph[race.second].operation.place;
  failure.first = race.first;
  failure.second = race.second;
  Fail(graph, failure);
  return true;
}

}  // namespace

Result Explore(Program& program, const Options& options, const Observer& observer) {
  return Explorer(program, options, observer).Run();
}

}  // namespace ashlar::verification::rc11
