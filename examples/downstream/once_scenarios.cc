#include <vector>

#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"
#include "downstream/once.h"

namespace downstream {
namespace {

template <class Platform>
struct AllSeeWhatIsDoneOnce {
  static constexpr unsigned kThreads = 3;
  Once<Platform> once;
  typename Platform::template Var<int> done{0};

  void Thread(unsigned) {
    if (once.Begin()) {
      done.Write() += 1;
      once.End();
    }
    ashlar::verification::Expect(done.Read() == 1);
  }
};

}  // namespace
}  // namespace downstream

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {MakeScenario<downstream::AllSeeWhatIsDoneOnce>("AllSeeWhatIsDoneOnce")};
}

}  // namespace ashlar::verification
