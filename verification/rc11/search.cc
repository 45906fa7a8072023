#include "ashlar/verification/rc11/search.h"

#include <algorithm>
#include <mutex>
#include <optional>
#include <utility>

#include "ashlar/verification/rc11/liveness.h"

namespace ashlar::verification::rc11 {
namespace {

// Steps from one look at the clock to the next: some microseconds.
constexpr std::uint64_t kStepsBetweenLooks = 256;
// Work of fewer steps than that is not worth being handed over.
constexpr std::uint64_t kFewSteps = 1024;

// How many writes a location has, with the initial one.
int Writes(const Graph& graph, int location) {
  return (graph.Accesses(location) - graph.Reads()).Size() + 1;
}

// How many reads can be made to read from `write` at most.
int Readers(const Graph& graph, EventId write) {
  const Event& event = graph[write];
  return ((graph.Accesses(event.operation.location) & graph.Reads()) - event.porf).Size();
}

}  // namespace

bool Search::Run(const Work& work, bool only_this) {
  only_this_ = only_this;
  depth_ = work.depth;
  const std::uint64_t steps = result_.steps;
  Graph& graph = NewGraph();
  const bool built = Build(work.path, graph);
  if (built && graph.Size() == 0) {
    Visit(graph, work.share);
  } else if (built) {
    const EventId event = graph.At(graph.Size() - 1);
    EventId read = Graph::kNone;
    if (graph[event].IsWrite()) {
      // Only a read that was made to read from it does so yet.
      graph[event].readers.ForEach([&](EventId reader) { read = reader; });
    }
    Enter(graph, event, read, work.share);
  }
  FreeGraph();
  Account();
  if (result_.steps - steps < kFewSteps) frontier_.TookLittle();
  return built;
}

bool Search::Build(const Path& path, Graph& graph) {
  program_.Restart();
  graph.Reset(program_);
  graph.LeaveOut(options_.without);
  replay_.Start(pending_);
  for (std::size_t step = 0; step < path.steps.size(); ++step) {
    if (!BuildStep(path, step, graph)) return false;
  }
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    graph.SetFailed(thread, path.failed >> thread & 1);
  }
  return true;
}

bool Search::BuildStep(const Path& path, std::size_t index, Graph& graph) {
  const Path::Step& step = path.steps[index];
  if (step.thread >= graph.Threads()) return false;
  const Operation& operation = pending_[step.thread];
  if (operation.kind != step.kind) return false;
  if (step.kind == OperationKind::kRead || step.kind == OperationKind::kWrite) {
    graph.AddLocations(operation.location + 1);
  }
  EventId id;
  if (!graph.Append(step.thread, operation, &id)) return false;
  const EventId other = step.other == Path::kInitial ? Graph::Initial(operation.location)
                        : step.other < index         ? graph.At(step.other)
                                                     : Graph::kNone;
  if (other == Graph::kNone) {
    // It reads from what comes later. Until then its thread does nothing.
    pending_[step.thread] = Operation();
    return true;
  }
  if (step.kind == OperationKind::kWrite) {
    if (graph[other].operation.location != operation.location) return false;
    graph.PlaceAfter(id, other);
  }
  if (!SetValue(path, index, other, graph)) return false;
  if (step.kind != OperationKind::kWrite) return true;
  for (std::size_t read = 0; read < index; ++read) {
    const Path::Step& earlier = path.steps[read];
    if (earlier.kind != OperationKind::kRead || earlier.other != index) continue;
    if (!SetValue(path, read, id, graph)) return false;
  }
  return true;
}

bool Search::SetValue(const Path& path, std::size_t index, EventId write, Graph& graph) {
  const Path::Step& step = path.steps[index];
  const EventId id = graph.At(static_cast<int>(index));
  if (step.kind == OperationKind::kRead) {
    if (graph[write].operation.location != graph[id].operation.location) return false;
    graph.ReadFrom(id, write);
  }
  if (step.choice > graph[id].operation.choices) return false;
  graph.Choose(id, step.choice);
  // The last event is new, and so is what reads from it.
  const std::size_t last = path.steps.size() - 1;
  const bool is_new = index == last || (step.kind == OperationKind::kRead && step.other == last);
  if (is_new) return true;
  bool goes_on = (path.failed >> step.thread & 1) == 0;
  for (std::size_t later = index + 1; later <= last && !goes_on; ++later) {
    goes_on = path.steps[later].thread == step.thread;
  }
  return !goes_on || replay_.Next(graph, step.thread, &pending_[step.thread]);
}

