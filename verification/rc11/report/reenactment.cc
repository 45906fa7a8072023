#include "ashlar/verification/rc11/report/reenactment.h"

#include <cstddef>
#include <cstdint>
#include <utility>

#include "ashlar/verification/rc11/fiber_observer.h"
#include "ashlar/verification/rc11/report/operation_text.h"
#include "ashlar/verification/rc11/report/source_names.h"

namespace ashlar::verification::rc11 {
namespace {

EventId LastOf(const Step& step) { return step.write != Graph::kNone ? step.write : step.event; }

class NameCollector : public FiberObserver {
 public:
  void OnLocation(int location, const void* address) override {
    if (addresses.size() <= static_cast<std::size_t>(location)) addresses.resize(location + 1);
    addresses[location] = reinterpret_cast<std::uintptr_t>(address);
  }
  void OnName(const void* address, std::size_t bytes, const char* name, int index,
              bool is_location) override {
    std::string text = name;
    if (index >= 0) text += "[" + std::to_string(index) + "]";
    objects.push_back(
        {reinterpret_cast<std::uintptr_t>(address), bytes, std::move(text), is_location});
  }

  std::vector<std::uintptr_t> addresses;
  std::vector<NamedObject> objects;
};

class Teller : public FiberObserver {
 public:
  Teller(const Reenactment& reenactment, const std::function<void(const std::string& line)>& print)
      : graph_(reenactment.graph()),
        steps_(reenactment.steps()),
        names_(reenactment.names()),
        is_race_(reenactment.failure().kind == Failure::Kind::kRace),
        print_(print) {}

  // From now on what runs outside of threads is told too.
  void TellAfter() { after_ = true; }

  bool OnStep(int thread, const Operation& operation, Value value) override {
    if (thread < 0) {
      if (after_) Tell(0, thread, Outside(operation, value), operation.place);
      return true;
    }
    if (operation.kind == OperationKind::kSpin) return true;
    const EventId id = graph_.ThreadAt(thread, done_[thread]++);
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (LastOf(steps_[i]) != id) continue;
      Tell(static_cast<int>(i) + 1, thread, OperationText(graph_, steps_[i], names_),
           graph_[steps_[i].event].operation.place);
    }
    // Behind a race nothing holds any more.
    return !is_race_ || done_[thread] < graph_.ThreadSize(thread);
  }

 private:
  // There is no graph of it.
  std::string Outside(const Operation& operation, Value value) const {
    if (operation.kind == OperationKind::kFence) return "Fence()";
    const std::string call =
        names_.Location(operation.location) + "." + std::string(Method(operation));
    if (operation.order == Order::kPlain) return call + "()";
    const bool is_write = operation.kind == OperationKind::kWrite;
    const std::string text = names_.Text(operation.location, is_write ? operation.value : value);
    return is_write ? call + "(" + text + ")" : call + "() -> " + text;
  }

  void Tell(int step, int thread, const std::string& text, const SourceSite& place) const {
    std::string line = thread < 0 ? "after" : std::to_string(step) + "  T" + std::to_string(thread);
    line += "  " + text;
    if (IsKnown(place)) line += "  " + FullWhere(place) + " " + place.function;
    if (print_ != nullptr) print_(line);
    rc11::OnStep(step, thread, line.c_str());
  }

  const Graph& graph_;
  const std::vector<Step>& steps_;
  const Names& names_;
  const bool is_race_;
  const std::function<void(const std::string& line)>& print_;
  bool after_ = false;
  int done_[Graph::kMaxThreads] = {};
};

}  // namespace

Reenactment::Reenactment(const ScenarioType& type, const Graph& graph, const Failure& failure)
    : program_(type), failure_(failure) {
  NameCollector collector;
  program_.Observe(&collector);
  Follow(graph);
  program_.Observe(nullptr);
  steps_ = ExecutionOrder(*graph_);
  collector.addresses.resize(graph_->Locations());
  names_ = std::make_unique<SourceNames>(*graph_, std::move(collector.addresses),
                                         std::move(collector.objects), files_);
}

