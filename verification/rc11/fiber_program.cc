#include "ashlar/verification/rc11/fiber_program.h"

#include <cxxabi.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

#include "ashlar/base/check.h"
#include "ashlar/verification/platform/memory_hook.h"
#include "ashlar/verification/rc11/failure_text.h"

namespace ashlar::verification::rc11 {
namespace {

// What a scenario does not initialise is the same in every run.
constexpr int kFresh = 0xa5;

class Memory : public MemoryHook {
 public:
  void* Allocate(std::size_t bytes, std::size_t alignment) override {
    FiberProgram* const program = FiberProgram::RunningThreads();
    if (program == nullptr) return nullptr;
    return program->New(bytes, alignment == 0 ? alignof(std::max_align_t) : alignment);
  }
  bool Free(void* pointer) override {
    FiberProgram* const program = FiberProgram::OfThread();
    return program != nullptr && program->Delete(pointer);
  }
};
Memory memory;

// An exception or a failed check that nothing can stop any more.
void Terminate() {
  if (FiberProgram* const program = FiberProgram::Running()) {
    program->Fail(
        "std::terminate was called (by an exception that leaves a noexcept function?), after the "
        "operation",
        program->Place());
  }
  std::abort();
}

}  // namespace

class FiberProgram::Pause {
 public:
  explicit Pause(FiberProgram& program)
      : program_(program), running_(std::exchange(program.running_, nullptr)) {}
  ~Pause() { program_.running_ = running_; }
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;

