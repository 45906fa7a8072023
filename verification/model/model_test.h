// model_test.h
// ------------
// RunModelTest: the main() of a model test.
//
//   #include "ashlar/verification/model/model_test.h"
//   #include "ashlar/verification/model/verified_scenario.h"
//
//   int main(int argc, char** argv) {
//     using namespace ashlar::verification;
//     return RunModelTest(argc, argv, {MakeScenario<MessagePassing>("MessagePassing")});
//   }
//
// It explores every scenario, at random and by a bounded search under Relacy and
// exhaustively under RC11 (scenarios of relacy_scenario.h only under Relacy), then runs
// the mutation campaign (mutation.h) with all of these, and prints what it did:
// schedulers, bounds, numbers of executions, and a table of all mutants. It returns 0 if every
// scenario passed, every mutant was killed or is accepted, and no accepted entry is stale; 1 if
// not, with the history of the failing execution and the flags that bring it back; 2 for flags it
// does not know.
//
// Flags (defaults in brackets):
//   --scenario=NAME   only this scenario, and no mutants
//   --iterations=N    random executions a scenario [50000], a tenth for each mutant
//   --bound=N         preemptions in the bounded search [2]
//   --limit=N         at most so many executions of it [100000], a tenth for mutants
//   --executions=N    at most so many under RC11 [50000]; for mutants a tenth, and all for
//                     those that nothing has killed
//   --mutation=no     no mutants
//   --first=N         the number, which is the seed, of the first random execution [1]
//   --state=STATE     where the bounded search begins: a failure prints it
//   --token=TOKEN     the only execution to run under RC11, step by step: a failure prints it
//   --drawings=FOLDER where to draw what fails under RC11, for Graphviz and for Markdown
//                     [Bazel's folder for the outputs of a test]
//   --mutant=N        show how this mutant of the table fails
// Environment: ASHLAR_MODEL_SCALE=N multiplies --iterations, --limit and --executions and
// adds a preemption to the default bound (--config=deep).
//
// What a pass means: no failure in the executions that were explored, under the checkers'
// memory models, whose limits are listed in verification/README.md. It is no proof.
#ifndef ASHLAR_VERIFICATION_MODEL_MODEL_TEST_H_
#define ASHLAR_VERIFICATION_MODEL_MODEL_TEST_H_

#include <vector>

#include "ashlar/verification/model/mutation.h"
#include "ashlar/verification/model/scenario.h"

namespace ashlar::verification {

int RunModelTest(int argc, char** argv, const std::vector<Scenario>& scenarios,
                 const std::vector<Accepted>& accepted = {});

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_MODEL_TEST_H_
