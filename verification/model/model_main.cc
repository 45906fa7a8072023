// The main() of a model test.

#include "ashlar/verification/model/model_test.h"
#include "ashlar/verification/model/scenario.h"

int main(int argc, char** argv) {
  using namespace ashlar::verification;
  return RunModelTest(argc, argv, Scenarios());
}
