// Whoever waits is woken when there is an item, room, or a Close; what was accepted is popped; and
// who gives up takes no wake-up from another. A lost wake-up is a thread that waits for ever, which
// both checkers report.
//
// Each scenario has two or three threads and a queue of one or two items. There is no spinning
// before the sleep, which would only make looks more. Not covered here: clocks (a time may run out
// at any moment), std::stop_token itself, elements that throw (blocking_mpmc_queue_test.cc).

#include <atomic>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "ashlar/concurrency/blocking_mpmc_queue.h"
#include "ashlar/concurrency/wait_outcome.h"
#include "ashlar/verification/model/expectation.h"
#include "ashlar/verification/model/scenario.h"
#include "ashlar/verification/model/verified_scenario.h"

namespace ashlar {
namespace {

using verification::Expect;

constexpr auto kOk = WaitOutcome::kOk;
constexpr auto kClosed = WaitOutcome::kClosed;
constexpr auto kTimedOut = WaitOutcome::kTimedOut;
constexpr auto kStopped = WaitOutcome::kStopped;

constexpr std::chrono::nanoseconds kNoSpin(0);
constexpr std::chrono::seconds kTimeout(1);

// A queue of parcels, each of which is sent by one thread and received by one.
template <class Platform>
class Parcels {
 public:
  static constexpr int kMost = 4;

  // With so many parcels inside.
  explicit Parcels(std::size_t capacity, int inside = 0) : queue_(capacity, kNoSpin) {
    for (int i = 0; i < inside; ++i) Expect(TryPush(i) == kOk);
  }

  // Nothing is lost.
  ~Parcels() {
    while (TryPop()) {
    }
    for (int i = 0; i < kMost; ++i) Expect(parcels_[i].Read() != Parcel::kFull);
  }

  WaitOutcome TryPush(int parcel) { return Fill(parcel, queue_.TryPush(Filled(parcel))); }
  WaitOutcome Push(int parcel) { return Fill(parcel, queue_.Push(Filled(parcel))); }
  WaitOutcome PushInTime(int parcel) {
    return Fill(parcel, queue_.PushFor(Filled(parcel), kTimeout));
  }
  WaitResult<int> TryPop() { return Emptied(queue_.TryPop()); }
  WaitResult<int> Pop() { return Emptied(queue_.Pop()); }
  WaitResult<int> PopInTime() { return Emptied(queue_.PopFor(kTimeout)); }
  template <class Stop>
  WaitResult<int> Pop(const Stop& stop) {
    return Emptied(queue_.Pop(stop));
  }
  bool Close() { return queue_.Close(); }

  // Parcels 0 and 1; there is room for both.
  void TryPushTwo() {
    const int two[] = {Filled(0), Filled(1)};
    Expect(queue_.TryPushBatch(two, 2).count == 2);
  }
  // At most two. How many.
  std::size_t PopTwo() {
    int two[2];
    const WaitBatchResult result = queue_.PopBatch(two, 2);
    for (std::size_t i = 0; i < result.count; ++i) Emptied({kOk, two[i]});
    return result.count;
  }

 private:
  using Queue = BlockingMpmcQueue<int, Platform>;
  enum class Parcel { kNone, kFull, kTaken };

  int Filled(int parcel) {
    parcels_[parcel].Write() = Parcel::kFull;
    return parcel;
  }
  WaitOutcome Fill(int parcel, WaitOutcome outcome) {
    if (outcome != kOk) parcels_[parcel].Write() = Parcel::kNone;
    return outcome;
  }
  // Two who take the same one are found here, or race.
  WaitResult<int> Emptied(WaitResult<int> result) {
    Expect(result.item.has_value() == (result.outcome == kOk));
    if (result) {
      Expect(parcels_[*result.item].Read() == Parcel::kFull);
      parcels_[*result.item].Write() = Parcel::kTaken;
    }
    return result;
  }

  Queue queue_;
  typename Platform::template Var<Parcel> parcels_[kMost];
};

// As a std::stop_source with one callback.
template <class Platform>
class StopSource {
 public:
  class Token {
   public:
    explicit Token(StopSource& source) : source_(&source) {}

    template <class Call>
    class callback_type {  // NOLINT: the standard's name
     public:
      callback_type(Token token, Call call) : source_(*token.source_), call_(call) {
        source_.heard_.Write() = {this,
                                  [](void* self) { static_cast<callback_type*>(self)->call_(); }};
        State expected = State::kQuiet;
        if (!source_.state_.compare_exchange_strong(expected, State::kHeard, kAcqRel, kAcquire)) {
          call_();
        }
      }
      ~callback_type() {
        State expected = State::kHeard;
        if (source_.state_.compare_exchange_strong(expected, State::kQuiet, kAcqRel, kAcquire)) {
          return;
        }
        while (source_.state_.load(kAcquire) == State::kRunning) Platform::SpinWait();
      }

