// fiber_program.h
// ---------------
// FiberProgram: a scenario in C++ as a Program. Its threads are fibers, and each
// operation of Rc11Platform is a call of Perform().
//
// What the scenario's constructor does happens before all threads, and what its After()
// does after them; neither has alternatives, so the explorer sees the threads alone.
//
// Memory comes from arenas that are emptied for each run, one for each thread, so that an
// address is the same in every run that has the same history, and names its location.
#ifndef ASHLAR_VERIFICATION_RC11_FIBER_PROGRAM_H_
#define ASHLAR_VERIFICATION_RC11_FIBER_PROGRAM_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/fiber.h"
#include "ashlar/verification/rc11/fiber_observer.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

// A scenario's struct without its type.
struct ScenarioType {
  std::size_t size;
  int threads;
  void (*construct)(void* memory);
  void (*thread)(void* scenario, unsigned index);
  void (*after)(void* scenario);
  void (*destroy)(void* scenario);
};

class FiberProgram : public Program {
 public:
  explicit FiberProgram(const ScenarioType& type);
  ~FiberProgram() override;

  // The one that runs. There is one at a time.
  static FiberProgram& Current();

  // Program
  int Threads() const override { return type_.threads; }
  int Locations() const override { return static_cast<int>(values_.size()); }
  Value Initial(int location) const override { return values_[location]; }
  void Restart() override;
  Operation Resume(int thread, Value value) override;
  Failure WhyFailed(int thread) override;
  // Runs After() on the memory that `graph` ends with, and the destructor.
  std::optional<Failure> Finish(const Graph& graph) override;

  // Null: nobody.
  void Observe(FiberObserver* observer) { observer_ = observer; }

  // For the scenario: a name for what lies at `address`, or for an element of an array of
  // that name; index -1 is none.
  void Name(const void* address, std::size_t bytes, const char* name, int index, bool is_location) {
    if (observer_ != nullptr) observer_->OnName(address, bytes, name, index, is_location);
  }

  // For the platform: makes the object at `address` a location that holds `value`.
  std::uint8_t NewLocation(const void* address, Value value, const SourceSite& site);
  // Lets a thread do `operation`; gives what it reads. Outside of threads there is only
  // one value.
  Value Perform(Operation operation, const SourceSite& site);
  void* Allocate(std::size_t bytes);
  // The execution is wrong. Does not return in a thread.
  void Fail(const std::string& why, const SourceSite& site);

  // For what records the scenario's own operations (verification/linearizability): the
  // thread that runs, -1 outside of all, and how many events it has had.
  struct Moment {
    int thread;
    int events;
  };
  Moment Now() const;
  // The execution that After() is about. Null before it.
  const Graph* Execution() const { return execution_; }

 private:
  static constexpr int kOutside = -1;
  static constexpr std::size_t kArenaBytes = 1 << 20;

  struct Arena {
    std::unique_ptr<std::byte[]> memory = std::make_unique<std::byte[]>(kArenaBytes);
    std::size_t used = 0;
  };
  struct Thread {
    FiberProgram* program;
    int index;
    Fiber fiber;
    Arena arena;
    Operation operation;  // what it asks for
    Value value = 0;      // what it is given
    int events = 0;       // that it has had
    std::string failure;  // why it failed
  };

  static void RunThread(void* thread);

  const ScenarioType type_;
  const std::unique_ptr<std::byte[]> scenario_;
  Arena arena_;  // of what is outside of threads
  std::vector<std::unique_ptr<Thread>> threads_;
  int running_ = kOutside;
  const Graph* execution_ = nullptr;
  std::vector<Value> values_;  // of each location, outside of threads
  std::unordered_map<const void*, std::uint8_t> locations_;
  std::optional<Failure> failure_;  // outside of threads
  FiberObserver* observer_ = nullptr;
};

// How a scenario went.
struct ScenarioResult {
  Result result;
  std::string failure;  // the first one, in words; empty if there is none
};

// Explores a scenario until one execution is wrong: a false expectation, a data race, or
// threads that wait for ever. `options.on_failure` may make it go on.
ScenarioResult ExploreScenario(const ScenarioType& type, Options options = {});

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_FIBER_PROGRAM_H_
