// options.h
// ---------
// Options and Result of an exploration (explorer.h).
#ifndef ASHLAR_VERIFICATION_RC11_OPTIONS_H_
#define ASHLAR_VERIFICATION_RC11_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>

#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/rule.h"

namespace ashlar::verification::rc11 {

// What keeps an exploration from being that of every execution.
struct Bounds {
  // Executions, complete or blocked, of this exploration, and the time it takes. With
  // several workers it may be one execution more for each of them.
  std::uint64_t max_executions = std::numeric_limits<std::uint64_t>::max();
  std::chrono::nanoseconds max_time = std::chrono::nanoseconds::max();
  // Events of an execution. One that would have more is cut short and counted apart; more
  // than Graph::kMaxEvents is a failure.
  int max_events = Graph::kMaxEvents;
  // How many operations of an execution may come out in a way that is an accident: a weak
  // compare-exchange that fails, a sleep that ends, for no reason.
  int max_accidents = 1;
};

// How far an exploration is.
struct Progress {
  std::uint64_t executions = 0;
  std::uint64_t blocked = 0;
  // Of the whole, a guess that never falls and ends at 1.
  double share = 0;
  std::chrono::nanoseconds time = {};

  // How many executions there will be, complete or blocked.
  double EstimatedExecutions() const {
    return share > 0 ? static_cast<double>(executions + blocked) / share : 0;
  }
};

struct Options : Bounds {
  Model model = Model::kRc11;

  // For testing the tests.
  Rule without = Rule::kNone;

  // If set, data races and threads that wait for ever are looked for, and each failure is
  // given to it with the graph that has it. True goes on: the thread that failed goes no
  // further, the others do. False ends the exploration, as the first failure that the
  // program itself finds does if this is not set.
  std::function<bool(const Graph& graph, const Failure& failure)> on_failure;
  // If set, asked at the end of every execution, of failed ones too. False stops.
  std::function<bool()> go_on;
  // How many threads explore. Of what makes its programs itself: ExploreScenario(),
  // ReportScenario(). Callbacks come from any of them, one at a time.
  int threads = 1;
  // If set, called now and then.
  std::function<void(const Progress& progress)> on_progress;
  std::chrono::nanoseconds progress_interval = std::chrono::seconds(1);

  // If set, only the execution that it stands for: see Result::token.
  std::string token;
  // Whether an exploration that is stopped says in Result::checkpoint what is left.
  bool checkpoint = false;
  // If set, goes on with what another one left.
  std::string resume;
};

struct Result {
  enum class Status {
    kComplete,    // every execution was explored
    kStopped,     // by a bound, or by a callback
    kFailed,      // by a failure
    kUnreadable,  // Options::token or resume is not of this program
  };
  Status status = Status::kComplete;
  std::uint64_t executions = 0;  // in which all threads ended
  std::uint64_t blocked = 0;     // in which one waits for ever
  std::uint64_t cut = 0;         // cut short by max_events: then it was not every execution
  // How many failures there were, and the first. An execution in which a thread failed
  // counts as none of the above.
  std::uint64_t failures = 0;
  std::optional<Failure> failure;
  // The first failure's graph, in one line: Options::token brings it back.
  std::string token;
  // What it took: graphs with one more event, or a read revisited, that satisfied the axioms.
  std::uint64_t steps = 0;
  std::uint64_t revisits = 0;

  Bounds bounds;
  // What is left, as lines of text, if that was asked for. Empty if nothing is.
  std::string checkpoint;
};

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_OPTIONS_H_
