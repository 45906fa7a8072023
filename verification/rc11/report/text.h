// text.h
// ------
// TextReport: a failing execution, to be understood in a minute.
//
// A headline, which is the first line; the sentences why (why.h); the steps in a line that
// respects happens-before (execution_order.h), each in the column of its thread, with where
// it stands in the source and what it reads from.
//
//   data race on data: T0's write at base/mailbox.h:10 and T1's read at base/mailbox.h:13
//
//     No happens-before: the store at mailbox.h:11 (step 2) is relaxed. With release, the
//     two accesses would be ordered.
//
//        T0                       T1
//     1  data.Write()                                       mailbox.h:10 Put   RACES with 4
//     2  ready.store(1, relaxed)                            mailbox.h:11 Put
//     3                           ready.load(acquire) -> 1  mailbox.h:12 Take  reads 2, ...
//     4                           data.Read()               mailbox.h:13 Take  RACES with 1
//
// docs/verification.md says how to read it.
#ifndef ASHLAR_VERIFICATION_RC11_REPORT_TEXT_H_
#define ASHLAR_VERIFICATION_RC11_REPORT_TEXT_H_

#include <string>

#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/report/names.h"

namespace ashlar::verification::rc11 {

std::string TextReport(const Graph& graph, const Failure& failure, const Names& names = Names());

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_REPORT_TEXT_H_
