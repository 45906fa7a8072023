// smallest_failure.h
// ------------------
// SmallestFailure: of the failures that an exploration meets, the one that is easiest to
// read: the fewest events, then the fewest changes of thread.
//
//   SmallestFailure smallest;
//   options.on_failure = [&](const Graph& graph, const Failure& failure) {
//     return smallest.Add(graph, failure);
//   };
//   options.go_on = [&] { return smallest.GoOn(); };
//   Explore(program, options);
//   if (smallest.Found()) std::cout << TextReport(smallest.graph(), smallest.failure());
//
// From each graph it leaves out what the failure does not depend on (see Irrelevant).
//
// After the first failure the exploration goes on for a while (Budget), then is told to
// stop. Thread safety: none.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_SMALLEST_FAILURE_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_SMALLEST_FAILURE_H_

#include <chrono>
#include <cstdint>
#include <memory>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"

namespace ashlar::verification::rc11 {

class SmallestFailure {
 public:
  // How long to go on, whichever ends first.
  struct Budget {
    std::uint64_t executions = 10'000;  // failed ones count too
    std::chrono::nanoseconds time = std::chrono::seconds(1);
  };

  SmallestFailure() : SmallestFailure(Budget()) {}
  explicit SmallestFailure(const Budget& budget) : budget_(budget) {}

  // Whether to go on.
  bool Add(const Graph& graph, const Failure& failure);
  // The same, at the end of an execution.
  bool GoOn();

  bool Found() const { return smallest_ != nullptr; }
  const Graph& graph() const { return *smallest_; }
  // With what it left out.
  const Graph& whole_graph() const { return *whole_; }
  const Failure& failure() const { return failure_; }

 private:
  const Budget budget_;
  std::uint64_t executions_ = 0;  // since the first failure
  std::chrono::steady_clock::time_point start_;
  std::unique_ptr<Graph> smallest_;
  std::unique_ptr<Graph> whole_;
  int switches_ = 0;
  Failure failure_;
};

// What `failure` does not depend on, as far as the graph says: it fails as well without
// these events, unless it depends on what is no operation, such as when memory was freed.
EventSet Irrelevant(const Graph& graph, const Failure& failure);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_SMALLEST_FAILURE_H_
