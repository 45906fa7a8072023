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

#include "ashlar/base/check.h"
#include "ashlar/verification/linearizability/checker.h"
#include "ashlar/verification/linearizability/history.h"
#include "ashlar/verification/linearizability/order.h"
#include "ashlar/verification/linearizability/specification.h"

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

// All but the texts of the bars.
Drawing LayOut(const Order& order, const std::vector<Order::Place>& places, bool timed,
               const Verdict& verdict, std::size_t max_operations);

}  // namespace internal

template <Specification S>
Drawing Draw(const S& specification, const HistoryOf<S>& history, const Verdict& verdict,
             std::size_t max_operations) {
  const absl::StatusOr<Order> order = history.MakeOrder();
  ASHLAR_CHECK(order.ok(), "there is no verdict about what is no history");
  const bool timed = !history.order.has_value();
  Drawing drawing = internal::LayOut(*order, history.Places(), timed, verdict, max_operations);

  // The states that there can be after each operation of the sequence.
  std::vector<std::string> states_after(history.operations.size());
  std::vector<typename S::State> states = {InitialState(specification)};
  for (const int index : verdict.sequence) {
    const auto& operation = history.operations[index];
    std::vector<typename S::State> next;
    for (const typename S::State& state : states) {
      ForEachEffect(specification, state, operation.call,
                    [&](const typename S::Result& result, typename S::State after) {
                      if (!operation.result.has_value() || *operation.result == result) {
                        next.push_back(std::move(after));
                      }
                    });
    }
    states = std::move(next);
    for (const typename S::State& state : states) {
      const std::string text = TextOf(specification, state);
      std::string& all = states_after[index];
      if (!text.empty()) all += (all.empty() ? "then the state is " : " or ") + text;
    }
  }
  for (Drawing::Bar& bar : drawing.bars) {
    const auto& operation = history.operations[bar.operation];
    bar.text = TextOf(specification, operation.call, operation.result);
    bar.details += states_after[bar.operation];
  }
  return drawing;
}

}  // namespace ashlar::verification::linearizability

#endif  // ASHLAR_VERIFICATION_LINEARIZABILITY_DRAWING_H_
