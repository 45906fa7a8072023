// verified_scenario.h
// -------------------
// MakeScenario<S>("Name"): a scenario that both checkers explore, from a struct template
// over the platform:
//
//   template <class Platform>
//   struct MessagePassing {
//     static constexpr unsigned kThreads = 2;
//     typename Platform::template Var<int> data;
//     typename Platform::template Atomic<bool> ready;
//     void Thread(unsigned index);
//   };
//
// relacy_scenario.h and rc11_scenario.h say what a scenario may do, and what they find.
#ifndef ASHLAR_VERIFICATION_MODEL_VERIFIED_SCENARIO_H_
#define ASHLAR_VERIFICATION_MODEL_VERIFIED_SCENARIO_H_

#include <string>
#include <utility>

#include "ashlar/verification/model/exhaustive_search.h"
#include "ashlar/verification/model/rc11_scenario.h"
#include "ashlar/verification/model/relacy_scenario.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/platform/rc11_platform.h"
#include "ashlar/verification/platform/relacy_platform.h"

namespace ashlar::verification {

template <template <class> class S>
Scenario MakeScenario(std::string name) {
  Scenario scenario = MakeScenario<S<RelacyPlatform>>(std::move(name));
  scenario.explore_all = [](const Search& search) {
    return SearchExhaustively(Rc11Type<S<Rc11Platform>>(), search);
  };
  return scenario;
}

namespace verified_scenario_internal {

template <template <class, class> class S, class Policy>
struct With {
  template <class Platform>
  using Scenario = S<Platform, Policy>;
};

}  // namespace verified_scenario_internal

// The same from one with a second parameter, such as a fence policy.
template <template <class, class> class S, class Policy>
Scenario MakeScenario(std::string name) {
  return MakeScenario<verified_scenario_internal::With<S, Policy>::template Scenario>(
      std::move(name));
}

}  // namespace ashlar::verification

#endif  // ASHLAR_VERIFICATION_MODEL_VERIFIED_SCENARIO_H_
