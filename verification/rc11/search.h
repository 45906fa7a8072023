// search.h
// --------
// Search: explores what can grow from a graph. The algorithm of explorer.h, one worker of it.
#ifndef ASHLAR_VERIFICATION_RC11_SEARCH_H_
#define ASHLAR_VERIFICATION_RC11_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/event_set.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/frontier.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/options.h"
#include "ashlar/verification/rc11/path.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/replay.h"

namespace ashlar::verification::rc11 {

// Called with each execution. The program is where the execution ended. False stops.
using Observer = std::function<bool(const Graph& graph, bool blocked)>;

class Search {
 public:
  Search(Program& program, const Options& options, const Observer& observer, Frontier& frontier)
      : program_(program),
        options_(options),
        observer_(observer),
        frontier_(frontier),
        replay_(program) {}

  // Explores what can grow from the graph at the end of a path, or only that graph. False
  // if the program has no such path.
  [[nodiscard]] bool Run(const Work& work, bool only_this);

  // Of all that was explored: the counts, and the first failure with its token.
  const Result& result() const { return result_; }

 private:
  // Brings the program and `graph` to where `path` ends. What the last event's thread does
  // next, and that of the read which reads from it, is left open.
  bool Build(const Path& path, Graph& graph);
  bool BuildStep(const Path& path, std::size_t step, Graph& graph);
  bool SetValue(const Path& path, std::size_t step, EventId write, Graph& graph);

  // Explores all that `graph`, which satisfies the axioms, can grow to, which has `share` of
  // the whole. Leaves it as it was.
  void Visit(Graph& graph, double share);
  void VisitFence(Graph& graph, int thread, double share);
  void VisitRead(Graph& graph, int thread, double share);
  void VisitAwait(Graph& graph, int thread, double share);
  void VisitWrite(Graph& graph, int thread, double share);
  // Explores each place that `write` can have in its modification order, alone or with
  // `read`, which reads from it. Gives back what is left of the share.
  double VisitPlaces(Graph& graph, EventId write, EventId read, double share);
  // Lets earlier reads, of which there are `readers`, read from `write`, which has no place
  // yet.
  double VisitReaders(const Graph& graph, EventId write, int readers, double share);
  // Lets `read` do so, without the events in `deleted`.
  double Revisit(const Graph& graph, EventId write, EventId read, const EventSet& deleted,
                 double share);
  void VisitFailed(Graph& graph, int thread, double share);
  void Complete(const Graph& graph);

  // The thread whose operation comes next: a function of the graph. -1 if there is none.
  int NextThread(const Graph& graph) const;
  bool Append(Graph& graph, int thread, EventId* id);
  // Visits `graph`, in which `event` is new, and `read` reads from it if there is one.
  void Enter(Graph& graph, EventId event, EventId read, double share);
  // The same, or gives it away.
  void Advance(Graph& graph, EventId event, EventId read, double share);
  // The next operation of a thread whose last event in `graph` is new.
  void Resume(const Graph& graph, int thread);
  void Fail(const Graph& graph, const Failure& failure);
  void FindHang(const Graph& graph);
  // Whether `thread` can go no further.
  bool Waits(const Graph& graph, int thread) const;
  // Tells the frontier what was explored.
  void Account();
  template <class Callback>
  bool Call(const Callback& callback);

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
  bool Maximal(const Graph& graph, EventId event, const EventSet& present) const;
  bool HoldsAtomicity() const {
    return options_.without != Rule::kAtomicityOfNew && options_.without != Rule::kAtomicityOfOld;
  }

  // Graphs are kept for the next revisit, so that exploring does not allocate.
  Graph& NewGraph() {
    if (graphs_in_use_ == graphs_.size())
      graphs_.push_back(std::make_unique_for_overwrite<Graph>());
    return *graphs_[graphs_in_use_++];
  }
  void FreeGraph() { --graphs_in_use_; }

  Program& program_;
  const Options& options_;
  const Observer& observer_;
  Frontier& frontier_;
  Result result_;
  Replay replay_;
  Operation pending_[Graph::kMaxThreads];  // what each thread does next
  std::vector<std::unique_ptr<Graph>> graphs_;
  std::size_t graphs_in_use_ = 0;
  bool only_this_ = false;  // whether graphs do not grow
  int depth_ = 0;           // how many branches lead to the graph

  // Explored since the frontier was told.
  double share_ = 0;
  std::uint64_t told_executions_ = 0;
  std::uint64_t told_blocked_ = 0;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_SEARCH_H_