void Search::Visit(Graph& graph, double share) {
  if (++result_.steps % kStepsBetweenLooks == 0) Account();
  const int thread = NextThread(graph);
  if (thread < 0) {
    Complete(graph);
    share_ += share;
    return;
  }
  const OperationKind kind = pending_[thread].kind;
  if (kind == OperationKind::kFail) return VisitFailed(graph, thread, share);
  if (only_this_ && graph.Size() < options_.max_events) return;
  switch (kind) {
    case OperationKind::kRead:
      return pending_[thread].await ? VisitAwait(graph, thread, share)
                                    : VisitRead(graph, thread, share);
    case OperationKind::kWrite:
      return VisitWrite(graph, thread, share);
    default:
      return VisitFence(graph, thread, share);
  }
}

void Search::VisitFailed(Graph& graph, int thread, double share) {
  Failure failure = program_.WhyFailed(thread);
  failure.thread = thread;
  failure.place = pending_[thread].place;
  Fail(graph, failure);
  graph.SetFailed(thread, true);
  if (!frontier_.Stopped()) Visit(graph, share);
  graph.SetFailed(thread, false);
}

// Below, a branch gets its part of what is left of the share of its node, so that what has
// turned out to be no branch leaves more to the others.

void Search::VisitFence(Graph& graph, int thread, double share) {
  EventId fence;
  if (!Append(graph, thread, &fence)) return;
  const int ways = 1 + Choices(graph, fence);
  for (int choice = 0; choice < ways && !frontier_.Stopped(); ++choice) {
    graph.Choose(fence, choice);
    Advance(graph, fence, Graph::kNone, share / ways);
  }
  graph.RemoveLast();
}

void Search::VisitAwait(Graph& graph, int thread, double share) {
  const EventId write = Awaited(graph, pending_[thread]);
  EventId read;
  if (!Append(graph, thread, &read)) return;
  graph.ReadFrom(read, write);
  Advance(graph, read, Graph::kNone, share);
  graph.RemoveLast();
}

void Search::VisitRead(Graph& graph, int thread, double share) {
  EventId read;
  const int location = pending_[thread].location;
  graph.AddLocations(location + 1);
  if (!Append(graph, thread, &read)) return;
  EventId write = graph.MoLast(location);
  for (int left = Writes(graph, location); left > 0 && !frontier_.Stopped(); --left) {
    graph.ReadFrom(read, write);
    if (!Coherent(graph, read)) break;  // nor is an older write
    const int ways = 1 + Choices(graph, read);
    for (int choice = 0; choice < ways && !frontier_.Stopped(); ++choice) {
      graph.Choose(read, choice);
      if (!Consistent(graph, read)) continue;
      const double part = share / (left + ways - choice - 1);
      share -= part;
      Advance(graph, read, Graph::kNone, part);
    }
    write = graph[write].mo_before;
  }
  share_ += share;
  graph.RemoveLast();
}

void Search::VisitWrite(Graph& graph, int thread, double share) {
  EventId write;
  const int location = pending_[thread].location;
  graph.AddLocations(location + 1);
  if (!Append(graph, thread, &write)) return;
  const int readers = Readers(graph, write);
  const int places = graph[write].operation.rmw ? 1 : Writes(graph, location) - 1;
  const double part = share * places / (places + readers);
  share -= part - VisitPlaces(graph, write, Graph::kNone, part);
  if (readers > 0 && options_.without != Rule::kRevisits)
    share = VisitReaders(graph, write, readers, share);
  share_ += share;
  graph.RemoveLast();
}

double Search::VisitPlaces(Graph& graph, EventId write, EventId read, double share) {
  const int location = graph[write].operation.location;
  // That of a read-modify-write is where it read from, if nobody has it.
  const bool only_one = HoldsAtomicity() && graph[write].operation.rmw;
  EventId place = only_one ? graph[graph.RmwRead(write)].reads_from : graph.MoLast(location);
  for (int left = only_one ? 1 : Writes(graph, location) - 1; left > 0 && !frontier_.Stopped();
       --left) {
    if (Atomicity(graph, write, place, options_.without)) {
      graph.PlaceAfter(write, place);
      const bool coherent =
          Coherent(graph, write) && (read == Graph::kNone || Coherent(graph, read));
      if (coherent && Consistent(graph, write)) {
        const double part = share / left;
        share -= part;
        Advance(graph, write, read, part);
      }
      graph.Displace(write);
      if (!coherent || options_.without == Rule::kOlderPlaces) break;  // nor is an older place
    }
    place = graph[place].mo_before;
  }
  return share;
}

