// mutation_campaign.h
// -------------------
// RunMutationTest: weakens one order of a primitive after another (mutation.h) and expects
// its scenarios to notice. First it runs the scenarios as they are, briefly, to learn which
// operations they execute. It prints a table of all mutants and the score, and returns 0 if
// every mutant was killed or is accepted and no entry of the list is stale; 1 if not; 2 for
// flags that it does not know. Bazel gets the same rows (junit.h).
//
// mutation_main.cc makes a program of it, which verified_primitive() links with the scenarios.
//
// Flags, besides those of bounds.h, of which a mutant gets a tenth; those that nothing has
// killed get all of --executions:
//   --survivors=FILE  the list of mutants that may survive (survivors.h)
//   --elsewhere=FILE,...  headers whose orders are not weakened, as places print them: they
//                     have a mutation test of their own
//   --mutant=N        show how this mutant of the table fails
#ifndef ASHLAR_VERIFICATION_MODEL_MUTATION_CAMPAIGN_H_
#define ASHLAR_VERIFICATION_MODEL_MUTATION_CAMPAIGN_H_

#include <vector>

#include "ashlar/verification/model/scenario.h"

namespace ashlar::verification {

int RunMutationTest(int argc, char** argv, const std::vector<Scenario>& scenarios);

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_MUTATION_CAMPAIGN_H_
