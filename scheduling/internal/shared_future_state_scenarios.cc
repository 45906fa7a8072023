// The outcome reaches every reader and every continuation once, in the order of attaching; who
// sleeps is woken; and the state is freed by the last holder.
//
// Each scenario is a producer and one or two readers, each with a hold of its own. Nobody spins
// before it sleeps but in FindsItReady.

#include <chrono>
#include <vector>

#include "ashlar/scheduling/internal/shared_future_state.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar::internal {
namespace {

using verification::Expect;

template <class Platform>
struct Note {
  typename Platform::template Var<Note*> next;
  typename Platform::template Var<int> written;
  typename Platform::template Var<int> ran;
};

template <class Platform, int kSpins = 0>
class Handover {
 public:
  using State = SharedFutureState<int, Note<Platform>, Platform, kSpins>;

  explicit Handover(unsigned holders) : state_(Platform::template Create<State>(holders)) {}

  State& state() { return *state_; }

  void Produce() {
    state_->NewOutcome() = 7;
    Note<Platform>* note = state_->Set();
    while (note != nullptr) {
      Note<Platform>* const next = note->next.Read();
      Run(*note);
      note = next;
    }
    LetGo();
  }
  // Notes 0 and 1.
  void Attach(int index) {
    notes_[index].written.Write() = 1;
    if (!state_->Attach(&notes_[index])) Run(notes_[index]);
  }
  void Read() { Expect(state_->outcome() == 7); }
  void LetGo() {
    if (state_->LetGo()) Platform::Destroy(state_);
  }
  int ran(int index) const { return notes_[index].ran.Read(); }

 private:
  void Run(Note<Platform>& note) {
    Read();
    Expect(note.written.Read() == 1);
    ++note.ran.Write();
  }

  State* const state_;
  Note<Platform> notes_[2];
};

template <class Platform>
struct SetAgainstAttach {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover{2};

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    handover.Attach(0);
    handover.LetGo();
  }
  void After() { Expect(handover.ran(0) == 1); }
};

template <class Platform>
struct TwoAttach {
  static constexpr unsigned kThreads = 3;
  Handover<Platform> handover{3};

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    handover.Attach(static_cast<int>(index) - 1);
    handover.LetGo();
  }
  void After() { Expect(handover.ran(0) == 1 && handover.ran(1) == 1); }
};

// Both before the producer: one after the other.
template <class Platform>
struct RunInOrder {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover{2};

  RunInOrder() {
    handover.Attach(0);
    handover.Attach(1);
  }
  void Thread(unsigned index) {
    if (index == 1) return handover.LetGo();
    handover.state().NewOutcome() = 7;
    Note<Platform>* const first = handover.state().Set();
    Note<Platform>* const second = first->next.Read();
    Expect(second == first + 1 && second->next.Read() == nullptr);
    handover.LetGo();
  }
};

template <class Platform>
struct ReadsWhatIsReady {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover{2};

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    if (handover.state().Ready()) handover.Read();
    handover.LetGo();
  }
};

template <class Platform>
struct SleepersAreWoken {
  static constexpr unsigned kThreads = 3;
  Handover<Platform> handover{3};

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    handover.state().Wait();
    handover.Read();
    handover.LetGo();
  }
};

template <class Platform>
struct FindsItReady {
  static constexpr unsigned kThreads = 2;
  Handover<Platform, 1> handover{2};

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    handover.state().Wait();
    handover.Read();
    handover.LetGo();
  }
};

template <class Platform>
struct GivesUp {
  static constexpr unsigned kThreads = 2;
  Handover<Platform> handover{2};

  void Thread(unsigned index) {
    if (index == 0) return handover.Produce();
    if (handover.state().WaitFor(std::chrono::seconds(1))) handover.Read();
    handover.LetGo();
  }
};

}  // namespace
}  // namespace ashlar::internal

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  using namespace internal;
  return {
      MakeScenario<SetAgainstAttach>("SetAgainstAttach"),
      MakeScenario<TwoAttach>("TwoAttach"),
      MakeScenario<RunInOrder>("RunInOrder"),
      MakeScenario<ReadsWhatIsReady>("ReadsWhatIsReady"),
      MakeScenario<SleepersAreWoken>("SleepersAreWoken"),
      MakeScenario<FindsItReady>("FindsItReady"),
      MakeScenario<GivesUp>("GivesUp"),
  };
}

}  // namespace ashlar::verification