double Search::VisitReaders(const Graph& graph, EventId write, int readers, double share) {
  const int location = graph[write].operation.location;
  const EventSet prefix = graph[write].porf | EventSet::Of(write);
  const EventId rival = HoldsAtomicity() ? Rival(graph, write) : Graph::kNone;
  if (rival != Graph::kNone && prefix.Contains(rival)) return share;
  EventSet deleted;
  EventSet present = graph.Events();  // without those
  for (int i = graph.Size() - 1; readers > 0 && !frontier_.Stopped(); --i) {
    const EventId event = graph.At(i);
    if (prefix.Contains(event)) continue;
    if (!Maximal(graph, event, present)) break;
    const Operation& operation = graph[event].operation;
    const bool reads = graph[event].IsRead() && operation.location == location && !operation.await;
    if (reads && (rival == Graph::kNone || deleted.Contains(rival))) {
      const double part = share / readers;
      share -= part - Revisit(graph, write, event, deleted, part);
    }
    readers -= graph[event].IsRead() && operation.location == location;
    deleted.Insert(event);
    present.Remove(event);
  }
  return share;
}

double Search::Revisit(const Graph& graph, EventId write, EventId read, const EventSet& deleted,
                       double share) {
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
  const int ways = 1 + Choices(revisited, read);
  for (int choice = 0; choice < ways && !frontier_.Stopped(); ++choice) {
    revisited.Choose(read, choice);
    const double part = share / (ways - choice);
    share += VisitPlaces(revisited, write, read, part) - part;
  }
  replay_.Forget(revisited[read].thread);
  FreeGraph();
  std::copy_n(pending, graph.Threads(), pending_);
  return share;
}

EventId Search::Rival(const Graph& graph, EventId write) {
  const Event& event = graph[write];
  if (!event.operation.rmw) return Graph::kNone;
  const EventId next = graph[graph[graph.RmwRead(write)].reads_from].mo_after;
  return next != Graph::kNone && graph[next].operation.rmw ? next : Graph::kNone;
}

bool Search::Maximal(const Graph& graph, EventId id, const EventSet& present) const {
  const Event& event = graph[id];
  if (event.choice != 0) return false;
  if (event.IsFence() || event.operation.await) return true;
  EventId newer;
  if (event.IsRead()) {
    if (options_.without == Rule::kMaximalRead) return true;
    newer = graph[event.reads_from].mo_after;
  } else {
    const bool is_read = event.readers.Intersects(present);
    if (is_read && options_.without != Rule::kMaximalWriteIsUnread) return false;
    if (options_.without == Rule::kMaximalWriteIsNewest) return true;
    newer = event.mo_after;
  }
  for (; newer != Graph::kNone; newer = graph[newer].mo_after) {
    if (present.Contains(newer)) return false;
  }
  return true;
}

void Search::Complete(const Graph& graph) {
  if (options_.go_on != nullptr && !Call(options_.go_on)) {
    frontier_.End(Result::Status::kStopped);
  }
  if (graph.AnyFailed()) return;
  bool blocked = false;
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    blocked = blocked || Waits(graph, thread);
  }
  ++(blocked ? result_.blocked : result_.executions);
  if (observer_ != nullptr) {
    if (!replay_.CatchUp(graph)) return Fail(graph, replay_.failure());
    if (!Call([&] { return observer_(graph, blocked); })) {
      frontier_.End(Result::Status::kStopped);
    }
  }
  if (blocked) {
    if (options_.on_failure != nullptr) FindHang(graph);
  } else if (const std::optional<Failure> failure = program_.Finish(graph)) {
    Fail(graph, *failure);
  }
  frontier_.CountExecution();
}

template <class Callback>
bool Search::Call(const Callback& callback) {
  const std::lock_guard lock(frontier_.callbacks());
  return callback();
}

void Search::Account() {
  frontier_.Explored(result_.executions - told_executions_, result_.blocked - told_blocked_,
                     std::exchange(share_, 0));
  told_executions_ = result_.executions;
  told_blocked_ = result_.blocked;
}

