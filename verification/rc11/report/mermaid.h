// mermaid.h
// ---------
// Mermaid: an execution graph as a flowchart that Markdown can show; columns and colours
// as in dot.h.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_MERMAID_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_MERMAID_H_

#include <string>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/report/names.h"

namespace ashlar::verification::rc11 {

std::string Mermaid(const Graph& graph, const Failure& failure, const Names& names = Names());

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_MERMAID_H_