Reenactment::~Reenactment() = default;

void Reenactment::Follow(const Graph& graph) {
  program_.Restart();
  graph_->Reset(program_);
  std::vector<Operation> next;
  for (int thread = 0; thread < graph.Threads(); ++thread) {
    next.push_back(program_.Resume(thread, 0));
  }
  for (const Step& step : ExecutionOrder(graph)) {
    for (const EventId id : {step.event, step.choice, step.write}) {
      if (id == Graph::kNone) continue;
      const int thread = graph[id].thread;
      if (!Append(graph, id, next[thread])) {
        failure_.kind = Failure::Kind::kNotDeterministic;
        failure_.thread = thread;
        failure_.place = next[thread].place;
        return;
      }
      const Event& event = (*graph_)[new_id_[id]];
      if (IsEnd(graph, id)) continue;
      if (event.operation.choices != 0) program_.Choose(thread, event.choice);
      next[thread] = program_.Resume(thread, event.value);
    }
  }
  if (failure_.kind == Failure::Kind::kWrong && failure_.thread >= 0) {
    fails_ = next[failure_.thread].kind == OperationKind::kFail &&
             program_.WhyFailed(failure_.thread).message == failure_.message;
  }
  if (failure_.kind == Failure::Kind::kRace) {
    failure_.first = new_id_[failure_.first];
    failure_.second = new_id_[failure_.second];
  }
}

bool Reenactment::Append(const Graph& graph, EventId id, const Operation& operation) {
  const Event& event = graph[id];
  if (operation.kind != event.operation.kind) return false;
  if (!event.IsFence()) graph_->AddLocations(operation.location + 1);
  if (!graph_->Append(event.thread, operation, &new_id_[id])) return false;
  // The locations may have other numbers than they had.
  const EventId initial = Graph::Initial(operation.location);
  if (event.IsRead()) {
    const bool from_initial = Graph::IsInitial(event.reads_from);
    graph_->ReadFrom(new_id_[id], from_initial ? initial : new_id_[event.reads_from]);
  }
  if (event.IsWrite()) {
    EventId before = event.mo_before;
    while (!Graph::IsInitial(before) && !placed_.Contains(before)) {
      before = graph[before].mo_before;
    }
    graph_->PlaceAfter(new_id_[id], Graph::IsInitial(before) ? initial : new_id_[before]);
    placed_.Insert(id);
  }
  if (event.choice != 0) graph_->Choose(new_id_[id], event.choice);
  return true;
}

bool Reenactment::IsEnd(const Graph& graph, EventId id) const {
  return failure_.kind == Failure::Kind::kRace &&
         graph[id].index + 1 == graph.ThreadSize(graph[id].thread);
}

void Reenactment::Run(const std::function<void(const std::string& line)>& print) {
  Teller teller(*this, print);
  program_.Observe(&teller);
  program_.Restart();
  for (int thread = 0; thread < graph_->Threads(); ++thread) program_.Resume(thread, 0);
  for (const Step& step : steps_) {
    for (const EventId id : {step.event, step.choice, step.write}) {
      if (id == Graph::kNone) continue;
      const Event& event = (*graph_)[id];
      if (event.operation.choices != 0) program_.Choose(event.thread, event.choice);
      program_.Resume(event.thread, event.value);
    }
  }
  if (failure_.kind == Failure::Kind::kWrong && failure_.thread < 0) {
    teller.TellAfter();
    program_.Finish(*graph_);
  }
  program_.Observe(nullptr);
}

[[gnu::noinline]] void OnStep(int step, int thread, const char* text) {
  // Not to be optimised away, nor its arguments.
  asm volatile("" : : "r"(step), "r"(thread), "r"(text) : "memory");
}

}  // namespace ashlar::verification::rc11
