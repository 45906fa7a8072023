#include "ashlar/verification/rc11/fiber_program.h"

#include "ashlar/base/check.h"
#include "ashlar/verification/rc11/liveness.h"

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
  failure_.clear();
  type_.construct(scenario_.get());
  for (const std::unique_ptr<Thread>& thread : threads_) {
    thread->fiber.Start(&RunThread, thread.get());
    thread->arena.used = 0;
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

void FiberProgram::Finish(const Graph& graph) {
  for (int location = 0; location < graph.Locations(); ++location) {
    values_[location] = graph[graph.MoLast(location)].value;
  }
  type_.after(scenario_.get());
  type_.destroy(scenario_.get());
}

void FiberProgram::FoundRace(const Graph& graph, const Race& race) {
  failure_ = "data race: " + Text(graph[race.first]) + ", and " + Text(graph[race.second]);
}

bool FiberProgram::FindHang(const Graph& graph) {
  std::string waiting;
  for (const std::unique_ptr<Thread>& thread : threads_) {
    if (thread->operation.kind != OperationKind::kSpin) continue;
    if (!WaitsForEver(graph, thread->index)) return false;
    waiting.append(waiting.empty() ? "" : ", and ").append("thread ");
    waiting.append(std::to_string(thread->index)).append(" at ");
    waiting.append(Text(thread->operation.place));
  }
  failure_ = "waits for ever: " + waiting;
  return true;
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
  Perform(Operation::Write(Order::kPlain, location, value), site);
  return location;
}

Value FiberProgram::Perform(Operation operation, const SourceSite& site) {
  if (running_ == kOutside) {
    if (operation.kind == OperationKind::kWrite) values_[operation.location] = operation.value;
    return operation.kind == OperationKind::kRead ? values_[operation.location] : 0;
  }
  Thread& thread = *threads_[running_];
  operation.place = site;
  thread.operation = operation;
  thread.fiber.Suspend();
  return thread.value;
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
  if (failure_.empty()) failure_ = why + " at " + Text(site);
  Operation fail;
  fail.kind = OperationKind::kFail;
  Perform(fail, site);
}

ScenarioResult ExploreScenario(const ScenarioType& type, Options options) {
  FiberProgram program(type);
  options.on_race = [&](const Graph& graph, const Race& race) { program.FoundRace(graph, race); };
  ScenarioResult scenario;
  bool hang = false;
  scenario.result = Explore(program, options, [&](const Graph& graph, bool blocked) {
    if (blocked) {
      hang = program.FindHang(graph);
      return !hang;
    }
    program.Finish(graph);
    return program.Failure().empty();
  });
  if (scenario.result.status == Result::Status::kStopped && !program.Failure().empty()) {
    // If it is no hang, After() said so.
    scenario.result.status = hang ? Result::Status::kHang : Result::Status::kFailed;
  }
  scenario.failure = program.Failure();
  return scenario;
}

}  // namespace ashlar::verification::rc11