 private:
  FiberProgram& program_;
  Thread* const running_;
};

FiberProgram::FiberProgram(const ScenarioType& type)
    : type_(type),
      scenario_(static_cast<std::byte*>(
          ::operator new(type.size, static_cast<std::align_val_t>(type.alignment)))),
      heap_(1 + type.threads + type.more_threads),
      exceptions_(reinterpret_cast<Exceptions*>(abi::__cxa_get_globals())),
      expectation_([](const SourceSite& site) { Current().Fail("false expectation", site); }),
      trap_(&OnSignal, this) {
  ASHLAR_CHECK(current_ == nullptr, "a thread explores one scenario at a time");
  current_ = this;
  static const std::terminate_handler old = std::set_terminate(&Terminate);
  static_cast<void>(old);
  outside_.program = this;
  outside_.index = kOutside;
  for (int i = 0; i < type_.threads + type_.more_threads; ++i) {
    threads_.push_back(std::make_unique<Thread>());
    threads_[i]->program = this;
    threads_[i]->index = i;
    if (i >= type_.threads) AddLocation();
  }
}

FiberProgram::~FiberProgram() {
  current_ = nullptr;
  ::operator delete(scenario_, static_cast<std::align_val_t>(type_.alignment));
}

void FiberProgram::NotRunning() {
  ASHLAR_CHECK(false, "Rc11Platform works only in a scenario that is explored");
  std::abort();
}

std::string FiberProgram::Who(int thread) {
  return thread == kOutside ? "outside of threads" : "by thread " + std::to_string(thread);
}

// Runs.

void FiberProgram::Restart() {
  heap_.Reset();
  failure_.reset();
  std::memset(scenario_, kFresh, type_.size);
  values_.assign(values_.size(), 0);
  for (int i = 0; i < type_.more_threads; ++i) values_[i] = kNotStarted | kNotEnded;
  outside_.made = 0;
  outside_.spawned = 0;
  for (const std::unique_ptr<Thread>& thread : threads_) {
    thread->fiber.Start(&RunThread, thread.get());
    thread->exceptions = Exceptions();
    thread->place = {};
    thread->events = 0;
    thread->made = 0;
    thread->spawned = 0;
    thread->block = nullptr;
    thread->destroying = nullptr;
  }
  RunOutside([](void* outside) {
    Guard(*static_cast<Thread*>(outside),
          [](Thread& thread) { thread.program->type_.construct(thread.program->scenario_); });
  });
}

Operation FiberProgram::Resume(int index, Value value) {
  Thread& thread = *threads_[index];
  if (failure_) {  // of the constructor
    thread.failure = failure_->message;
    Operation fail;
    fail.kind = OperationKind::kFail;
    fail.place = failure_->place;
    return fail;
  }
  thread.value = value;
  Run(thread);
  return thread.operation;
}

Operation FiberProgram::ResumeAlong(int index, Value value, std::span<const PastEvent> past,
                                    int* had) {
  Thread& thread = *threads_[index];
  thread.past = past.data();
  thread.past_end = past.data() + past.size();
  Operation next = Resume(index, value);
  *had += static_cast<int>(thread.past - past.data());
  thread.past = thread.past_end = nullptr;
  return next;
}

std::optional<Failure> FiberProgram::Finish(const Graph& graph) {
  for (int location = 0; location < graph.Locations(); ++location) {
    values_[location] = graph[graph.MoLast(location)].value;
  }
  execution_ = &graph;
  RunOutside([](void* outside) {
    Guard(*static_cast<Thread*>(outside), [](Thread& thread) {
      thread.program->type_.after(thread.program->scenario_);
      thread.program->type_.destroy(thread.program->scenario_);
    });
  });
  execution_ = nullptr;
  if (!failure_) {
    if (const Heap::Block* const leak = heap_.FindLeak()) {
      failure_.emplace();
      failure_->message =
          "leak of " + std::to_string(leak->bytes) + " bytes, allocated " + Who(leak->by);
      failure_->place = leak->place;
    }
  }
  return std::exchange(failure_, std::nullopt);
}

Failure FiberProgram::WhyFailed(int thread) {
  Failure failure;
  failure.message = threads_[thread]->failure;
  return failure;
}

void FiberProgram::Run(Thread& thread) {
  ++steps_;
  running_ = &thread;
  std::swap(*exceptions_, thread.exceptions);
  thread.fiber.Resume();
  std::swap(*exceptions_, thread.exceptions);
  running_ = nullptr;
}

void FiberProgram::RunOutside(void (*entry)(void*)) {
  outside_.exceptions = Exceptions();
  outside_.place = {};
  outside_.block = nullptr;
  outside_.destroying = nullptr;
  outside_.fiber.Start(entry, &outside_);
  Run(outside_);
}

void FiberProgram::RunThread(void* argument) {
  Guard(*static_cast<Thread*>(argument), [](Thread& thread) {
    FiberProgram& program = *thread.program;
    const int start = thread.index - program.type_.threads;
    if (start < 0) {
      program.type_.thread(program.scenario_, static_cast<unsigned>(thread.index));
      return;
    }
    const auto location = static_cast<std::uint8_t>(start);
    Operation begin = Operation::Await(Order::kAcquire, location, kNotStarted);
    begin.verb = Verb::kBegin;
    program.Perform(begin, {});
    thread.body(thread.argument);
    Operation end = Operation::Write(Order::kRelease, location, 0);
    end.verb = Verb::kEnd;
    program.Perform(end, thread.place);
  });
}

void FiberProgram::Guard(Thread& thread, void (*run)(Thread&)) {
  FiberProgram& program = *thread.program;
  bool thrown = false;
  try {
    run(thread);
  } catch (const std::exception& exception) {
    const Pause pause(program);
    program.message_ = std::string("an exception leaves the scenario (") + exception.what() +
                       "), after the operation";
    thrown = true;
  } catch (...) {
    const Pause pause(program);
    program.message_ = "an exception leaves the scenario, after the operation";
    thrown = true;
  }
  if (thrown) program.Fail(program.message_, thread.place);
  thread.operation = Operation();
  for (;;) thread.fiber.Suspend();
}

void FiberProgram::OnSignal(void* argument, int signal, const void* address) {
  FiberProgram& program = *static_cast<FiberProgram*>(argument);
  if (program.running_ == nullptr) return;
  const Thread& thread = *program.running_;
  if (signal == SignalTrap::kTick) {
    if (std::exchange(program.seen_steps_, program.steps_) != program.steps_) {
      program.idle_ticks_ = 0;
    }
    if (++program.idle_ticks_ < kMostIdleTicks) return;
    program.Fail("runs on without an operation of the platform, after the one", thread.place);
  }
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
      if (thread.fiber.IsBelowStack(address)) {
        program.Fail("stack overflow (recursion without end?), after the operation", thread.place);
      }
      program.Fail("access of memory that is not there (a null pointer?), after the operation",
                   thread.place);
    case SIGFPE:
      program.Fail("arithmetic error (a division by zero?), after the operation", thread.place);
    case SIGABRT:
      program.Fail("abort() was called, after the operation", thread.place);
    default:
      program.Fail("illegal instruction, after the operation", thread.place);
  }
}

