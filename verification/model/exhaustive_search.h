// exhaustive_search.h
// -------------------
// SearchExhaustively: an exploration by the RC11 checker in the terms of the model tests.
#ifndef ASHLAR_VERIFICATION_MODEL_EXHAUSTIVE_SEARCH_H_
#define ASHLAR_VERIFICATION_MODEL_EXHAUSTIVE_SEARCH_H_

#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/rc11/fiber_program.h"

namespace ashlar::verification {

Outcome SearchExhaustively(const rc11::ScenarioType& type, const Search& search);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_EXHAUSTIVE_SEARCH_H_