bool Search::Waits(const Graph& graph, int thread) const {
  const Operation& operation = pending_[thread];
  return operation.kind == OperationKind::kSpin ||
         (operation.await && graph.ThreadSize(thread) > 0);  // else it was not started
}

EventId Search::Awaited(const Graph& graph, const Operation& await) {
  if (await.location >= graph.Locations()) return Graph::kNone;
  EventId write = Graph::kNone;
  EventId older = graph.MoLast(await.location);
  while (older != Graph::kNone && (graph[older].value & await.value) == 0) {
    write = older;
    older = graph[older].mo_before;
  }
  return write;
}

int Search::Choices(const Graph& graph, EventId id) const {
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

void Search::FindHang(const Graph& graph) {
  Failure failure;
  failure.kind = Failure::Kind::kHang;
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    if (!Waits(graph, thread)) continue;
    if (pending_[thread].await && pending_[thread].accident) return;  // an accident may end it
    failure.waiting.push_back({thread, pending_[thread].place});
  }
  if (!replay_.CatchUp(graph)) return Fail(graph, replay_.failure());
  const bool wait_for_ever = WaitForEver(program_, graph, pending_);
  for (int thread = 0; thread < graph.Threads(); ++thread) replay_.Forget(thread);
  if (!wait_for_ever) return;
  failure.thread = failure.waiting.front().thread;
  failure.place = failure.waiting.front().place;
  Fail(graph, failure);
}

void Search::Fail(const Graph& graph, const Failure& failure) {
  ++result_.failures;
  if (!result_.failure) {
    result_.failure = failure;
    result_.token = ToText(PathTo(graph));
  }
  const bool go_on =
      options_.on_failure != nullptr && Call([&] { return options_.on_failure(graph, failure); });
  if (!go_on || failure.kind == Failure::Kind::kNotDeterministic) {
    frontier_.End(Result::Status::kFailed);
  }
}

int Search::NextThread(const Graph& graph) const {
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

bool Search::Append(Graph& graph, int thread, EventId* id) {
  if (options_.max_events < Graph::kMaxEvents && graph.Size() >= options_.max_events) {
    ++result_.cut;
    return false;
  }
  if (graph.Append(thread, pending_[thread], id)) return true;
  Failure failure;
  failure.kind = Failure::Kind::kTooLarge;
  failure.thread = thread;
  failure.place = pending_[thread].place;
  Fail(graph, failure);
  return false;
}

void Search::Advance(Graph& graph, EventId event, EventId read, double share) {
  if (frontier_.Saving() || frontier_.Wants(depth_)) {
    return frontier_.Add({PathTo(graph), share, depth_});
  }
  Enter(graph, event, read, share);
}

void Search::Enter(Graph& graph, EventId event, EventId read, double share) {
  const int thread = graph[event].thread;
  const int reader = read == Graph::kNone ? thread : graph[read].thread;
  graph.SetFailed(thread, Races(graph, event));
  if (reader != thread) graph.SetFailed(reader, Races(graph, read));
  Resume(graph, thread);
  if (reader != thread) Resume(graph, reader);
  ++depth_;
  if (!frontier_.Stopped()) Visit(graph, share);
  --depth_;
  graph.SetFailed(thread, false);
  graph.SetFailed(reader, false);
  replay_.Forget(thread);
  replay_.Forget(reader);
  pending_[thread] = graph[event].operation;
}

void Search::Resume(const Graph& graph, int thread) {
  if (frontier_.Stopped() || graph.Failed(thread)) return;
  if (!replay_.Next(graph, thread, &pending_[thread])) Fail(graph, replay_.failure());
}

bool Search::LeadsOn(const Graph& graph, EventId id) {
  const Event& event = graph[id];
  return (event.IsRead() ? graph[event.reads_from].mo_after : event.mo_after) != Graph::kNone;
}

bool Search::Coherent(const Graph& graph, EventId event) const {
  if (!LeadsOn(graph, event)) return true;
  if (options_.model == Model::kSc) return SequentialConsistency(graph);
  return Coherence(graph, event, options_.without);
}

bool Search::Consistent(const Graph& graph, EventId event) const {
  if (graph[event].IsWrite() && graph[event].operation.sleeps && !QueueOrder(graph, event)) {
    return false;
  }
  if (options_.model == Model::kSc || !LeadsOn(graph, event)) return true;
  return SeqCstAt(graph, event, options_.model, options_.without);
}

bool Search::Races(const Graph& graph, EventId event) {
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

}  // namespace ashlar::verification::rc11