void FiberProgram::Fail(std::string_view why, const SourceSite& site) {
  Thread& thread = *running_;
  running_ = nullptr;
  if (thread.index == kOutside) {
    failure_.emplace();
    failure_->message = why;
    failure_->place = site;
  } else {
    thread.failure = why;
    thread.operation = Operation();
    thread.operation.kind = OperationKind::kFail;
    thread.operation.place = site;
  }
  for (;;) thread.fiber.Suspend();
}

// Operations.

Value FiberProgram::Perform(const Operation& operation, const SourceSite& site) {
  Thread& thread = *running_;
  thread.place = site;
  if (thread.past != thread.past_end && *thread.past->operation == operation) {
    const PastEvent& event = *thread.past++;
    thread.choice = event.choice;
    ++thread.events;
    if (observer_ != nullptr) Tell(*event.operation, event.value);
    return event.value;
  }
  thread.choice = 0;
  thread.operation = operation;
  thread.operation.place = site;
  if (thread.index == kOutside) {
    if (operation.kind == OperationKind::kSpin) Fail("waits for ever outside of threads", site);
    if (operation.kind == OperationKind::kWrite) values_[operation.location] = operation.value;
    const Value value = operation.kind == OperationKind::kRead ? values_[operation.location] : 0;
    if (observer_ != nullptr) Tell(thread.operation, value);
    return value;
  }
  thread.fiber.Suspend();
  if (operation.kind != OperationKind::kSpin) ++thread.events;
  if (observer_ != nullptr && !Tell(thread.operation, thread.value)) {
    for (;;) thread.fiber.Suspend();
  }
  return thread.value;
}

bool FiberProgram::Tell(const Operation& operation, Value value) {
  const int thread = running_->index;
  const Pause pause(*this);
  return observer_->OnStep(thread, operation, value);
}

void FiberProgram::Name(const void* address, std::size_t bytes, const char* name, int index,
                        bool is_location) {
  const Pause pause(*this);
  if (observer_ != nullptr) observer_->OnName(address, bytes, name, index, is_location);
}

int FiberProgram::Choice(int ways, const SourceSite& site) {
  if (ways < 2) return 0;
  Perform(Operation::Choice(static_cast<std::uint8_t>(ways)), site);
  return Chosen();
}

// Objects.

std::uint8_t FiberProgram::AddLocation() {
  const Pause pause(*this);
  if (values_.size() + 1 >= Graph::kMaxLocations) return Graph::kMaxLocations;
  values_.push_back(0);
  queues_.push_back(-1);
  return static_cast<std::uint8_t>(values_.size() - 1);
}

std::uint8_t FiberProgram::NewLocation(const void* address, Value value, const SourceSite& site) {
  Thread& thread = *running_;
  if (thread.made == thread.locations.size()) {
    const std::uint8_t location = AddLocation();
    if (location == Graph::kMaxLocations) {
      Fail("the scenario has more than 127 atomics and Vars", site);
    }
    const Pause pause(*this);
    thread.locations.push_back(location);
  }
  const std::uint8_t location = thread.locations[thread.made++];
  Object& object = objects_[location];
  object.address = address;
  object.made_at = site;
  object.ended = false;
  if (thread.block != nullptr) {
    const auto* const start = static_cast<const std::byte*>(thread.block->start);
    const auto* const byte = static_cast<const std::byte*>(address);
    if (byte >= start && byte < start + thread.block->bytes) {
      thread.block->place = site;
      thread.block = nullptr;
    }
  }
  if (observer_ != nullptr) {
    const Pause pause(*this);
    observer_->OnLocation(location, address);
  }
  Operation write = Operation::Write(Order::kPlain, location, value);
  write.verb = Verb::kConstruct;
  Perform(write, site);
  return location;
}

