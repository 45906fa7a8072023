// drawing.h
// ---------
// A history and its verdict as a picture, to understand why it is not linearizable:
//
//   Drawing drawing = Draw(Queue<int>(), history, *verdict);
//   std::ofstream("history.svg") << Svg(drawing);   // for a browser, with tooltips
//   std::puts(Columns(drawing).c_str());            // for a terminal
//
// A row, or a column, for each thread. Operations of the longest sequence that was found
// have their number in it; those that can not follow it are red in the picture and marked
// !! in the text. Times are drawn in their order, not to scale. A history whose order is
// not that of times is drawn as a graph: of two operations the one precedes the other if
// they are in the same thread or arrows lead from one to the other, wherever they stand.
//
// Of a history with many operations, those around the stuck ones are drawn.
#ifndef ASHLAR_VERIFICATION_LINEARIZABILITY_DRAWING_H_
#define ASHLAR_VERIFICATION_LINEARIZABILITY_DRAWING_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/internal/problem.h"
#include "ashlar/verification/linearizability/internal/typed_problem.h"
#include "ashlar/verification/linearizability/specification.h"
#include "ashlar/verification/linearizability/verdict.h"

namespace ashlar::verification::linearizability {

// What is drawn, without types. Draw() makes it.
struct Drawing {
  struct Bar {
    int operation = 0;  // its index in the history
    int thread = 0;
    std::string text;
    std::string details;  // a few lines
    bool pending = false;
    bool stuck = false;
    int number = 0;  // in the sequence, from 1; 0: it is not in it
    // Where it begins and ends; of all beginnings and ends no two are the same, unless
    // the drawing is a graph.
    int from = 0;
    int to = 0;
  };
  int threads = 0;
  std::vector<Bar> bars;
  bool graph = false;
  std::vector<std::pair<int, int>> arrows;  // indices of bars
  std::string title;
  std::string why;
};

// `history` must be the one that `verdict` is about.
template <Specification S>
Drawing Draw(const S& specification, const HistoryOf<S>& history, const Verdict& verdict,
             std::size_t max_operations = 100);

std::string Svg(const Drawing& drawing);
std::string Columns(const Drawing& drawing);

// Implementation.

namespace internal {

Drawing DrawProblem(Problem& problem, const Verdict& verdict, std::size_t max_operations = 100);

}  // namespace internal

template <Specification S>
Drawing Draw(const S& specification, const HistoryOf<S>& history, const Verdict& verdict,
             std::size_t max_operations) {
  internal::TypedProblem<S> problem(specification, history);
  return internal::DrawProblem(problem, verdict, max_operations);
}

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_DRAWING_H_
