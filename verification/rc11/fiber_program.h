// fiber_program.h
// ---------------
// FiberProgram: a scenario in C++ as a Program. Its threads are fibers, and each
// operation of Rc11Platform is a call of Perform().
//
// What the scenario's constructor does happens before all threads, and what its After()
// and its destructor do after them; neither has alternatives, so the explorer sees the
// threads alone.
//
// While the scenario's code runs, `new` and `delete` use a Heap that is emptied for each
// run: addresses are the same in each, leaks and wrong pointers are found, and what a run
// leaves behind is forgotten. A location is known by who made it, and the how manieth it
// is of theirs.
//
// A scenario that crashes, overflows a stack, throws, terminates or stops performing
// operations fails; the process lives on.
//
// Thread safety: a program belongs to the thread that made it, which has one at a time.
#ifndef ASHLAR_VERIFICATION_RC11_FIBER_PROGRAM_H_
#define ASHLAR_VERIFICATION_RC11_FIBER_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/fiber.h"
#include "ashlar/verification/rc11/fiber_observer.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/heap.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/signal_trap.h"

namespace ashlar::verification::rc11 {

// A scenario's struct without its type.
struct ScenarioType {
  std::size_t size;
  std::size_t alignment;
  int threads;
  int more_threads;  // that threads may start
  void (*construct)(void* memory);
  void (*thread)(void* scenario, unsigned index);
  void (*after)(void* scenario);
  void (*destroy)(void* scenario);
};

class FiberProgram : public Program {
 public:
  explicit FiberProgram(const ScenarioType& type);
  ~FiberProgram() override;

  // The one whose scenario runs on this thread.
  static FiberProgram& Current() {
    if (current_ == nullptr || current_->running_ == nullptr) [[unlikely]]
      NotRunning();
    return *current_;
  }
  // Null if there is none.
  static FiberProgram* Running() {
    return current_ != nullptr && current_->running_ != nullptr ? current_ : nullptr;
  }
  // The same if `new` is the scenario's. It is the caller's in After(), which may tell others
  // what came out.
  static FiberProgram* RunningThreads() {
    FiberProgram* const program = Running();
    return program != nullptr && program->execution_ == nullptr ? program : nullptr;
  }
  // The one that this thread made, running or not.
  static FiberProgram* OfThread() { return current_; }

  // Program
  int Threads() const override { return static_cast<int>(threads_.size()); }
  int Locations() const override { return static_cast<int>(values_.size()); }
  Value Initial(int location) const override { return values_[location]; }
  void Restart() override;
  Operation Resume(int thread, Value value) override;
  // Without leaving the thread between the events.
  Operation ResumeAlong(int thread, Value value, std::span<const PastEvent> past,
                        int* had) override;
  void Choose(int thread, int choice) override { threads_[thread]->choice = choice; }
  Failure WhyFailed(int thread) override;
  // Runs After() on the memory that `graph` ends with, and the destructor.
  std::optional<Failure> Finish(const Graph& graph) override;

  // Null: nobody.
  void Observe(FiberObserver* observer) { observer_ = observer; }

  // For the scenario: a name for what lies at `address`, or for an element of an array of
  // that name; index -1 is none.
  void Name(const void* address, std::size_t bytes, const char* name, int index, bool is_location);

  // The rest is for the platform, from a scenario's code.

  // Lets a thread do `operation`; gives what it reads. Outside of threads there is only
  // one value.
  Value Perform(const Operation& operation, const SourceSite& site);
  // The same for one on the object at `address`, which must be alive.
  Value Access(const void* address, const Operation& operation, const SourceSite& site) {
    const Object& object = objects_[operation.location];
    if (object.address != address || object.ended) [[unlikely]]
      FailAccess(address, object, site);
    return Perform(operation, site);
  }
  // How the last operation came out, if it has choices.
  int Chosen() const { return running_->choice; }
  // One of `ways`, each of which is explored.
  int Choice(int ways, const SourceSite& site);

  // The object at `address` begins its life, as a location that holds `value`.
  std::uint8_t NewLocation(const void* address, Value value, const SourceSite& site);
  // It ends it: a write that nothing else may race with.
  void EndLocation(const void* address, std::uint8_t location);

  // Memory that a thread may get again once it has freed it, which is explored both ways.
  void* Allocate(std::size_t bytes, std::size_t alignment);
  // Before the destructors of what is in it.
  void CheckFree(const void* pointer, const SourceSite& site);
  void Free(void* pointer, const SourceSite& site);
  // As `new` and `delete` do: never again.
  void* New(std::size_t bytes, std::size_t alignment);
  // False if it is not of this heap.
  bool Delete(void* pointer);