void FiberProgram::EndLocation(const void* address, std::uint8_t location) {
  const Thread& thread = *running_;
  const SourceSite site =
      thread.destroying != nullptr ? *thread.destroying : objects_[location].made_at;
  if (thread.index != kOutside) {
    Operation write = Operation::Write(Order::kPlain, location, 0);
    write.verb = Verb::kDestroy;
    Access(address, write, site);
  } else if (objects_[location].address != address || objects_[location].ended) {
    FailAccess(address, objects_[location], site);
  }
  Object& object = objects_[location];
  object.ended = true;
  object.ended_by = thread.index;
  object.ended_at = site;
}

void FiberProgram::FailAccess(const void* address, const Object& object, const SourceSite& site) {
  if (object.address != address) Fail("use of memory that holds no such object", site);
  {
    const Pause pause(*this);
    message_ = "use after free: the object was destroyed " + Who(object.ended_by) + " at " +
               PlaceText(object.ended_at) + ", and used";
  }
  Fail(message_, site);
}

// Memory.

Heap::Block* FiberProgram::Fresh(std::size_t bytes, std::size_t alignment) {
  Thread& thread = *running_;
  Heap::Block* const block = heap_.Allocate(ArenaOf(thread), bytes, alignment);
  if (block == nullptr) Fail("allocates more than 1 MiB, after the operation", thread.place);
  block->by = thread.index;
  block->place = thread.place;
  return block;
}

void* FiberProgram::New(std::size_t bytes, std::size_t alignment) {
  return const_cast<void*>(Fresh(bytes, alignment)->start);
}

void* FiberProgram::Allocate(std::size_t bytes, std::size_t alignment) {
  Thread& thread = *running_;
  const auto reusable = [&](int nth) {
    return heap_.Reusable(ArenaOf(thread), bytes, alignment, nth);
  };
  int ways = 1;
  while (reusable(ways - 1) != nullptr) ++ways;
  const int choice = Choice(ways, thread.place);
  Heap::Block* block = nullptr;
  if (choice > 0) {
    block = reusable(choice - 1);
    heap_.Reuse(ArenaOf(thread), block);
    block->by = thread.index;
    block->place = thread.place;
  } else {
    block = Fresh(bytes, alignment);
  }
  thread.block = block;
  return const_cast<void*>(block->start);
}

void FiberProgram::CheckFree(const void* pointer, const SourceSite& site) {
  const Heap::Block* const block = heap_.Find(pointer);
  if (block == nullptr) Fail("free of what was not allocated", site);
  if (block->freed) {
    {
      const Pause pause(*this);
      message_ = "double free: it was freed " + Who(block->freed_by) + " at " +
                 PlaceText(block->freed_at) + ", and again";
    }
    Fail(message_, site);
  }
  running_->destroying = &site;
}

void FiberProgram::Free(void* pointer, const SourceSite& site) {
  Thread& thread = *running_;
  thread.destroying = nullptr;
  Heap::Block* const block = heap_.Find(pointer);
  block->freed = true;
  block->freed_by = thread.index;
  block->freed_at = site;
  if (thread.index != kOutside) heap_.MakeReusable(ArenaOf(thread), block);
}

bool FiberProgram::Delete(void* pointer) {
  if (!heap_.Contains(pointer)) return false;
  if (running_ == nullptr) return true;  // it goes with the run
  const SourceSite site = running_->place;
  CheckFree(pointer, site);
  running_->destroying = nullptr;
  Heap::Block* const block = heap_.Find(pointer);
  block->freed = true;
  block->freed_by = running_->index;
  block->freed_at = site;
  return true;
}

// Waiting.

std::uint8_t FiberProgram::QueueOf(std::uint8_t location) {
  if (queues_[location] < 0) {
    const std::uint8_t queue = AddLocation();
    if (queue == Graph::kMaxLocations) Fail("the scenario has too many atomics and Vars", {});
    queues_[location] = queue;
  }
  return static_cast<std::uint8_t>(queues_[location]);
}

