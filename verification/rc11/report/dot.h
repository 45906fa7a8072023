// dot.h
// -----
// Dot: an execution graph for Graphviz: `dot -Tsvg failure.dot > failure.svg`.
//
// A column for each thread, in which the steps follow each other (sb). The other edges do
// not move them: reads-from is green, modification order orange, synchronises-with blue,
// from-read red. What failed is red, what reads old values or lands late is yellow.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_DOT_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_DOT_H_

#include <string>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/report/names.h"

namespace ashlar::verification::rc11 {

std::string Dot(const Graph& graph, const Failure& failure, const Names& names = Names());

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_DOT_H_