     private:
      StopSource& source_;
      Call call_;
    };

   private:
    StopSource* source_;
  };

  Token GetToken() { return Token(*this); }

  void Request() {
    State expected = State::kQuiet;
    if (state_.compare_exchange_strong(expected, State::kRequested, kAcqRel, kAcquire)) return;
    if (!state_.compare_exchange_strong(expected, State::kRunning, kAcqRel, kAcquire)) {
      state_.store(State::kRequested, std::memory_order_release);  // its call is over
      return;
    }
    const Heard heard = heard_.Read();
    heard.run(heard.self);
    state_.store(State::kRequested, std::memory_order_release);
  }

 private:
  static constexpr auto kAcqRel = std::memory_order_acq_rel;
  static constexpr auto kAcquire = std::memory_order_acquire;

  enum class State { kQuiet, kHeard, kRunning, kRequested };
  struct Heard {
    void* self = nullptr;
    void (*run)(void* self) = nullptr;
  };

  typename Platform::template Atomic<State> state_{State::kQuiet};
  typename Platform::template Var<Heard> heard_;
};

template <class Platform>
struct PushWakesPop {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{2};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.TryPush(0) == kOk);
    } else {
      Expect(parcels.Pop().item == 0);
    }
  }
};

template <class Platform>
struct PopWakesPush {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{1, 1};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.TryPop().item == 0);
    } else {
      Expect(parcels.Push(1) == kOk);
    }
  }
};

// One slot: who pushes waits for who pops, and the other way round.
template <class Platform>
struct EachWaitsForTheOther {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{1};

  void Thread(unsigned index) {
    for (int i = 0; i < 2; ++i) {
      if (index == 0) {
        Expect(parcels.Push(i) == kOk);
      } else {
        Expect(parcels.Pop().item == i);
      }
    }
  }
};

// Two sleepers, two items.
template <class Platform>
struct EachPushWakesAnother {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};

  void Thread(unsigned index) {
    if (index > 0) return Expect(parcels.Pop().outcome == kOk);
    Expect(parcels.TryPush(0) == kOk);
    Expect(parcels.TryPush(1) == kOk);
  }
};

// Two sleepers, two slots.
template <class Platform>
struct EachPopWakesAnother {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2, 2};

  void Thread(unsigned index) {
    if (index > 0) return Expect(parcels.Push(1 + static_cast<int>(index)) == kOk);
    Expect(parcels.TryPop().item == 0);
    Expect(parcels.TryPop().item == 1);
  }
};

// A batch is for several sleepers.
template <class Platform>
struct BatchWakesBoth {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};

  void Thread(unsigned index) {
    index == 0 ? parcels.TryPushTwo() : Expect(parcels.Pop().outcome == kOk);
  }
};

template <class Platform>
struct BatchOfPopsWakesBoth {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2, 2};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.PopTwo() == 2);
    } else {
      Expect(parcels.Push(1 + static_cast<int>(index)) == kOk);
    }
  }
};

// All who wait for an item that never comes: a Close that wakes nobody on an empty queue, or one of
// many, leaves them there.
template <class Platform>
struct CloseWakesAllWhoPop {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{1};

  void Thread(unsigned index) {
    if (index > 0) return Expect(parcels.Pop().outcome == kClosed);
    Expect(parcels.Close());
    Expect(!parcels.Close());
  }
};

template <class Platform>
struct CloseWakesAllWhoPush {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{1, 1};

  void Thread(unsigned index) {
    if (index > 0) return Expect(parcels.Push(static_cast<int>(index)) == kClosed);
    parcels.Close();
  }
  void After() {
    Expect(parcels.TryPop().item == 0);
    Expect(parcels.TryPop().outcome == kClosed);
  }
};

// Close against a claim: what is accepted is popped before kClosed, however far its push had come.
template <class Platform>
struct AcceptedIsPopped {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{1};
  int pushed = 0;
  int popped = 0;

  void Thread(unsigned index) {
    if (index == 0) {
      for (int i = 0; i < 2; ++i) pushed += parcels.Push(i) == kOk ? 1 : 0;
    } else if (index == 1) {
      while (parcels.Pop()) ++popped;
    } else {
      parcels.Close();
    }
  }
  void After() { Expect(popped == pushed); }
};

