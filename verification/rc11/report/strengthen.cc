#include "ashlar/verification/rc11/report/strengthen.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>

#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/report/execution_order.h"

namespace ashlar::verification::rc11 {
namespace {

// The steps that one operation of the source makes.
struct Source {
  std::vector<std::size_t> steps;
  std::span<const Order> orders;  // that it could have, weak ones first
  std::size_t order = 0;          // which of them it has
};

constexpr Order kReads[] = {Order::kRelaxed, Order::kAcquire, Order::kSeqCst};
constexpr Order kWrites[] = {Order::kRelaxed, Order::kRelease, Order::kSeqCst};
constexpr Order kBoth[] = {Order::kRelaxed, Order::kAcquire, Order::kRelease, Order::kAcqRel,
                           Order::kSeqCst};
constexpr Order kLightFence[] = {Order::kLight, Order::kHeavy};
constexpr Order kFences[] = {Order::kAcquire, Order::kRelease, Order::kAcqRel, Order::kSeqCst};

bool IsStronger(Order a, Order b) {
  if (a == b || b == Order::kSeqCst) return false;
  if (a == Order::kSeqCst) return true;
  return (IsAcquire(a) || !IsAcquire(b)) && (IsRelease(a) || !IsRelease(b));
}

class Search {
 public:
  Search(const Graph& graph, const Failure& failure)
      : graph_(graph), failure_(failure), steps_(ExecutionOrder(graph)) {
    for (std::size_t i = 0; i < steps_.size(); ++i) AddToSource(i);
  }

  std::vector<Cure> Cures() {
    std::vector<Cure> cures = Singles(/*seq_cst=*/false);
    if (cures.empty()) cures = Singles(/*seq_cst=*/true);
    if (cures.empty()) cures = Fences();
    if (cures.empty()) cures = Set();
    return cures;
  }

 private:
  enum class Verdict { kFails, kOrdered, kImpossible };

  // Of each source: its order, as an index in `orders`, and whether each of its steps has
  // a fence after it.
  struct Variant {
    std::vector<std::size_t> orders;
    std::vector<bool> fences;
  };
  static constexpr std::size_t kNone = ~std::size_t{0};

  void AddToSource(std::size_t number) {
    const Step& step = steps_[number];
    if (!graph_[step.event].IsAtomic() || HasItsOrder(step)) return;
    for (Source& source : sources_) {
      if (!SameSource(steps_[source.steps.front()], step)) continue;
      source.steps.push_back(number);
      return;
    }
    Source source{.steps = {number}, .orders = Orders(step)};
    while (source.orders[source.order] != graph_[step.event].order) {
      if (++source.order == source.orders.size()) return;
    }
    sources_.push_back(source);
  }

  // What the platform does behind an object's back has the orders that it has.
  bool HasItsOrder(const Step& step) const {
    return graph_[step.event].operation.verb >= Verb::kConstruct;
  }

  // What has no place is an operation of its own.
  bool SameSource(const Step& a_step, const Step& b_step) const {
    const Operation& a = graph_[a_step.event].operation;
    const Operation& b = graph_[b_step.event].operation;
    return a.place.file != nullptr && b.place.file != nullptr && a.place.line == b.place.line &&
           std::strcmp(a.place.file, b.place.file) == 0 && a.kind == b.kind && a.rmw == b.rmw &&
           a.verb == b.verb && a.order == b.order && a.failure == b.failure &&
           graph_[a_step.event].order == graph_[b_step.event].order &&
           (a_step.write == Graph::kNone) == (b_step.write == Graph::kNone);
  }

  std::span<const Order> Orders(const Step& step) const {
    if (graph_[step.event].order == Order::kLight) return kLightFence;
    if (graph_[step.event].IsFence()) return kFences;
    if (step.write != Graph::kNone) return kBoth;
    if (graph_[step.event].IsWrite()) return kWrites;
    return kReads;  // a compare-exchange that failed is one too
  }