  // Where the last operation was performed.
  const SourceSite& Place() const { return running_->place; }
  // -1 outside of threads.
  int ThreadIndex() const { return running_->index; }
  // The location that says who sleeps on the object that is `location`.
  std::uint8_t QueueOf(std::uint8_t location);
  // Starts a thread, and waits for its end.
  int Spawn(void (*body)(void*), void* argument, const SourceSite& site);
  void Join(int thread, const SourceSite& site);

  // The execution is wrong. Does not return.
  [[noreturn]] void Fail(std::string_view why, const SourceSite& site);

  // For what records the scenario's own operations (verification/linearizability): the
  // thread that runs, -1 outside of all, and how many events it has had.
  struct Moment {
    int thread;
    int events;
  };
  Moment Now() const { return {running_->index, running_->events}; }
  // Runs what is not of the scenario, with the memory of the process. It may not call this.
  template <class F>
  auto Aside(F run) {
    Thread* const running = std::exchange(running_, nullptr);
    auto result = run();
    running_ = running;
    return result;
  }
  // The execution that After() is about. Null before it.
  const Graph* Execution() const { return execution_; }

  // What `thread` asks for.
  const Operation& Pending(int thread) const { return threads_[thread]->operation; }

 private:
  static constexpr int kOutside = -1;
  // What the location of a thread that can be started holds.
  static constexpr Value kNotStarted = 1;
  static constexpr Value kNotEnded = 2;
  // Ticks without an operation; at the first one it may have just been performed.
  static constexpr int kMostIdleTicks = 3;

  // What the C++ runtime keeps for each thread: exceptions that are being handled.
  struct Exceptions {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };
  struct Thread {
    FiberProgram* program;
    int index;
    Fiber fiber;
    Operation operation;  // what it asks for
    Value value = 0;      // what it is given
    int choice = 0;
    const PastEvent* past = nullptr;  // what it has again, up to past_end
    const PastEvent* past_end = nullptr;
    int events = 0;                 // that it has had
    SourceSite place = {};          // of its last operation
    std::string failure;            // why it failed
    void (*body)(void*) = nullptr;  // of one that was started
    void* argument = nullptr;
    std::vector<std::uint8_t> locations;  // that it has made in some run
    std::size_t made = 0;                 // how many in this run
    int spawned = 0;
    Heap::Block* block = nullptr;  // the last one that it allocated
    const SourceSite* destroying = nullptr;
    Exceptions exceptions;
  };
  struct Object {
    const void* address = nullptr;
    SourceSite made_at = {};
    bool ended = false;
    int ended_by = kOutside;
    SourceSite ended_at = {};
  };
  // While the checker's own code runs inside of a scenario.
  class Pause;

  [[noreturn]] static void NotRunning();
  static void RunThread(void* thread);
  static void Guard(Thread& thread, void (*run)(Thread&));
  static void OnSignal(void* program, int signal, const void* address);
  void Run(Thread& thread);
  // Lets what is outside of threads run to its end, or to its failure.
  void RunOutside(void (*entry)(void*));
  [[noreturn]] void FailAccess(const void* address, const Object& object, const SourceSite& site);
  // What the running thread has done. False: it goes no further.
  bool Tell(const Operation& operation, Value value);
  // Graph::kMaxLocations if there are too many.
  std::uint8_t AddLocation();
  Heap::Block* Fresh(std::size_t bytes, std::size_t alignment);
  int ArenaOf(const Thread& thread) const { return thread.index + 1; }
  static std::string Who(int thread);

  static inline thread_local FiberProgram* current_ = nullptr;

  const ScenarioType type_;
  std::byte* const scenario_;
  Heap heap_;
  Thread outside_;
  std::vector<std::unique_ptr<Thread>> threads_;
  const Graph* execution_ = nullptr;
  Thread* running_ = nullptr;                  // null: the checker
  std::vector<Value> values_;                  // of each location, outside of threads
  std::vector<int> queues_;                    // of each location; -1: none
  std::map<std::pair<int, int>, int> spawns_;  // which thread the nth is that one starts
  Object objects_[256];                        // of each location
  std::optional<Failure> failure_;             // outside of threads
  Exceptions* const exceptions_;
  std::string message_;  // of a failure that is being put into words
  unsigned steps_ = 0;   // of any thread
  unsigned seen_steps_ = 0;
  int idle_ticks_ = 0;
  FiberObserver* observer_ = nullptr;
  const ExpectationScope expectation_;
  SignalTrap trap_;
};

// Explores a scenario by Options::threads, each with a program of its own.
Result Explore(const ScenarioType& type, const Options& options);

// How a scenario went.
struct ScenarioResult {
  Result result;
  std::string failure;  // the first one, in words; empty if there is none
};

// Explores a scenario until one execution is wrong: a false expectation, a data race,
// threads that wait for ever, and all else that rc11_scenario.h lists.
// `options.on_failure` may make it go on.
ScenarioResult ExploreScenario(const ScenarioType& type, Options options = {});

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_FIBER_PROGRAM_H_
