// The outcome reaches the consumer, or its continuation, in whatever order the two sides come; who
// sleeps is woken; and the state is freed once, when nobody will touch it any more.
//
// Each scenario is a producer that sets once, and a consumer that does one or two things. The
// consumers sleep without spinning first; FindsItReady alone looks on. Not covered here: several
// threads of one side, which the contract forbids.

#include <chrono>
#include <vector>

#include "ashlar/scheduling/internal/future_state.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

template <class Platform>
struct Note {
  typename Platform::template Var<int> written;  // by the consumer, before it attaches this
  typename Platform::template Var<int> ran;
};

template <class Platform, int kSpins = 0>
class Handover {
 public:
  using State = FutureState<int, Note<Platform>, Platform, kSpins>;

  State& state() { return *state_; }

  void Produce() {
    state_->outcome() = 7;
    if (state_->Set()) Finish();
  }
  void Attach() {
    note_.written.Write() = 1;
    if (state_->Leave(&note_)) Finish();
  }
  void Drop() {
    if (state_->Owned() || state_->Leave(nullptr)) Free();
  }
  // Of what is ready.
  void TakeAndDrop() {
    Expect(state_->outcome() == 7);
    state_->outcome() = 0;
    Drop();
  }
  int ran() const { return note_.ran.Read(); }

 private:
  // By the owner.
  void Finish() {
    if (Note<Platform>* const note = state_->continuation()) {
      Expect(state_->outcome() == 7);
      Expect(note->written.Read() == 1);
      ++note->ran.Write();
    }
    Free();
  }
  void Free() { Platform::Destroy(state_); }

  State* const state_ = Platform::template Create<State>();
  Note<Platform> note_;
};

template <class Platform>
struct SetAgainstAttach {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover;

  void Thread(unsigned index) { index == 0 ? handover.Produce() : handover.Attach(); }
  void After() { Expect(handover.ran() == 1); }
};

template <class Platform>
struct SetAgainstDrop {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover;

  void Thread(unsigned index) { index == 0 ? handover.Produce() : handover.Drop(); }
};

template <class Platform>
struct LooksOnce {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover;

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    if (handover.state().Ready()) return handover.TakeAndDrop();
    handover.Attach();
  }
};
template <class Platform>
struct SleepsAndTakes {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover;

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    handover.state().Wait();
    handover.TakeAndDrop();
  }
};

template <class Platform>
struct FindsItReady {
  static constexpr unsigned kThreads = 2;
  Handover<Platform, 1> handover;

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    handover.state().Wait();
    handover.TakeAndDrop();
  }
};

// Who slept may still attach, although the producer is not through with waking it.
template <class Platform>
struct SleepsAndAttaches {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover;

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    handover.state().Wait();
    handover.Attach();
  }
  void After() { Expect(handover.ran() == 1); }
};

template <class Platform>
struct GivesUpAndAttaches {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover;

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    if (handover.state().WaitFor(std::chrono::seconds(1))) return handover.TakeAndDrop();
    handover.Attach();
  }
};

template <class Platform>
struct GivesUpAndSleepsAgain {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover;

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    if (!handover.state().WaitFor(std::chrono::seconds(1))) handover.state().Wait();
    handover.TakeAndDrop();
  }
};

// No time: does not sleep.
template <class Platform>
struct WaitsForNothing {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover;

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    if (handover.state().WaitFor({})) return handover.TakeAndDrop();
    handover.Drop();
  }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  using namespace internal;
  return {
      MakeScenario<SetAgainstAttach>("SetAgainstAttach"),
      MakeScenario<SetAgainstDrop>("SetAgainstDrop"),
      MakeScenario<LooksOnce>("LooksOnce"),
      MakeScenario<SleepsAndTakes>("SleepsAndTakes"),
      MakeScenario<FindsItReady>("FindsItReady"),
      MakeScenario<SleepsAndAttaches>("SleepsAndAttaches"),
      MakeScenario<GivesUpAndAttaches>("GivesUpAndAttaches"),
      MakeScenario<GivesUpAndSleepsAgain>("GivesUpAndSleepsAgain"),
      MakeScenario<WaitsForNothing>("WaitsForNothing"),
  };
}

}  // namespace ashlar::verification
