// why.h
// -----
// Headline and Why: what is wrong with an execution, and which memory order is to blame.
//
// The lines of Why() refer to the steps of ExecutionOrder() by their numbers, from 1.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_WHY_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_WHY_H_

#include <string>
#include <vector>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/report/execution_order.h"
#include "ashlar/verification/rc11/report/names.h"

namespace ashlar::verification::rc11 {

// One line: "data race on data: the write of T0 at mailbox.h:12, and the read of T1 at ..."
std::string Headline(const Graph& graph, const Failure& failure, const Names& names);

// A sentence each; those that begin with two blanks quote the source for the one before.
std::vector<std::string> Why(const Graph& graph, const Failure& failure,
                             const std::vector<Step>& steps, const Names& names);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_WHY_H_
