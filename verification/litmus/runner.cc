#include "ashlar/verification/litmus/runner.h"

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "ashlar/verification/litmus/interpreter.h"
#include "ashlar/verification/litmus/outcome.h"
#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/execution_hash.h"

namespace ashlar::verification::litmus {
namespace {

// Each thread that explores has its own, which is where the execution that it is asked about
// ended.
thread_local const Interpreter* threads_interpreter = nullptr;

std::string Outcome(const LitmusProgram& program, const Interpreter& interpreter,
                    const rc11::Graph& graph) {
  std::vector<std::int64_t> values;
  for (int thread = 0; thread < interpreter.Threads(); ++thread) {
    const std::size_t registers = program.threads[thread].registers.size();
    for (std::size_t i = 0; i < registers; ++i) {
      values.push_back(interpreter.Register(thread, static_cast<int>(i)));
    }
  }
  for (int location = 0; location < interpreter.Locations(); ++location) {
    values.push_back(graph[graph.MoLast(location)].value);
  }
  return OutcomeText(program, values);
}

}  // namespace

Summary RunProgram(const LitmusProgram& program, const RunOptions& options) {
  Summary summary;
  std::unordered_set<std::uint64_t> seen;
  const rc11::Observer observer = [&](const rc11::Graph& graph, bool) {
    const bool racy = options.races && FindRace(graph).first != rc11::Graph::kNone;
    const auto keep_token = [&](std::string& token) {
      if (options.tokens && token.empty()) token = rc11::Token(graph);
    };
    summary.racy += racy;
    if (racy) keep_token(summary.racy_token);
    if (options.outcomes && !(racy && options.races_have_no_outcome)) {
      const std::string outcome = Outcome(program, *threads_interpreter, graph);
      ++summary.outcomes[outcome];
      keep_token(summary.tokens[outcome]);
    }
    if (options.duplicates && !seen.insert(ExecutionHash(graph)).second) ++summary.duplicates;
    return true;
  };
  const auto make_interpreter = [&] {
    auto interpreter = std::make_unique<Interpreter>(program);
    threads_interpreter = interpreter.get();
    return interpreter;
  };
  const bool observes = options.races || options.outcomes || options.duplicates;
  summary.result = rc11::Explore(make_interpreter, options.explorer.threads, options.explorer,
                                 observes ? observer : nullptr);
  return summary;
}

}  // namespace ashlar::verification::litmus
