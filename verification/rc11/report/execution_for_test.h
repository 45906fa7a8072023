// execution_for_test.h
// --------------------
// FindExecution: the first execution of a script that looks as it should.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_EXECUTION_FOR_TEST_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_EXECUTION_FOR_TEST_H_

#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

#include "ashlar/verification/rc11/explorer.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/script_for_test.h"

namespace ashlar::verification::rc11 {

// Null if there is none. `wanted` takes a graph.
template <class Wanted>
std::unique_ptr<Graph> FindExecution(std::vector<std::vector<Operation>> threads, Wanted wanted) {
  Script script(std::move(threads));
  std::unique_ptr<Graph> found;
  Explore(script, {}, [&](const Graph& graph, bool) {
    if (wanted(graph)) found = std::make_unique<Graph>(graph);
    return found == nullptr;
  });
  return found;
}

// Whether the reads, thread by thread, have these values.
inline auto Reads(std::initializer_list<Value> values) {
  return [wanted = std::vector<Value>(values)](const Graph& graph) {
    std::vector<Value> read;
    for (int thread = 0; thread < graph.Threads(); ++thread) {
      for (int index = 0; index < graph.ThreadSize(thread); ++index) {
        const Event& event = graph[graph.ThreadAt(thread, index)];
        if (event.IsRead()) read.push_back(event.value);
      }
    }
    return read == wanted;
  };
}

// Whether the last writes of the first locations have these values.
inline auto Ends(std::initializer_list<Value> values) {
  return [wanted = std::vector<Value>(values)](const Graph& graph) {
    for (int location = 0; location < static_cast<int>(wanted.size()); ++location) {
      if (graph[graph.MoLast(location)].value != wanted[location]) return false;
    }
    return true;
  };
}

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_EXECUTION_FOR_TEST_H_
