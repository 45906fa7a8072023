#include "ashlar/verification/litmus/runner.h"

#include <cstddef>
#include <unordered_set>
#include <vector>

#include "ashlar/verification/litmus/interpreter.h"
#include "ashlar/verification/rc11/axioms.h"
#include "ashlar/verification/rc11/execution_hash.h"

namespace ashlar::verification::litmus {
namespace {

std::string Outcome(const LitmusProgram& program, const Interpreter& interpreter,
                    const rc11::Graph& graph) {
  std::string outcome;
  const auto append = [&](const std::string& name, std::int64_t value) {
    outcome.append(outcome.empty() ? "" : " ").append(name).append("=");
    outcome.append(std::to_string(value));
  };
  for (std::size_t thread = 0; thread < program.threads.size(); ++thread) {
    const std::vector<std::string>& registers = program.threads[thread].registers;
    for (std::size_t i = 0; i < registers.size(); ++i) {
      append(std::to_string(thread) + "." + registers[i],
             interpreter.Register(static_cast<int>(thread), static_cast<int>(i)));
    }
  }
  for (std::size_t location = 0; location < program.locations.size(); ++location) {
    append(program.locations[location], graph[graph.MoLast(static_cast<int>(location))].value);
  }
  return outcome;
}

}  // namespace

Summary RunProgram(const LitmusProgram& program, const RunOptions& options) {
  Summary summary;
  Interpreter interpreter(program);
  std::unordered_set<std::uint64_t> seen;
  const rc11::Observer observer = [&](const rc11::Graph& graph, bool) {
    if (options.races && FindRace(graph).first != rc11::Graph::kNone) ++summary.racy;
    if (options.outcomes) ++summary.outcomes[Outcome(program, interpreter, graph)];
    if (options.duplicates && !seen.insert(ExecutionHash(graph)).second) ++summary.duplicates;
    return true;
  };
  const bool observes = options.races || options.outcomes || options.duplicates;
  summary.result = rc11::Explore(interpreter, options.explorer, observes ? observer : nullptr);
  return summary;
}

}  // namespace ashlar::verification::litmus