int FiberProgram::Spawn(void (*body)(void*), void* argument, const SourceSite& site) {
  Thread& starter = *running_;
  int started;
  {
    const Pause pause(*this);
    const auto next = static_cast<int>(spawns_.size());
    started = spawns_.emplace(std::pair(starter.index, starter.spawned++), next).first->second;
  }
  if (started >= type_.more_threads) {
    Fail("starts more threads than the scenario's kMoreThreads", site);
  }
  Thread& thread = *threads_[type_.threads + started];
  thread.body = body;
  thread.argument = argument;
  Operation start =
      Operation::Write(Order::kRelease, static_cast<std::uint8_t>(started), kNotEnded);
  start.verb = Verb::kStart;
  Perform(start, site);
  return thread.index;
}

void FiberProgram::Join(int thread, const SourceSite& site) {
  const auto location = static_cast<std::uint8_t>(thread - type_.threads);
  Operation join = Operation::Await(Order::kAcquire, location, kNotEnded);
  join.verb = Verb::kJoin;
  if (Perform(join, site) != 0) Fail("joins a thread outside of threads", site);
}

namespace {

std::unique_ptr<Graph> FirstExecution(FiberProgram& program, Options options) {
  auto graph = std::make_unique<Graph>();
  bool found = false;
  options.max_executions = 1;
  options.on_failure = nullptr;
  options.go_on = nullptr;
  options.on_progress = nullptr;
  options.checkpoint = false;
  options.resume.clear();
  Explore(program, options, [&](const Graph& first, bool) {
    graph->CopyWithout(first, EventSet());
    return found = true;
  });
  return found ? std::move(graph) : nullptr;
}

// The first difference of two executions, as a failure of the first; none if there is none.
std::optional<Failure> FirstDifference(const Graph& then, const Graph& now) {
  for (int thread = 0; thread < then.Threads(); ++thread) {
    for (int i = 0; i < then.ThreadSize(thread); ++i) {
      const EventId id = then.ThreadAt(thread, i);
      Operation other;  // it has ended
      if (i < now.ThreadSize(thread)) other = now[now.ThreadAt(thread, i)].operation;
      if (other == then[id].operation) continue;
      Failure failure;
      failure.kind = Failure::Kind::kNotDeterministic;
      failure.thread = thread;
      failure.place = then[id].operation.place;
      failure.first = id;
      failure.message = DivergenceText(then, id, other);
      return failure;
    }
  }
  return std::nullopt;
}

}  // namespace

Result Explore(const ScenarioType& type, const Options& options) {
  if (options.threads > 1) {
    return Explore([&] { return std::make_unique<FiberProgram>(type); }, options.threads, options);
  }
  FiberProgram program(type);
  return Explore(program, options);
}

ScenarioResult ExploreScenario(const ScenarioType& type, Options options) {
  ScenarioResult scenario;
  const auto caller = std::move(options.on_failure);
  options.on_failure = [&](const Graph& graph, Failure failure) {
    if (failure.kind == Failure::Kind::kNotDeterministic && failure.message.empty()) {
      const Operation& now = FiberProgram::OfThread()->Pending(failure.thread);
      failure.message = DivergenceText(graph, failure.first, now);
    }
    if (scenario.failure.empty()) scenario.failure = FailureText(graph, failure);
    return caller != nullptr && caller(graph, failure);
  };
  // The explorer sees a difference only where it comes by a second time.
  std::optional<FiberProgram> program(std::in_place, type);
  const std::unique_ptr<Graph> once = FirstExecution(*program, options);
  const std::unique_ptr<Graph> again =
      once != nullptr ? FirstExecution(*program, options) : nullptr;
  if (again != nullptr) {
    if (const std::optional<Failure> failure = FirstDifference(*once, *again)) {
      options.on_failure(*once, *failure);
      scenario.result.status = Result::Status::kFailed;
      scenario.result.failures = 1;
      scenario.result.failure = failure;
      return scenario;
    }
  }
  if (options.threads == 1) {
    scenario.result = Explore(*program, options);
  } else {
    program.reset();
    scenario.result = Explore(type, options);
  }
  return scenario;
}

}  // namespace ashlar::verification::rc11
