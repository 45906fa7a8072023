// failure_text.h
// --------------
// What is wrong with an execution, in a line.
#ifndef ASHLAR_VERIFICATION_RC11_FAILURE_TEXT_H_
#define ASHLAR_VERIFICATION_RC11_FAILURE_TEXT_H_

#include <string>

#include "ashlar/base/source_site.h"
#include "ashlar/verification/rc11/failure.h"
#include "ashlar/verification/rc11/graph.h"
#include "ashlar/verification/rc11/program.h"

namespace ashlar::verification::rc11 {

// "file:line in function"
std::string PlaceText(const SourceSite& site);

std::string FailureText(const Graph& graph, const Failure& failure);

// How a thread that is not deterministic did `now` after the events before `then`, step by
// step.
std::string DivergenceText(const Graph& graph, EventId then, const Operation& now);

}  // namespace ashlar::verification::rc11

#endif  // ASHLAR_VERIFICATION_RC11_FAILURE_TEXT_H_