  Variant Original() const {
    Variant variant;
    for (const Source& source : sources_) variant.orders.push_back(source.order);
    variant.fences.resize(sources_.size());
    return variant;
  }

  std::vector<Cure> Singles(bool seq_cst) {
    std::vector<Cure> cures;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const Source& source = sources_[i];
      for (std::size_t order = source.order + 1; order < source.orders.size(); ++order) {
        if ((source.orders[order] == Order::kSeqCst) != seq_cst) continue;
        if (!IsStronger(source.orders[order], source.orders[source.order])) continue;
        Variant variant = Original();
        variant.orders[i] = order;
        if (AddCure(variant, &cures)) break;
      }
    }
    return cures;
  }

  std::vector<Cure> Fences() {
    std::vector<Cure> cures;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (AfterFence(i) == Graph::kNone) continue;
      Variant variant = Original();
      variant.fences[i] = true;
      AddCure(variant, &cures);
    }
    return cures;
  }

  // The smaller one of a set of orders and a set of fences.
  std::vector<Cure> Set() {
    std::vector<Cure> cures;
    if (!StrongOrders(/*seq_cst=*/false, &cures)) StrongOrders(/*seq_cst=*/true, &cures);
    AllFences(&cures);
    if (cures.size() == 2) {
      cures.erase(cures.begin() + (cures[0].changes.size() > cures[1].changes.size() ? 0 : 1));
    }
    return cures;
  }

