#include "ashlar/verification/rc11/fiber_program.h"

#include <utility>

#include "ashlar/base/check.h"

namespace ashlar::verification::rc11 {
namespace {

FiberProgram* current = nullptr;

std::string Text(const SourceSite& site) {
  return std::string(site.file) + ":" + std::to_string(site.line) + " in " + site.function;
}

std::string Text(const Event& event) {
  return std::string(event.IsAtomic() ? "atomic " : "") + (event.IsWrite() ? "write" : "read") +
         " of thread " + std::to_string(event.thread) + " at " + Text(event.operation.place);
}

std::string Text(const Graph& graph, const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::kRace:
      return "data race: " + Text(graph[failure.first]) + ", and " + Text(graph[failure.second]);
    case Failure::Kind::kHang: {
      std::string waiting;
      for (const Failure::Waiting& thread : failure.waiting) {
        waiting.append(waiting.empty() ? "" : ", and ").append("thread ");
        waiting.append(std::to_string(thread.thread)).append(" at ").append(Text(thread.place));
      }
      return "waits for ever: " + waiting;
    }
    case Failure::Kind::kTooLarge:
      return "more than " + std::to_string(Graph::kMaxEvents) + " operations";
    case Failure::Kind::kNotDeterministic:
      return "thread " + std::to_string(failure.thread) +
             " did something else when it was run again, at " + Text(failure.place);
    default:
      return failure.message + " at " + Text(failure.place);
  }
}

}  // namespace

FiberProgram::FiberProgram(const ScenarioType& type)
    : type_(type), scenario_(std::make_unique<std::byte[]>(type.size)) {
  ASHLAR_CHECK(current == nullptr, "one scenario is explored at a time");
  current = this;
  for (int i = 0; i < type_.threads; ++i) {
    threads_.push_back(std::make_unique<Thread>());
    threads_[i]->program = this;
    threads_[i]->index = i;
  }
}

FiberProgram::~FiberProgram() { current = nullptr; }

FiberProgram& FiberProgram::Current() {
  ASHLAR_CHECK(current != nullptr, "Rc11Platform works only in a scenario that is explored");
  return *current;
}

void FiberProgram::Restart() {
  running_ = kOutside;
  arena_.used = 0;
  failure_.reset();
  type_.construct(scenario_.get());
  for (const std::unique_ptr<Thread>& thread : threads_) {
    thread->fiber.Start(&RunThread, thread.get());
    thread->arena.used = 0;
    thread->events = 0;
  }
}

void FiberProgram::RunThread(void* argument) {
  auto* const thread = static_cast<Thread*>(argument);
  thread->program->type_.thread(thread->program->scenario_.get(),
                                static_cast<unsigned>(thread->index));
  thread->operation = Operation();
  for (;;) thread->fiber.Suspend();
}

Operation FiberProgram::Resume(int thread, Value value) {
  running_ = thread;
  threads_[thread]->value = value;
  threads_[thread]->fiber.Resume();
  running_ = kOutside;
  return threads_[thread]->operation;
}

Failure FiberProgram::WhyFailed(int thread) {
  Failure failure;
  failure.message = threads_[thread]->failure;
  return failure;
}

std::optional<Failure> FiberProgram::Finish(const Graph& graph) {
  for (int location = 0; location < graph.Locations(); ++location) {
    values_[location] = graph[graph.MoLast(location)].value;
  }
  execution_ = &graph;
  type_.after(scenario_.get());
  type_.destroy(scenario_.get());
  execution_ = nullptr;
  return std::exchange(failure_, std::nullopt);
}

std::uint8_t FiberProgram::NewLocation(const void* address, Value value, const SourceSite& site) {
  const auto [found, is_new] =
      locations_.emplace(address, static_cast<std::uint8_t>(values_.size()));
  if (is_new) {
    ASHLAR_CHECK(values_.size() + 1 < Graph::kMaxLocations,
                 "the model checker has room for 127 locations");
    values_.push_back(0);
  }
  const std::uint8_t location = found->second;
  if (observer_ != nullptr) observer_->OnLocation(location, address);
  Perform(Operation::Write(Order::kPlain, location, value), site);
  return location;
}

Value FiberProgram::Perform(Operation operation, const SourceSite& site) {
  operation.place = site;
  if (running_ == kOutside) {
    if (operation.kind == OperationKind::kWrite) values_[operation.location] = operation.value;
    const Value value = operation.kind == OperationKind::kRead ? values_[operation.location] : 0;
    if (observer_ != nullptr) observer_->OnStep(kOutside, operation, value);
    return value;
  }
  Thread& thread = *threads_[running_];
  thread.operation = operation;
  thread.fiber.Suspend();
  if (operation.kind != OperationKind::kSpin) ++thread.events;
  if (observer_ != nullptr && !observer_->OnStep(thread.index, operation, thread.value)) {
    for (;;) thread.fiber.Suspend();
  }
  return thread.value;
}

FiberProgram::Moment FiberProgram::Now() const {
  return {running_, running_ == kOutside ? 0 : threads_[running_]->events};
}

void* FiberProgram::Allocate(std::size_t bytes) {
  Arena& arena = running_ == kOutside ? arena_ : threads_[running_]->arena;
  constexpr std::size_t kAlignment = alignof(std::max_align_t);
  bytes = (bytes + kAlignment - 1) / kAlignment * kAlignment;
  ASHLAR_CHECK(bytes <= kArenaBytes - arena.used, "a scenario allocates more than 1 MiB");
  arena.used += bytes;
  return arena.memory.get() + (arena.used - bytes);
}

void FiberProgram::Fail(const std::string& why, const SourceSite& site) {
  if (running_ == kOutside) {
    if (failure_) return;
    failure_.emplace();
    failure_->message = why;
    failure_->place = site;
    return;
  }
  threads_[running_]->failure = why;
  Operation fail;
  fail.kind = OperationKind::kFail;
  Perform(fail, site);
}

ScenarioResult ExploreScenario(const ScenarioType& type, Options options) {
  FiberProgram program(type);
  ScenarioResult scenario;
  const auto caller = std::move(options.on_failure);
  options.on_failure = [&](const Graph& graph, const Failure& failure) {
    if (scenario.failure.empty()) scenario.failure = Text(graph, failure);
    return caller != nullptr && caller(graph, failure);
  };
  scenario.result = Explore(program, options);
  return scenario;
}

}  // namespace ashlar::verification::rc11
