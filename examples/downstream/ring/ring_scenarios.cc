#include <optional>
#include <vector>

#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"
#include "ring/ring.h"

namespace ashlar::verification {
namespace {

// What comes out is what went in, in that order.
template <class Platform>
struct FirstInFirstOut {
  static constexpr unsigned kThreads = 2;
  downstream::Ring<int, 2, Platform> ring;

  void Thread(unsigned index) {
    if (index == 0) {
      ring.TryPush(1);
      ring.TryPush(2);
    } else {
      int expected = 1;
      for (int i = 0; i < 2; ++i) {
        if (const std::optional<int> item = ring.TryPop()) Expect(*item == expected++);
      }
    }
  }
};

// A slot that was emptied is filled again.
template <class Platform>
struct SlotsAreUsedAgain {
  static constexpr unsigned kThreads = 2;
  downstream::Ring<int, 1, Platform> ring;

  void Thread(unsigned index) {
    for (int item = 1; item <= 2; ++item) {
      if (index == 0) {
        while (!ring.TryPush(item)) Platform::SpinWait();
      } else {
        std::optional<int> got;
        while (!(got = ring.TryPop())) Platform::SpinWait();
        Expect(*got == item);
      }
    }
  }
};

}  // namespace

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<FirstInFirstOut>("FirstInFirstOut"),
      MakeScenario<SlotsAreUsedAgain>("SlotsAreUsedAgain"),
  };
}

}  // namespace ashlar::verification
