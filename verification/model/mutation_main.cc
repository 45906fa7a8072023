// The main() of a mutation test.

#include "ashlar/verification/model/mutation_campaign.h"
#include "ashlar/verification/model/scenario.h"

int main(int argc, char** argv) {
  using namespace ashlar::verification;
  return RunMutationTest(argc, argv, Scenarios());
}
