#include "ashlar/verification/rc11/oracle_for_test.h"

#include <algorithm>
#include <memory>
#include <unordered_set>
#include <utility>
#include <vector>

#include "ashlar/verification/rc11/execution_hash.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/relation_for_test.h"

namespace ashlar::verification::rc11 {
namespace {

struct Node {
  int thread = -1;  // -1: an initial write
  int index = 0;
  Operation operation;
  Order order = Order::kPlain;
  Value value = 0;
  int reads_from = -1;
};

// An execution as lists. Initial writes are events 0, 1, ... and before all others.
struct Execution {
  std::vector<Node> nodes;
  std::vector<std::vector<int>> modification_order;  // by location
};

bool SameLocation(const Node& a, const Node& b) {
  return a.operation.kind != OperationKind::kFence && b.operation.kind != OperationKind::kFence &&
         a.operation.location == b.operation.location;
}

class Checker {
 public:
  explicit Checker(const Execution& execution)
      : nodes_(execution.nodes), size_(static_cast<int>(nodes_.size())) {
    for (int i = 0; i < size_; ++i) {
      for (int j = 0; j < size_; ++j) {
        const Node& a = nodes_[i];
        const Node& b = nodes_[j];
        if (SameLocation(a, b)) same_location.Add(i, j);
        if (b.thread < 0) continue;
        if (a.thread < 0 || (a.thread == b.thread && a.index < b.index)) sb.Add(i, j);
        if (a.thread == b.thread && a.index + 1 == b.index && a.operation.rmw && b.operation.rmw &&
            Is(a, OperationKind::kRead) && Is(b, OperationKind::kWrite)) {
          rmw.Add(i, j);
        }
      }
      if (nodes_[i].reads_from >= 0) rf.Add(nodes_[i].reads_from, i);
    }
    for (const std::vector<int>& order : execution.modification_order) {
      for (std::size_t i = 0; i < order.size(); ++i) {
        for (std::size_t j = i + 1; j < order.size(); ++j) mo.Add(order[i], order[j]);
      }
    }
    fr = rf.Inverse() * mo;
    eco = (rf | mo | fr).Plus();

    const Relation W = Those([](const Node& n) { return Is(n, OperationKind::kWrite); });
    const Relation F = Those([](const Node& n) { return Is(n, OperationKind::kFence); });
    const Relation R_atomic = Those(
        [](const Node& n) { return Is(n, OperationKind::kRead) && n.order != Order::kPlain; });
    const Relation W_atomic = Those(
        [](const Node& n) { return Is(n, OperationKind::kWrite) && n.order != Order::kPlain; });
    const Relation releases =
        Those([](const Node& n) { return !Is(n, OperationKind::kRead) && IsRelease(n.order); });
    const Relation acquires =
        Those([](const Node& n) { return !Is(n, OperationKind::kWrite) && IsAcquire(n.order); });
    const Relation rs = W * (rf * rmw).Star();
    const Relation sw = releases * (F * sb).Optional() * W_atomic * rs * rf * R_atomic *
                        (sb * F).Optional() * acquires;
    const Relation read_across = sb * W_atomic * rs * rf * R_atomic * sb;
    const Relation sw_asymmetric = light * read_across * heavy | heavy * read_across * light;
    hb = (sb | sw | sw_asymmetric).Plus();
  }

  bool Consistent(Model model) const {
    if (!(rmw & (fr * mo)).Empty()) return false;
    if (model == Model::kSc) return (sb | rf | mo | fr).Acyclic();
    return (sb | rf).Acyclic() && (hb * eco.Optional()).Irreflexive() && hb.Irreflexive() &&
           SeqCstAcyclic(model);
  }

  bool Racy() const {
    for (int i = 0; i < size_; ++i) {
      for (int j = 0; j < size_; ++j) {
        const Node& a = nodes_[i];
        const Node& b = nodes_[j];
        if (a.thread < 0 || b.thread < 0 || a.thread == b.thread || !SameLocation(a, b)) continue;
        const bool writes = Is(a, OperationKind::kWrite) || Is(b, OperationKind::kWrite);
        const bool plain = a.order == Order::kPlain || b.order == Order::kPlain;
        if (writes && plain && !hb.Has(i, j) && !hb.Has(j, i)) return true;
      }
    }
    return false;
  }

 private:
  static bool Is(const Node& node, OperationKind kind) { return node.operation.kind == kind; }

  template <class Predicate>
  Relation Those(Predicate predicate) const {
    Events events = 0;
    for (int i = 0; i < size_; ++i) {
      if (predicate(nodes_[i])) events |= Events{1} << i;
    }
    return Relation::Identity(size_, events);
  }

  bool SeqCstAcyclic(Model model) const {
    const Relation sc = Those([](const Node& n) { return IsSeqCst(n.order); });
    const Relation fsc =
        Those([](const Node& n) { return IsSeqCst(n.order) && Is(n, OperationKind::kFence); });
    const Relation sb_far = model == Model::kRc11Paper ? sb - same_location : sb;
    const Relation scb = sb | sb_far * hb * sb_far | (hb & same_location) | mo | fr;
    const Relation psc_base = (sc | fsc * hb.Optional()) * scb * (sc | hb.Optional() * fsc);
    const Relation between_fences = hb | hb * eco * hb;
    const Relation psc_fence = fsc * between_fences * fsc;
    const Relation psc_asymmetric = light * between_fences * heavy | heavy * between_fences * light;
    return (psc_base | psc_fence | psc_asymmetric).Acyclic();
  }