// The last item and the Close, for two who wait.
template <class Platform>
struct LastItemThenClosed {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{1};
  int popped[2] = {};

  void Thread(unsigned index) {
    if (index > 0) {
      while (parcels.Pop()) ++popped[index - 1];
    } else {
      Expect(parcels.Push(0) == kOk);
      parcels.Close();
    }
  }
  void After() { Expect(popped[0] + popped[1] == 1); }
};

// What led to the Close is known to whom it refuses.
template <class Platform>
struct CloseTellsWhy {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{1};
  typename Platform::template Var<int> why{0};

  void Thread(unsigned index) {
    if (index == 0) {
      why.Write() = 1;
      parcels.Close();
    } else if (index == 1) {
      Expect(parcels.Pop().outcome == kClosed && why.Read() == 1);
    } else {
      if (parcels.TryPop().outcome == kClosed) Expect(why.Read() == 1);
    }
  }
};

// Who gives up in time has not been woken in another's place; who is served passes it on.
template <class Platform>
struct TimeoutTakesNoWakeUp {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.TryPush(0) == kOk);
    } else if (index == 1) {
      const WaitResult<int> result = parcels.PopInTime();
      if (result) Expect(parcels.TryPush(1) == kOk);
      if (!result) Expect(result.outcome == kTimedOut);
    } else {
      Expect(parcels.Pop().outcome == kOk);
    }
  }
};

template <class Platform>
struct TimeoutOfAPushTakesNoWakeUp {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{1, 1};

  void Thread(unsigned index) {
    if (index == 0) {
      Expect(parcels.TryPop().item == 0);
    } else if (index == 1) {
      if (parcels.PushInTime(1) == kOk) Expect(parcels.Pop().outcome == kOk);
    } else {
      Expect(parcels.Push(2) == kOk);
    }
  }
};

// The same for who is asked to stop.
template <class Platform>
struct StopTakesNoWakeUp {
  static constexpr unsigned kThreads = 3;
  Parcels<Platform> parcels{2};
  StopSource<Platform> stop;

  void Thread(unsigned index) {
    if (index == 0) {
      stop.Request();
      Expect(parcels.TryPush(0) == kOk);
    } else if (index == 1) {
      const WaitResult<int> result = parcels.Pop(stop.GetToken());
      if (result) Expect(parcels.TryPush(1) == kOk);
      if (!result) Expect(result.outcome == kStopped);
    } else {
      Expect(parcels.Pop().outcome == kOk);
    }
  }
};

// Who is asked to stop wakes, and knows why.
template <class Platform>
struct StopEndsASleep {
  static constexpr unsigned kThreads = 2;
  Parcels<Platform> parcels{1};
  StopSource<Platform> stop;
  typename Platform::template Var<int> why{0};

  void Thread(unsigned index) {
    if (index == 0) {
      why.Write() = 1;
      stop.Request();
    } else {
      Expect(parcels.Pop(stop.GetToken()).outcome == kStopped && why.Read() == 1);
    }
  }
};

}  // namespace
}  // namespace ashlar

namespace ashlar::verification {

std::vector<Scenario> Scenarios() {
  return {
      MakeScenario<PushWakesPop>("PushWakesPop"),
      MakeScenario<PopWakesPush>("PopWakesPush"),
      MakeScenario<EachWaitsForTheOther>("EachWaitsForTheOther"),
      MakeScenario<EachPushWakesAnother>("EachPushWakesAnother"),
      MakeScenario<EachPopWakesAnother>("EachPopWakesAnother"),
      MakeScenario<BatchWakesBoth>("BatchWakesBoth"),
      MakeScenario<BatchOfPopsWakesBoth>("BatchOfPopsWakesBoth"),
      MakeScenario<CloseWakesAllWhoPop>("CloseWakesAllWhoPop"),
      MakeScenario<CloseWakesAllWhoPush>("CloseWakesAllWhoPush"),
      MakeScenario<AcceptedIsPopped>("AcceptedIsPopped"),
      MakeScenario<LastItemThenClosed>("LastItemThenClosed"),
      MakeScenario<CloseTellsWhy>("CloseTellsWhy"),
      MakeScenario<TimeoutTakesNoWakeUp>("TimeoutTakesNoWakeUp"),
      MakeScenario<TimeoutOfAPushTakesNoWakeUp>("TimeoutOfAPushTakesNoWakeUp"),
      MakeScenario<StopTakesNoWakeUp>("StopTakesNoWakeUp"),
      MakeScenario<StopEndsASleep>("StopEndsASleep"),
  };
}

}  // namespace ashlar::verification
