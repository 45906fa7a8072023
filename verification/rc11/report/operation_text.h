// operation_text.h
// ----------------
// Operations in the words of the source: `tail.exchange(2, acq_rel) -> 0`.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_OPERATION_TEXT_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_OPERATION_TEXT_H_

#include <string>
#include <string_view>

#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"
#include "ashlar/verification/rc11/report/execution_order.h"
#include "ashlar/verification/rc11/report/names.h"

namespace ashlar::verification::rc11 {

// "relaxed", ..., "seq_cst"; "plain".
std::string_view Text(Order order);

// "load", "store", "exchange", "fence", ...; "read" and "write" are of plain data.
std::string_view Noun(const Operation& operation);

// The method of the platform that it is a call of: "load", "compare_exchange_weak", "Write".
std::string_view Method(const Operation& operation);

// Whether the source does not say it: what waiting, locking, starting threads and the lives
// of objects are made of.
bool IsThePlatforms(const Operation& operation);

// The operation with its arguments and its result. Plain data has values only in programs
// that give it some; a Var of the platform does not.
std::string OperationText(const Graph& graph, const Step& step, const Names& names);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_OPERATION_TEXT_H_