  // Makes all orders strong, and then weakens again what can be.
  bool StrongOrders(bool seq_cst, std::vector<Cure>* cures) {
    Variant variant = Original();
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const std::size_t strongest = sources_[i].orders.size() - (seq_cst ? 1 : 2);
      variant.orders[i] = std::max(variant.orders[i], strongest);
    }
    if (Try(variant) == Verdict::kFails) return false;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const Source& source = sources_[i];
      const std::size_t strong = variant.orders[i];
      for (std::size_t order = source.order; order < strong; ++order) {
        const bool is_own = order == source.order;
        if (!is_own && !IsStronger(source.orders[order], source.orders[source.order])) continue;
        variant.orders[i] = order;
        if (Try(variant) != Verdict::kFails) break;
        variant.orders[i] = strong;
      }
    }
    return AddCure(variant, cures);
  }

  // Puts fences everywhere, and then takes away what can be.
  void AllFences(std::vector<Cure>* cures) {
    Variant variant = Original();
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      variant.fences[i] = AfterFence(i) != Graph::kNone;
    }
    if (Try(variant) == Verdict::kFails) return;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      if (!variant.fences[i]) continue;
      variant.fences[i] = false;
      if (Try(variant) == Verdict::kFails) variant.fences[i] = true;
    }
    AddCure(variant, cures);
  }

  bool AddCure(const Variant& variant, std::vector<Cure>* cures) {
    const Verdict verdict = Try(variant);
    if (verdict == Verdict::kFails) return false;
    Cure cure;
    cure.orders = verdict == Verdict::kOrdered;
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      const EventId event = steps_[sources_[i].steps.front()].event;
      if (variant.orders[i] != sources_[i].order) {
        cure.changes.push_back({event, sources_[i].orders[variant.orders[i]]});
      }
      if (variant.fences[i]) {
        cure.changes.push_back({event, Order::kSeqCst, AfterFence(i)});
      }
    }
    cures->push_back(cure);
    return true;
  }

  // What follows the first step of `source` that anything follows in its thread.
  EventId AfterFence(std::size_t source) const {
    for (const std::size_t step : sources_[source].steps) {
      const Event& event = graph_[steps_[step].event];
      const EventId last =
          steps_[step].write != Graph::kNone ? steps_[step].write : steps_[step].event;
      const int next = graph_[last].index + 1;
      if (next < graph_.ThreadSize(event.thread)) return graph_.ThreadAt(event.thread, next);
    }
    return Graph::kNone;
  }

  Verdict Try(const Variant& variant) {
    if (!Build(variant)) return Verdict::kFails;
    for (int i = 0; i < built_->Size(); ++i) {
      const EventId id = built_->At(i);
      if ((*built_)[id].IsFence()) continue;
      if (!Coherence(*built_, id)) return Verdict::kImpossible;
      const bool is_rmw = (*built_)[id].IsWrite() && (*built_)[id].operation.rmw;
      if (is_rmw && !IsAtomic(id)) return Verdict::kImpossible;
    }
    if (!SeqCst(*built_)) return Verdict::kImpossible;
    if (failure_.kind != Failure::Kind::kRace) return Verdict::kFails;
    const EventId first = new_id_[failure_.first];
    const EventId second = new_id_[failure_.second];
    const bool ordered =
        (*built_)[second].hb.Contains(first) || (*built_)[first].hb.Contains(second);
    return ordered ? Verdict::kOrdered : Verdict::kFails;
  }

  bool IsAtomic(EventId write) const {
    const EventId read = built_->RmwRead(write);
    return (*built_)[read].reads_from == (*built_)[write].mo_before;
  }

  // False if there is no room for the fences.
  bool Build(const Variant& variant) {
    built_->CopyWithout(graph_, All());
    placed_ = EventSet();
    for (int location = 0; location < graph_.Locations(); ++location) {
      new_id_[Graph::Initial(location)] = Graph::Initial(location);
    }
    std::vector<std::size_t> source_of(steps_.size(), kNone);
    for (std::size_t i = 0; i < sources_.size(); ++i) {
      for (const std::size_t step : sources_[i].steps) source_of[step] = i;
    }
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      const std::size_t source = source_of[i];
      const bool changed = source != kNone && variant.orders[source] != sources_[source].order;
      for (const EventId id : {steps_[i].event, steps_[i].choice, steps_[i].write}) {
        if (id == Graph::kNone) continue;
        Operation operation = graph_[id].operation;
        if (changed && operation.kind != OperationKind::kChoice) {
          const Order order = sources_[source].orders[variant.orders[source]];
          const bool failed = operation.compare && steps_[i].write == Graph::kNone;
          (failed ? operation.failure : operation.order) = order;
        }
        if (!built_->Append(graph_[id].thread, operation, &new_id_[id])) return false;
        if (operation.kind == OperationKind::kRead) {
          built_->ReadFrom(new_id_[id], new_id_[graph_[id].reads_from]);
        }
        if (operation.kind == OperationKind::kWrite) Place(id);
        if (graph_[id].choice != 0) built_->Choose(new_id_[id], graph_[id].choice);
      }
      if (source != kNone && variant.fences[source]) {
        EventId fence;
        const Operation operation = Operation::Fence(Order::kSeqCst);
        if (!built_->Append(graph_[steps_[i].event].thread, operation, &fence)) return false;
      }
    }
    return true;
  }

  // After the nearest of the writes before it that is there already.
  void Place(EventId id) {
    EventId before = graph_[id].mo_before;
    while (!Graph::IsInitial(before) && !placed_.Contains(before)) {
      before = graph_[before].mo_before;
    }
    built_->PlaceAfter(new_id_[id], new_id_[before]);
    placed_.Insert(id);
  }

  EventSet All() const {
    EventSet all;
    for (int i = 0; i < graph_.Size(); ++i) all.Insert(graph_.At(i));
    return all;
  }

  const Graph& graph_;
  const Failure& failure_;
  const std::vector<Step> steps_;
  std::vector<Source> sources_;
  const std::unique_ptr<Graph> built_ = std::make_unique<Graph>();
  EventId new_id_[256] = {};
  EventSet placed_;
};

}  // namespace

std::vector<Cure> FindCures(const Graph& graph, const Failure& failure) {
  return Search(graph, failure).Cures();
}

}  // namespace ashlar::verification::rc11