  const std::vector<Node>& nodes_;
  const int size_;
  Relation sb{size_}, rf{size_}, mo{size_}, fr{size_}, rmw{size_};
  const Relation light = Those([](const Node& n) { return n.order == Order::kLight; });
  const Relation heavy = Those([](const Node& n) { return n.order == Order::kHeavy; });
  Relation same_location{size_}, eco{size_}, hb{size_};
};

class Enumerator {
 public:
  Enumerator(Program& program, Model model, std::size_t limit)
      : program_(program), model_(model), limit_(limit) {}

  std::optional<Enumeration> Run() {
    Execution empty;
    for (int location = 0; location < program_.Locations(); ++location) {
      Node node;
      node.operation = Operation::Write(Order::kPlain, static_cast<std::uint8_t>(location), 0);
      node.value = program_.Initial(location);
      empty.nodes.push_back(node);
      empty.modification_order.push_back({location});
    }
    Visit(empty);
    if (looked_at_ > limit_) return std::nullopt;
    return std::move(found_);
  }

 private:
  void Visit(const Execution& execution) {
    const std::uint64_t hash = Hash(execution);
    if (!seen_.insert(hash).second) return;  // reached by another interleaving
    if (++looked_at_ > limit_ || !Checker(execution).Consistent(model_)) return;
    const std::vector<Operation> next = Next(execution);
    bool complete = true;
    for (int thread = 0; thread < program_.Threads(); ++thread) {
      const OperationKind kind = next[thread].kind;
      if (kind == OperationKind::kDone || kind == OperationKind::kSpin) continue;
      complete = false;
      Extend(execution, thread, next[thread]);
    }
    if (!complete) return;
    found_.executions.insert(hash);
    found_.racy += Checker(execution).Racy();
  }

  // What each thread does next.
  std::vector<Operation> Next(const Execution& execution) {
    program_.Restart();
    std::vector<Operation> next;
    for (int thread = 0; thread < program_.Threads(); ++thread) {
      next.push_back(program_.Resume(thread, 0));
    }
    for (const Node& node : execution.nodes) {
      if (node.thread >= 0) next[node.thread] = program_.Resume(node.thread, node.value);
    }
    return next;
  }

  void Extend(const Execution& execution, int thread, const Operation& operation) {
    Execution extended = execution;
    const int id = static_cast<int>(execution.nodes.size());
    if (id == Relation::kMaxEvents) {
      looked_at_ = limit_ + 1;
      return;
    }
    Node node;
    node.thread = thread;
    node.operation = operation;
    node.order = operation.order;
    node.value = operation.value;
    for (const Node& other : execution.nodes) node.index += other.thread == thread;
    extended.nodes.push_back(node);
    if (operation.kind == OperationKind::kFence) return Visit(extended);

    const std::vector<int>& writes = execution.modification_order[operation.location];
    for (std::size_t i = 0; i < writes.size(); ++i) {
      if (operation.kind == OperationKind::kRead) {
        Node& read = extended.nodes[id];
        read.reads_from = writes[i];
        read.value = execution.nodes[writes[i]].value;
        const bool fails = operation.compare && read.value != operation.value;
        read.order = fails ? operation.failure : operation.order;
      } else {
        std::vector<int> order = writes;
        order.insert(order.begin() + static_cast<std::ptrdiff_t>(i) + 1, id);
        extended.modification_order[operation.location] = order;
      }
      Visit(extended);
    }
  }

  // Appends the events as the explorer would.
  std::uint64_t Hash(const Execution& execution) {
    graph_->Reset(program_);
    std::vector<EventId> ids;
    for (const Node& node : execution.nodes) {
      EventId id = Graph::Initial(node.operation.location);
      if (node.thread >= 0) {
        if (!graph_->Append(node.thread, node.operation, &id)) return 0;
        if (node.reads_from >= 0) graph_->ReadFrom(id, ids[node.reads_from]);
      }
      ids.push_back(id);
    }
    for (const std::vector<int>& order : execution.modification_order) {
      for (std::size_t i = 1; i < order.size(); ++i) {
        graph_->PlaceAfter(ids[order[i]], ids[order[i - 1]]);
      }
    }
    return ExecutionHash(*graph_);
  }

  Program& program_;
  const Model model_;
  const std::size_t limit_;
  std::size_t looked_at_ = 0;
  std::unordered_set<std::uint64_t> seen_;
  const std::unique_ptr<Graph> graph_ = std::make_unique<Graph>();
  Enumeration found_;
};

}  // namespace

std::optional<Enumeration> Enumerate(Program& program, Model model, std::size_t limit) {
  return Enumerator(program, model, limit).Run();
}

}  // namespace ashlar::verification::rc11
