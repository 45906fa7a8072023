// One completes, after all that everybody did; one decides; and nobody comes too late and touches
// what is complete.

#include <cstdint>
#include <vector>

#include "ashlar/scheduling/internal/gather_state.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

template <class Platform>
class Inputs {
 public:
  static constexpr std::uint32_t kNobody = GatherState<Platform>::kNobody;

  void End(std::uint32_t index, bool decides) {
    outcomes_[index].Write() = 7;
    if (decides && state_.Claim(index)) ++claims_.Write();
    LetGo();
  }
  // From outside.
  void Cancel() {
    if (!state_.Hold()) return;
    Expect(!completed_before_.Read());
    LetGo();
  }
  // Of two inputs; `decide`: how many of them decide.
  void ExpectComplete(int decide) const {
    Expect(completed_before_.Read());
    Expect(claims_.Read() == (decide > 0 ? 1 : 0));
    Expect((state_.first() != kNobody) == (decide > 0));
  }

 private:
  void LetGo() {
    if (!state_.LetGo()) return;
    Expect(outcomes_[0].Read() == 7 && outcomes_[1].Read() == 7);
    Expect(!completed_before_.Read());
    completed_before_.Write() = true;
  }

  GatherState<Platform> state_{2};
  typename Platform::template Var<int> outcomes_[2];
  typename Platform::template Var<int> claims_;
  typename Platform::template Var<bool> completed_before_;
};

template <class Platform>
struct BothDecide {
  static constexpr unsigned kThreads = 2;
  Inputs<Platform> inputs;

  void Thread(unsigned index) { inputs.End(index, true); }
  void After() { inputs.ExpectComplete(2); }
};

template <class Platform>
struct NobodyDecides {
  static constexpr unsigned kThreads = 2;
  Inputs<Platform> inputs;

  void Thread(unsigned index) { inputs.End(index, false); }
  void After() { inputs.ExpectComplete(0); }
};

template <class Platform>
struct CancelledFromOutside {
  static constexpr unsigned kThreads = 3;
  Inputs<Platform> inputs;

  void Thread(unsigned index) {
    if (index == 2) return inputs.Cancel();
    inputs.End(index, index == 1);
  }
  void After() { inputs.ExpectComplete(1); }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  using namespace internal;
  return {
      MakeScenario<BothDecide>("BothDecide"),
      MakeScenario<NobodyDecides>("NobodyDecides"),
      MakeScenario<CancelledFromOutside>("CancelledFromOutside"),
  };
}

}  // namespace ashlar::verification
