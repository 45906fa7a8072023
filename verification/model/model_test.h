// model_test.h
// ------------
// RunModelTest: explores every scenario, at random and by a bounded search under Relacy and
// exhaustively under RC11 (scenarios of relacy_scenario.h only under Relacy), and prints what
// it did: schedulers, bounds, numbers of executions. It returns 0 if every scenario passed; 1
// if not, with the history of the failing execution and the flags that bring it back; 2 for
// flags that it does not know. Bazel gets the same rows (junit.h).
//
// model_main.cc makes a program of it, which verified_primitive() links with the scenarios.
//
// Flags, besides those of bounds.h:
//   --scenario=NAME   only this scenario
//   --state=STATE     where the bounded search begins: a failure prints it
//   --token=TOKEN     the only execution to run under RC11, step by step: a failure prints it
//   --threads=N       how many threads explore under RC11, if that is to be faster [1]
//   --drawings=FOLDER where to draw what fails under RC11, for Graphviz and for Markdown
//                     [Bazel's folder for the outputs of a test]
//
// What a pass means: no failure in the executions that were explored, under the checkers'
// memory models, whose limits are listed in verification/README.md. It is no proof.
#ifndef ASHLAR_VERIFICATION_MODEL_MODEL_TEST_H_
#define ASHLAR_VERIFICATION_MODEL_MODEL_TEST_H_

#include <vector>

#include "ashlar/verification/model/scenario.h"

namespace ashlar::verification {

int RunModelTest(int argc, char** argv, const std::vector<Scenario>& scenarios);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_MODEL_TEST_H_
